"""The short straddle, from the first definition to the last fill, and what it does when things go wrong."""

import itertools
from collections.abc import Iterator, Sequence
from datetime import date, time
from typing import Any

import pytest

from sauda.contracts import (
    Account,
    Against,
    Alert,
    CancelOrder,
    Fill,
    Halt,
    Instrument,
    InstrumentKind,
    Message,
    ModifyOrder,
    OrderCancelled,
    OrderKind,
    OrderRejected,
    PlaceOrder,
    Product,
    RejectReason,
    Right,
    Side,
    Signal,
    SquareOff,
    Start,
    Stop,
    Subscribe,
    Tick,
    Unsubscribe,
)
from sauda.testing.builders import INDEX, LOT, OPTION, a_clock, a_gap, a_tick, an_index, an_option, at
from sauda_strategy.option_kinds import ShortStraddleRules
from sauda_strategy.option_seller import OptionSeller
from tests.unit.strategy.tiny_desk import TinyDesk

STRIKES = range(24_000, 25_050, 50)
CE, PE = "straddle-20261123-CE", "straddle-20261123-PE"


def name(strike: int, right: Right, expiry: str = "01DEC26") -> str:
    return f"NFO:NIFTY{expiry}{right.value[0]}{strike}"


CALL, PUT = name(24_500, Right.CALL), name(24_500, Right.PUT)


def chain() -> list[Message]:
    near: list[Message] = [an_index(), *(listed(strike, right) for strike in STRIKES for right in Right)]
    later = [an_option(name(24_500, right, "08DEC26"), right=right, expiry="2026-12-08") for right in Right]
    return [*later, *near]


def listed(strike: int, right: Right) -> Instrument:
    return an_option(name(strike, right), strike=strike * 100, right=right)


def index(price: int, clock: str) -> Tick:
    return a_tick(price, instrument=INDEX, at_ns=at(clock))


def ticks(clock: str, call: int = 100_00, put: int = 80_00) -> list[Message]:
    return [a_tick(call, instrument=CALL, at_ns=at(clock)), a_tick(put, instrument=PUT, at_ns=at(clock))]


RULES = ShortStraddleRules(
    kind="short_straddle", tsymbol="NIFTY", entry_time=time(9, 20), exit_time=time(15, 15)
)


def straddle(**changes: Any) -> OptionSeller:
    return OptionSeller("straddle", RULES.model_copy(update=changes))


def morning(instruments: Sequence[Message] | None = None) -> list[Message]:
    """Everything up to just before the entry."""
    return [
        *(chain() if instruments is None else instruments),
        a_clock(at("09:15:00")),
        index(24_510_00, "09:15:01"),
        *ticks("09:19:59"),
    ]


def desk(**changes: Any) -> TinyDesk:
    return TinyDesk(straddle(**changes))


def sold(**changes: Any) -> TinyDesk:
    one = desk(**changes)
    one.play([*morning(), a_clock(at("09:20:00"))])
    return one


def codes(one: TinyDesk) -> list[str]:
    return [alert.code for alert in one.heard(Alert)]


def orders(one: TinyDesk, kind: OrderKind) -> list[PlaceOrder]:
    return [order for order in one.heard(PlaceOrder) if order.kind is kind]


def chain_of(first: Sequence[int], then: int) -> Iterator[int]:
    """Return how much each meeting with the market trades: *first*, and *then* for ever."""
    return itertools.chain(first, itertools.repeat(then))


def test_at_the_entry_it_sells_a_call_and_a_put_at_the_money_of_the_nearest_expiry() -> None:
    entries = orders(sold(quantity=2), OrderKind.MARKET)

    assert [(order.instrument, order.side, order.qty) for order in entries] == [
        (CALL, Side.SELL, 2 * LOT),
        (PUT, Side.SELL, 2 * LOT),
    ]
    assert [order.order_id for order in entries] == [f"{CE}-entry", f"{PE}-entry"]
    assert {order.event_ns for order in entries} == {at("09:20:00")}


def test_each_fill_is_protected_by_a_stop_rounded_up_to_the_tick() -> None:
    one = desk()
    one.play([*morning(), *ticks("09:19:59", call=76_25, put=80_05), a_clock(at("09:20:00"))])

    assert [(order.trigger_price, order.parent_id) for order in orders(one, OrderKind.SL_M)] == [
        (95_35, f"{CE}-entry"),  # 76.25 x 1.25 = 95.3125
        (100_10, f"{PE}-entry"),  # 80.05 x 1.25 = 100.0625
    ]


