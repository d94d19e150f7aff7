"""Expired contracts are settled: options at what they are worth at the closing price, futures at that price.

A settlement is a trade at a price that the exchange sets, with no order. It comes with the first message of the market
after the close of the expiry day. If the desk was down over the closing window, it waits a minute of market time for the
price that shows after the close, and then takes the best there is. If nothing at all is known of the underlying on that
day, the position stays open and an alert says so: no price is ever made up. From the next trading day on the first price
of the underlying that is seen stands in for the one that was missed, and an alert says that as well.
"""

from collections.abc import Iterable, Iterator

import msgspec

from sauda.clock import NS_PER_S, UnixNs, ist_date
from sauda.contracts import Alert, InstrumentId, Level, Product, Side, Tick
from sauda.money import Paise, to_rupees
from sauda.state import State
from sauda_execution.acts import Act, Say, Settle
from sauda_execution.book import FOREVER_NS, Held
from sauda_execution.days import ClosingTimes
from sauda_execution.known import Known
from sauda_execution.life.evidence import Evidence, is_index, quote_evidence, stand_in_evidence
from sauda_execution.life.expiring import Expiring, expiring, settlement_price
from sauda_execution.life.seen import Seen

WAIT_NS = 60 * NS_PER_S
"""How long a price that shows after the close is waited for when nothing was seen of the closing window."""


class Overdue(msgspec.Struct, frozen=True):
    """A contract that has expired and is not settled yet."""

    until_ns: UnixNs
    """Until when the price of its reference is waited for before a lesser one is taken."""
    is_told: bool = False
    """Whether it was said that no price is known."""


