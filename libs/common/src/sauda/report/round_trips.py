"""Which fills make up one trade? From flat to flat: a strategy's position in one instrument, from its opening to its end.

A trade's result is then the cash that went in and out, exactly: no convention about which units a sale closes (first in
first out, average cost) has to be chosen, and nothing is rounded. A fill that turns a long into a short ends one trade and
opens the next; its cash and charges are shared by units, the odd paise going to the part that opens.

What is not flat at the end is an open trade: its cash counts in the sums, never in the hit rate.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sauda.clock import UnixNs
from sauda.contracts import Fill, InstrumentId, Side
from sauda.money import Paise, Units


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """One trade."""

    strategy: str
    instrument: InstrumentId
    side: Side
    """Of its first fill: a SELL is a short."""
    qty: Units
    """The most that was held at once."""
    opened_ns: UnixNs
    closed_ns: UnixNs | None
    """None: still open when the data ended."""
    bought: Units
    sold: Units
    paid: Paise
    """For what was bought."""
    received: Paise
    """For what was sold."""
    charges: Paise
    fills: int

    @property
    def cash(self) -> Paise:
        """Return what it brought in, before charges; of an open trade, so far."""
        return self.received - self.paid

    @property
    def net(self) -> Paise:
        """Return what it brought in, after charges."""
        return self.cash - self.charges

    @property
    def entry(self) -> float | None:
        """Return the average price of what opened it, paise."""
        return (
            _average(self.paid, self.bought) if self.side is Side.BUY else _average(self.received, self.sold)
        )

    @property
    def exit(self) -> float | None:
        """Return the average price of what closed it, paise; None before anything did."""
        return (
            _average(self.received, self.sold) if self.side is Side.BUY else _average(self.paid, self.bought)
        )


@dataclass(slots=True)
class _Running:
    """A trade that is not over."""

    first: Fill
    held: Units = 0
    """Signed."""
    most: Units = 0
    units: dict[Side, Units] = field(default_factory=lambda: {Side.BUY: 0, Side.SELL: 0})
    cash: dict[Side, Paise] = field(default_factory=lambda: {Side.BUY: 0, Side.SELL: 0})
    charges: Paise = 0
    fills: int = 0

    def add(self, fill: Fill, qty: Units, charges: Paise) -> None:
        self.held += qty * fill.side.sign
        self.most = max(self.most, abs(self.held))
        self.units[fill.side] += qty
        self.cash[fill.side] += qty * fill.price
        self.charges += charges
        self.fills += 1

    def trip(self, closed_ns: UnixNs | None) -> RoundTrip:
        first = self.first
        return RoundTrip(
            strategy=first.strategy,
            instrument=first.instrument,
            side=first.side,
            qty=self.most,
            opened_ns=first.event_ns,
            closed_ns=closed_ns,
            bought=self.units[Side.BUY],
            sold=self.units[Side.SELL],
            paid=self.cash[Side.BUY],
            received=self.cash[Side.SELL],
            charges=self.charges,
            fills=self.fills,
        )


def round_trips(fills: Iterable[Fill]) -> list[RoundTrip]:
    """Return the trades that *fills* make up: those that ended in the order of their end, then the open ones."""
    running: dict[tuple[str, InstrumentId], _Running] = {}
    done: list[RoundTrip] = []
    for fill in fills:
        key = (fill.strategy, fill.instrument)
        trade = running.setdefault(key, _Running(fill))
        opposes = trade.held * fill.side.sign < 0
        closing = min(fill.qty, abs(trade.held)) if opposes else fill.qty
        # Floored: what a division leaves goes to the part that opens the next trade, so that nothing is lost.
        charges = fill.charges * closing // fill.qty
        trade.add(fill, closing, charges)
        if trade.held == 0:
            done.append(trade.trip(fill.event_ns))
            del running[key]
        if closing < fill.qty:
            turned = running[key] = _Running(fill)
            turned.add(fill, fill.qty - closing, fill.charges - charges)
    still_open = sorted(running.values(), key=lambda trade: trade.first.event_ns)
    return done + [trade.trip(None) for trade in still_open]


def _average(cash: Paise, units: Units) -> float | None:
    return cash / units if units else None