def test_what_happens_at_the_very_instant_of_the_entry_is_known_when_it_is_decided() -> None:
    one = desk()
    one.play([*morning(), index(24_560_00, "09:20:00")])
    assert not one.heard(PlaceOrder)

    one.play([a_tick(instrument=name(24_550, right), at_ns=at("09:20:00")) for right in Right])
    one.play([a_clock(at("09:20:00"))])

    assert one.heard(PlaceOrder)[0].instrument == name(24_550, Right.CALL)


def test_it_listens_to_the_index_at_once_and_then_to_five_strikes_on_each_side() -> None:
    one = desk()
    one.play([*chain(), a_clock(at("09:15:00"))])
    assert [wish.instruments for wish in one.heard(Subscribe)] == [(INDEX,)]

    one.play([index(24_510_00, "09:15:01")])

    assert set(one.heard(Subscribe)[1].instruments) == {
        name(strike, right) for strike in range(24_250, 24_751, 50) for right in Right
    }


def test_it_follows_the_money_with_its_subscriptions() -> None:
    one = desk()
    one.play([*chain(), index(24_510_00, "09:15:01"), index(24_510_00, "09:15:02")])

    one.play([index(24_520_00, "09:16:00"), index(24_560_00, "09:16:01")])

    assert set(one.heard(Subscribe)[-1].instruments) == {name(24_800, right) for right in Right}


def test_strangle_points_and_bias_move_the_legs() -> None:
    rules = straddle(sotm_points=100, bias_points=50)
    one = TinyDesk(rules)
    one.play([*chain(), index(24_510_00, "09:15:01"), index(24_510_00, "09:15:02")])
    wanted = (name(24_650, Right.CALL), name(24_450, Right.PUT))
    one.play([*(a_tick(instrument=leg, at_ns=at("09:19:00")) for leg in wanted), a_clock(at("09:20:00"))])

    assert [order.instrument for order in orders(one, OrderKind.MARKET)] == [*wanted]


def test_without_an_index_the_future_tells_where_the_money_is() -> None:
    future = Instrument("NFO:NIFTY29DEC26F", "NFO", "9", "NIFTY", InstrumentKind.FUTURE, expiry="2026-12-29")
    one = desk()
    one.play([*chain()[:2], *chain()[3:], future, a_clock(at("09:15:00"))])
    one.play([a_tick(24_480_00, instrument=future.instrument, at_ns=at("09:15:01")), *ticks("09:19:59")])
    one.play([a_clock(at("09:20:00"))])

    assert one.heard(PlaceOrder)[0].instrument == CALL
    assert "24480.00 (future)" in one.heard(Signal)[0].reason


def test_when_the_middle_of_a_large_chain_is_silent_all_of_it_is_asked_for() -> None:
    one = desk()
    one.play([listed(strike, right) for strike in range(20_000, 30_050, 50) for right in Right])
    one.play([a_clock(at("09:24:16")), a_clock(at("09:24:30"))])
    assert len(one.heard(Subscribe)[0].instruments) == 200

    one.play([a_clock(at("09:24:31"))])
    assert sum(len(wish.instruments) for wish in one.heard(Subscribe)) == 402


def test_a_silent_index_is_replaced_when_the_entry_is_near_and_not_before() -> None:
    one = desk()
    one.play([*chain(), a_clock(at("09:00:00")), a_clock(at("09:18:59"))])
    assert [wish.instruments for wish in one.heard(Subscribe)] == [(INDEX,)]

    one.play([a_clock(at("09:19:00"))])
    assert len(one.heard(Subscribe)[1].instruments) == 2 * len(STRIKES)

    one.play([*ticks("09:19:59", call=90_00, put=95_00), a_clock(at("09:20:00"))])
    assert "24495.00 (put-call parity)" in one.heard(Signal)[0].reason


def test_a_silent_index_is_replaced_by_the_future_before_parity_is_asked() -> None:
    future = Instrument("NFO:NIFTY29DEC26F", "NFO", "9", "NIFTY", InstrumentKind.FUTURE, expiry="2026-12-29")
    one = desk()
    one.play([*chain(), future, a_clock(at("09:15:00"))])
    one.play([a_tick(24_480_00, instrument=future.instrument, at_ns=at("09:15:01")), a_clock(at("09:19:00"))])
    one.play([*ticks("09:19:59"), a_clock(at("09:20:00"))])

    assert one.heard(PlaceOrder)[0].instrument == CALL
    assert "24480.00 (future)" in one.heard(Signal)[0].reason