class Expiries:
    """Settles what has expired."""

    def __init__(self, state: State, known: Known, times: ClosingTimes, source: str) -> None:
        self._known = known
        self._times = times
        self._source = source
        self._seen = Seen(state, known)
        self._overdue = state.table("overdue", Overdue)
        self._held: dict[InstrumentId, Expiring] = {}
        """Contract -> its end: derived from the holdings, as are the next two."""
        self.references: dict[InstrumentId, InstrumentId] = {}
        """Contract -> whose price settles it."""
        self.without_index: frozenset[str] = frozenset()
        """Underlyings of held contracts that a share or a future settles: which one, depends on the definitions known."""
        self.watched: frozenset[InstrumentId] = frozenset()
        """References whose every price counts now."""
        self.due_ns: UnixNs = FOREVER_NS

    def hold(self, instruments: Iterable[InstrumentId]) -> None:
        """Take note of what is held, of whose contracts some may be new."""
        self._held = {
            name: known
            for name in instruments
            if (known := self._held.get(name) or expiring(name, self._known, self._times))
        }
        self.references = {name: one.reference for name, one in self._held.items() if one.reference}
        self.without_index = frozenset(
            one.contract.underlying
            for one in self._held.values()
            if one.reference is None or not is_index(one.reference)
        )
        self._look_ahead()

    def look_again(self) -> None:
        """Forget what was derived from definitions: they have changed."""
        held, self._held = list(self._held), {}
        self.hold(held)

    def on_due(self, now_ns: UnixNs) -> list[Act]:
        """Begin the windows that have come, and settle what has expired."""
        acts: list[Act] = []
        for name in sorted(self._held):
            one = self._held[name]
            if one.close_ns <= now_ns:
                acts += self._end(one, now_ns)
            elif one.from_ns <= now_ns:
                self._seen.begin_window(one)
            elif one.day_ns <= now_ns:
                self._seen.look(one, now_ns)
        self._look_ahead()
        return acts

    def on_quote(self, tick: Tick) -> list[Act]:
        """Count a price of the closing window; settle what waits for one."""
        self._seen.count(tick)
        acts: list[Act] = []
        for name in self._overdue:
            one = self._held.get(name)
            if one is not None and one.reference == tick.instrument:
                evidence = quote_evidence(tick, one.close_ns)
                if evidence.is_sure and one.is_of_day(tick.recv_ns):
                    acts += self._settled(one, evidence)
                elif self._is_missed(one) and tick.recv_ns >= self._known.days.present_ns:
                    acts += self._settled(one, stand_in_evidence(tick))
        if acts:
            self._look_ahead()
        return acts

    def on_day(self) -> None:
        """Forget the windows of the day before; what waited in vain for a price of it takes one of today."""
        self._seen.forget_before(self._known.days.present_ns)
        for name in self._overdue:
            if name not in self._held:
                self._overdue.drop(name)
        for name, one in self._held.items():
            if self._is_missed(one):
                self._wait(name)
        self._look_ahead()

    def _end(self, one: Expiring, now_ns: UnixNs) -> list[Act]:
        if self._is_missed(one):
            return self._stood_in(one, now_ns)
        name = one.contract.instrument
        overdue = self._overdue.get(name)
        evidence = self._seen.evidence(one)
        if evidence is None or not evidence.is_sure:
            # Whoever watched the window knows all that there is to know.
            if overdue is None and one.is_of_day(now_ns) and not self._seen.has_begun(one):
                self._overdue.put(name, Overdue(now_ns + WAIT_NS))
                return []
            if overdue is not None and (overdue.is_told or now_ns < overdue.until_ns):
                return []
        return self._given_up(one, now_ns) if evidence is None else self._settled(one, evidence)

    def _given_up(self, one: Expiring, now_ns: UnixNs) -> list[Act]:
        name = one.contract.instrument
        self._overdue.put(name, Overdue(now_ns, is_told=True))
        text = (
            f"{name} expired, and nothing was seen of {one.reference or one.contract.underlying} that day:"
            f" {self._owners(name)} stays open, because no price is known to settle it at; the first price that is seen"
            " on the next trading day will stand in for it"
        )
        return [self._alert(Level.CRITICAL, "EXPIRY_PRICE_UNKNOWN", text)]

    def _is_missed(self, one: Expiring) -> bool:
        """Has a later trading day begun?"""
        return one.close_ns < self._known.days.present_ns

    def _stood_in(self, one: Expiring, now_ns: UnixNs) -> list[Act]:
        """Settle by what is seen today; the price of the reference itself is waited for a minute, then another is taken."""
        name = one.contract.instrument
        overdue = self._overdue.get(name)
        if overdue is not None and now_ns < overdue.until_ns:
            return []
        evidence = None if overdue is None else self._seen.stand_in(one)
        if evidence is not None:
            return self._settled(one, evidence)
        self._wait(name)
        return []

    def _wait(self, name: InstrumentId) -> None:
        self._overdue.put(name, Overdue(self._known.market.now_ns + WAIT_NS, is_told=True))

    def _settled(self, one: Expiring, evidence: Evidence) -> list[Act]:
        self._overdue.drop(one.contract.instrument)
        price = settlement_price(one.contract, evidence.price)
        acts: list[Act] = []
        for held in self._holdings(one.contract.instrument):
            acts += [_settlement(held, one, price), self._told(held, one, price, evidence)]
        return acts

    def _told(self, held: Held, one: Expiring, price: Paise, evidence: Evidence) -> Act:
        if self._is_missed(one):
            return self._stand_in_told(held, one, price, evidence)
        text = (
            f"{held.strategy} held {held.qty} {held.instrument}: expired, settled at {to_rupees(price)}"
            f" ({one.reference or one.contract.underlying} at {to_rupees(evidence.price)}, {evidence.how}){one.note}"
        )
        return self._alert(Level.INFO if evidence.is_sure else Level.WARNING, "EXPIRED", text)

    def _stand_in_told(self, held: Held, one: Expiring, price: Paise, evidence: Evidence) -> Act:
        underlying = one.reference or one.contract.underlying
        today = ist_date(self._known.market.now_ns)
        text = (
            f"{held.strategy} held {held.qty} {held.instrument}: it expired on {one.contract.expiry}, and nothing was seen of"
            f" {underlying} that day; on {today} it was settled at {to_rupees(price)}, by a stand-in for the official"
            f" settlement price ({underlying} at {to_rupees(evidence.price)}, {evidence.how}){one.note}: compare the two"
        )
        return self._alert(Level.CRITICAL, "EXPIRED_BY_STAND_IN", text)

    def _holdings(self, name: InstrumentId) -> Iterator[Held]:
        return (held for held in self._known.book.holdings() if held.instrument == name)

    def _owners(self, name: InstrumentId) -> str:
        return ", ".join(f"{held.qty} of {held.strategy}" for held in self._holdings(name))

    def _alert(self, level: Level, code: str, text: str) -> Act:
        return Say(Alert(self._source, level, code, text, self._known.market.now_ns))

    def _look_ahead(self) -> None:
        """Derive when something is next to be done, and whose every price counts until then."""
        due = [FOREVER_NS]
        watched: set[InstrumentId] = set()
        for name, one in self._unlike():
            overdue = self._overdue.get(name)
            has_begun = self._seen.has_begun(one)
            if overdue is not None:
                waits = not overdue.is_told or self._is_missed(one)
                due.append(overdue.until_ns if waits else FOREVER_NS)
            elif has_begun or one.reference is None:
                due.append(one.close_ns)
            else:
                due.append(min(one.from_ns, self._seen.next_look_ns(one)))
            if one.reference is not None and (has_begun or overdue is not None):
                watched.add(one.reference)
        self.due_ns, self.watched = min(due), frozenset(watched)

    def _unlike(self) -> Iterable[tuple[InstrumentId, Expiring]]:
        """Return what is held; where nothing is overdue, one contract of those of an underlying that end together stands for all."""
        if len(self._overdue):
            return self._held.items()
        return {one[1:5]: (name, one) for name, one in self._held.items()}.values()


def _settlement(held: Held, one: Expiring, price: Paise) -> Settle:
    name = f"settle-{held.strategy}-{held.instrument}-{one.contract.expiry}"
    return Settle(
        order_id=name if held.product is Product.NRML else f"{name}-{held.product.value}",
        strategy=held.strategy,
        instrument=held.instrument,
        product=held.product,
        side=Side.SELL if held.qty > 0 else Side.BUY,
        qty=abs(held.qty),
        price=price,
    )
