"""What becomes of intents: signals always, and work for the opener and the closer where something is to be traded.

Whatever is wanted becomes an order that only opens or one that only closes; a position is turned round by two orders, the
second when the first has traded.
"""

from collections.abc import Callable
from typing import Final

from sauda.clock import UnixNs
from sauda.contracts import (
    Against,
    Fill,
    InstrumentId,
    InstrumentKind,
    Message,
    OrderAccepted,
    OrderCancelled,
    OrderModified,
    OrderRejected,
    OrderTriggered,
    RejectReason,
    Side,
    Signal,
)
from sauda.money import Paise, Units, to_rupees
from sauda.state import State
from sauda_strategy.api import Buy, Exit, Intent, Opinion, Sell, Target
from sauda_strategy.host.known import NOT_KNOWN, Known
from sauda_strategy.host.quotes import Quotes
from sauda_strategy.sizing.protection import Protection
from sauda_strategy.sizing.size import Means, Size, lots_of
from sauda_strategy.trading.answers import Answer
from sauda_strategy.trading.book import Book
from sauda_strategy.trading.closer import Closer
from sauda_strategy.trading.opener import Opener
from sauda_strategy.trading.orders import Order, Purpose
from sauda_strategy.trading.placing import Placing, touch
from sauda_strategy.trading.work import Closing, Entry
from sauda_strategy.trading_rules import TradingRules
from sauda_strategy.voice import Voice

_OVER: Final = frozenset({RejectReason.ORDER_DONE, RejectReason.UNKNOWN_ORDER})


