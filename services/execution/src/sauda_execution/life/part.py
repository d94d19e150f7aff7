"""The exchange's part that ends positions: MIS before the close, contracts on their expiry."""

from collections.abc import Sequence

from sauda.clock import UnixNs
from sauda.contracts import Fill, Instrument, InstrumentId, InstrumentKind, Message, PlaceOrder, Product, Tick
from sauda.state import State
from sauda_execution.acts import Act
from sauda_execution.checks import Moment, Refusal
from sauda_execution.days import ClosingTimes
from sauda_execution.known import Known
from sauda_execution.life.expiry import Expiries
from sauda_execution.life.intraday import Intraday
from sauda_execution.life.sight import Sight
from sauda_execution.parts import Part


class Life(Part):
    """See `sauda_execution.life`."""

    def __init__(self, state: State, known: Known, times: ClosingTimes, account: str = "paper") -> None:
        source = f"execution.{account}"
        self._known = known
        self._expiries = Expiries(state, known, times, source)
        self._intraday = Intraday(state, known, times, source)
        self._sight = Sight(state, source)
        self._held: dict[InstrumentId, set[tuple[str, Product]]] = {}
        """Instrument -> who holds it: derived, so that a fill looks at one instrument and not at the whole book."""

    @property
    def due_ns(self) -> UnixNs:
        """See `Part`."""
        return min(self._expiries.due_ns, self._intraday.due_ns)

    def refusal(self, order: PlaceOrder, moment: Moment) -> Refusal | None:
        """See `Part`."""
        return self._intraday.refusal(order, moment)

    def on_accepted(self, order: PlaceOrder) -> Sequence[Act]:
        """See `Part`."""
        self._intraday.note(order)
        return ()

    def on_fill(self, order: PlaceOrder, fill: Fill) -> Sequence[Act]:
        """See `Part`."""
        holders = self._held.setdefault(fill.instrument, set())
        was_held = bool(holders)
        holder = (fill.strategy, fill.product)
        if self._known.book.held_qty(fill.strategy, fill.instrument, fill.product):
            holders.add(holder)
        else:
            holders.discard(holder)
        if not holders:
            del self._held[fill.instrument]
        if was_held is not bool(holders):
            self._expiries.hold(self._held)
        return self._sight.need(self._wanted(fill.instrument), fill.event_ns) if holders else ()

    def watches(self, instrument: str) -> bool:
        """See `Part`."""
        return instrument in self._expiries.watched

    def on_quote(self, tick: Tick) -> Sequence[Act]:
        """See `Part`."""
        return self._expiries.on_quote(tick) if tick.instrument in self._expiries.watched else ()

    def on_due(self, now_ns: UnixNs) -> Sequence[Act]:
        """See `Part`."""
        return [*self._expiries.on_due(now_ns), *self._intraday.on_due(now_ns)]

    def on_message(self, message: Message) -> Sequence[Act]:
        """See `Part`."""
        if isinstance(message, Instrument) and self._concerns(message):
            self._expiries.look_again()
        return ()

    def on_day(self, day_ns: UnixNs) -> Sequence[Act]:
        """See `Part`."""
        self._expiries.look_again()
        self._expiries.on_day()
        self._intraday.on_day()
        wanted = {name for held in self._held for name in self._wanted(held)}
        return self._sight.keep_only(wanted, self._known.market.now_ns)

    def restored(self) -> None:
        """See `Part`."""
        self._held = {}
        for held in self._known.book.holdings():
            self._held.setdefault(held.instrument, set()).add((held.strategy, held.product))
        self._expiries.hold(self._held)

    def _wanted(self, instrument: InstrumentId) -> tuple[InstrumentId, ...]:
        reference = self._expiries.references.get(instrument)
        return (instrument,) if reference is None else (instrument, reference)

    def _concerns(self, instrument: Instrument) -> bool:
        """Does a definition change what is known of something held: its own, or that of what settles it?"""
        return instrument.instrument in self._held or (
            instrument.kind in (InstrumentKind.FUTURE, InstrumentKind.EQUITY)
            and instrument.underlying in self._expiries.without_index
        )
