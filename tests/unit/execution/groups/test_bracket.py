"""Brackets: what an entry trades gets a stop and a target, never more of them than is held."""

import msgspec
import pytest

from sauda.contracts import (
    Alert,
    Instrument,
    InstrumentKind,
    OrderAccepted,
    OrderKind,
    OrderRejected,
    PlaceOrder,
    RejectReason,
    Side,
    SquareOff,
)
from sauda.money import Paise
from sauda.testing.builders import LOT, OPTION, a_cancel, a_change, after, an_option, an_order
from sauda.testing.restart import play
from sauda_execution.groups.bracket_terms import child_ids
from tests.unit.execution.groups.grouped import a_bracket, a_quote, an_exchange, held, of


def test_a_fill_arms_a_stop_and_a_target() -> None:
    said = play(an_exchange(), [a_bracket(stop=95_00, target=110_00)])

    children = {m.order_id: m.terms for m in said if isinstance(m, OrderAccepted) and m.order_id != "in"}
    stop, target = children["in-stop"], children["in-target"]
    assert stop is not None
    assert target is not None
    assert (stop.side, stop.kind, stop.qty, stop.trigger_price) == (Side.SELL, OrderKind.SL, LOT, 95_00)
    assert (target.side, target.kind, target.qty, target.limit_price) == (
        Side.SELL,
        OrderKind.LIMIT,
        LOT,
        110_00,
    )
    assert stop.parent_id == target.parent_id == "in"


def test_the_target_takes_the_stop_with_it() -> None:
    exchange = an_exchange()
    said = play(exchange, [a_bracket(stop=95_00, target=110_00), a_quote(111_00, after(1))])

    assert of(said, "in-target") == ["accepted", f"fill {LOT} @ 11000"]
    assert of(said, "in-stop") == ["accepted", f"cancelled {LOT}"]
    assert held(said) == {}


def test_the_stop_takes_the_target_with_it() -> None:
    said = play(an_exchange(), [a_bracket(stop=95_00, target=110_00), a_quote(94_00, after(1))])

    assert of(said, "in-stop") == ["accepted", "OrderTriggered", f"fill {LOT} @ 9395"]
    assert of(said, "in-target") == ["accepted", f"cancelled {LOT}"]
    assert held(said) == {}


def test_a_short_bracket_is_the_mirror_image() -> None:
    said = play(an_exchange(), [a_bracket(Side.SELL, stop=105_00, target=90_00), a_quote(106_00, after(1))])

    assert of(said, "in-stop") == ["accepted", "OrderTriggered", f"fill {LOT} @ 10605"]
    assert held(said) == {}


def test_partial_fills_extend_the_children() -> None:
    exchange = an_exchange()
    said = play(
        exchange,
        [
            a_quote(100_00, after(1), qty=LOT),
            a_bracket(stop=95_00, target=110_00, qty=3 * LOT, limit=100_05, at_ns=after(1)),
            a_quote(100_00, after(2), qty=LOT),
        ],
    )

    assert of(said, "in") == ["accepted", f"fill {LOT} @ 10005", f"fill {LOT} @ 10005"]
    assert of(said, "in-stop") == ["accepted", f"modified {2 * LOT} at 9500"]
    assert of(said, "in-target") == ["accepted", f"modified {2 * LOT}"]


def test_cancelling_the_entry_leaves_the_children_for_what_was_filled() -> None:
    exchange = an_exchange()
    entry = a_bracket(stop=95_00, target=110_00, qty=2 * LOT, limit=100_05, at_ns=after(1))
    play(exchange, [a_quote(100_00, after(1), qty=LOT), entry, a_cancel("in", event_ns=after(1))])

    said = play(exchange, [a_quote(94_00, after(2))])

    assert of(said, "in-stop") == ["OrderTriggered", f"fill {LOT} @ 9395"]


def test_an_entry_that_is_cancelled_untraded_leaves_nothing() -> None:
    exchange = an_exchange()

    said = play(exchange, [a_bracket(stop=85_00, limit=90_00), a_cancel("in")])

    assert [message.order_id for message in said if isinstance(message, OrderAccepted)] == ["in"]


def test_when_a_child_trades_the_rest_of_the_entry_is_withdrawn() -> None:
    exchange = an_exchange()
    entry = a_bracket(stop=95_00, target=110_00, qty=2 * LOT, limit=100_05, at_ns=after(1))
    play(exchange, [a_quote(100_00, after(1), qty=LOT), entry])

    said = play(exchange, [a_quote(111_00, after(2))])

    assert of(said, "in-target") == [f"fill {LOT} @ 11000"]
    assert of(said, "in") == [f"cancelled {LOT}"]
    assert of(said, "in-stop") == [f"cancelled {LOT}"]


