"""The law of the ledger alone, at every fill and mark: what leaves one entry enters another, to the paisa."""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from sauda.contracts import Fill, Product, Side
from sauda.money import Paise, Units
from sauda.state import State
from sauda_execution.account.ledger import Ledger
from tests.unit.execution.account_market import CALL, CONTRACTS, FUTURE, LAKH, SHARE

BY_NAME = {contract.instrument: contract for contract in CONTRACTS}
START = 10 * LAKH


class Mark(NamedTuple):
    """The close of the exchange, at a price."""

    price: Paise


@st.composite
def fills(draw: st.DrawFn) -> Fill:
    """Draw a fill whose price leaves most averages between two paise."""
    return Fill(
        fill_id="f",
        order_id="o",
        strategy="a",
        instrument=draw(st.sampled_from([FUTURE, FUTURE, FUTURE, SHARE, CALL])),
        side=draw(st.sampled_from(Side)),
        qty=draw(st.integers(1, 7)),
        price=draw(st.integers(1, 300)),
        charges=draw(st.integers(0, 3)),
        event_ns=1,
        product=draw(st.sampled_from(Product)),
    )


@given(st.lists(st.one_of(fills(), fills(), fills(), st.builds(Mark, st.integers(1, 300))), max_size=30))
def test_cash_and_positions_are_always_what_was_traded(happened: list[Fill | Mark]) -> None:
    ledger = Ledger(State(), START)
    worth_of_trades: Paise = START
    held: dict[str, Units] = {}
    for one in happened:
        if isinstance(one, Mark):
            for exchange in ("NFO", "NSE"):
                ledger.mark(exchange, lambda _, price=one.price: price)  # type: ignore[misc]
        else:
            contract = BY_NAME[one.instrument]
            ledger.book(one, contract)
            worth_of_trades -= one.signed_qty * one.price + one.charges
            held[one.instrument] = held.get(one.instrument, 0) + one.signed_qty
        positions = [p for name in ledger.underlyings() for p in ledger.positions(name)]
        # What is paid for is worth nothing but its price; of the rest the cash lacks what it has cost.
        assert ledger.cash.balance == worth_of_trades + sum(p.cost for p in positions if not p.is_paid)
        assert all(p.qty for p in positions)
        for name, qty in held.items():
            assert sum(p.qty for p in positions if p.contract.instrument == name) == qty
