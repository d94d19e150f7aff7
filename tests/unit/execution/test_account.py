"""The paper account: cash by cash, what is blocked and released, and the No to what it cannot carry."""

from dataclasses import replace
from datetime import date
from functools import partial
from math import exp

import msgspec
import pytest

from sauda.calendar import load_calendar
from sauda.clock import ist_date
from sauda.contracts import (
    Account,
    Fill,
    Instrument,
    Message,
    OrderAccepted,
    OrderKind,
    OrderRejected,
    PlaceBasket,
    PlaceOrder,
    Product,
    RejectReason,
    Side,
)
from sauda.margin import Leg, requirement
from sauda.money import Paise, Units, to_indian
from sauda.testing.builders import (
    LOT,
    NOW,
    Weekdays,
    a_cancel,
    a_change,
    a_clock,
    a_tick,
    after,
    an_order,
    at,
)
from sauda.testing.restart import play
from sauda_execution.account.enquiry import NoAnswerError, largest, statement
from sauda_execution.account.tenor import years_left
from sauda_execution.charges import load_tariff
from sauda_execution.exchange import PaperExchange
from sauda_execution.house import House
from tests.unit.execution.account_market import (
    CALL,
    CONTRACTS,
    FUTURE,
    HIGH_CALL,
    INDEX,
    LAKH,
    LOW_PUT,
    MARGINS,
    MARKET,
    PRICES,
    PUT,
    SHARE,
    a_house,
    an_account,
    last_account,
    quotes,
)


def order(
    side: Side,
    instrument: str,
    qty: Units = LOT,
    *,
    name: str | None = None,
    strategy: str = "s",
    product: Product = Product.NRML,
    limit: Paise | None = None,
    at_ns: int = NOW,
) -> PlaceOrder:
    made = an_order(
        side,
        order_id=name or f"{side.value}-{instrument}-{product.value}",
        strategy=strategy,
        instrument=instrument,
        qty=qty,
        kind=OrderKind.MARKET if limit is None else OrderKind.LIMIT,
        limit_price=limit,
        event_ns=at_ns,
    )
    return msgspec.structs.replace(made, product=product)


buy, sell = partial(order, Side.BUY), partial(order, Side.SELL)


def rejection(said: list[Message]) -> OrderRejected:
    (found,) = [message for message in said if isinstance(message, OrderRejected)]
    return found


def contract_of(instrument: str) -> Instrument:
    return next(one for one in CONTRACTS if one.instrument == instrument)


def model(*held: tuple[str, Units]) -> Paise:
    """Return what the model asks for options of 1 December at this market, computed beside the exchange."""
    years = years_left("2026-12-01", NOW)
    rates = MARGINS.rates("NIFTY", ist_date(NOW))
    forward = PRICES[INDEX] * exp(rates.interest * years)
    legs = [
        Leg(qty, "2026-12-01", forward, PRICES[name], years, False, one.strike, one.right)
        for one, name, qty in ((contract_of(name), name, qty) for name, qty in held)
    ]
    return requirement(PRICES[INDEX], legs, rates).total


# Cash.


def test_an_option_is_paid_when_it_is_bought_and_nothing_stays_blocked() -> None:
    account = last_account(play(an_account(), [buy(CALL)]))

    assert account.premium == -LOT * 150_00
    assert (account.cash, account.blocked) == (10 * LAKH - LOT * 150_00, 0)


def test_a_future_costs_no_cash_until_it_is_closed() -> None:
    exchange = an_account()
    held = last_account(play(exchange, [buy(FUTURE)]))
    closed = last_account(
        play(exchange, [a_tick(24_650_00, instrument=FUTURE, at_ns=after(1)), sell(FUTURE, at_ns=after(1))])
    )

    assert (held.cash, held.realised) == (10 * LAKH, 0)
    assert held.blocked > 1_40_000_00
    assert (closed.realised, closed.premium, closed.blocked) == (LOT * 50_00, 0, 0)


