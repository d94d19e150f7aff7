"""Trailing stops: a trigger that follows the best price at a distance, and never back."""

import msgspec
import pytest

from sauda.contracts import OrderKind, OrderModified, PlaceOrder, RejectReason, Side
from sauda.money import Paise
from sauda.testing.builders import LOT, OPTION, a_cancel, a_change, after, an_order
from sauda.testing.restart import play, play_with_restarts
from sauda_execution.groups.distance import trailed_trigger
from sauda_execution.groups.trailing import is_trailing
from tests.unit.execution.groups.grouped import MORNING, PUT, a_bracket, a_quote, an_exchange, build, of


def a_trailing(
    side: Side = Side.SELL,
    trigger: Paise = 95_00,
    *,
    limit: Paise | None = None,
    points: Paise | None = None,
    bps: int | None = None,
    order_id: str = "t",
) -> PlaceOrder:
    kind = OrderKind.SL_M if limit is None else OrderKind.SL
    order = an_order(side, order_id=order_id, kind=kind, trigger_price=trigger, limit_price=limit)
    return msgspec.structs.replace(order, trail_points=points, trail_bps=bps)


@pytest.mark.parametrize(
    ("side", "points", "bps", "ltp", "trigger"),
    [
        (Side.SELL, 5_00, None, 104_00, 99_00),
        (Side.BUY, 5_00, None, 96_00, 101_00),
        (Side.SELL, None, 5_00, 104_00, 98_80),
        # 1 % off 104.05 is 103.0095: a sell's trigger is rounded down, a buy's up.
        (Side.SELL, None, 1_00, 104_05, 103_00),
        (Side.BUY, None, 1_00, 104_05, 105_10),
        (Side.SELL, 5_02, None, 104_00, 98_95),
    ],
)
def test_the_distance_is_rounded_away_from_the_market(
    side: Side, points: Paise | None, bps: int | None, ltp: Paise, trigger: Paise
) -> None:
    order = a_trailing(side, points=points, bps=bps)

    assert trailed_trigger(order, side, ltp, 5) == trigger


def test_the_trigger_follows_and_never_comes_back() -> None:
    exchange = an_exchange()
    play(exchange, [a_trailing(points=5_00)])

    said = play(
        exchange, [a_quote(ltp, after(n)) for n, ltp in enumerate((101_00, 103_00, 102_00, 99_00), 1)]
    )

    assert of(said, "t") == [f"modified {LOT} at 9600", f"modified {LOT} at 9800"]
    assert of(play(exchange, [a_quote(98_00, after(9))]), "t") == ["OrderTriggered", f"fill {LOT} @ 9795"]


def test_it_moves_once_a_second_and_remembers_the_best_price_in_between() -> None:
    exchange = an_exchange()
    play(exchange, [a_trailing(points=5_00)])
    prices = ((1.0, 101_00), (1.2, 102_00), (1.4, 104_00), (1.6, 103_00), (1.9, 101_00))

    said = play(exchange, [a_quote(ltp, after(at)) for at, ltp in prices])
    then = play(exchange, [a_quote(101_50, after(2.0)), a_quote(101_00, after(3.5))])

    assert of(said, "t") == [f"modified {LOT} at 9600"]
    assert of(then, "t") == [f"modified {LOT} at 9900"]


def test_a_price_that_has_fallen_to_the_remembered_trigger_fills_the_stop() -> None:
    exchange = an_exchange()
    play(exchange, [a_trailing(points=5_00), a_quote(101_00, after(1)), a_quote(104_00, after(1.5))])

    said = play(exchange, [a_quote(98_00, after(1.9)), a_quote(98_00, after(2))])

    assert of(said, "t") == [f"modified {LOT} at 9900", "OrderTriggered", f"fill {LOT} @ 9795"]