def test_without_index_and_future_parity_tells_where_the_money_is_once_the_chain_has_spoken() -> None:
    one = desk()
    options = [message for message in chain() if message != an_index()]
    one.play([*options, a_clock(at("09:24:16"))])
    assert len(one.heard(Subscribe)[0].instruments) == 2 * len(STRIKES)

    deep = [a_tick(500_00, instrument=name(24_000, Right.CALL), at_ns=at("09:24:16"))]
    one.play([*deep, a_tick(3_00, instrument=name(24_000, Right.PUT), at_ns=at("09:24:16"))])
    one.play(ticks("09:24:16", call=90_00, put=95_00))
    one.play([a_clock(at("09:24:20"))])
    assert not one.heard(PlaceOrder)

    one.play([a_clock(at("09:24:21"))])
    assert one.heard(PlaceOrder)[0].instrument == CALL
    assert "24495.00 (put-call parity)" in one.heard(Signal)[0].reason


def test_a_stop_that_fills_ends_its_leg_and_leaves_the_other() -> None:
    one = sold()
    one.play(ticks("11:00:00", call=125_00))
    one.play([a_clock(at("15:15:00"))])

    assert one.exchange.held == {CALL: 0, PUT: 0}
    assert [cancel.order_id for cancel in one.heard(CancelOrder)] == [f"{PE}-stop"]
    assert orders(one, OrderKind.MARKET)[-1].order_id == f"{PE}-exit"


def test_at_the_exit_stops_are_cancelled_before_anything_is_bought_back() -> None:
    one = sold()
    said_before = len(one.said)
    out = one.work(a_clock(at("15:15:00")))

    assert [type(message) for message in out] == [Signal, CancelOrder, Signal, CancelOrder]
    for message in out:
        one.play(one.exchange.take(message))
    exits = [message for message in one.said[said_before:] if isinstance(message, PlaceOrder)]
    assert [(order.order_id, order.side, order.qty) for order in exits] == [
        (f"{CE}-exit", Side.BUY, LOT),
        (f"{PE}-exit", Side.BUY, LOT),
    ]
    assert one.exchange.held == {CALL: 0, PUT: 0}


def test_a_stop_that_fills_while_its_cancellation_is_under_way_is_not_bought_back_again() -> None:
    one = sold()
    wishes = one.work(a_clock(at("15:15:00")))
    touched = a_tick(200_00, instrument=CALL, at_ns=at("15:15:00"))
    one.play([touched])
    for wish in wishes:
        one.play(one.exchange.take(wish))

    assert one.exchange.held == {CALL: 0, PUT: 0}
    assert f"{CE}-exit" not in {order.order_id for order in one.heard(PlaceOrder)}


def test_when_all_is_bought_back_it_listens_no_more() -> None:
    one = sold()
    assert not one.heard(Unsubscribe)
    one.play([a_clock(at("15:15:00"))])

    (farewell,) = one.heard(Unsubscribe)
    asked = {instrument for wish in one.heard(Subscribe) for instrument in wish.instruments}
    assert set(farewell.instruments) == asked


@pytest.mark.parametrize(
    "reason", [RejectReason.STALE_QUOTE, RejectReason.NO_QUOTE, RejectReason.STALE_ORDER]
)
def test_a_leg_refused_for_want_of_a_fresh_price_is_sold_at_its_next_tick(reason: RejectReason) -> None:
    one = desk()
    one.exchange.refuse = {f"{PE}-entry": reason}
    one.play([*morning(), a_clock(at("09:20:00"))])
    assert one.exchange.held == {CALL: -LOT}

    one.play(ticks("09:20:30"))

    assert one.exchange.held == {CALL: -LOT, PUT: -LOT}
    assert not codes(one)


