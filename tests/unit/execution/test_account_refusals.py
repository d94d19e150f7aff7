"""The No to what the account cannot carry, with the shortfall."""

from datetime import date

import pytest

from sauda.contracts import (
    Account,
    Fill,
    OrderAccepted,
    OrderRejected,
    PlaceBasket,
    PlaceOrder,
    RejectReason,
    SquareOff,
)
from sauda.money import Paise, to_indian
from sauda.testing.builders import (
    LOT,
    NOW,
    a_change,
    a_tick,
    after,
    at,
)
from sauda.testing.restart import play
from sauda_execution.account.enquiry import statement
from sauda_execution.exchange import PaperExchange
from tests.unit.execution.account_market import (
    CALL,
    CONTRACTS,
    HIGH_CALL,
    INDEX,
    LAKH,
    LOW_PUT,
    PRICES,
    PUT,
    a_house,
    an_account,
    buy,
    last_account,
    model,
    quotes,
    rejection,
    sell,
)


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


CONDOR = [buy(HIGH_CALL), buy(LOW_PUT), sell(CALL), sell(PUT)]


def a_condor(capital: Paise = LAKH) -> PaperExchange:
    exchange = an_account(capital)
    said = play(exchange, CONDOR)
    assert len([one for one in said if isinstance(one, Fill)]) == 4
    return exchange


def test_a_wing_cannot_be_sold_from_under_the_straddle_that_it_covers() -> None:
    exchange = a_condor()
    before = exchange_account(exchange)

    refused = rejection(play(exchange, [sell(HIGH_CALL)]))

    naked = model((CALL, -LOT), (PUT, -LOT), (LOW_PUT, LOT))
    needed = naked - before.blocked - LOT * PRICES[HIGH_CALL]
    assert refused.reason is RejectReason.MARGIN
    assert refused.detail == (
        f"needs Rs {to_indian(needed)}, available Rs {to_indian(before.available)}:"
        f" short by Rs {to_indian(needed - before.available)}"
    )
    assert exchange_account(exchange) == before


def test_the_wings_can_be_sold_by_who_can_carry_the_straddle() -> None:
    exchange = a_condor(3 * LAKH)

    said = play(exchange, [sell(HIGH_CALL), sell(LOW_PUT)])

    assert last_account(said).blocked == model((CALL, -LOT), (PUT, -LOT))
    assert last_account(said).available > 0


def test_the_condor_is_left_by_its_short_legs_first() -> None:
    exchange = a_condor()

    said = play(exchange, [buy(CALL), buy(PUT), sell(HIGH_CALL), sell(LOW_PUT)])

    assert len([one for one in said if isinstance(one, Fill)]) == 4
    assert last_account(said).blocked == 0


def test_an_exit_that_uncovers_nothing_passes_while_the_account_is_overdrawn() -> None:
    exchange = a_condor()
    play(exchange, [*quotes(after(1), CALL=900_00, HIGH_CALL=800_00), buy(CALL, at_ns=after(1))])
    assert exchange_account(exchange).available < 0

    said = play(exchange, [sell(HIGH_CALL, at_ns=after(1))])

    assert any(isinstance(one, Fill) for one in said)


def test_an_exit_that_waits_counts_with_the_next_one() -> None:
    one_naked = model((CALL, -2 * LOT), (HIGH_CALL, LOT))
    exchange = an_account(one_naked)
    play(exchange, [buy(HIGH_CALL, 2 * LOT), sell(CALL, 2 * LOT)])

    first, second = (
        play(exchange, [sell(HIGH_CALL, limit=PRICES[HIGH_CALL] + 5, name=name)]) for name in ("one", "other")
    )

    assert isinstance(first[0], OrderAccepted)
    assert rejection(second).reason is RejectReason.MARGIN


def test_two_exits_of_one_wing_count_once() -> None:
    exchange = an_account(LAKH)
    play(exchange, [buy(HIGH_CALL)])

    said = play(exchange, [sell(HIGH_CALL, limit=99_00, name="target"), sell(HIGH_CALL, name="out")])

    assert any(isinstance(one, Fill) and one.order_id == "out" for one in said)


def test_a_change_of_an_exit_that_sells_no_more_passes() -> None:
    exchange = a_condor(3 * LAKH)
    play(exchange, [sell(HIGH_CALL, limit=99_00, name="out"), sell(LOW_PUT, limit=99_00)])

    said = play(exchange, [a_change("out", strategy="s", limit_price=98_00)])

    assert not any(isinstance(one, OrderRejected) for one in said)


def test_what_the_exchange_closes_itself_is_never_refused() -> None:
    exchange = a_condor()

    said = play(exchange, [SquareOff("s", "me", 1)])

    assert not any(isinstance(one, OrderRejected) for one in said)
    assert len([one for one in said if isinstance(one, Fill)]) == 4


def test_a_basket_that_sells_the_wings_is_refused_and_one_that_closes_everything_passes() -> None:
    wings = a_basket(sell(HIGH_CALL, name="a"), sell(LOW_PUT, name="b"))
    everything = a_basket(
        sell(HIGH_CALL, name="a"), sell(LOW_PUT, name="b"), buy(CALL, name="c"), buy(PUT, name="d")
    )

    refused = play(a_condor(), [wings])
    passed = play(a_condor(), [everything])

    assert RejectReason.MARGIN in {one.reason for one in refused if isinstance(one, OrderRejected)}
    assert len([one for one in passed if isinstance(one, Fill)]) == 4


def a_basket(*legs: PlaceOrder) -> PlaceBasket:
    return PlaceBasket("basket", "s", legs, NOW)


def test_a_basket_is_not_let_out_by_a_leg_that_would_rest() -> None:
    legs = sell(HIGH_CALL, name="a"), buy(CALL, name="b", limit=1_00)

    said = play(a_condor(), [a_basket(*legs)])

    assert RejectReason.MARGIN in {one.reason for one in said if isinstance(one, OrderRejected)}


def exchange_account(exchange: PaperExchange) -> Account:
    return statement(exchange).account


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