class Trader:
    """Trades for one strategy."""

    def __init__(
        self,
        state: State,
        strategy: str,
        known: Known,
        quotes: Quotes,
        terms: Callable[[], TradingRules],
        means: Callable[[], Means],
        may_open: Callable[[UnixNs], str | None],
        is_open: Callable[[InstrumentId, UnixNs], bool],
    ) -> None:
        """Prepare.

        Args:
            state: Of the unit.
            strategy: The instance's name.
            known: Definitions.
            quotes: Newest ticks.
            terms: The rules in force.
            means: What the account has.
            may_open: Says why nothing may be opened at that time, or None.
            is_open: Says whether an instrument's exchange trades at that time.
        """
        self.book = Book(state, strategy)
        self._voice = Voice(strategy)
        self._known = known
        self._quotes = quotes
        self._terms = terms
        self._means = means
        self._may_open = may_open
        self._declined = state.table("declined", str)
        """instrument -> why it was not traded, as it was last said"""
        self._protection = Protection(terms)
        self._placing = Placing(self.book, quotes, strategy)
        self.opener = Opener(self.book, self._placing, known, quotes, self._voice, self._protection, is_open)
        self.closer = Closer(self.book, self._placing, self.opener, self._voice)

    def follow(self, terms: TradingRules, *, is_dry: bool) -> None:
        """Trade by these rules from now on."""
        self.book.is_dry = is_dry
        self._placing.product = terms.product
        self.opener.waits_overnight = terms.exit_time is None

    def assumed(self) -> Fill | None:
        """Return the next fill of a dry run that was not worked yet."""
        return self._placing.assumed.popleft() if self._placing.assumed else None

    def take(self, intent: Intent, now_ns: UnixNs) -> list[Message]:
        """Do what *intent* wants."""
        match intent:
            case Opinion():
                return [self._signal(intent, intent.instrument, intent.side, now_ns)]
            case Exit():
                wanted = [intent.instrument] if intent.instrument else self.book.instruments()
                return [out for one in wanted for out in self.close(one, intent.reason, now_ns)]
            case Target(side=None):
                return self.close(intent.instrument, intent.reason, now_ns, intent.confidence)
            case Target():
                return self._target(intent, intent.side or Side.BUY, now_ns)
            case Buy():
                return self._trade(intent, Side.BUY, now_ns)
            case Sell():
                return self._trade(intent, Side.SELL, now_ns)

    def close(
        self, instrument: InstrumentId, why: str, now_ns: UnixNs, confidence: float | None = None
    ) -> list[Message]:
        """Close what is held of *instrument*; nothing if it is flat, or being closed already."""
        closing = self.book.closings.get(instrument)
        if closing is not None and closing.goal == 0 and closing.limit is None:
            if closing.then is not None:
                self.book.closings.put(instrument, closing.having(then=None))
            return []
        held = self.book.held(instrument)
        mine = self.book.live(instrument, Purpose.ENTRY, Purpose.EXIT, Purpose.PROTECTION)
        if not (held or mine or instrument in self.book.entries):
            return []
        side = _side(-held)
        signal = self._say(why, instrument, side, now_ns, confidence)
        return [signal, *self.closer.begin(instrument, Closing(why=why), now_ns)]

    def close_all(self, why: str, now_ns: UnixNs) -> list[Message]:
        """Close everything."""
        return [out for one in self.book.instruments() for out in self.close(one, why, now_ns)]

    def stand_aside(self, why: str, now_ns: UnixNs) -> list[Message]:
        """Let the exchange close everything, and look after what it may have missed."""
        out: list[Message] = []
        for one in self.book.instruments():
            side = _side(-self.book.held(one))
            out += [self._say(why, one, side, now_ns), *self.closer.stand_aside(one, why, now_ns)]
        return out

    def on_tick(self, instrument: InstrumentId, now_ns: UnixNs) -> list[Message]:
        """Try again what was refused, and price anew what rests."""
        out = self.closer.on_tick(instrument, now_ns)
        return [*out, *self.opener.on_tick(instrument, now_ns)]

    def on_answer(self, answer: Answer, now_ns: UnixNs) -> list[Message]:
        """Take what the exchange says of an order in our name, whoever placed it."""
        orders = self.book.orders
        match answer:
            case OrderAccepted():
                orders.accepted(answer, now_ns)
            case OrderTriggered():
                if orders.get(answer.order_id):
                    orders.change(answer.order_id, since_ns=now_ns)
            case OrderModified():
                if orders.get(answer.order_id):
                    orders.change(answer.order_id, qty=answer.qty)
                    return self.closer.tend(answer.instrument, now_ns)
            case Fill():
                return self.on_fill(answer, now_ns)
            case OrderCancelled():
                return self._on_cancelled(answer, now_ns)
            case OrderRejected():
                return self._on_refused(answer, now_ns)
        return []

    def on_fill(self, fill: Fill, now_ns: UnixNs, *, is_assumed: bool = False) -> list[Message]:
        """Take a fill, the exchange's or an assumed one."""
        self.book.add(fill.instrument, fill.signed_qty, is_assumed=is_assumed)
        out: list[Message] = []
        order = self.book.orders.get(fill.order_id)
        if order is not None:
            order = self.book.orders.change(fill.order_id, filled=order.filled + fill.qty, accepted=True)
            self._count(order, fill)
        if fill.against is Against.SETTLEMENT:
            text = f"{fill.instrument} expired: settled at {to_rupees(fill.price)}"
            out.append(self._say(text, fill.instrument, fill.side, now_ns))
        return [*out, *self._tend(fill.instrument, now_ns)]

    def _tend(self, instrument: InstrumentId, now_ns: UnixNs) -> list[Message]:
        return [*self.closer.tend(instrument, now_ns), *self.opener.tend(instrument, now_ns)]

    def _count(self, order: Order, fill: Fill) -> None:
        entry = self.book.entries.get(fill.instrument)
        if order.purpose is Purpose.ENTRY and entry is not None:
            self.book.entries.put(fill.instrument, entry.having(traded=entry.traded + fill.qty))
            self._declined.drop(fill.instrument)

    def _on_cancelled(self, answer: OrderCancelled, now_ns: UnixNs) -> list[Message]:
        order = self.book.orders.get(answer.order_id)
        if order is None:
            return []
        if order.qty is None:
            self.book.orders.drop(answer.order_id)
        else:
            after = self.book.orders.change(answer.order_id, unfilled=answer.unfilled)
            if not after.done:
                return []  # Fills that happened before it are still on their way.
        match order.purpose:
            case Purpose.ENTRY if answer.instrument not in self.book.closings:
                return self.opener.on_cancelled(answer.instrument, answer, order.cancel_asked, now_ns)
            case Purpose.EXIT:
                return self.closer.on_cancelled(answer.instrument, answer, order.cancel_asked, now_ns)
            case _:
                return self._tend(answer.instrument, now_ns)

    def _on_refused(self, answer: OrderRejected, now_ns: UnixNs) -> list[Message]:
        order = self.book.orders.get(answer.order_id)
        if order is None:
            return self.closer.answered(answer.order_id, now_ns) or []
        if order.accepted:
            return self._on_wish_refused(order, answer, now_ns)
        self.book.orders.drop(answer.order_id)
        match order.purpose:
            case Purpose.ENTRY if answer.instrument not in self.book.closings:
                return self.opener.on_refused(answer.instrument, answer, now_ns)
            case Purpose.EXIT:
                text = f"{answer.reason.value}: {answer.detail}"
                return self.closer.pause(answer.instrument, text, now_ns)
            case _:
                return self._tend(order.instrument, now_ns)

    def _on_wish_refused(self, order: Order, answer: OrderRejected, now_ns: UnixNs) -> list[Message]:
        """Our wish to take an order back was refused, or a change that somebody asked for by hand."""
        if not order.cancel_asked:
            return []
        if answer.reason is RejectReason.ORDER_DONE and order.qty is not None:
            return []  # It filled or was cancelled meanwhile: that message tells the rest.
        if answer.reason in _OVER:
            self.book.orders.drop(answer.order_id)
            return self._tend(order.instrument, now_ns)
        self.book.orders.change(answer.order_id, cancel_asked=False, since_ns=now_ns)
        return []

    def _target(self, intent: Target, side: Side, now_ns: UnixNs) -> list[Message]:
        held, closing = self.book.held(intent.instrument), self.book.closings.get(intent.instrument)
        entry = self.book.entries.get(intent.instrument)
        if _heading(held, entry, closing) is side:
            return self._adjust(intent, side, held, entry, closing, now_ns)
        new = self._sized(intent, side, now_ns)
        if isinstance(new, str):
            closed = self.close(intent.instrument, intent.reason, now_ns) if held * side.sign < 0 else []
            return [*closed, *self._decline(intent.instrument, new, now_ns)]
        signal = self._signal(intent, intent.instrument, side, now_ns)
        return [signal, *self._open(intent.instrument, new, intent.reason, now_ns)]

    def _adjust(
        self,
        intent: Target,
        side: Side,
        held: Units,
        entry: Entry | None,
        closing: Closing | None,
        now_ns: UnixNs,
    ) -> list[Message]:
        """The same side again: nothing, unless it says how many lots, and those are others."""
        definition = self._known.get(intent.instrument)
        if intent.lots is None or closing is not None or definition is None:
            return []
        wanted = intent.lots * definition.lot_size
        coming = abs(held) + (entry.open_qty if entry else 0)
        if wanted == coming:
            return []
        signal = self._signal(intent, intent.instrument, side, now_ns)
        if wanted < coming:
            return [
                signal,
                *self.closer.begin(
                    intent.instrument, Closing(why=intent.reason, goal=side.sign * wanted), now_ns
                ),
            ]
        why_not = self._may_open(now_ns)
        if why_not is not None:
            return self._decline(intent.instrument, why_not, now_ns)
        more = wanted - coming
        if entry is None:
            new = Entry(side=side, qty=more, since_ns=now_ns, stop=intent.stop, target=intent.target)
            return [signal, *self.opener.begin(intent.instrument, new, now_ns)]
        self.book.entries.put(intent.instrument, entry.having(qty=entry.qty + more))
        return [signal]

    def _trade(self, intent: Buy | Sell, side: Side, now_ns: UnixNs) -> list[Message]:
        instrument = intent.instrument
        if instrument in self.book.closings or instrument in self.book.entries:
            return self._decline(instrument, "an order of it is still being worked", now_ns)
        held = self.book.held(instrument)
        if held * side.sign >= 0:
            new = self._sized(intent, side, now_ns)
            if isinstance(new, str):
                return self._decline(instrument, new, now_ns)
            signal = self._signal(intent, instrument, side, now_ns)
            return [signal, *self.opener.begin(instrument, new, now_ns)]
        return self._reduce(intent, side, held, now_ns)

    def _reduce(self, intent: Buy | Sell, side: Side, held: Units, now_ns: UnixNs) -> list[Message]:
        """Trade against what is held: close as much, and open the rest where that may be."""
        qty = self._qty_against(intent, held)
        going = min(qty, abs(held))
        rest: Entry | None = None
        if qty > going and self._may_open(now_ns) is None:
            rest = Entry(
                side=side,
                qty=qty - going,
                since_ns=now_ns,
                limit=intent.limit,
                stop=intent.stop,
                target=intent.target,
            )
        closing = Closing(why=intent.reason, goal=held + side.sign * going, limit=intent.limit, then=rest)
        signal = self._signal(intent, intent.instrument, side, now_ns)
        return [signal, *self.closer.begin(intent.instrument, closing, now_ns)]

    def _qty_against(self, intent: Buy | Sell, held: Units) -> Units:
        """Return the units to trade against a position: the lots that are named, else the rules', else all of it."""
        definition, terms = self._known.get(intent.instrument), self._terms()
        if definition is None:
            return abs(held)
        if intent.lots is not None:
            return intent.lots * definition.lot_size
        is_plain = terms.risk_percent is None and terms.margin_percent is None
        return terms.lots * definition.lot_size if is_plain else abs(held)

    def _open(self, instrument: InstrumentId, new: Entry, why: str, now_ns: UnixNs) -> list[Message]:
        """Open *new*, once nothing of the other side is held, wanted or in the market."""
        others = self.book.live(instrument, Purpose.ENTRY, Purpose.EXIT)
        if self.book.held(instrument) or others or instrument in self.book.closings:
            return self.closer.begin(instrument, Closing(why=why, then=new), now_ns)
        return self.opener.begin(instrument, new, now_ns)

    def _sized(self, intent: Buy | Sell | Target, side: Side, now_ns: UnixNs) -> Entry | str:
        """Return what to open, or why nothing is."""
        why_not = self._may_open(now_ns)
        if why_not is not None:
            return why_not
        definition = self._known.get(intent.instrument)
        if definition is None:
            return NOT_KNOWN
        if definition.kind is InstrumentKind.INDEX:
            return "an index cannot be traded: trade its future or its options"
        limit = None if isinstance(intent, Target) else intent.limit
        price = limit if limit is not None else self._price(intent.instrument, side)
        size = Size(intent.lots) if intent.lots is not None else self._size(intent, side, price)
        if size.lots < 1:
            return size.why_none or f"{size.lots} lots"
        return Entry(
            side=side,
            qty=size.lots * definition.lot_size,
            since_ns=now_ns,
            limit=limit,
            stop=intent.stop,
            target=intent.target,
        )

    def _size(self, intent: Buy | Sell | Target, side: Side, price: Paise | None) -> Size:
        definition = self._known.get(intent.instrument)
        if definition is None:
            return Size(0, NOT_KNOWN)
        stop = float(intent.stop) if intent.stop is not None else None
        if stop is None and price is not None:
            stop = self._protection.stop(side, price)
        return lots_of(self._terms(), definition, side, price, stop, self._means())

    def _price(self, instrument: InstrumentId, side: Side) -> Paise | None:
        tick = self._quotes.newest.get(instrument)
        return touch(tick, side) if tick is not None else None

    def _decline(self, instrument: InstrumentId, why: str, now_ns: UnixNs) -> list[Message]:
        """Say why nothing is traded, once until it is another reason."""
        if self._declined.get(instrument) == why:
            return []
        self._declined.put(instrument, why)
        return [self._say(f"{instrument} is not traded: {why}", instrument, None, now_ns)]

    def new_day(self, now_ns: UnixNs) -> list[Message]:
        """Begin a day: what was declined may be said again, what still waits for a price of yesterday is given up."""
        for name in self._declined:
            self._declined.drop(name)
        return self.opener.new_day(now_ns)

    def _signal(
        self,
        intent: Buy | Sell | Target | Opinion,
        instrument: InstrumentId,
        side: Side | None,
        now_ns: UnixNs,
    ) -> Signal:
        return self._say(intent.reason, instrument, side, now_ns, intent.confidence)

    def _say(
        self,
        reason: str,
        instrument: InstrumentId,
        side: Side | None,
        now_ns: UnixNs,
        confidence: float | None = None,
    ) -> Signal:
        return Signal(
            strategy=self._voice.strategy,
            instrument=instrument,
            side=side,
            reason=reason,
            event_ns=now_ns,
            confidence=confidence,
        )


def _side(signed: Units) -> Side | None:
    return None if not signed else Side.BUY if signed > 0 else Side.SELL


def _heading(held: Units, entry: Entry | None, closing: Closing | None) -> Side | None:
    """Return which position everything that is under way comes to."""
    if closing is not None:
        return closing.then.side if closing.then else _side(closing.goal)
    return entry.side if entry else _side(held)
