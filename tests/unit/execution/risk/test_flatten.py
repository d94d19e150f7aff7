"""What is to be closed is closed until nothing is held, whatever comes between, and never more than is held."""

from typing import Any

import msgspec

from sauda.contracts import (
    Alert,
    Fill,
    Halt,
    Message,
    OrderKind,
    PlaceOrder,
    Product,
    RejectReason,
    Resume,
    Side,
    SquareOff,
)
from sauda.testing.builders import LOT, NOW, OPTION, a_clock, a_gap, a_tick, after, an_option, an_order, at
from sauda.testing.restart import play
from sauda_execution.checks import Moment, Refusal
from sauda_execution.exchange import PaperExchange
from sauda_execution.parts import Part
from tests.unit.execution.risk.limited import (
    PUT,
    a_house,
    accepted,
    cancelled,
    codes,
    desk_pnl,
    filled,
    limited,
    only,
    reasons,
)

SELL, BUY = Side.SELL, Side.BUY
KILL = Halt("me", "enough", NOW, flatten=True)


class Protecting(Part):
    """Sends market orders out as limits at the last price, as the law of the land does, so that they can rest."""

    def outgoing(self, order: PlaceOrder, moment: Moment) -> PlaceOrder:
        """Return the limit order."""
        if order.kind is not OrderKind.MARKET or moment.quote is None:
            return order
        return msgspec.structs.replace(
            order, kind=OrderKind.LIMIT, limit_price=moment.quote.ltp + 50 * order.side.sign
        )


def protected(**limits: Any) -> PaperExchange:
    """Return an exchange that is short one call, on which market orders are limits half a rupee from the last price."""
    exchange = limited(**limits)
    exchange._parts.join([Protecting()])
    play(exchange, [an_order(SELL, order_id="short")])
    return exchange


def a_wide_tick(seconds: float, ltp: int = 100_00) -> Message:
    """Build a tick whose offer is out of reach of a protected buy."""
    return a_tick(ltp, bid=ltp - 10_00, ask=ltp + 10_00, at_ns=after(seconds))


def test_the_kill_switch_halts_withdraws_and_closes_in_one_step_without_any_strategy() -> None:
    exchange = limited()
    waits = an_order(
        BUY, order_id="waits", strategy="b", instrument=PUT, kind=OrderKind.LIMIT, limit_price=90_00
    )
    play(exchange, [an_order(SELL, order_id="short"), an_order(BUY, order_id="long", strategy="b"), waits])

    said = play(exchange, [KILL])

    assert cancelled(said) == ["waits"]
    assert filled(said) == {f"squareoff-straddle-{OPTION}-{NOW}": LOT, f"squareoff-b-{OPTION}-{NOW}": -LOT}
    assert codes(said) == ["KILL_SWITCH", "FLAT"]
    assert reasons(play(exchange, [an_order(SELL, order_id="more")])) == [RejectReason.HALTED]
    assert reasons(play(exchange, [Resume("me", NOW), an_order(SELL, order_id="again")])) == []


def test_a_halt_alone_withdraws_and_closes_nothing() -> None:
    exchange = limited()
    play(exchange, [an_order(SELL, order_id="short")])

    assert play(exchange, [Halt("me", "look first", NOW)]) == []
    assert accepted(play(exchange, [an_order(BUY, order_id="exit")])) == ["exit"]


def test_a_kill_switch_on_a_desk_that_holds_nothing_says_at_once_that_it_is_flat() -> None:
    said = play(limited(), [KILL])

    assert codes(said) == ["KILL_SWITCH", "FLAT"]
    assert "0 ms of market time" in next(a.text for a in said if isinstance(a, Alert) and a.code == "FLAT")


