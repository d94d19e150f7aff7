"""Positions at average cost, fill by fill, and the profit that the newest marks make of them. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from sauda.clock import UnixNs
from sauda.contracts import Fill, InstrumentId, PositionPnl
from sauda.money import Paise, Units


class Holding(msgspec.Struct, frozen=True):
    """One strategy's position in one instrument."""

    strategy: str
    instrument: InstrumentId
    qty: Units
    """Signed: a short is negative."""
    cost: Paise
    """Cash paid to open what is held; negative when it was received."""
    ltp: Paise | None
    """Its newest mark; None before the first."""
    realised: Paise
    unrealised: Paise | None
    charges: Paise
    event_ns: UnixNs
    """Market time of the mark, or of the last fill where there is no mark since."""


@dataclass(slots=True)
class Running:
    """A position at average cost, fill by fill."""

    qty: Units = 0
    cost: Paise = 0
    realised: Paise = 0
    charges: Paise = 0
    last_ns: UnixNs = field(default=0)

    def apply(self, fill: Fill) -> None:
        """Open, add to, reduce, close or flip."""
        signed = fill.signed_qty
        opposed = self.qty * signed < 0
        # What of the old position goes, with its sign; the rest of the fill opens.
        gone = min(abs(self.qty), abs(signed)) if opposed else 0
        closing = gone if self.qty > 0 else -gone
        released = self.cost * closing // self.qty if closing else 0
        self.realised += closing * fill.price - released
        self.cost += (signed + closing) * fill.price - released
        self.qty += signed
        self.charges += fill.charges
        self.last_ns = max(self.last_ns, fill.event_ns)

    def holding(self, strategy: str, instrument: InstrumentId, mark: PositionPnl | None) -> Holding:
        """Return the position as its newest mark values it."""
        unrealised = 0 if self.qty == 0 else None
        event_ns = self.last_ns
        if mark is not None:
            unrealised, event_ns = self.qty * mark.ltp - self.cost, max(event_ns, mark.event_ns)
        return Holding(
            strategy,
            instrument,
            self.qty,
            self.cost,
            mark.ltp if mark else None,
            self.realised,
            unrealised,
            self.charges,
            event_ns,
        )


def holdings_of(
    fills: Iterable[Fill], marks: Mapping[tuple[str, InstrumentId], PositionPnl]
) -> list[Holding]:
    """Return every position ever opened, by strategy and instrument.

    The fills decide what is held and what it made, by the valuation's own arithmetic; its newest point gives the mark.
    (Its profit is not taken: it counts anew from the day on which a closed position is opened again.)
    """
    running: dict[tuple[str, InstrumentId], Running] = {}
    for fill in fills:
        running.setdefault((fill.strategy, fill.instrument), Running()).apply(fill)
    return [running[series].holding(*series, marks.get(series)) for series in sorted(running)]
