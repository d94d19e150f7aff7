"""The paper account, cash by cash."""

from datetime import date

from sauda.contracts import (
    Account,
    Product,
)
from sauda.testing.builders import (
    LOT,
    NOW,
    a_clock,
    a_tick,
    after,
    at,
)
from sauda.testing.restart import play
from sauda_execution.exchange import PaperExchange
from tests.unit.execution.account_market import (
    CALL,
    CONTRACTS,
    FUTURE,
    LAKH,
    SHARE,
    a_house,
    an_account,
    buy,
    last_account,
    quotes,
    sell,
)


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
