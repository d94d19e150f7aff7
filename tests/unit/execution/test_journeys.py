"""What happens to an order on its way and in parts: it travels, trades what is shown, goes on, waits in line, and ends."""

import pytest

from sauda.contracts import (
    Against,
    Fill,
    Message,
    OrderAccepted,
    OrderCancelled,
    OrderKind,
    OrderModified,
    OrderRejected,
    OrderTriggered,
    PlaceOrder,
    RejectReason,
    Side,
    SquareOff,
    Tick,
    Validity,
)
from sauda.testing.builders import (
    LOT,
    NOW,
    OPTION,
    Weekdays,
    a_cancel,
    a_change,
    a_clock,
    a_depth,
    a_gap,
    a_tick,
    after,
    an_option,
    an_order,
    at,
)
from sauda.testing.restart import play
from sauda_execution.exchange import PaperExchange
from sauda_execution.house import House
from sauda_execution.settings import Limits

MS = 1_000_000
OTHER = "NFO:NIFTY01DEC26P24500"
SHOWN = a_tick(bid=99_95, ask=100_05, bid_qty=2 * LOT, ask_qty=2 * LOT, volume=0)


def an_exchange(latency_ns: int = 0) -> PaperExchange:
    """Return an exchange that shows two lots on each side."""
    exchange = PaperExchange(House(Weekdays(), Limits(latency_ns=latency_ns)))
    play(exchange, [an_option(), an_option(OTHER), SHOWN])
    return exchange


def told(answers: list[Message]) -> list[tuple[object, ...]]:
    """Return the gist of what was said: fills as (qty, price, against), all else as its kind."""
    return [(m.qty, m.price, m.against) if isinstance(m, Fill) else (type(m),) for m in answers]


def a_limit(price: int, *, qty: int = LOT, side: Side = Side.BUY, order_id: str = "o-1") -> PlaceOrder:
    return an_order(side, order_id=order_id, kind=OrderKind.LIMIT, limit_price=price, qty=qty)


# It travels.


@pytest.mark.parametrize(
    "news",
    [
        pytest.param(a_clock(NOW + 20 * MS), id="the clock"),
        pytest.param(a_tick(instrument=OTHER, at_ns=NOW + 20 * MS), id="a tick of anything"),
    ],
)
def test_an_order_meets_the_standing_quote_when_market_time_has_come_to_its_arrival(news: Message) -> None:
    exchange = an_exchange(latency_ns=20 * MS)

    placed = play(exchange, [an_order()])
    early = play(exchange, [a_clock(NOW + 20 * MS - 1)])
    arrived = play(exchange, [news])

    assert told(placed) == [(OrderAccepted,)]
    assert early == []
    assert told(arrived) == [(LOT, 100_05, Against.TOUCH)]


def test_the_market_may_move_away_while_an_order_travels() -> None:
    exchange = an_exchange(latency_ns=20 * MS)

    play(exchange, [an_order()])
    moved = play(exchange, [a_tick(bid=104_95, ask=105_05, ask_qty=LOT, at_ns=NOW + 10 * MS)])
    arrived = play(exchange, [a_clock(NOW + 20 * MS)])

    assert moved == []
    assert told(arrived) == [(LOT, 105_05, Against.TOUCH)]


def test_a_cancellation_travels_too_and_the_fill_may_win() -> None:
    exchange = an_exchange(latency_ns=20 * MS)
    play(exchange, [a_limit(99_90), a_clock(NOW + 20 * MS)])

    asked = play(exchange, [a_cancel()])
    filled = play(exchange, [a_tick(bid=99_00, ask=99_50, ask_qty=LOT, volume=0, at_ns=NOW + 30 * MS)])
    too_late = play(exchange, [a_clock(NOW + 40 * MS)])

    assert asked == []
    assert told(filled) == [(LOT, 99_90, Against.THROUGH)]
    assert [m.reason for m in too_late if isinstance(m, OrderRejected)] == [RejectReason.ORDER_DONE]


