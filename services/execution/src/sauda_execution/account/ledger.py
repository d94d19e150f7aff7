"""The account's cash and positions, in whole paise: whatever leaves one entry of the ledger enters another.

Options and shares for delivery are paid for when they trade. Futures, and shares within the day, are not: their profit
comes into the cash as they are closed, or when they are marked at the day's end.
"""

from collections.abc import Callable

import msgspec

from sauda.contracts import Fill, Instrument, InstrumentId, InstrumentKind, Product
from sauda.money import Paise, Units
from sauda.state import State

_CASH = "cash"


class Cash(msgspec.Struct, frozen=True):
    """The entries of the ledger."""

    start: Paise
    premium: Paise = 0
    """Received less paid, for options and shares for delivery."""
    realised: Paise = 0
    """Profit of futures, and of shares within the day."""
    charges: Paise = 0

    @property
    def balance(self) -> Paise:
        """Return what is there."""
        return self.start + self.premium + self.realised - self.charges


class Position(msgspec.Struct, frozen=True):
    """What a strategy holds of a contract as one product."""

    strategy: str
    contract: Instrument
    """As it was defined at the last trade: it outlives its definition when the day of its expiry is over."""
    product: Product
    qty: Units
    """Signed; never zero."""
    cost: Paise
    """Of what is held, at its average price or the price it was last marked at; signed as `qty`."""

    @property
    def is_paid(self) -> bool:
        """Was it paid for when it was traded?"""
        return is_paid(self.contract, self.product)


def is_paid(contract: Instrument, product: Product) -> bool:
    """Is such a contract paid for when it trades?"""
    return contract.kind is InstrumentKind.OPTION or (
        contract.kind is InstrumentKind.EQUITY and product is Product.NRML
    )


class Ledger:
    """Books trades."""

    def __init__(self, state: State, start: Paise) -> None:
        self._start = start
        self._cash = state.table("account_cash", Cash)
        self._positions = state.table("account_positions", Position)
        self._of: dict[str, dict[str, None]] = {}
        """Underlying -> keys of its positions, in order: derived."""
        self._unpaid: dict[str, dict[str, None]] = {}
        """The same of those that were not paid for: derived."""

    @property
    def cash(self) -> Cash:
        """Return the entries as they stand."""
        return self._cash.get(_CASH) or Cash(self._start)

    def open_day(self) -> bool:
        """Let the start be what it is set to now; say whether that is news. More is a deposit, less a withdrawal."""
        before = self._cash.get(_CASH)
        if before is not None and before.start == self._start:
            return False
        self._cash.put(_CASH, msgspec.structs.replace(before or Cash(self._start), start=self._start))
        return True

    def book(self, fill: Fill, contract: Instrument) -> None:
        """Book a trade and its charges."""
        cash, value = self.cash, fill.signed_qty * fill.price
        paid = is_paid(contract, fill.product)
        profit = self._hold(fill, contract)
        self._cash.put(
            _CASH,
            Cash(
                cash.start,
                cash.premium - (value if paid else 0),
                cash.realised + (0 if paid else profit),
                cash.charges + fill.charges,
            ),
        )

    def mark(self, exchange: str, price_of: Callable[[InstrumentId], Paise | None]) -> None:
        """Bring into the cash what the unpaid positions on *exchange* have made since their trade or their last mark."""
        gained = 0
        for key in self._positions:
            position = self._positions[key]
            price = price_of(position.contract.instrument)
            if position.is_paid or position.contract.exchange != exchange or price is None:
                continue
            worth = position.qty * price
            gained += worth - position.cost
            self._positions.put(key, msgspec.structs.replace(position, cost=worth))
        if gained:
            cash = self.cash
            self._cash.put(_CASH, msgspec.structs.replace(cash, realised=cash.realised + gained))

    def open_losses(self, price_of: Callable[[Instrument], Paise | None]) -> Paise:
        """Return what the unpaid positions have lost since their trade or their last mark, not yet in the cash.

        On one underlying what one gains pays what another loses: both are settled in one sum. What they gain in all
        is nobody's to spend before it is there.
        """
        lost = 0
        for keys in self._unpaid.values():
            made = 0
            for key in keys:
                position = self._positions[key]
                price = price_of(position.contract)
                if price is not None:
                    made += position.qty * price - position.cost
            lost += max(0, -made)
        return lost

    def positions(self, underlying: str) -> list[Position]:
        """Return what is held on *underlying*, by strategy, contract and product."""
        return [self._positions[key] for key in self._of.get(underlying, ())]

    def underlyings(self, exchange: str | None = None) -> list[str]:
        """Return on what anything is held, or anything on *exchange*, by name."""
        return sorted(
            name
            for name in self._of
            if exchange is None or any(one.contract.exchange == exchange for one in self.positions(name))
        )

    def exchanges(self) -> list[str]:
        """Return on which exchanges anything is held."""
        return sorted({position.contract.exchange for position in self._positions.values()})

    def restored(self) -> None:
        """Build the index."""
        self._of, self._unpaid = {}, {}
        for key, position in self._positions.items():
            underlying = position.contract.underlying
            self._of.setdefault(underlying, {})[key] = None
            if not position.is_paid:
                self._unpaid.setdefault(underlying, {})[key] = None

    def _hold(self, fill: Fill, contract: Instrument) -> Paise:
        """Bring the position up to date; return the profit of what was closed."""
        key = f"{fill.strategy}|{fill.instrument}|{fill.product.value}"
        held = self._positions.get(key)
        qty, cost = (held.qty, held.cost) if held else (0, 0)
        closed = min(abs(qty), fill.qty) if qty * fill.signed_qty < 0 else 0
        sign = 1 if qty > 0 else -1
        # Of the last unit the whole rest: an average price may lie between two paise.
        part = cost * closed // abs(qty) if closed else 0
        opened = fill.qty - closed
        cost += opened * fill.side.sign * fill.price - part
        qty += fill.signed_qty
        if qty:
            position = Position(fill.strategy, contract, fill.product, qty, cost)
            self._positions.put(key, position)
            self._index(position, key)
        else:
            self._positions.drop(key)
            self._forget(contract.underlying, key)
        return sign * closed * fill.price - part

    def _index(self, position: Position, key: str) -> None:
        underlying = position.contract.underlying
        keys = self._of.setdefault(underlying, {})
        if key not in keys:
            self._of[underlying] = dict.fromkeys(sorted([*keys, key]))
            if not position.is_paid:
                self._unpaid.setdefault(underlying, {})[key] = None

    def _forget(self, underlying: str, key: str) -> None:
        for index in (self._of, self._unpaid):
            keys = index.get(underlying, {})
            keys.pop(key, None)
            if not keys:
                index.pop(underlying, None)