def test_when_both_legs_are_refused_for_want_of_fresh_prices_they_are_chosen_anew() -> None:
    one = desk()
    one.exchange.refuse = {f"{leg}-entry": RejectReason.STALE_QUOTE for leg in (CE, PE)}
    one.play([*morning(), a_clock(at("09:20:00")), index(24_560_00, "09:20:30")])
    one.play([a_tick(instrument=name(24_550, right), at_ns=at("09:20:31")) for right in Right])

    assert one.exchange.held == {name(24_550, right): -LOT for right in Right}
    assert [order.order_id for order in orders(one, OrderKind.MARKET)][2:] == [
        f"{CE}-entry-2",
        f"{PE}-entry-2",
    ]


def test_after_three_refusals_it_gives_up_and_buys_the_other_leg_back() -> None:
    one = desk()
    one.exchange.refuse = {
        f"{PE}-entry{suffix}": RejectReason.STALE_QUOTE for suffix in ("", "-2", "-3", "-4")
    }
    one.play(morning())
    one.play([a_clock(at("09:20:00")), *ticks("09:20:30"), *ticks("09:20:31"), *ticks("09:20:32")])

    assert codes(one) == ["ENTRY_REFUSED"]
    assert one.exchange.held == {CALL: 0}
    assert not one.exchange.working


def test_a_leg_refused_for_good_is_not_tried_again_and_the_other_is_bought_back() -> None:
    one = desk()
    one.exchange.refuse = {f"{CE}-entry": RejectReason.HALTED}
    one.play([*morning(), a_clock(at("09:20:00")), *ticks("09:21:00")])

    assert codes(one) == ["ENTRY_REFUSED"]
    assert "HALTED: told so" in one.heard(Alert)[0].text
    assert one.exchange.held == {PUT: 0}


def test_a_short_whose_stop_is_refused_is_bought_back_at_once() -> None:
    one = desk()
    one.exchange.refuse = {f"{CE}-stop": RejectReason.BAD_PRICE}
    one.play([*morning(), a_clock(at("09:20:00"))])

    assert codes(one) == ["STOP_REFUSED"]
    assert one.exchange.held == {CALL: 0, PUT: -LOT}


def test_an_exit_that_is_refused_is_tried_at_the_next_ticks_ever_more_slowly() -> None:
    one = sold()
    one.exchange.refuse = {f"{CE}-exit{suffix}": RejectReason.MARKET_CLOSED for suffix in ("", "-2", "-3")}
    one.play([a_clock(at("15:15:00")), *ticks("15:15:00")])
    assert [order.order_id for order in one.heard(PlaceOrder)][-1] == f"{CE}-exit-2"

    one.play([*ticks("15:15:00"), *ticks("15:15:01"), *ticks("15:15:02"), *ticks("15:15:04")])

    assert [order.order_id for order in one.heard(PlaceOrder)][-1] == f"{CE}-exit-4"
    assert one.exchange.held == {CALL: 0, PUT: 0}
    assert codes(one) == ["EXIT_REFUSED"]


@pytest.mark.parametrize(
    ("messages", "code", "text"),
    [
        pytest.param([], "NO_INSTRUMENTS", "no options of NIFTY are known", id="no instruments"),
        pytest.param(chain(), "NO_PRICE", "no price of NIFTY", id="no price"),
        pytest.param(
            [*chain(), *[index(24_510_00, "09:15:01")] * 2, ticks("09:16:00")[0]],
            "NO_LEG_PRICE",
            f"no tick yet of {PUT}",
            id="no tick of a leg",
        ),
        pytest.param(
            [*chain(), *[index(30_000_00, "09:15:01")] * 2],
            "STRIKE_MISSING",
            "no strike near 30000.00 (index): NIFTY of 2026-12-01 has 24000.00 to 25000.00",
            id="no strike",
        ),
    ],
)
def test_it_says_once_why_it_cannot_trade(messages: list[Message], code: str, text: str) -> None:
    one = desk()
    one.play([a_clock(at("09:15:00")), *messages])
    one.play([a_clock(at(clock)) for clock in ("09:20:00", "09:20:59")])
    assert not one.heard(Signal)

    one.play([a_clock(at(clock)) for clock in ("09:21:00", "09:21:01", "09:30:00")])

    assert codes(one) == [code]
    (signal,) = one.heard(Signal)
    assert text in signal.reason
    assert (signal.instrument, signal.side) == (None, None)
    assert not one.heard(PlaceOrder)


def test_it_sells_as_soon_as_what_was_missing_comes() -> None:
    one = desk()
    one.play([*chain(), index(24_510_00, "09:15:01"), index(24_510_00, "09:15:02"), a_clock(at("09:25:00"))])
    one.play([a_clock(at("09:27:00")), *ticks("09:40:00")])

    assert codes(one) == ["NO_LEG_PRICE"]
    assert one.exchange.held == {CALL: -LOT, PUT: -LOT}


