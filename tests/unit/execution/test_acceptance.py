"""What the paper exchange lets into the market, and why it refuses the rest."""

from datetime import date
from typing import Any

import pytest

from sauda.calendar import Session
from sauda.clock import NS_PER_S
from sauda.contracts import (
    Fill,
    Halt,
    Message,
    OrderAccepted,
    OrderCancelled,
    OrderKind,
    OrderModified,
    OrderRejected,
    PlaceOrder,
    RejectReason,
    Resume,
    Side,
)
from sauda.errors import ConfigError
from sauda.testing.builders import (
    INDEX,
    LOT,
    NOW,
    OPTION,
    Weekdays,
    a_change,
    a_clock,
    a_gap,
    a_tick,
    after,
    an_option,
    an_order,
    at,
)
from sauda.testing.restart import play
from sauda_execution.exchange import PaperExchange, paper_unit
from sauda_execution.house import House
from sauda_execution.settings import Limits

OTHER = "NFO:NIFTY01DEC26P24500"


def refusal(answers: list[Message]) -> OrderRejected:
    """Return the one answer, which must be a refusal."""
    assert len(answers) == 1
    assert isinstance(answers[0], OrderRejected)
    return answers[0]


def an_exchange_with_a_short() -> PaperExchange:
    """Return an exchange where `straddle` is short one lot since 10:00:00."""
    exchange = PaperExchange(House(Weekdays()))
    play(exchange, [an_option(), a_tick(bid=99_95, ask=100_05), an_order(Side.SELL, order_id="entry")])
    return exchange


@pytest.mark.parametrize(
    ("order", "reason", "named"),
    [
        pytest.param(an_order(instrument="NFO:X"), RejectReason.UNKNOWN_INSTRUMENT, "'NFO:X'", id="unknown"),
        pytest.param(an_order(instrument=INDEX), RejectReason.NOT_TRADABLE, INDEX, id="an index"),
        pytest.param(an_order(qty=0), RejectReason.BAD_QUANTITY, "0", id="nothing"),
        pytest.param(an_order(qty=-LOT), RejectReason.BAD_QUANTITY, "-65", id="less than nothing"),
        pytest.param(an_order(qty=100), RejectReason.NOT_A_LOT_MULTIPLE, "100", id="not whole lots"),
        pytest.param(
            an_order(kind=OrderKind.LIMIT), RejectReason.BAD_PRICE, "limit", id="a limit without a limit"
        ),
        pytest.param(
            an_order(kind=OrderKind.SL_M), RejectReason.BAD_PRICE, "trigger", id="a stop without a trigger"
        ),
        pytest.param(
            an_order(kind=OrderKind.SL, trigger_price=100_00),
            RejectReason.BAD_PRICE,
            "limit",
            id="half a stop limit",
        ),
        pytest.param(
            an_order(kind=OrderKind.LIMIT, limit_price=0),
            RejectReason.BAD_PRICE,
            "0.00",
            id="a limit of zero",
        ),
        pytest.param(
            an_order(kind=OrderKind.SL_M, trigger_price=-5),
            RejectReason.BAD_PRICE,
            "-0.05",
            id="a trigger below zero",
        ),
        pytest.param(
            an_order(limit_price=100_00),
            RejectReason.BAD_PRICE,
            "takes no limit",
            id="a market order with a limit",
        ),
        pytest.param(
            an_order(kind=OrderKind.LIMIT, limit_price=100_03),
            RejectReason.OFF_TICK,
            "100.03",
            id="an odd limit",
        ),
        pytest.param(
            an_order(kind=OrderKind.SL_M, trigger_price=125_01),
            RejectReason.OFF_TICK,
            "125.01",
            id="an odd trigger",
        ),
        pytest.param(
            an_order(kind=OrderKind.SL, trigger_price=125_00, limit_price=124_95),
            RejectReason.BAD_PRICE,
            "below",
            id="a buy stop's limit below its trigger",
        ),
        pytest.param(
            an_order(Side.SELL, kind=OrderKind.SL, trigger_price=95_00, limit_price=95_05),
            RejectReason.BAD_PRICE,
            "above",
            id="a sell stop's limit above its trigger",
        ),
    ],
)
def test_a_wrong_order_is_refused_with_what_is_wrong(
    exchange: PaperExchange, order: PlaceOrder, reason: RejectReason, named: str
) -> None:
    answer = refusal(play(exchange, [order]))

    assert answer.reason is reason
    assert named in answer.detail
    assert (answer.order_id, answer.strategy, answer.instrument) == ("o-1", "straddle", order.instrument)


