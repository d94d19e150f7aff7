"""How orders live in the paper market: they fill, wait, trigger, change, and end with the session."""

from datetime import date

import msgspec

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
    RejectReason,
    Side,
    SquareOff,
)
from sauda.testing.builders import (
    LOT,
    NOW,
    OPTION,
    a_cancel,
    a_change,
    a_clock,
    a_gap,
    a_tick,
    after,
    an_index,
    an_option,
    an_order,
    at,
)
from sauda.testing.restart import play
from sauda_execution.exchange import PaperExchange

OTHER = "NFO:NIFTY01DEC26P24500"


def kinds(answers: list[Message]) -> list[type[Message]]:
    return [type(answer) for answer in answers]


def fills(answers: list[Message]) -> list[Fill]:
    return [answer for answer in answers if isinstance(answer, Fill)]


def test_a_market_order_is_accepted_and_filled_at_the_offer_at_once(exchange: PaperExchange) -> None:
    answers = play(exchange, [an_order(Side.BUY)])

    assert answers == [
        OrderAccepted("o-1", "straddle", OPTION, NOW),
        Fill("o-1-1", "o-1", "straddle", OPTION, Side.BUY, LOT, 100_05, 0, NOW, against=Against.TOUCH),
    ]


def test_a_resting_limit_waits_for_the_offer_to_come_down_to_it(exchange: PaperExchange) -> None:
    placed = play(exchange, [an_order(kind=OrderKind.LIMIT, limit_price=99_00)])
    waiting = play(exchange, [a_tick(98_00, bid=98_95, ask=99_05, at_ns=after(1))])
    reached = play(exchange, [a_tick(99_00, bid=98_50, ask=98_90, at_ns=after(2))])

    assert kinds(placed) == [OrderAccepted]
    assert waiting == []
    assert [(fill.price, fill.event_ns) for fill in fills(reached)] == [(99_00, after(2))]


def test_a_stop_fires_on_the_last_price_and_fills_on_the_same_tick_at_the_offer(
    exchange: PaperExchange,
) -> None:
    placed = play(exchange, [an_order(kind=OrderKind.SL_M, trigger_price=125_00)])
    below = play(exchange, [a_tick(124_95, bid=124_90, ask=130_00, at_ns=after(1))])
    fired = play(exchange, [a_tick(125_10, bid=125_00, ask=125_50, at_ns=after(2))])

    assert kinds(placed) == [OrderAccepted]
    assert below == []
    assert fired[0] == OrderTriggered("o-1", "straddle", OPTION, after(2), 125_10)
    assert [fill.price for fill in fills(fired)] == [125_50]


def test_a_stop_limit_that_the_market_jumps_over_rests_at_its_limit(exchange: PaperExchange) -> None:
    stop = an_order(kind=OrderKind.SL, trigger_price=125_00, limit_price=126_00)

    jumped = play(exchange, [stop, a_tick(130_00, bid=129_00, ask=131_00, at_ns=after(1))])
    back = play(exchange, [a_tick(125_00, bid=124_00, ask=125_50, at_ns=after(2))])

    assert kinds(jumped) == [OrderAccepted, OrderTriggered]
    assert kinds(back) == [Fill]
    assert fills(back)[0].price == 126_00


def test_a_stop_whose_trigger_is_passed_already_fires_at_once(exchange: PaperExchange) -> None:
    answers = play(exchange, [an_order(kind=OrderKind.SL_M, trigger_price=90_00)])

    assert kinds(answers) == [OrderAccepted, OrderTriggered, Fill]


def test_a_tick_that_is_too_old_when_it_comes_fills_nothing(exchange: PaperExchange) -> None:
    play(exchange, [an_order(kind=OrderKind.LIMIT, limit_price=99_00), a_clock(after(100))])

    assert play(exchange, [a_tick(90_00, bid=89_00, ask=90_00, at_ns=after(60))]) == []


def test_nothing_fills_on_a_price_from_before_a_gap(exchange: PaperExchange) -> None:
    play(exchange, [an_order(Side.SELL, order_id="entry"), a_gap(NOW, after(1))])

    waiting = play(exchange, [an_order(Side.BUY, order_id="exit", event_ns=after(1)), a_clock(after(2))])

    assert kinds(waiting) == [OrderAccepted]


def test_what_is_left_at_the_close_is_cancelled(exchange: PaperExchange) -> None:
    play(exchange, [an_order(kind=OrderKind.LIMIT, limit_price=50_00)])

    before = play(exchange, [a_clock(at("15:29:59.999"))])
    closing = play(exchange, [a_tick(40_00, bid=39_00, ask=40_00, at_ns=at("15:30"))])

    assert before == []
    assert closing == [OrderCancelled("o-1", "straddle", OPTION, at("15:30"), LOT, "session over")]
    assert play(exchange, [a_tick(40_00, bid=39_00, ask=40_00, at_ns=at("15:31"))]) == []


def test_orders_left_over_a_night_of_silence_end_before_the_new_day_trades(exchange: PaperExchange) -> None:
    play(exchange, [an_order(kind=OrderKind.LIMIT, limit_price=50_00)])
    morning = after(24 * 3600)

    assert kinds(play(exchange, [a_tick(40_00, bid=39_00, ask=40_00, at_ns=morning)])) == [OrderCancelled]


def test_what_was_taken_of_a_quote_is_forgotten_with_it(exchange: PaperExchange) -> None:
    quote = msgspec.structs.replace(a_tick(100_00, bid=99_95, ask=100_05), bid_qty=10 * LOT, ask_qty=10 * LOT)
    play(exchange, [quote, an_order()])
    assert exchange.known.liquidity.used == {OPTION}

    play(
        exchange, [a_tick(24_500_00, instrument=an_index().instrument, at_ns=at("09:15", date(2026, 11, 24)))]
    )

    assert not exchange.known.liquidity.used