def test_after_the_exit_time_nothing_is_sold() -> None:
    one = desk()
    one.play([*chain(), a_clock(at("15:15:00")), index(24_510_00, "15:15:01"), *ticks("15:15:02")])

    assert not one.heard(PlaceOrder)
    assert codes(one) == ["NOT_ENTERED"]


def test_on_a_holiday_nothing_is_sold() -> None:
    closed: list[date] = []

    def never(day: date) -> bool:
        closed.append(day)
        return False

    one = TinyDesk(OptionSeller("straddle", RULES, never))
    one.play([*morning(), a_clock(at("09:20:00"))])

    assert codes(one) == ["NO_TRADING_DAY"]
    assert closed == [date(2026, 11, 23)]
    assert not one.heard(PlaceOrder)


def test_stop_opens_nothing_and_start_lets_it_trade_again() -> None:
    one = desk()
    one.play([*morning(), Stop(None, "test", 0), a_clock(at("09:20:00")), *ticks("09:21:00")])
    assert not one.heard(PlaceOrder)

    one.play([Start("another", "test", 0), Start("straddle", "test", 0)])

    assert one.exchange.held == {CALL: -LOT, PUT: -LOT}


def test_a_strategy_that_is_not_enabled_waits_for_start() -> None:
    one = sold(enabled=False)
    assert not one.said

    one.play([Start("straddle", "test", 0), index(24_510_00, "09:20:01"), *ticks("09:20:02")])

    assert one.exchange.held == {CALL: -LOT, PUT: -LOT}


def test_stop_leaves_what_is_held_managed() -> None:
    one = sold()
    one.play([Stop("straddle", "test", 0), a_clock(at("15:15:00"))])

    assert one.exchange.held == {CALL: 0, PUT: 0}


def test_a_square_off_by_the_exchange_is_not_doubled() -> None:
    one = sold()
    one.play([SquareOff("straddle", "test", at("10:00:00")), a_clock(at("15:15:00")), *ticks("15:16:00")])

    assert one.exchange.held == {CALL: 0, PUT: 0}
    assert not one.exchange.working
    assert len(orders(one, OrderKind.MARKET)) == 2
    assert not codes(one)


def test_what_a_square_off_missed_is_closed_by_the_strategy() -> None:
    one = desk()
    one.play(morning())
    entries = one.work(a_clock(at("09:20:00")))
    request = SquareOff("straddle", "test", at("09:20:00"))
    assert not one.exchange.take(request)  # The exchange squares off first, our entries come behind it.
    wishes = one.work(request)
    for message in [*entries, *wishes]:
        one.play(one.exchange.take(message))

    assert one.exchange.held == {CALL: 0, PUT: 0}
    assert not one.exchange.working


def test_after_a_square_off_start_sells_again_under_new_ids() -> None:
    one = sold()
    one.play([SquareOff(None, "test", 0), *ticks("10:00:00")])
    assert one.exchange.held == {CALL: 0, PUT: 0}

    one.play([Start(None, "test", 0), index(24_510_00, "10:01:00"), *ticks("10:01:01")])

    assert one.exchange.held == {CALL: -LOT, PUT: -LOT}
    assert f"{CE}-entry-2" in {order.order_id for order in one.heard(PlaceOrder)}


def test_a_leg_bought_back_by_hand_loses_its_stop() -> None:
    one = sold()
    by_hand = PlaceOrder("hand-1", "straddle", CALL, Side.BUY, LOT, OrderKind.MARKET, at("10:00:00"))
    one.play(one.exchange.take(by_hand))

    assert one.exchange.held[CALL] == 0
    assert set(one.exchange.working) == {f"{PE}-stop"}


def test_every_piece_of_an_entry_is_protected_by_a_stop_of_its_own() -> None:
    one = desk()
    one.exchange.appetite = chain_of([25, 40], 65)
    one.play(morning())
    one.play([a_clock(at("09:20:00")), *ticks("09:20:01")])

    stops = [order for order in orders(one, OrderKind.SL_M) if order.instrument == CALL]
    assert [stop.qty for stop in stops] == [25, 40]
    assert one.exchange.held == {CALL: -LOT, PUT: -LOT}
    one.play([a_clock(at("15:15:00"))])
    assert one.exchange.held == {CALL: 0, PUT: 0}