def test_a_future_that_is_turned_round_realises_what_was_closed_alone() -> None:
    exchange = an_account()
    play(exchange, [buy(FUTURE), a_tick(24_650_00, instrument=FUTURE, at_ns=after(1))])

    account = last_account(play(exchange, [sell(FUTURE, 2 * LOT, at_ns=after(1))]))

    assert account.realised == LOT * 50_00
    assert account.blocked > 1_40_000_00


def test_shares_for_delivery_are_paid_in_full_and_shares_within_the_day_block_a_fifth() -> None:
    delivery = last_account(play(an_account(), [buy(SHARE, 100)]))
    intraday = last_account(play(an_account(), [buy(SHARE, 100, product=Product.MIS)]))

    assert (delivery.premium, delivery.blocked) == (-1_50_000_00, 0)
    assert (intraday.premium, intraday.blocked) == (0, 30_000_00)


def test_shares_within_the_day_bring_their_profit_when_they_are_closed() -> None:
    exchange = an_account()
    play(
        exchange, [sell(SHARE, 100, product=Product.MIS), a_tick(1_490_00, instrument=SHARE, at_ns=after(1))]
    )

    account = last_account(play(exchange, [buy(SHARE, 100, product=Product.MIS, at_ns=after(1))]))

    assert (account.realised, account.premium, account.blocked) == (100 * 10_00, 0, 0)


def test_at_the_close_futures_are_marked_and_not_marked_twice() -> None:
    exchange = an_account()
    play(exchange, [buy(FUTURE), a_tick(24_700_00, instrument=FUTURE, at_ns=at("15:29"))])

    marked = last_account(play(exchange, [a_clock(at("15:30"))]))
    again = play(exchange, [a_clock(at("15:31"))])

    assert marked.realised == LOT * 100_00
    assert again == []


def test_over_days_the_marks_and_the_close_add_up_to_the_whole_profit() -> None:
    exchange = an_account()
    tuesday = at("09:20", date(2026, 11, 24))
    play(exchange, [buy(FUTURE), a_tick(24_700_00, instrument=FUTURE, at_ns=at("15:29"))])
    play(exchange, [a_clock(at("15:30")), a_tick(24_550_00, instrument=FUTURE, at_ns=tuesday)])

    account = last_account(play(exchange, [sell(FUTURE, name="out", at_ns=tuesday)]))

    assert account.realised == -LOT * 50_00
    assert account.blocked == 0


def test_between_two_closes_a_future_brings_nothing_into_the_cash() -> None:
    exchange = an_account()
    tuesday = date(2026, 11, 24)
    play(exchange, [buy(FUTURE), a_clock(at("15:30"))])
    play(exchange, [a_tick(24_600_00, instrument=FUTURE, at_ns=at("09:20", tuesday))])

    within = play(exchange, [a_tick(24_900_00, instrument=FUTURE, at_ns=at("11:00", tuesday))])
    marked = last_account(play(exchange, [a_clock(at("15:30", tuesday))]))

    assert within == []
    assert marked.realised == LOT * 300_00


