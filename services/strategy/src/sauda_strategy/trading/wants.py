"""What becomes of intents: a signal for each, and work for the opener and the closer where something is to be traded.

Whatever is wanted becomes orders that only open or only close; a position is turned round by two, the second when the first
has traded. A target that is met, or on its way, is not said again.
"""

from sauda.clock import UnixNs
from sauda.contracts import InstrumentId, InstrumentKind, Message, Side, Signal
from sauda.money import Paise, Units
from sauda.state import State
from sauda_strategy.api import Buy, Exit, Intent, Opinion, Sell, Target
from sauda_strategy.host.known import NOT_KNOWN
from sauda_strategy.sizing.size import Size
from sauda_strategy.sizing.sizer import Sizer
from sauda_strategy.trading.asks import Asks
from sauda_strategy.trading.book import Book
from sauda_strategy.trading.closer import Closer
from sauda_strategy.trading.opener import Opener
from sauda_strategy.trading.orders import Purpose
from sauda_strategy.trading.placing import touch
from sauda_strategy.trading.rolls import Rolls
from sauda_strategy.trading.work import Closing, Entry


class Wants:
    """Takes the intents of one strategy."""

    def __init__(
        self,
        state: State,
        strategy: str,
        asks: Asks,
        book: Book,
        *,
        sizer: Sizer,
        opener: Opener,
        closer: Closer,
        rolls: Rolls,
    ) -> None:
        self._declined = state.table("declined", str)
        """instrument -> why it was not traded, as it was last said"""
        self._strategy = strategy
        self._asks = asks
        self._book = book
        self._opener = opener
        self._closer = closer
        self._rolls = rolls
        self._sizer = sizer

    def take(self, intent: Intent, now_ns: UnixNs) -> list[Message]:
        """Do what *intent* wants."""
        match intent:
            case Opinion():
                return [self._signal(intent, intent.side, now_ns)]
            case Exit(instrument=None):
                return self.close_all(intent.reason, now_ns)
            case Exit():
                return self.close(intent.instrument or "", intent.reason, now_ns)
            case Target(side=None):
                return self.close(intent.instrument, intent.reason, now_ns, intent.confidence)
            case Target():
                return self._target(intent, intent.side or Side.BUY, now_ns)
            case Buy():
                return self._trade(intent, Side.BUY, now_ns)
            case Sell():
                return self._trade(intent, Side.SELL, now_ns)

    def is_met(self, intent: Intent) -> bool:
        """Return whether *intent* is a target that is met, or on its way: a strategy may say it with every bar."""
        if not isinstance(intent, Target) or intent.side is None or intent.lots is not None:
            return False
        instrument, book = intent.instrument, self._book
        closing = book.closings.get(instrument)
        heading = _heading(book.held(instrument), book.entries.get(instrument), closing)
        return intent.side is heading or intent.side is self._rolls.comes_to(instrument)

    def close(
        self, instrument: InstrumentId, why: str, now_ns: UnixNs, confidence: float | None = None
    ) -> list[Message]:
        """Close what is held of *instrument*; nothing if it is flat, or being closed already."""
        self._rolls.forget(instrument)
        closing = self._book.closings.get(instrument)
        if closing is not None and closing.goal == 0 and closing.limit is None:
            if closing.then is not None:
                self._book.closings.put(instrument, closing.having(then=None))
            return []
        held = self._book.held(instrument)
        mine = self._book.live(instrument, Purpose.ENTRY, Purpose.EXIT, Purpose.PROTECTION)
        if not (held or mine or instrument in self._book.entries):
            return []
        signal = self.say(why, instrument, side_of(-held), now_ns, confidence)
        return [signal, *self._closer.begin(instrument, Closing(why=why), now_ns)]

    def close_all(self, why: str, now_ns: UnixNs) -> list[Message]:
        """Close everything."""
        return [out for one in self._book.instruments() for out in self.close(one, why, now_ns)]

    def new_day(self) -> None:
        """Begin a day: what was declined may be said again."""
        for name in self._declined:
            self._declined.drop(name)

    def entered(self, instrument: InstrumentId) -> None:
        """An entry has traded: what is declined afterwards is said again."""
        self._declined.drop(instrument)

    def say(
        self,
        reason: str,
        instrument: InstrumentId,
        side: Side | None,
        now_ns: UnixNs,
        confidence: float | None = None,
    ) -> Signal:
        """Return a signal."""
        return Signal(self._strategy, instrument, side, reason, now_ns, confidence)

    def _target(self, intent: Target, side: Side, now_ns: UnixNs) -> list[Message]:
        instrument = intent.instrument
        held, closing = self._book.held(instrument), self._book.closings.get(instrument)
        if self._rolls.comes_to(instrument) is side:
            return []
        if _heading(held, self._book.entries.get(instrument), closing) is side:
            return [] if closing is not None or intent.lots is None else self._adjust(intent, side, now_ns)
        new = self._sized(intent, side, now_ns)
        if isinstance(new, str):
            closed = self.close(instrument, intent.reason, now_ns) if held * side.sign < 0 else []
            return [*closed, *self._decline(instrument, new, now_ns)]
        return [self._signal(intent, side, now_ns), *self._open(instrument, new, intent.reason, now_ns)]

    def _adjust(self, intent: Target, side: Side, now_ns: UnixNs) -> list[Message]:
        """The same side again with so many lots: trade the difference."""
        instrument = intent.instrument
        definition, entry = self._asks.known.get(instrument), self._book.entries.get(instrument)
        wanted = (intent.lots or 0) * (definition.lot_size if definition else 1)
        more = wanted - abs(self._book.held(instrument)) - (entry.open_qty if entry else 0)
        if more == 0 or definition is None:
            return []
        signal = self._signal(intent, side, now_ns)
        if more < 0:
            fewer = Closing(why=intent.reason, goal=side.sign * max(0, wanted))
            return [signal, *self._closer.begin(instrument, fewer, now_ns)]
        why_not = self._asks.may_open(now_ns)
        if why_not is not None:
            return self._decline(instrument, why_not, now_ns)
        if entry is not None:
            self._book.entries.put(instrument, entry.having(qty=entry.qty + more))
            return [signal]
        new = Entry(side=side, qty=more, since_ns=now_ns, stop=intent.stop, target=intent.target)
        return [signal, *self._opener.begin(instrument, new, now_ns)]

    def _trade(self, intent: Buy | Sell, side: Side, now_ns: UnixNs) -> list[Message]:
        instrument = intent.instrument
        if instrument in self._book.closings or instrument in self._book.entries:
            return self._decline(instrument, "an order of it is still being worked", now_ns)
        held = self._book.held(instrument)
        if held * side.sign < 0:
            return self._reduce(intent, side, held, now_ns)
        new = self._sized(intent, side, now_ns)
        if isinstance(new, str):
            return self._decline(instrument, new, now_ns)
        return [self._signal(intent, side, now_ns), *self._opener.begin(instrument, new, now_ns)]

    def _reduce(self, intent: Buy | Sell, side: Side, held: Units, now_ns: UnixNs) -> list[Message]:
        """Trade against what is held: close as much, and open the rest where that may be."""
        qty = self._qty_against(intent, held)
        going = min(qty, abs(held))
        rest: Entry | None = None
        if qty > going and self._asks.may_open(now_ns) is None:
            rest = self._entry(intent, side, qty - going, now_ns)
        goal = held + side.sign * going
        closing = Closing(why=intent.reason, goal=goal, limit=intent.limit, then=rest)
        begun = self._closer.begin(intent.instrument, closing, now_ns)
        return [self._signal(intent, side, now_ns), *begun]

    def _qty_against(self, intent: Buy | Sell, held: Units) -> Units:
        """Return the units to trade against a position: the lots that are named, else the rules', else all of it."""
        definition, terms = self._asks.known.get(intent.instrument), self._asks.terms()
        if definition is None:
            return abs(held)
        if intent.lots is not None:
            return max(0, intent.lots) * definition.lot_size
        is_plain = terms.risk_percent is None and terms.margin_percent is None
        return terms.lots * definition.lot_size if is_plain else abs(held)

    def _open(self, instrument: InstrumentId, new: Entry, why: str, now_ns: UnixNs) -> list[Message]:
        """Open *new*, once nothing of the other side is held, wanted or in the market."""
        others = self._book.live(instrument, Purpose.ENTRY, Purpose.EXIT)
        if self._book.held(instrument) or others or instrument in self._book.closings:
            return self._closer.begin(instrument, Closing(why=why, then=new), now_ns)
        return self._opener.begin(instrument, new, now_ns)

    def _sized(self, intent: Buy | Sell | Target, side: Side, now_ns: UnixNs) -> Entry | str:
        """Return what to open, or why nothing is."""
        why_not = self._asks.may_open(now_ns)
        if why_not is not None:
            return why_not
        definition = self._asks.known.get(intent.instrument)
        if definition is None:
            return NOT_KNOWN
        if definition.kind is InstrumentKind.INDEX:
            return "an index cannot be traded: trade its future or its options"
        price = self._price(intent, side)
        if intent.lots is None and price is None and self._sizer.needs_a_price():
            return self._entry(intent, side, 0, now_ns)
        size = self._sizer.size(intent.instrument, side, price, intent.stop)
        if intent.lots is not None:
            size = Size(intent.lots)
        if size.lots < 1:
            return size.why_none or f"{size.lots} lots"
        return self._entry(intent, side, size.lots * definition.lot_size, now_ns)

    def _entry(self, intent: Buy | Sell | Target, side: Side, qty: Units, now_ns: UnixNs) -> Entry:
        return Entry(
            side=side,
            qty=qty,
            unsized=not qty,
            since_ns=now_ns,
            limit=_limit(intent),
            stop=intent.stop,
            target=intent.target,
        )

    def _price(self, intent: Buy | Sell | Target, side: Side) -> Paise | None:
        limit = _limit(intent)
        tick = self._asks.quotes.newest.get(intent.instrument)
        return touch(tick, side) if limit is None and tick is not None else limit

    def _decline(self, instrument: InstrumentId, why: str, now_ns: UnixNs) -> list[Message]:
        """Say why nothing is traded, once until it is another reason."""
        if self._declined.get(instrument) == why:
            return []
        self._declined.put(instrument, why)
        return [self.say(f"{instrument} is not traded: {why}", instrument, None, now_ns)]

    def _signal(self, intent: Buy | Sell | Target | Opinion, side: Side | None, now_ns: UnixNs) -> Signal:
        return self.say(intent.reason, intent.instrument, side, now_ns, intent.confidence)


def side_of(signed: Units) -> Side | None:
    """Return which side signed units are of; None for none."""
    return None if not signed else Side.BUY if signed > 0 else Side.SELL


def _limit(intent: Buy | Sell | Target) -> Paise | None:
    return None if isinstance(intent, Target) else intent.limit


def _heading(held: Units, entry: Entry | None, closing: Closing | None) -> Side | None:
    """Return which position everything that is under way comes to."""
    if closing is not None:
        return closing.then.side if closing.then else side_of(closing.goal)
    return entry.side if entry else side_of(held)