def test_an_exit_that_rests_is_taken_back_and_priced_anew() -> None:
    one = sold()
    one.exchange.appetite = chain_of([0, 25, *[0] * 5], 65)
    one.play([a_clock(at("15:15:00"))])
    one.play([*ticks("15:15:02"), *ticks("15:15:04")])
    assert {f"{CE}-exit", f"{PE}-exit"} <= set(one.exchange.working)

    one.play([*ticks("15:15:05"), *ticks("15:15:06")])

    assert one.exchange.held == {CALL: 0, PUT: 0}
    assert f"{CE}-exit" in {cancel.order_id for cancel in one.heard(CancelOrder)}
    assert f"{CE}-exit-2" in {order.order_id for order in one.heard(PlaceOrder)}
    assert set(codes(one)) == {"EXIT_RESTS"}


def test_a_stop_that_rests_behind_its_trigger_gives_way_to_an_exit() -> None:
    one = sold()
    one.exchange.appetite = chain_of([0, 0], LOT)
    one.play([a_tick(125_00, instrument=CALL, at_ns=at("11:00:00"))])
    one.play([a_tick(140_00, instrument=CALL, at_ns=at("11:00:04"))])
    assert one.exchange.held[CALL] == -LOT

    one.exchange.appetite = chain_of([0], LOT)
    one.play([a_tick(140_00, instrument=CALL, at_ns=at("11:00:05"))])

    assert one.exchange.held == {CALL: 0, PUT: -LOT}
    assert set(one.exchange.working) == {f"{PE}-stop"}


def test_an_entry_that_rests_is_sent_anew_for_what_is_missing() -> None:
    one = desk()
    one.exchange.appetite = chain_of([25, 65, 0, 0, 0], 65)
    one.play([*morning(), a_clock(at("09:20:00"))])
    one.play([a_tick(instrument=CALL, at_ns=at(clock)) for clock in ("09:20:01", "09:20:04")])

    one.play([a_tick(instrument=CALL, at_ns=at("09:20:05"))])

    entries = [order for order in orders(one, OrderKind.MARKET) if order.instrument == CALL]
    assert [(order.order_id, order.qty) for order in entries] == [(f"{CE}-entry", LOT), (f"{CE}-entry-2", 40)]
    assert one.exchange.held == {CALL: -LOT, PUT: -LOT}


def test_an_exit_time_that_comes_with_the_tick_of_a_resting_order_is_not_missed() -> None:
    one = desk()
    one.exchange.appetite = chain_of([0], LOT)
    one.play([*morning(), a_clock(at("09:20:00"))])

    one.play([a_tick(50_00, instrument=CALL, at_ns=at("15:15:01")), *ticks("15:16:00")])

    assert one.exchange.held == {CALL: 0, PUT: 0}


def test_what_could_not_be_sold_in_three_tries_is_let_go_and_what_was_sold_is_kept() -> None:
    one = desk()
    one.exchange.appetite = chain_of([25, 65], 0)
    one.play([*morning(), a_clock(at("09:20:00"))])
    for second in range(5, 40, 5):
        one.play([a_tick(instrument=CALL, at_ns=at(f"09:20:{second:02d}"))])

    assert codes(one) == ["PARTLY_SOLD"]
    assert one.exchange.held == {CALL: -25, PUT: -LOT}
    assert {order.qty for order in one.exchange.working.values() if order.instrument == CALL} == {25}


def test_a_refusal_for_too_many_orders_a_second_is_tried_again_a_second_later() -> None:
    one = desk()
    one.exchange.refuse = {f"{leg}-entry": RejectReason.ORDER_RATE for leg in (CE, PE)}
    one.play([*morning(), a_clock(at("09:20:00")), *ticks("09:20:00"), *ticks("09:20:00.9")])
    assert not one.exchange.held

    one.play(ticks("09:20:01"))

    assert one.exchange.held == {CALL: -LOT, PUT: -LOT}
    assert not codes(one)