@pytest.mark.parametrize("clock", ["09:14:59", "15:30", "16:00", "23:59:59"])
def test_an_order_outside_the_session_is_refused_even_to_get_out(clock: str) -> None:
    exchange = an_exchange_with_a_short()
    play(exchange, [a_clock(after(24 * 3600, at(clock)))])

    for side in Side:
        answer = refusal(
            play(exchange, [an_order(side, order_id=side.value, event_ns=after(24 * 3600, at(clock)))])
        )
        assert answer.reason is RejectReason.MARKET_CLOSED
        assert clock in answer.detail


def test_the_session_opens_with_its_first_nanosecond() -> None:
    exchange = PaperExchange(House(Weekdays()))

    opened = play(exchange, [an_option(), a_tick(at_ns=at("09:15")), an_order(event_ns=at("09:15"))])

    assert isinstance(opened[0], OrderAccepted)


def test_a_weekend_is_closed() -> None:
    saturday = after(5 * 24 * 3600)
    exchange = PaperExchange(House(Weekdays()))

    answers = play(exchange, [an_option(), a_tick(at_ns=saturday), an_order(event_ns=saturday)])

    assert refusal(answers).reason is RejectReason.MARKET_CLOSED


def test_an_entry_needs_a_price(exchange: PaperExchange) -> None:
    answer = refusal(play(exchange, [an_option(OTHER), an_order(instrument=OTHER)]))

    assert answer.reason is RejectReason.NO_QUOTE
    assert OTHER in answer.detail


def test_an_entry_needs_a_fresh_price(exchange: PaperExchange) -> None:
    play(exchange, [a_clock(after(30))])
    assert isinstance(play(exchange, [an_order(order_id="in time", event_ns=after(30))])[0], OrderAccepted)

    play(exchange, [a_clock(after(30.1))])
    answer = refusal(play(exchange, [an_order(event_ns=after(30.1))]))

    assert answer.reason is RejectReason.STALE_QUOTE
    assert "30.1 s" in answer.detail


def test_a_gap_in_the_feed_makes_every_price_stale_until_its_instrument_ticks(
    exchange: PaperExchange,
) -> None:
    play(exchange, [an_option(OTHER), a_tick(instrument=OTHER), a_gap(NOW, after(1)), a_tick(at_ns=after(1))])

    still_blind = refusal(play(exchange, [an_order(order_id="blind", instrument=OTHER)]))
    seeing = play(exchange, [an_order(order_id="seeing")])

    assert still_blind.reason is RejectReason.STALE_QUOTE
    assert "gap" in still_blind.detail
    assert isinstance(seeing[1], Fill)


def test_an_old_entry_is_refused(exchange: PaperExchange) -> None:
    play(exchange, [a_tick(at_ns=after(30.5))])

    answer = refusal(play(exchange, [an_order(event_ns=NOW)]))

    assert answer.reason is RejectReason.STALE_ORDER
    assert "30.5 s" in answer.detail


def test_an_entry_from_the_future_is_refused_and_one_a_few_seconds_ahead_is_not(
    exchange: PaperExchange,
) -> None:
    ahead = play(exchange, [an_order(order_id="ahead", event_ns=after(30))])
    far = refusal(play(exchange, [an_order(order_id="far", event_ns=after(30.5))]))

    assert isinstance(ahead[0], OrderAccepted)
    assert far.reason is RejectReason.STALE_ORDER
    assert "30.5 s ahead of market time" in far.detail


@pytest.mark.parametrize("strategy", ["*", "", " "])
def test_nobody_orders_in_the_desks_name_or_in_none(exchange: PaperExchange, strategy: str) -> None:
    answer = refusal(play(exchange, [an_order(strategy=strategy)]))

    assert answer.reason is RejectReason.NOT_ALLOWED
    assert f"cannot be called {strategy!r}" in answer.detail