def test_an_average_between_two_paise_loses_none() -> None:
    exchange = an_account()
    dearer = a_tick(24_600_05, instrument=FUTURE, at_ns=after(1))
    play(exchange, [buy(FUTURE), dearer, buy(FUTURE, name="second", at_ns=after(1))])

    # 65 at 24,600.00 and 65 at 24,600.05; sold at the dearer price in two parts of 130 x 24,600.025.
    part = last_account(play(exchange, [sell(FUTURE, at_ns=after(1))]))
    whole = last_account(play(exchange, [sell(FUTURE, name="rest", at_ns=after(1))]))

    assert part.realised in (LOT * 5 // 2, LOT * 5 // 2 + 1)
    assert whole.realised == LOT * 5


def test_the_account_says_how_it_begins_and_then_only_what_is_new() -> None:
    exchange = PaperExchange(a_house(5 * LAKH))

    opening = play(exchange, [*CONTRACTS, *quotes()])
    quiet = play(exchange, [a_clock(after(1)), *quotes(after(2)), a_clock(at("15:31"))])

    assert opening == [Account(NOW, 5 * LAKH, 0, 0, 0, 5 * LAKH, 0, 5 * LAKH)]
    assert quiet == []


# What is blocked.


def test_a_short_straddle_blocks_what_the_model_asks_for() -> None:
    account = last_account(play(an_account(), [sell(CALL), sell(PUT)]))

    assert account.blocked == model((CALL, -LOT), (PUT, -LOT))
    assert account.span + account.exposure == account.blocked
    assert account.strategies == {"s": account.blocked}
    assert account.available == 10 * LAKH + LOT * 290_00 - account.blocked


def test_wings_release_most_of_it() -> None:
    exchange = an_account()
    naked = last_account(play(exchange, [sell(CALL), sell(PUT)]))
    hedged = last_account(play(exchange, [buy(HIGH_CALL), buy(LOW_PUT)]))

    assert hedged.blocked == model((CALL, -LOT), (PUT, -LOT), (HIGH_CALL, LOT), (LOW_PUT, LOT))
    assert hedged.blocked < 0.45 * naked.blocked


def test_what_is_blocked_is_released_when_the_last_leg_closes() -> None:
    exchange = an_account()
    play(exchange, [sell(CALL), sell(PUT)])

    one = last_account(play(exchange, [buy(CALL)]))
    none = last_account(play(exchange, [buy(PUT)]))

    assert one.blocked == model((PUT, -LOT))
    assert (none.blocked, none.span, none.exposure, none.strategies) == (0, 0, 0, {})
    assert none.available == none.cash == 10 * LAKH


def test_a_waiting_entry_blocks_until_it_is_cancelled() -> None:
    exchange = an_account()

    waiting = last_account(play(exchange, [sell(CALL, limit=200_00)]))
    cancelled = last_account(play(exchange, [a_cancel(f"SELL-{CALL}-NRML", strategy="s")]))

    assert waiting.blocked == model((CALL, -LOT))
    assert waiting.strategies == {}
    assert cancelled.blocked == 0


def test_a_waiting_buy_of_an_option_blocks_its_price_at_its_limit() -> None:
    exchange = an_account()

    waiting = last_account(play(exchange, [buy(CALL, limit=100_00)]))
    dearer = last_account(play(exchange, [a_change(f"BUY-{CALL}-NRML", strategy="s", limit_price=110_00)]))

    assert waiting.blocked == LOT * 100_00
    assert dearer.blocked == LOT * 110_00


def test_a_waiting_exit_blocks_nothing_more() -> None:
    exchange = an_account()
    held = last_account(play(exchange, [sell(CALL)]))

    said = play(exchange, [buy(CALL, limit=50_00)])

    assert [type(message) for message in said] == [OrderAccepted]
    assert held.blocked == model((CALL, -LOT))


def test_positions_of_two_strategies_are_margined_together_and_told_apart() -> None:
    exchange = an_account()

    account = last_account(play(exchange, [sell(CALL, strategy="a"), sell(PUT, strategy="b")]))

    assert account.strategies == {"a": model((CALL, -LOT)), "b": model((PUT, -LOT))}
    assert account.blocked < sum(account.strategies.values())


def test_on_the_day_of_expiry_a_short_option_blocks_more() -> None:
    exchange = an_account()
    before = last_account(play(exchange, [sell(CALL)]))
    expiry = at("09:16", date(2026, 12, 1))

    on_the_day = last_account(play(exchange, [a_tick(24_500_00, instrument=INDEX, at_ns=expiry)]))

    # The index has moved nowhere: two per cent of its price come on top.
    assert on_the_day.exposure == pytest.approx(2 * before.exposure, abs=200)


def test_without_a_price_of_the_index_the_nearest_future_stands_in() -> None:
    exchange = PaperExchange(a_house())
    known = [a_tick(PRICES[name], instrument=name) for name in (FUTURE, CALL)]
    play(exchange, [*CONTRACTS, *known])

    account = last_account(play(exchange, [sell(CALL)]))

    assert account.exposure == pytest.approx(0.02 * LOT * PRICES[FUTURE], abs=100)


def test_without_any_price_of_the_underlying_a_call_and_a_put_tell_it() -> None:
    exchange = PaperExchange(a_house())
    play(exchange, [*CONTRACTS, *(a_tick(PRICES[name], instrument=name) for name in (CALL, PUT))])

    account = last_account(play(exchange, [sell(CALL), sell(PUT)]))

    # 24,500 discounted by eight days, and call less put.
    assert account.exposure == pytest.approx(2 * 0.02 * LOT * 24_475_00, rel=0.001)


def test_with_one_option_alone_its_strike_is_taken() -> None:
    exchange = PaperExchange(a_house())
    play(exchange, [*CONTRACTS, a_tick(PRICES[CALL], instrument=CALL)])

    account = last_account(play(exchange, [sell(CALL)]))

    assert account.exposure == pytest.approx(0.02 * LOT * 24_500_00, abs=100)


# What is refused.


def test_an_entry_beyond_the_means_is_refused_with_the_shortfall() -> None:
    exchange = an_account(LAKH)

    refused = rejection(play(exchange, [sell(CALL)]))

    needed = model((CALL, -LOT))
    assert refused.reason is RejectReason.MARGIN
    assert refused.detail == (
        f"needs Rs {to_indian(needed)}, available Rs 1,00,000.00: short by Rs {to_indian(needed - LAKH)}"
    )


def test_what_is_exactly_there_is_enough_and_a_paisa_less_is_not() -> None:
    needed = model((CALL, -LOT))

    assert any(isinstance(m, Fill) for m in play(an_account(needed), [sell(CALL)]))
    assert rejection(play(an_account(needed - 1), [sell(CALL)])).reason is RejectReason.MARGIN


def test_a_refused_entry_changes_nothing_in_the_account() -> None:
    said = play(an_account(LAKH), [sell(CALL)])

    assert [type(message) for message in said] == [OrderRejected]


def test_an_exit_is_never_refused_however_little_is_there() -> None:
    exchange = an_account(model((CALL, -LOT)))
    play(exchange, [sell(CALL), a_tick(9_000_00, instrument=CALL, at_ns=after(1))])

    account = last_account(play(exchange, [buy(CALL, at_ns=after(1))]))

    # 5.8 lakh for a call that brought 9,750: the account is overdrawn, and the position is gone.
    assert account.available == account.cash < 0
    assert account.blocked == 0


def test_a_change_counts_by_what_it_adds() -> None:
    exchange = an_account(LOT * 100_00)
    play(exchange, [buy(CALL, limit=100_00)])

    cheaper = play(exchange, [a_change(f"BUY-{CALL}-NRML", strategy="s", limit_price=99_00)])
    dearer = play(exchange, [a_change(f"BUY-{CALL}-NRML", strategy="s", limit_price=101_00)])

    assert not any(isinstance(message, OrderRejected) for message in cheaper)
    assert rejection(dearer).detail.endswith(f"short by Rs {to_indian(LOT * 1_00)}")


def test_waiting_entries_share_what_is_there() -> None:
    exchange = an_account(model((CALL, -LOT)))

    first = play(exchange, [sell(CALL, limit=200_00)])
    second = play(exchange, [sell(PUT, limit=200_00)])

    assert isinstance(first[0], OrderAccepted)
    assert rejection(second).reason is RejectReason.MARGIN


def test_a_short_call_without_any_price_of_it_would_be_dear() -> None:
    exchange = PaperExchange(a_house())
    play(exchange, [*CONTRACTS, *quotes()])
    play(exchange, [sell(CALL)])
    tuesday = at("09:16", date(2026, 11, 24))
    # The new morning has seen nothing but the index; what was used the day before still counts.
    moved = last_account(play(exchange, [a_tick(24_500_00, instrument=INDEX, at_ns=tuesday)]))

    assert moved.blocked == pytest.approx(model((CALL, -LOT)), rel=0.03)


# Together with the other parts.


def test_a_basket_is_carried_by_what_its_legs_need_together() -> None:
    condor = (sell(CALL), sell(PUT), buy(HIGH_CALL), buy(LOW_PUT))
    together = model((CALL, -LOT), (PUT, -LOT), (HIGH_CALL, LOT), (LOW_PUT, LOT)) + LOT * 135_00
    basket = PlaceBasket("condor", "s", condor, NOW)

    enough = play(an_account(together), [basket])
    short = play(an_account(together - 1), [basket])
    one_by_one = play(an_account(together), condor)

    assert sum(isinstance(message, Fill) for message in enough) == 4
    assert [m.reason for m in short if isinstance(m, OrderRejected)] == [RejectReason.MARGIN] * 4
    assert any(isinstance(message, OrderRejected) for message in one_by_one)


def test_charges_leave_the_cash_and_count_in_what_an_order_needs() -> None:
    tariff = load_tariff(MARKET, "flat_20")
    rich = PaperExchange(replace(a_house(), tariff=tariff))
    exact = PaperExchange(replace(a_house(LOT * 150_00), tariff=tariff))
    for exchange in (rich, exact):
        play(exchange, [*CONTRACTS, *quotes()])

    said = play(rich, [buy(CALL)])
    (fill,) = [message for message in said if isinstance(message, Fill)]
    refused = rejection(play(exact, [buy(CALL)]))

    assert last_account(said).charges == fill.charges > 0
    assert last_account(said).cash == 10 * LAKH - LOT * 150_00 - fill.charges
    assert refused.detail.endswith(f"short by Rs {to_indian(fill.charges)}")


def test_a_partial_fill_moves_what_waits_into_what_is_held() -> None:
    exchange = an_account()
    small = a_tick(200_00, instrument=CALL, bid=200_00, ask=201_00, bid_qty=LOT, ask_qty=LOT, at_ns=after(1))

    part = last_account(play(exchange, [small, sell(CALL, 2 * LOT, limit=200_00, at_ns=after(1))]))
    rest = last_account(play(exchange, [a_cancel(f"SELL-{CALL}-NRML", strategy="s", event_ns=after(1))]))

    assert part.premium == LOT * 200_00
    assert set(part.strategies) == {"s"}
    assert part.blocked == pytest.approx(2 * rest.blocked, rel=0.001)
    assert rest.blocked == rest.strategies["s"]


def test_expiry_pays_the_intrinsic_value_and_releases_the_margin() -> None:
    exchange = PaperExchange(
        replace(a_house(), closing=load_calendar(MARKET), calendar=load_calendar(MARKET))
    )
    expiry = date(2026, 12, 1)
    play(exchange, [*CONTRACTS, *quotes(at("09:20", expiry)), sell(CALL, at_ns=at("09:20", expiry))])

    said: list[Message] = []
    for minute in range(31):
        when = at(f"15:{minute:02d}", expiry)
        said += play(exchange, [a_tick(24_600_00, instrument=INDEX, at_ns=when)])
    said += play(exchange, [a_clock(at("16:00", expiry)), *quotes(at("09:20", date(2026, 12, 2)))])

    account = last_account(said)
    assert account.premium == LOT * (150_00 - 100_00)
    assert account.blocked == 0


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("instrument", [CALL, FUTURE, SHARE])
def test_the_largest_order_is_accepted_and_one_lot_more_is_not(instrument: str, side: Side) -> None:
    house = replace(a_house(), tariff=load_tariff(MARKET, "flat_20"))

    def trading() -> PaperExchange:
        exchange = PaperExchange(house)
        play(exchange, [*CONTRACTS, *quotes(), sell(PUT)])
        return exchange

    found = largest(trading(), instrument, side, Product.NRML, "s")

    assert found.lots >= 1
    assert isinstance(play(trading(), [order(side, instrument, found.qty)])[0], OrderAccepted)
    more = play(trading(), [order(side, instrument, found.qty + found.lot_size)])
    assert rejection(more).reason is RejectReason.MARGIN


def test_what_the_account_holds_can_be_left_whole() -> None:
    exchange = an_account()
    play(exchange, [buy(CALL, 2 * LOT)])

    assert largest(exchange, CALL, Side.SELL, Product.NRML, "s").lots >= 2


def test_an_exchange_without_an_account_has_no_statement() -> None:
    with pytest.raises(NoAnswerError, match="no account"):
        statement(PaperExchange(House(Weekdays())))