def test_a_closing_order_that_rests_is_placed_anew_each_second_until_it_trades() -> None:
    exchange = protected()
    play(exchange, [a_wide_tick(1)])

    first = play(exchange, [Halt("me", "enough", after(1), flatten=True)])
    early = play(exchange, [a_wide_tick(1.9)])
    second = play(exchange, [a_wide_tick(2.0, 120_00)])
    third = play(exchange, [a_clock(after(3.0))])
    last = play(exchange, [a_tick(120_00, bid=119_95, ask=120_05, at_ns=after(3.2))])

    name = f"squareoff-straddle-{OPTION}-"
    assert (accepted(first), filled(first), early) == ([f"{name}{after(1)}"], {}, [])
    assert (cancelled(second), accepted(second)) == ([f"{name}{after(1)}"], [f"{name}{after(2)}"])
    assert (cancelled(third), accepted(third)) == ([f"{name}{after(2)}"], [f"{name}{after(3)}"])
    assert filled(last) == {f"{name}{after(3)}": LOT}
    assert codes(last) == ["FLAT"]
    assert play(exchange, [a_clock(after(4)), a_clock(after(60))]) == []


def test_over_a_hole_in_the_feed_the_same_order_waits_for_the_first_price() -> None:
    exchange = limited()
    play(exchange, [an_order(SELL, order_id="short"), a_gap(NOW, after(1))])

    waiting = play(
        exchange, [Halt("me", "enough", after(1), flatten=True), *(a_clock(after(s)) for s in range(2, 40))]
    )
    seen = play(exchange, [a_tick(130_00, bid=129_95, ask=130_05, at_ns=after(41))])

    assert len(accepted(waiting)) == 1
    assert list(filled(seen)) == accepted(waiting)


def test_what_the_close_leaves_open_is_closed_when_the_market_opens_again() -> None:
    exchange = protected()
    late, closed, evening = at("15:29:59"), at("15:30"), at("18:00")
    next_morning = at("09:15") + 24 * 3600 * 10**9

    asked = play(
        exchange, [a_tick(100_00, bid=90_00, ask=110_00, at_ns=late), Halt("me", "x", late, flatten=True)]
    )
    night = play(exchange, [a_clock(closed), a_clock(evening), a_clock(next_morning - 1)])
    opened = play(exchange, [a_tick(100_00, bid=99_95, ask=100_05, at_ns=next_morning)])

    assert cancelled(night) == accepted(asked), "orders are for the day"
    assert reasons(night) == []
    assert list(filled(opened).values()) == [LOT]


def test_a_kill_switch_at_night_closes_at_the_open() -> None:
    exchange = limited()
    opens = at("09:15") + 24 * 3600 * 10**9
    play(exchange, [an_order(SELL, order_id="short"), a_clock(at("20:00"))])

    night = play(exchange, [Halt("me", "sleepless", at("20:00"), flatten=True), a_clock(at("23:00"))])
    opened = play(exchange, [a_tick(100_00, bid=99_95, ask=100_05, at_ns=opens)])

    assert (accepted(night), reasons(night), codes(night)) == ([], [], ["KILL_SWITCH"])
    assert list(filled(opened).values()) == [LOT]


def test_an_exit_beside_the_closing_order_is_refused_so_that_no_more_is_closed_than_is_held() -> None:
    exchange = protected()
    play(exchange, [a_wide_tick(1), Halt("me", "enough", after(1), flatten=True)])

    said = play(exchange, [an_order(BUY, order_id="exit", event_ns=after(1))])

    assert reasons(said) == [RejectReason.HALTED]


def test_a_large_position_goes_out_in_orders_of_ten_slices() -> None:
    exchange = limited()
    play(exchange, [msgspec.structs.replace(an_option(), freeze_qty=100)])
    play(exchange, [an_order(SELL, order_id=f"s{n}", qty=6 * LOT) for n in range(2)])
    play(exchange, [a_tick(100_00, bid=99_95, ask=100_05, at_ns=after(1))])

    said = play(exchange, [Halt("me", "enough", after(1), flatten=True)])
    rest = play(exchange, [a_tick(100_00, bid=99_95, ask=100_05, at_ns=after(2))])

    assert list(filled(said).values()) == [10 * LOT], "ten slices of 65, as 100 is no multiple of the lot"
    assert list(filled(rest).values()) == [2 * LOT]