@pytest.mark.parametrize(
    ("terms", "passes"),
    [
        ({"qty": LOT}, True),
        ({"qty": LOT, "limit_price": 90_00}, True),
        ({"qty": LOT, "limit_price": 90_05}, False),
        ({"qty": 3 * LOT}, False),
        ({"limit_price": 89_95}, False),
    ],
)
def test_while_halted_a_waiting_entry_may_only_be_made_smaller(
    exchange: PaperExchange, terms: dict[str, Any], passes: bool
) -> None:
    entry = an_order(qty=2 * LOT, kind=OrderKind.LIMIT, limit_price=90_00)
    play(exchange, [entry, Halt(by="risk", reason="loss limit", event_ns=NOW)])

    (answer,) = play(exchange, [a_change(**terms)])

    if passes:
        assert isinstance(answer, OrderModified)
        assert answer.qty == LOT
    else:
        assert refusal([answer]).reason is RejectReason.HALTED


def test_an_order_from_before_the_first_sight_of_the_market_is_stale() -> None:
    exchange = PaperExchange(House(Weekdays()))

    answer = refusal(play(exchange, [an_option(), an_order()]))

    assert answer.reason is RejectReason.STALE_ORDER
    assert answer.event_ns == NOW


def test_an_exit_passes_when_it_is_late_and_trades_at_the_present_price() -> None:
    exchange = an_exchange_with_a_short()
    play(exchange, [a_tick(at_ns=after(3600), bid=89_95, ask=90_05)])

    answers = play(exchange, [an_order(Side.BUY, order_id="exit", event_ns=NOW)])

    assert isinstance(answers[1], Fill)
    assert (answers[1].price, answers[1].event_ns) == (90_05, after(3600))


@pytest.mark.parametrize(
    "silence", [a_clock(after(60)), a_gap(NOW, after(60))], ids=["stale quote", "feed gap"]
)
def test_an_exit_without_a_fresh_price_waits_for_the_next_one(silence: Message) -> None:
    exchange = an_exchange_with_a_short()
    play(exchange, [silence])

    asked = play(exchange, [an_order(Side.BUY, order_id="exit", event_ns=after(60))])
    filled = play(exchange, [a_tick(at_ns=after(61), bid=89_95, ask=90_05)])

    assert [type(answer) for answer in asked] == [OrderAccepted]
    assert [(f.order_id, f.price) for f in filled if isinstance(f, Fill)] == [("exit", 90_05)]


def test_an_exit_that_waits_with_a_limit_meets_its_first_price_as_an_arriving_order() -> None:
    exchange = an_exchange_with_a_short()
    play(exchange, [a_clock(after(60))])
    exit_order = an_order(
        Side.BUY, order_id="exit", kind=OrderKind.LIMIT, limit_price=200_00, event_ns=after(60)
    )

    answers = play(exchange, [exit_order, a_tick(at_ns=after(61), bid=89_95, ask=90_05)])

    assert [f.price for f in answers if isinstance(f, Fill)] == [90_05]


@pytest.mark.parametrize(
    "order",
    [
        pytest.param(an_order(Side.BUY, qty=2 * LOT, event_ns=after(60)), id="larger than the position"),
        pytest.param(an_order(Side.SELL, event_ns=after(60)), id="adds to the position"),
        pytest.param(
            an_order(Side.BUY, strategy="other", event_ns=after(60)), id="another strategy's position"
        ),
    ],
)
def test_only_what_reduces_the_strategys_own_position_is_an_exit(order: PlaceOrder) -> None:
    exchange = an_exchange_with_a_short()
    play(exchange, [a_clock(after(60))])

    assert refusal(play(exchange, [order])).reason is RejectReason.STALE_QUOTE


def test_halted_means_out_but_not_in() -> None:
    exchange = an_exchange_with_a_short()
    play(exchange, [Halt(by="risk", reason="loss limit", event_ns=NOW)])

    entry = refusal(play(exchange, [an_order(Side.SELL, order_id="entry-2")]))
    left = play(exchange, [an_order(Side.BUY, order_id="exit")])
    play(exchange, [Resume(by="me", event_ns=NOW)])
    resumed = play(exchange, [an_order(Side.SELL, order_id="entry-3")])

    assert entry.reason is RejectReason.HALTED
    assert "risk" in entry.detail
    assert "loss limit" in entry.detail
    assert isinstance(left[1], Fill)
    assert isinstance(resumed[1], Fill)


def test_a_repeated_order_gets_its_first_answer_again_and_nothing_else(exchange: PaperExchange) -> None:
    first = play(exchange, [an_order()])

    again = play(exchange, [a_tick(at_ns=after(5)), an_order(), an_order(Side.SELL, qty=2 * LOT)])

    assert again == [first[0], first[0]]