def test_a_partial_exit_leaves_the_other_child_for_the_rest() -> None:
    exchange = an_exchange()
    play(exchange, [a_bracket(stop=95_00, target=110_00, qty=3 * LOT)])

    said = play(exchange, [a_quote(94_90, after(1), qty=LOT)])

    assert of(said, "in-stop") == ["OrderTriggered", f"fill {LOT} @ 9485"]
    assert of(said, "in-target") == [f"modified {2 * LOT}"]


def test_a_position_that_shrinks_otherwise_takes_the_children_along() -> None:
    exchange = an_exchange()
    play(exchange, [a_bracket(stop=95_00, target=110_00, qty=2 * LOT)])

    half = play(exchange, [an_order(Side.SELL, order_id="out", qty=LOT)])
    rest = play(exchange, [an_order(Side.SELL, order_id="out-2", qty=LOT)])

    assert of(half, "in-stop") == [f"modified {LOT} at 9500"]
    assert of(half, "in-target") == [f"modified {LOT}"]
    assert of(rest, "in-stop") == of(rest, "in-target") == [f"cancelled {LOT}"]


def test_a_square_off_closes_once() -> None:
    exchange = an_exchange()
    opened = play(exchange, [a_bracket(stop=95_00, target=110_00)])

    said = play(exchange, [SquareOff(None, "me", after(1)), a_quote(94_00, after(2))])

    assert held([*opened, *said]) == {}
    assert of(said, "in-stop") == of(said, "in-target") == [f"cancelled {LOT}"]


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (a_bracket(stop=100_00), RejectReason.BAD_GROUP),
        (a_bracket(target=100_05), RejectReason.BAD_GROUP),
        (a_bracket(Side.SELL, stop=100_00), RejectReason.BAD_GROUP),
        (a_bracket(Side.SELL, target=99_95), RejectReason.BAD_GROUP),
        (a_bracket(stop=95_00, limit=95_00), RejectReason.BAD_GROUP),
        (a_bracket(target=90_00, limit=95_00), RejectReason.BAD_GROUP),
        (a_bracket(stop=95_01), RejectReason.OFF_TICK),
        (a_bracket(stop=0), RejectReason.BAD_PRICE),
        (a_bracket(points=5_00, bps=100), RejectReason.BAD_GROUP),
        (a_bracket(points=0), RejectReason.BAD_GROUP),
        (a_bracket(bps=10_000), RejectReason.BAD_GROUP),
    ],
)
def test_terms_that_contradict_each_other_are_refused(order: PlaceOrder, reason: RejectReason) -> None:
    (refused,) = play(an_exchange(), [order])

    assert isinstance(refused, OrderRejected)
    assert refused.reason is reason


@pytest.mark.parametrize(("stop", "target"), [(104_95, 105_05), (95_00, 110_00)])
def test_a_stop_entry_is_measured_by_its_trigger(stop: Paise, target: Paise) -> None:
    entry = an_order(order_id="in", kind=OrderKind.SL_M, trigger_price=105_00)

    said = play(an_exchange(), [msgspec.structs.replace(entry, stop_loss=stop, take_profit=target)])

    assert of(said, "in") == ["accepted"]


def test_a_refusal_names_the_prices() -> None:
    (refused,) = play(an_exchange(), [a_bracket(target=100_05)])

    assert isinstance(refused, OrderRejected)
    assert refused.detail == "the target of 100.05 must lie above where the BUY would trade, 100.05"


def test_an_order_that_reduces_cannot_be_a_brackets_entry() -> None:
    exchange = an_exchange()
    play(exchange, [an_order()])

    said = play(exchange, [a_bracket(Side.SELL, stop=105_00)])

    assert of(said, "in") == ["rejected BAD_GROUP"]


def test_children_belong_to_their_bracket() -> None:
    exchange = an_exchange()
    play(exchange, [an_order(order_id="x-stop", kind=OrderKind.LIMIT, limit_price=90_00)])

    taken = play(exchange, [a_bracket(stop=95_00, order_id="x")])
    play(exchange, [a_bracket(stop=85_00, limit=90_00)])
    squatter = play(exchange, [an_order(order_id="in-target")])

    assert of(taken, "x") == ["rejected BAD_GROUP"]
    assert of(squatter, "in-target") == ["rejected BAD_GROUP"]