def test_each_stop_keeps_its_own_second_over_a_restart_at_any_message() -> None:
    messages = [
        *MORNING,
        a_trailing(points=5_00),
        a_quote(101_00, after(1)),
        a_quote(103_00, after(1.5)),
        a_trailing(points=6_00, order_id="u"),
        a_quote(103_00, after(1.8)),
        a_quote(102_00, after(2)),
    ]

    said = play_with_restarts(build, messages, range(len(messages)))

    assert said == play(build(), messages)
    assert of(said, "t") == ["accepted", f"modified {LOT} at 9600", f"modified {LOT} at 9800"]
    assert of(said, "u") == ["accepted", f"modified {LOT} at 9700"]


def test_a_buy_stop_follows_downwards() -> None:
    exchange = an_exchange()
    play(exchange, [a_trailing(Side.BUY, 105_00, points=5_00)])

    said = play(exchange, [a_quote(98_00, after(1)), a_quote(99_00, after(2)), a_quote(103_00, after(3))])

    assert of(said, "t") == [f"modified {LOT} at 10300", "OrderTriggered", f"fill {LOT} @ 10305"]


def test_its_limit_keeps_its_distance() -> None:
    exchange = an_exchange()
    play(exchange, [a_trailing(limit=94_00, points=5_00)])

    said = play(exchange, [a_quote(103_00, after(1))])

    (moved,) = [message for message in said if isinstance(message, OrderModified)]
    assert (moved.trigger_price, moved.limit_price) == (98_00, 97_00)


def test_a_move_of_less_than_a_tick_is_not_told_and_writes_nothing() -> None:
    exchange = an_exchange()
    play(exchange, [a_trailing(trigger=95_00, bps=5_00)])
    exchange.state.take_changes()

    said = play(exchange, [a_quote(100_05, after(1))])

    assert said == []
    assert set(exchange.state.take_changes()) == {f"quotes/{OPTION}".encode()}


def test_ticks_of_other_instruments_are_not_looked_at() -> None:
    exchange = an_exchange()
    play(exchange, [a_trailing(points=5_00)])

    assert play(exchange, [a_quote(150_00, after(1), instrument=PUT)]) == []


def test_a_stop_that_its_owner_moves_away_is_brought_back_by_the_next_tick() -> None:
    exchange = an_exchange()
    play(exchange, [a_trailing(points=5_00), a_change("t", trigger_price=80_00, limit_price=77_00)])

    said = play(exchange, [a_quote(100_00, after(1))])

    assert of(said, "t") == [f"modified {LOT} at 9500"]


def test_a_stop_that_is_gone_is_followed_no_more() -> None:
    exchange = an_exchange()
    play(exchange, [a_trailing(points=5_00), a_trailing(points=5_00, order_id="u"), a_cancel("t")])

    said = play(exchange, [a_quote(110_00, after(1))])

    assert of(said, "t") == []
    assert of(said, "u") == [f"modified {LOT} at 10500"]


def test_a_distance_must_leave_a_price() -> None:
    exchange = an_exchange()
    play(exchange, [a_trailing(trigger=5, points=99_00)])

    assert play(exchange, [a_quote(98_00, after(1))]) == []


@pytest.mark.parametrize(
    "order",
    [
        a_trailing(points=100_00),
        a_trailing(points=2**62),
        a_trailing(Side.BUY, 105_00, points=2**62),
        a_bracket(points=2**62),
        a_trailing(points=-5),
        a_trailing(bps=0),
        a_trailing(points=5, bps=5),
    ],
)
def test_a_distance_that_no_stop_can_keep_is_refused(order: PlaceOrder) -> None:
    assert of(play(an_exchange(), [order]), order.order_id) == [f"rejected {RejectReason.BAD_GROUP.value}"]


def test_a_brackets_stop_entry_does_not_trail_itself() -> None:
    entry = msgspec.structs.replace(a_trailing(Side.BUY, 105_00, points=5_00), take_profit=120_00)

    assert not is_trailing(entry)
    assert is_trailing(a_trailing(points=5_00))
    assert not is_trailing(a_trailing())