def test_positions_of_both_products_are_closed_each_by_its_own() -> None:
    exchange = limited()
    orders = [an_order(SELL, order_id="overnight"), an_order(SELL, order_id="today")]
    play(exchange, [orders[0]])
    play(
        exchange,
        [
            msgspec.structs.replace(orders[1], product=Product.MIS),
            a_tick(100_00, bid=99_95, ask=100_05, at_ns=after(1)),
        ],
    )

    said = play(
        exchange,
        [Halt("me", "enough", after(1), flatten=True), a_tick(100_00, bid=99_95, ask=100_05, at_ns=after(2))],
    )

    assert sorted(fill.product.value for fill in said if isinstance(fill, Fill)) == ["MIS", "NRML"]


def test_resuming_withdraws_what_still_wants_to_close() -> None:
    exchange = protected()
    placed = play(exchange, [a_wide_tick(1), Halt("me", "enough", after(1), flatten=True)])

    resumed = play(exchange, [Resume("me", after(1)), a_clock(after(3))])

    assert cancelled(resumed) == accepted(placed)
    assert accepted(resumed) == []


def test_squaring_one_strategy_off_by_hand_goes_on_until_it_is_flat_and_halts_nobody() -> None:
    exchange = protected()
    play(exchange, [a_wide_tick(1), SquareOff("straddle", "me", after(1))])

    later = play(exchange, [a_tick(100_00, bid=99_95, ask=100_05, at_ns=after(2.5))])
    entry = play(exchange, [an_order(SELL, order_id="new", event_ns=after(2.5))])

    assert list(filled(later).values()) == [LOT]
    assert accepted(entry) == ["new"]


def test_a_closing_order_that_is_refused_is_cried_out_once_and_tried_later_and_later() -> None:
    class Refusing(Part):
        """Lets nothing out."""

        def refusal(self, order: PlaceOrder, moment: Moment) -> Refusal | None:
            return Refusal(RejectReason.PRICE_BAND, "locked at its limit")

    exchange = limited()
    play(exchange, [an_order(SELL, order_id="short")])
    exchange._parts.join([Refusing()])

    said = play(exchange, [KILL, *(a_clock(after(s)) for s in range(1, 8))])

    assert reasons(said) == [RejectReason.PRICE_BAND] * 4, "at 0, 1, 3 and 7 s"
    assert codes(said) == ["KILL_SWITCH", "CLOSING_REFUSED"]


def test_resuming_leaves_what_a_broken_limit_still_closes() -> None:
    exchange = protected(max_daily_loss=1_000)
    play(exchange, [a_wide_tick(1), desk_pnl(-1_000_00), Halt("me", "enough", after(1), flatten=True)])

    resumed = play(exchange, [Resume("me", after(1)), a_clock(after(2))])

    assert len(accepted(resumed)) == len(cancelled(resumed)) == 1, "placed anew, as every second"


def test_the_same_request_that_comes_again_closes_nothing_that_was_opened_since() -> None:
    exchange = limited()
    request = SquareOff("straddle", "me", NOW)
    play(exchange, [an_order(SELL, order_id="short"), request])
    play(
        exchange,
        [
            a_tick(100_00, bid=99_95, ask=100_05, at_ns=after(1)),
            an_order(SELL, order_id="new", event_ns=after(1)),
        ],
    )

    assert play(exchange, [request]) == []


def test_a_kill_switch_before_any_market_was_seen_is_stamped_with_the_persons_time() -> None:
    said = PaperExchange(a_house(only())).handle(KILL)

    assert [alert.event_ns for alert in said if isinstance(alert, Alert)] == [NOW, NOW]