def test_a_child_can_be_moved_and_made_smaller_but_not_larger() -> None:
    exchange = an_exchange()
    play(exchange, [a_bracket(stop=95_00, target=110_00, qty=2 * LOT)])

    moved = play(exchange, [a_change("in-target", limit_price=112_00)])
    larger = play(exchange, [a_change("in-target", qty=3 * LOT)])
    smaller = play(exchange, [a_change("in-target", qty=LOT)])

    assert of(moved, "in-target") == [f"modified {2 * LOT}"]
    assert of(larger, "in-target") == ["rejected BAD_GROUP"]
    assert of(smaller, "in-target") == [f"modified {LOT}"]
    assert of(smaller, "in-stop") == [f"modified {LOT} at 9500"]


def test_a_child_that_is_cancelled_leaves_the_other_alone() -> None:
    exchange = an_exchange()
    play(exchange, [a_bracket(stop=95_00, target=110_00), a_cancel("in-target")])

    said = play(exchange, [a_quote(94_00, after(1))])

    assert of(said, "in-stop") == ["OrderTriggered", f"fill {LOT} @ 9395"]


def test_whoever_takes_both_children_off_gets_none_back() -> None:
    exchange = an_exchange()
    entry = a_bracket(stop=95_00, target=110_00, qty=2 * LOT, limit=100_05, at_ns=after(1))
    play(exchange, [a_quote(100_00, after(1), qty=LOT), entry, a_cancel("in-target"), a_cancel("in-stop")])

    said = play(exchange, [a_quote(100_00, after(2), qty=LOT)])

    # Only what the entry trades from now on is protected, by a new pair.
    pair = [m for m in said if isinstance(m, OrderAccepted)]
    assert [message.order_id for message in pair] == list(child_ids("in", 2)) == ["in-stop-2", "in-target-2"]
    assert [message.terms.qty for message in pair if message.terms] == [LOT, LOT]


def test_a_trailing_stop_alone_makes_a_bracket() -> None:
    exchange = an_exchange()
    said = play(exchange, [a_bracket(points=5_00), a_quote(104_00, after(1)), a_quote(98_00, after(2))])

    # Filled at 100.05: the stop begins at 95.05 and follows to 99.00.
    assert of(said, "in-stop") == [
        "accepted",
        f"modified {LOT} at 9900",
        "OrderTriggered",
        f"fill {LOT} @ 9795",
    ]


def test_a_child_that_is_refused_is_cried_out() -> None:
    exchange = an_exchange()
    play(exchange, [msgspec.structs.replace(an_option(OPTION), low_limit=80_00, high_limit=130_00)])

    said = play(exchange, [a_bracket(stop=95_00, target=140_00)])

    assert of(said, "in-target") == ["rejected PRICE_BAND"]
    (alert,) = [message for message in said if isinstance(message, Alert)]
    assert alert.code == "BRACKET_CHILD_REFUSED"
    assert f"{LOT} of {OPTION} of straddle stand without it" in alert.text


def test_a_stop_that_is_hit_at_once_takes_its_target_with_it() -> None:
    # The last price is below the stop by the time the resting entry trades: it was reached by a wide quote.
    exchange = an_exchange()
    play(exchange, [a_bracket(stop=94_00, target=110_00, limit=95_00)])

    said = play(exchange, [a_quote(93_00, after(1))])

    assert held(said) == {}
    assert of(said, "in-stop") == ["accepted", "OrderTriggered", f"fill {LOT} @ 9295"]
    assert of(said, "in-target") == ["accepted", f"cancelled {LOT}"]


def test_a_target_that_the_market_has_left_far_behind_still_shrinks() -> None:
    exchange = an_exchange()
    future = Instrument(
        "NFO:NIFTY01DEC26F", "NFO", "5", "NIFTY", InstrumentKind.FUTURE, lot_size=LOT, tick_size=10
    )
    entry = msgspec.structs.replace(a_bracket(target=26_300_00, qty=2 * LOT), instrument=future.instrument)
    play(exchange, [future, a_quote(24_000_00, after(0), instrument=future.instrument), entry])
    # The band of 10 % around the last price now ends at 25,960: below the target.
    play(exchange, [a_quote(23_600_00, after(1), instrument=future.instrument)])

    said = play(
        exchange, [an_order(Side.SELL, order_id="out", instrument=future.instrument, event_ns=after(1))]
    )

    assert of(said, "in-target") == [f"modified {LOT}"]
