"""The No to what the account cannot carry, with the shortfall."""

from datetime import date

import pytest

from sauda.contracts import (
    Fill,
    OrderAccepted,
    OrderRejected,
    RejectReason,
)
from sauda.money import to_indian
from sauda.testing.builders import (
    LOT,
    a_change,
    a_tick,
    after,
    at,
)
from sauda.testing.restart import play
from sauda_execution.exchange import PaperExchange
from tests.unit.execution.account_market import (
    CALL,
    CONTRACTS,
    INDEX,
    LAKH,
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