def test_an_order_and_its_cancellation_of_the_same_instant_arrive_in_that_order() -> None:
    exchange = an_exchange(latency_ns=20 * MS)

    answers = play(exchange, [a_limit(99_90), a_cancel(), a_clock(NOW + 20 * MS)])

    assert told(answers) == [(OrderAccepted,), (OrderCancelled,)]


def test_a_square_off_withdraws_at_once_and_its_closing_order_travels() -> None:
    exchange = an_exchange(latency_ns=20 * MS)
    play(exchange, [an_order(Side.SELL, order_id="entry"), a_limit(90_00), a_clock(NOW + 20 * MS)])

    asked = play(exchange, [SquareOff(None, "me", NOW + 20 * MS)])
    arrived = play(exchange, [a_clock(NOW + 40 * MS)])

    assert told(asked) == [(OrderCancelled,), (OrderAccepted,)]
    assert told(arrived) == [(LOT, 100_05, Against.TOUCH)]


def test_an_order_that_arrives_after_the_close_meets_nothing() -> None:
    exchange = an_exchange(latency_ns=20 * MS)
    last = at("15:30") - 10 * MS
    play(exchange, [a_tick(bid=99_95, ask=100_05, at_ns=last), an_order(event_ns=last)])

    closed = play(exchange, [a_clock(at("15:30") + 20 * MS)])

    assert told(closed) == [(OrderCancelled,)]


# It trades in parts.


def test_an_order_larger_than_the_quote_goes_on_at_the_next() -> None:
    exchange = an_exchange()

    first = play(exchange, [an_order(qty=5 * LOT)])
    second = play(exchange, [a_tick(bid=100_05, ask=100_15, ask_qty=10 * LOT, at_ns=after(1))])

    assert told(first) == [(OrderAccepted,), (2 * LOT, 100_05, Against.TOUCH)]
    assert told(second) == [(3 * LOT, 100_15, Against.TOUCH)]
    assert [m.fill_id for m in first + second if isinstance(m, Fill)] == ["o-1-1", "o-1-2"]


def test_two_orders_share_what_one_quote_shows() -> None:
    exchange = an_exchange()

    answers = play(exchange, [an_order(order_id="a", qty=LOT), an_order(order_id="b", qty=3 * LOT)])

    assert [(m.order_id, m.qty) for m in answers if isinstance(m, Fill)] == [("a", LOT), ("b", LOT)]


def test_an_order_walks_five_levels_at_their_prices() -> None:
    exchange = an_exchange()
    book = a_depth([(99_95, LOT)], [(100_05 + 5 * k, LOT) for k in range(5)])

    answers = play(
        exchange, [a_tick(bid=99_95, ask=100_05, depth=book, at_ns=after(1)), an_order(qty=3 * LOT)]
    )

    assert [m.price for m in answers if isinstance(m, Fill)] == [100_05, 100_10, 100_15]


def test_immediate_or_cancel_takes_what_is_there_and_leaves() -> None:
    exchange = an_exchange()
    order = an_order(qty=5 * LOT, validity=Validity.IOC)

    answers = play(exchange, [order])

    assert told(answers) == [(OrderAccepted,), (2 * LOT, 100_05, Against.TOUCH), (OrderCancelled,)]
    assert isinstance(answers[-1], OrderCancelled)
    assert answers[-1].unfilled == 3 * LOT


def test_a_cancellation_after_a_part_tells_what_is_left() -> None:
    exchange = an_exchange()

    answers = play(exchange, [an_order(qty=5 * LOT), a_cancel()])

    assert [m.unfilled for m in answers if isinstance(m, OrderCancelled)] == [3 * LOT]


def test_a_new_quantity_is_the_new_total() -> None:
    exchange = an_exchange()
    play(exchange, [an_order(qty=5 * LOT)])

    too_little = play(exchange, [a_change(qty=2 * LOT)])
    less = play(
        exchange, [a_change(qty=3 * LOT), a_tick(bid=99_95, ask=100_05, ask_qty=10 * LOT, at_ns=after(1))]
    )

    assert [m.reason for m in too_little if isinstance(m, OrderRejected)] == [RejectReason.BAD_QUANTITY]
    assert told(less) == [(OrderModified,), (LOT, 100_05, Against.TOUCH)]