def test_a_repeated_refusal_is_the_same_refusal(exchange: PaperExchange) -> None:
    first = play(exchange, [an_order(qty=1)])

    assert play(exchange, [a_tick(at_ns=after(5)), an_order(qty=LOT)]) == first


def test_answers_are_remembered_through_the_next_trading_day_and_no_longer() -> None:
    day_s = 24 * 3600
    exchange = an_exchange_with_a_short()
    first = play(exchange, [an_order(Side.SELL, order_id="entry")])

    next_day = play(exchange, [a_tick(at_ns=after(day_s)), an_order(Side.SELL, order_id="entry")])
    third_day = play(exchange, [a_tick(at_ns=after(2 * day_s)), an_order(Side.BUY, order_id="entry")])

    assert next_day == first
    # It would be an exit, but nobody can tell any more whether it was answered before.
    assert refusal(third_day).reason is RejectReason.STALE_ORDER


def test_a_weekend_is_not_a_trading_day_to_forget_on() -> None:
    day_s = 24 * 3600
    friday = after(4 * day_s)
    exchange = PaperExchange(House(Weekdays()))
    order = an_order(event_ns=friday)
    first = play(exchange, [an_option(), a_tick(at_ns=friday), order])
    play(exchange, [a_clock(after(day_s, friday)), a_tick(at_ns=after(2 * day_s, friday))])

    monday = play(exchange, [a_tick(at_ns=after(3 * day_s, friday)), order])

    assert monday == [first[0]]


def test_an_expired_contract_is_unknown_the_day_after() -> None:
    exchange = PaperExchange(House(Weekdays()))
    play(exchange, [an_option(expiry="2026-11-23"), a_tick()])
    next_day = after(24 * 3600)

    answers = play(exchange, [a_tick(at_ns=next_day), an_order(event_ns=next_day)])

    assert refusal(answers).reason is RejectReason.UNKNOWN_INSTRUMENT


def test_speed_turns_the_desks_lag_into_market_time() -> None:
    limits = Limits.at_speed(60, max_order_age_s=30, stale_quote_s=2.5)

    assert limits == Limits(max_order_age_ns=1800 * NS_PER_S, stale_quote_ns=150 * NS_PER_S)


def test_the_unit_reads_ticks_before_orders() -> None:
    unit = paper_unit(House(Weekdays()))

    assert (unit.name, unit.inputs) == (
        "execution.paper",
        ("instruments", "control", "replies", "pnl", "ticks", "orders"),
    )
    assert unit.build().handle(a_tick(instrument=OPTION)) == []


class WithAPause(Weekdays):
    """A day of two parts, as on the Saturday of a test of the other site; and it knows only the NFO."""

    def session(self, exchange: str, day: date, /) -> Session:
        """Return 09:15 to 10:00 and 11:30 to 12:30."""
        if exchange != "NFO":
            raise ConfigError(f"unknown exchange {exchange!r}")
        first, second = (at("09:15"), at("10:00:01")), (at("11:30"), at("12:30"))
        return Session(first[0], second[1], (first, second))


def test_a_pause_ends_a_session() -> None:
    exchange = PaperExchange(House(WithAPause()))
    play(exchange, [an_option(), a_tick(), an_order(kind=OrderKind.LIMIT, limit_price=50_00)])

    paused = play(exchange, [a_tick(40_00, at_ns=at("10:00:01"))])
    refused = play(exchange, [an_order(order_id="o-2", event_ns=at("10:00:01"))])
    resumed = play(exchange, [a_tick(at_ns=at("11:30")), an_order(order_id="o-3", event_ns=at("11:30"))])

    assert [type(answer) for answer in paused] == [OrderCancelled]
    assert refusal(refused).reason is RejectReason.MARKET_CLOSED
    assert isinstance(resumed[1], Fill)


def test_an_exchange_that_the_calendar_does_not_know_is_closed() -> None:
    exchange = PaperExchange(House(WithAPause()))
    coin = an_option("XYZ:COIN")

    answers = play(exchange, [coin, a_tick(instrument="XYZ:COIN"), an_order(instrument="XYZ:COIN")])

    assert refusal(answers).reason is RejectReason.MARKET_CLOSED
