"""The account together with baskets, charges, partial fills and expiry; and how much it can carry."""

from dataclasses import replace
from datetime import date

import pytest

from sauda.calendar import load_calendar
from sauda.contracts import (
    Fill,
    LegFailure,
    Message,
    OrderAccepted,
    OrderRejected,
    PlaceBasket,
    Product,
    RejectReason,
    Side,
)
from sauda.money import to_indian
from sauda.testing.builders import (
    LOT,
    NOW,
    Weekdays,
    a_cancel,
    a_clock,
    a_tick,
    after,
    at,
)
from sauda.testing.restart import play
from sauda_execution.account.enquiry import NoAnswerError, largest, statement
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
    MARKET,
    PUT,
    SHARE,
    a_house,
    an_account,
    buy,
    last_account,
    model,
    order,
    quotes,
    rejection,
    sell,
)


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


@pytest.mark.parametrize("failure", LegFailure)
def test_wings_that_may_never_fill_carry_no_straddle(failure: LegFailure) -> None:
    wings = (buy(HIGH_CALL, limit=5), buy(LOW_PUT, limit=5))
    basket = PlaceBasket("condor", "s", (*wings, sell(CALL), sell(PUT)), NOW, failure)

    said = play(an_account(model((CALL, -LOT), (PUT, -LOT)) - 1), [basket])

    assert {one.reason for one in said if isinstance(one, OrderRejected)} == {RejectReason.MARGIN}
    assert not [one for one in said if isinstance(one, OrderAccepted)]


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


def test_an_index_is_not_for_sale() -> None:
    with pytest.raises(NoAnswerError, match="is an index"):
        largest(an_account(), INDEX, Side.BUY, Product.NRML, "s")


def test_an_exchange_without_an_account_has_no_statement() -> None:
    with pytest.raises(NoAnswerError, match="no account"):
        statement(PaperExchange(House(Weekdays())))