def test_what_is_left_of_an_exit_is_still_an_exit() -> None:
    exchange = an_exchange()
    play(exchange, [an_order(Side.SELL, order_id="entry", qty=2 * LOT), SHOWN])
    play(exchange, [an_order(order_id="exit", kind=OrderKind.LIMIT, limit_price=100_00, qty=2 * LOT)])
    play(exchange, [a_tick(100_00, bid=99_95, ask=100_00, ask_qty=LOT, at_ns=after(1)), a_clock(after(60))])

    changed = play(exchange, [a_change("exit", limit_price=100_05, event_ns=after(60))])

    assert told(changed) == [(OrderModified,)], (
        "one lot is held and one is left: a stale quote does not hold it"
    )


def test_a_stop_takes_what_is_shown_when_it_fires_and_goes_on() -> None:
    exchange = an_exchange()
    play(exchange, [an_order(kind=OrderKind.SL_M, trigger_price=110_00, qty=3 * LOT)])

    fired = play(exchange, [a_tick(110_00, bid=109_95, ask=110_05, ask_qty=LOT, at_ns=after(1))])
    later = play(exchange, [a_tick(105_00, bid=104_95, ask=105_05, ask_qty=9 * LOT, at_ns=after(2))])

    assert told(fired) == [(OrderTriggered,), (LOT, 110_05, Against.TOUCH)]
    assert told(later) == [(2 * LOT, 105_05, Against.TOUCH)]


# It waits in line.


def test_a_limit_waits_behind_what_it_found() -> None:
    exchange = an_exchange()
    play(exchange, [a_limit(99_95)])

    def traded(volume: int, seconds: float) -> list[Message]:
        return play(
            exchange,
            [a_tick(99_95, bid=99_95, ask=100_05, bid_qty=9 * LOT, volume=volume, at_ns=after(seconds))],
        )

    assert traded(2 * LOT, 1) == [], "just what stood before it"
    assert told(traded(3 * LOT, 2)) == [(LOT, 99_95, Against.QUEUE)]


def test_a_gap_sends_it_to_the_back_of_the_line() -> None:
    exchange = an_exchange()
    play(exchange, [a_limit(99_95)])

    def tick(volume: int, seconds: float) -> Tick:
        return a_tick(99_95, bid=99_95, ask=100_05, bid_qty=4 * LOT, volume=volume, at_ns=after(seconds))

    unseen = play(exchange, [a_gap(NOW, after(1)), tick(50 * LOT, 2)])
    waiting = play(exchange, [tick(54 * LOT, 3)])
    filled = play(exchange, [tick(55 * LOT, 4)])

    assert unseen == waiting == []
    assert told(filled) == [(LOT, 99_95, Against.QUEUE)]


def test_nothing_is_written_for_an_order_whose_place_does_not_change() -> None:
    exchange = an_exchange()
    play(exchange, [a_limit(99_95)])
    exchange.state.take_changes()

    play(exchange, [a_tick(100_05, bid=99_95, ask=100_05, bid_qty=3 * LOT, volume=LOT, at_ns=after(1))])

    assert [row.split(b"/")[0] for row in exchange.state.take_changes()] == [b"quotes"]


# The crude model, to compare with.


def test_the_crude_model_fills_at_the_last_price_at_once() -> None:
    exchange = PaperExchange(House(Weekdays(), Limits(fills="ltp", latency_ns=20 * MS, slippage_ticks=3)))
    play(exchange, [an_option(), SHOWN])

    answers = play(exchange, [an_order(qty=50 * LOT)])

    assert told(answers) == [(OrderAccepted,), (50 * LOT, 100_00, Against.LAST)]
    assert [m.instrument for m in answers if isinstance(m, Fill)] == [OPTION]