@pytest.mark.parametrize(
    "reason",
    [
        RejectReason.MARGIN,
        RejectReason.DAILY_LOSS,
        RejectReason.DRAWDOWN,
        RejectReason.PROFIT_LOCK,
        RejectReason.POSITION_LIMIT,
        RejectReason.OUTSIDE_HOURS,
        RejectReason.FREEZE_QUANTITY,
        RejectReason.NOT_ALLOWED,
    ],
)
def test_a_refusal_that_no_tick_can_cure_is_not_tried_again(reason: RejectReason) -> None:
    one = desk()
    one.exchange.refuse = {f"{leg}-entry": reason for leg in (CE, PE)}
    one.play([*morning(), a_clock(at("09:20:00")), *ticks("09:20:01"), *ticks("09:21:00")])

    assert len(one.heard(PlaceOrder)) == 2
    assert codes(one) == ["ENTRY_REFUSED"]


def test_what_the_exchange_closes_by_itself_is_not_closed_again() -> None:
    one = sold()
    one.hear(one.exchange.flatten("straddle", at("10:00:00")))
    one.play([*ticks("10:00:01"), a_clock(at("15:15:00")), *ticks("15:15:01")])

    assert one.exchange.held == {CALL: 0, PUT: 0}
    assert not one.exchange.working
    assert len(orders(one, OrderKind.MARKET)) == 2


def test_a_square_off_that_fills_in_pieces_is_waited_for() -> None:
    one = sold()
    one.exchange.appetite = chain_of([25, 0, 10], LOT)
    one.play([a_clock(at("10:00:00")), SquareOff("straddle", "test", at("10:00:00"))])
    assert one.exchange.held == {CALL: -40, PUT: -LOT}

    one.play([*ticks("10:00:01"), *ticks("10:00:02"), *ticks("10:00:03")])

    assert one.exchange.held == {CALL: 0, PUT: 0}
    assert len(orders(one, OrderKind.MARKET)) == 2


def test_a_square_off_that_rests_is_taken_back_and_finished_by_the_strategy() -> None:
    one = sold()
    one.exchange.appetite = chain_of([0, 0, 0, 0], LOT)
    one.play([a_clock(at("10:00:00")), SquareOff("straddle", "test", at("10:00:00"))])
    one.play([*ticks("10:00:04")])
    assert one.exchange.held == {CALL: -LOT, PUT: -LOT}

    for leg in (CALL, PUT):
        one.exchange.appetite = chain_of([0], LOT)
        one.play([a_tick(instrument=leg, at_ns=at("10:00:05"))])

    assert one.exchange.held == {CALL: 0, PUT: 0}
    assert not one.exchange.working


def test_the_kill_switch_that_flattens_is_a_square_off() -> None:
    one = sold()
    one.play([Halt("asha", "enough", at("10:00:00"), flatten=True)])
    said = [cancel.order_id for cancel in one.heard(CancelOrder)]

    assert f"{CE}-stop" in said
    assert f"{CE}-question" in said
    one.play(ticks("10:00:01"))
    assert one.exchange.held == {CALL: 0, PUT: 0}


def test_a_halt_alone_leaves_what_is_held_managed() -> None:
    one = sold()
    one.play([Halt("asha", "no more", at("10:00:00")), *ticks("10:00:01")])
    assert one.exchange.held == {CALL: -LOT, PUT: -LOT}

    one.play([a_clock(at("15:15:00"))])

    assert one.exchange.held == {CALL: 0, PUT: 0}


def test_expiry_settles_a_leg_and_nothing_is_bought_back() -> None:
    one = sold()
    settled = Fill(
        "settle-1",
        "settle-straddle",
        "straddle",
        CALL,
        Side.BUY,
        LOT,
        12_00,
        0,
        at("15:10:00"),
        against=Against.SETTLEMENT,
    )
    one.exchange.held[CALL] = 0
    del one.exchange.working[f"{CE}-stop"]
    stop = OrderCancelled(f"{CE}-stop", "straddle", CALL, at("15:10:00"), LOT, "expired")
    one.hear([settled, stop])
    one.play(ticks("15:10:01"))

    assert not [order for order in one.heard(PlaceOrder) if order.order_id.startswith(f"{CE}-exit")]
    assert one.exchange.held == {CALL: 0, PUT: -LOT}
    assert "settled at 12.00" in one.heard(Signal)[-1].reason


def test_a_part_bought_back_by_hand_closes_the_rest_once_the_traders_order_is_gone() -> None:
    one = sold()
    by_hand = PlaceOrder("hand-1", "straddle", CALL, Side.BUY, 25, OrderKind.MARKET, at("10:00:00"))
    one.play(one.exchange.take(by_hand))

    assert one.exchange.held[CALL] == 0
    assert [order.qty for order in orders(one, OrderKind.MARKET)][-1] == 40