def test_a_cancelled_order_never_fills(exchange: PaperExchange) -> None:
    play(exchange, [an_order(kind=OrderKind.LIMIT, limit_price=99_00)])

    cancelled = play(exchange, [a_cancel()])

    assert cancelled == [OrderCancelled("o-1", "straddle", OPTION, NOW, LOT, "cancelled by its strategy")]
    assert play(exchange, [a_tick(90_00, bid=89_00, ask=90_00, at_ns=after(1))]) == []


def test_what_is_done_or_unknown_or_anothers_cannot_be_cancelled_or_changed(exchange: PaperExchange) -> None:
    play(
        exchange,
        [an_order(order_id="done"), an_order(order_id="theirs", kind=OrderKind.LIMIT, limit_price=50_00)],
    )

    answers = play(
        exchange,
        [
            a_cancel("done"),
            a_change("done", qty=2 * LOT),
            a_cancel("never"),
            a_cancel("theirs", strategy="other"),
            a_change("theirs", strategy="other", qty=2 * LOT),
        ],
    )

    assert [a.reason for a in answers if isinstance(a, OrderRejected)] == [
        RejectReason.ORDER_DONE,
        RejectReason.ORDER_DONE,
        RejectReason.UNKNOWN_ORDER,
        RejectReason.UNKNOWN_ORDER,
        RejectReason.UNKNOWN_ORDER,
    ]
    assert kinds(play(exchange, [a_cancel("theirs")])) == [OrderCancelled]


def test_a_changed_limit_meets_the_market_afresh(exchange: PaperExchange) -> None:
    play(exchange, [an_order(kind=OrderKind.LIMIT, limit_price=99_00)])

    changed = play(exchange, [a_change(qty=2 * LOT, limit_price=101_00)])

    assert changed[0] == OrderModified("o-1", "straddle", OPTION, NOW, 2 * LOT, 101_00, None)
    assert [(fill.qty, fill.price) for fill in fills(changed)] == [(2 * LOT, 100_05)]


def test_a_trailed_stop_fires_at_its_new_trigger(exchange: PaperExchange) -> None:
    play(exchange, [an_order(kind=OrderKind.SL_M, trigger_price=125_00), a_change(trigger_price=110_00)])

    assert kinds(play(exchange, [a_tick(111_00, at_ns=after(1))])) == [OrderTriggered, Fill]


def test_a_refused_change_leaves_the_order_as_it_stands(exchange: PaperExchange) -> None:
    play(exchange, [an_order(kind=OrderKind.LIMIT, limit_price=99_00)])

    refused = play(exchange, [a_change(limit_price=99_03)])
    filled = play(exchange, [a_tick(99_00, bid=98_00, ask=99_00, at_ns=after(1))])

    assert kinds(refused) == [OrderRejected]
    assert fills(filled)[0].price == 99_00


def test_a_trigger_that_was_touched_cannot_be_moved(exchange: PaperExchange) -> None:
    stop = an_order(kind=OrderKind.SL, trigger_price=100_00, limit_price=100_00)
    play(exchange, [stop])

    answers = play(exchange, [a_change(trigger_price=99_00)])

    assert isinstance(answers[0], OrderRejected)
    assert "triggered already" in answers[0].detail


def test_square_off_cancels_and_leaves_one_strategys_positions_alone(exchange: PaperExchange) -> None:
    play(exchange, [an_option(OTHER), a_tick(instrument=OTHER, bid=49_95, ask=50_05)])
    play(
        exchange,
        [
            an_order(Side.SELL, order_id="a-1", strategy="a"),
            an_order(Side.BUY, order_id="a-2", strategy="a", instrument=OTHER),
            an_order(order_id="a-stop", strategy="a", kind=OrderKind.SL_M, trigger_price=125_00),
            an_order(Side.SELL, order_id="b-1", strategy="b"),
        ],
    )

    answers = play(exchange, [SquareOff(strategy="a", by="me", event_ns=77)])

    assert isinstance(answers[0], OrderCancelled)
    assert answers[0].order_id == "a-stop"
    assert [(fill.order_id, fill.side, fill.price) for fill in fills(answers)] == [
        (f"squareoff-a-{OPTION}-77", Side.BUY, 100_05),
        (f"squareoff-a-{OTHER}-77", Side.SELL, 49_95),
    ]


def test_square_off_of_the_desk_waits_for_a_price_where_there_is_none(exchange: PaperExchange) -> None:
    play(exchange, [an_order(Side.SELL, order_id="b-1", strategy="b"), a_gap(NOW, after(1))])
    request = SquareOff(strategy=None, by="me", event_ns=after(1))

    asked = play(exchange, [request, request])
    filled = play(exchange, [a_tick(100_00, bid=99_95, ask=100_05, at_ns=after(2))])

    assert kinds(asked) == [OrderAccepted], "and the repeat of the request changes nothing"
    assert [fill.order_id for fill in fills(filled)] == [f"squareoff-b-{OPTION}-{after(1)}"]


def test_square_off_of_nothing_does_nothing(exchange: PaperExchange) -> None:
    assert play(exchange, [SquareOff(strategy=None, by="me", event_ns=NOW)]) == []


def test_messages_of_other_services_do_not_concern_the_exchange(exchange: PaperExchange) -> None:
    assert play(exchange, [Fill("f", "o", "s", OPTION, Side.BUY, 1, 1, 0, NOW)]) == []