def test_a_traders_limit_order_is_taken_back_before_the_leg_is_bought() -> None:
    one = sold()
    one.exchange.appetite = chain_of([0], LOT)
    by_hand = PlaceOrder("hand-1", "straddle", CALL, Side.BUY, LOT, OrderKind.MARKET, at("10:00:00"))
    one.play(one.exchange.take(by_hand))  # Rests, like a limit order.
    one.exchange.appetite = chain_of([0] * 2, LOT)
    one.play([a_clock(at("15:15:00")), *ticks("15:15:01")])

    assert one.exchange.held == {CALL: 0, PUT: 0}
    assert not one.exchange.working


def test_a_stop_that_a_trader_makes_smaller_or_larger_never_buys_too_much() -> None:
    one = sold(quantity=2)
    one.play(one.exchange.take(ModifyOrder(f"{CE}-stop", "straddle", at("10:00:00"), qty=LOT)))
    assert one.exchange.held[CALL] == -2 * LOT

    one.play(one.exchange.take(ModifyOrder(f"{CE}-stop", "straddle", at("10:00:01"), qty=3 * LOT)))

    assert one.exchange.held == {CALL: 0, PUT: -2 * LOT}
    assert set(one.exchange.working) == {f"{PE}-stop"}


def test_a_refused_change_of_a_stop_by_hand_leaves_the_stop() -> None:
    one = sold()
    refused = OrderRejected(f"{CE}-stop", "straddle", CALL, at("10:00:00"), RejectReason.OFF_TICK, "")

    assert not one.work(refused)
    assert set(one.exchange.working) == {f"{CE}-stop", f"{PE}-stop"}


def test_its_orders_carry_the_product_of_its_rules() -> None:
    assert {order.product for order in sold().heard(PlaceOrder)} == {Product.NRML}
    assert {order.product for order in sold(product=Product.MIS).heard(PlaceOrder)} == {Product.MIS}


def test_the_accounts_news_are_ignored() -> None:
    one = sold()

    assert not one.work(Account(at("10:00:00"), 0, 0, 0, 0, 0, 0, 0))


def test_a_new_day_starts_afresh() -> None:
    one = sold()
    one.play([a_clock(at("15:15:00")), *chain()])
    tomorrow = date(2026, 11, 24)
    one.play(
        [
            a_clock(at("09:15:00", tomorrow)),
            a_tick(24_510_00, instrument=INDEX, at_ns=at("09:15:01", tomorrow)),
        ]
    )
    one.play([a_tick(instrument=leg, at_ns=at("09:19:00", tomorrow)) for leg in (CALL, PUT)])
    one.play([a_clock(at("09:20:00", tomorrow))])

    assert one.exchange.held == {CALL: -LOT, PUT: -LOT}
    assert "straddle-20261124-CE-entry" in {order.order_id for order in one.heard(PlaceOrder)}


@pytest.mark.parametrize(
    ("day", "code"),
    [
        pytest.param(date(2026, 11, 24), "LEFT_OPEN", id="alive"),
        pytest.param(date(2026, 12, 2), "EXPIRED_OPEN", id="expired"),
    ],
)
def test_a_leg_that_was_left_open_is_closed_or_if_expired_given_up(day: date, code: str) -> None:
    one = sold()
    one.play([a_clock(at("09:15:00", day))])

    assert codes(one) == [code, code]
    assert one.exchange.held == {
        CALL: 0 if code == "LEFT_OPEN" else -LOT,
        PUT: 0 if code == "LEFT_OPEN" else -LOT,
    }


def test_a_gap_in_the_feed_moves_market_time() -> None:
    one = desk()
    one.play([*morning(), a_gap(at("09:19:59"), at("09:30:00")), a_clock(at("09:30:00"))])

    assert one.heard(PlaceOrder)[0].event_ns == at("09:30:00")


def test_others_executions_and_instruments_are_none_of_its_business() -> None:
    one = desk()
    one.play([an_option(OPTION, underlying="BANKNIFTY")])
    other = PlaceOrder("x-1", "another", OPTION, Side.SELL, LOT, OrderKind.MARKET, 0)
    one.play(one.exchange.take(other))

    assert not one.said
    assert not one.strategy.state.take_changes()
