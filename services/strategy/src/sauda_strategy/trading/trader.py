"""Trades for one strategy: takes its intents, ticks that matter to its orders, and what the exchange says of them."""

from typing import Final

from sauda.clock import UnixNs
from sauda.contracts import (
    Against,
    Fill,
    Instrument,
    InstrumentId,
    Message,
    OrderAccepted,
    OrderCancelled,
    OrderModified,
    OrderRejected,
    OrderTriggered,
    RejectReason,
    Tick,
)
from sauda.money import to_rupees
from sauda.state import State
from sauda_strategy.api import Intent
from sauda_strategy.refusals import words
from sauda_strategy.sizing.protection import Protection
from sauda_strategy.sizing.sizer import Sizer
from sauda_strategy.trading.answers import Answer
from sauda_strategy.trading.asks import Asks
from sauda_strategy.trading.book import Book
from sauda_strategy.trading.closer import Closer
from sauda_strategy.trading.guards import Guards
from sauda_strategy.trading.opener import Opener
from sauda_strategy.trading.orders import Order, Purpose
from sauda_strategy.trading.placing import Placing
from sauda_strategy.trading.rolls import Rolls
from sauda_strategy.trading.wants import Wants, side_of
from sauda_strategy.trading.work import Closing
from sauda_strategy.trading_rules import TradingRules
from sauda_strategy.voice import Voice

_OVER: Final = frozenset({RejectReason.ORDER_DONE, RejectReason.UNKNOWN_ORDER})


class Trader:
    """The front of everything in `trading`."""

    def __init__(self, state: State, strategy: str, asks: Asks) -> None:
        self.book = Book(state, strategy)
        self._voice = Voice(strategy)
        self._placing = Placing(self.book, asks.quotes, strategy)
        self._guards = Guards(state, self.book, self._placing)
        protection = Protection(asks.terms)
        sizer = Sizer(asks.known, asks.terms, asks.means, protection)
        self.opener = Opener(
            self.book,
            self._placing,
            self._guards,
            asks,
            protection=protection,
            sizer=sizer,
            voice=self._voice,
        )
        self._closer = Closer(
            self.book, self._placing, self.opener, self._guards, is_open=asks.is_open, voice=self._voice
        )
        self._rolls = Rolls(
            state,
            self.book,
            self._closer,
            self.opener,
            guards=self._guards,
            quotes=asks.quotes,
            voice=self._voice,
        )
        self._wants = Wants(
            state,
            strategy,
            asks,
            self.book,
            sizer=sizer,
            opener=self.opener,
            closer=self._closer,
            rolls=self._rolls,
        )
        self.close_all = self._wants.close_all
        self._is_open = asks.is_open
        self._is_dry_wanted = False

    def follow(self, terms: TradingRules, *, is_dry: bool) -> None:
        """Trade by these rules from now on; in another mode as soon as nothing is held or in the market."""
        self._is_dry_wanted = is_dry
        self.book.restored()
        self.settle_mode()
        self._placing.product = terms.product
        self.opener.waits_overnight = terms.exit_time is None

    @property
    def mode_waits(self) -> bool:
        """Whether the rules want another mode than that in which what is open was traded."""
        return self.book.is_dry is not self._is_dry_wanted

    def settle_mode(self) -> None:
        """Trade in the mode of the rules if nothing is open: a file that was edited must leave nothing behind."""
        if self.mode_waits and not self.instruments():
            self.book.trade_dry(self._is_dry_wanted)

    def assumed(self) -> Fill | None:
        """Return the next fill of a dry run that was not worked yet."""
        return self._placing.assumed.popleft() if self._placing.assumed else None

    def take(self, intent: Intent, now_ns: UnixNs) -> list[Message]:
        """Do what *intent* wants."""
        return self._wants.take(intent, now_ns)

    def is_met(self, intent: Intent) -> bool:
        """Return whether nothing is to be done for *intent*."""
        return self._wants.is_met(intent)

    def roll(self, old: Instrument, new: Instrument, now_ns: UnixNs) -> list[Message]:
        """Leave the future *old* for *new*."""
        return self._rolls.begin(old, new, now_ns)

    def new_day(self, now_ns: UnixNs) -> list[Message]:
        """Begin a day."""
        self._wants.new_day()
        return self.opener.new_day(now_ns)

    def stand_aside(self, why: str, now_ns: UnixNs) -> list[Message]:
        """Let the exchange close everything, and look after what it may have missed."""
        out: list[Message] = []
        for one in self.book.instruments():
            self._rolls.forget(one)
            out.append(self._wants.say(why, one, side_of(-self.book.held(one)), now_ns))
            out += self._closer.stand_aside(one, why, now_ns)
        return out

    def instruments(self) -> list[InstrumentId]:
        """Return those whose ticks are needed."""
        return sorted({*self.book.instruments(), *self._rolls.instruments()})

    def waiting(self, day: str) -> frozenset[InstrumentId]:
        """Return those whose next tick may have something sent."""
        return self.book.waiting() | self._guards.waiting(day)

    def on_tick(self, tick: Tick, now_ns: UnixNs) -> list[Message]:
        """Try again what was refused, price anew what rests, look at stops that nobody else keeps."""
        instrument = tick.instrument
        out = self._closer.on_tick(instrument, now_ns)
        out += self.opener.on_tick(instrument, now_ns)
        if self._is_open(instrument, now_ns):
            out += self._guards.renew(instrument, now_ns)
            why = self._guards.touched(tick)
            if why is not None:
                out += self._wants.close(instrument, why, now_ns)
        return [*out, *self._after(instrument, now_ns)]

    def on_answer(self, answer: Answer, now_ns: UnixNs) -> list[Message]:
        """Take what the exchange says of an order in our name, whoever placed it."""
        return [*self._on_answer(answer, now_ns), *self._after(answer.instrument, now_ns)]

    def on_fill(self, fill: Fill, now_ns: UnixNs, *, is_assumed: bool = False) -> list[Message]:
        """Take a fill, the exchange's or an assumed one."""
        self.book.add(fill.instrument, fill.signed_qty, is_assumed=is_assumed)
        out: list[Message] = []
        order = self.book.orders.get(fill.order_id)
        if order is not None:
            self.book.orders.change(fill.order_id, filled=order.filled + fill.qty, accepted=True)
            self._count(order, fill, now_ns)
        if fill.against is Against.SETTLEMENT:
            text = f"{fill.instrument} expired: settled at {to_rupees(fill.price)}"
            out.append(self._wants.say(text, fill.instrument, fill.side, now_ns))
        return [*out, *self._tend(fill.instrument, now_ns), *self._after(fill.instrument, now_ns)]

    def _on_answer(self, answer: Answer, now_ns: UnixNs) -> list[Message]:
        orders = self.book.orders
        match answer:
            case OrderAccepted():
                orders.accepted(answer, now_ns)
            case OrderTriggered() if orders.get(answer.order_id):
                orders.change(answer.order_id, since_ns=now_ns)
            case OrderModified() if orders.get(answer.order_id):
                orders.change(answer.order_id, qty=answer.qty)
                return self._tend(answer.instrument, now_ns)
            case Fill():
                return self.on_fill(answer, now_ns)
            case OrderCancelled():
                return self._on_cancelled(answer, now_ns)
            case OrderRejected():
                return self._on_refused(answer, now_ns)
        return []

    def _tend(self, instrument: InstrumentId, now_ns: UnixNs) -> list[Message]:
        return [*self._closer.tend(instrument, now_ns), *self.opener.tend(instrument, now_ns)]

    def _after(self, instrument: InstrumentId, now_ns: UnixNs) -> list[Message]:
        self._guards.tend(instrument)
        return self._rolls.tend(instrument, now_ns)

    def _count(self, order: Order, fill: Fill, fill_ns: UnixNs) -> None:
        if order.purpose is not Purpose.ENTRY:
            return
        self._guards.filled(fill.instrument, fill_ns)
        self._doubt(fill.instrument)
        entry = self.book.entries.get(fill.instrument)
        if entry is not None:
            self.book.entries.put(fill.instrument, entry.having(traded=entry.traded + fill.qty))
            self._wants.entered(fill.instrument)

    def _doubt(self, instrument: InstrumentId) -> None:
        """Take it that an order may stand in the market of which we have not heard yet."""
        closing = self.book.closings.get(instrument)
        if closing is not None and not self.book.is_dry:
            self.book.closings.put(instrument, closing.having(unsure=True))

    def _on_cancelled(self, answer: OrderCancelled, now_ns: UnixNs) -> list[Message]:
        order = self.book.orders.get(answer.order_id)
        if order is None:
            return []
        if order.qty is None:
            self.book.orders.drop(answer.order_id)
        elif not self.book.orders.change(answer.order_id, unfilled=answer.unfilled).done:
            return []  # Fills that happened before it are still on their way.
        match order.purpose:
            case Purpose.ENTRY if order.instrument not in self.book.closings:
                return self.opener.on_cancelled(order.instrument, answer, order.cancel_asked, now_ns)
            case Purpose.OTHERS:
                # Whoever made it may put another in its place in the same step.
                self._doubt(order.instrument)
                return self._tend(order.instrument, now_ns)
            case Purpose.EXIT:
                return self._closer.on_cancelled(order.instrument, answer, order.cancel_asked, now_ns)
            case _:
                return self._tend(order.instrument, now_ns)

    def _on_refused(self, answer: OrderRejected, now_ns: UnixNs) -> list[Message]:
        order = self.book.orders.get(answer.order_id)
        if order is None:
            return self._closer.answered(answer.order_id, now_ns) or []
        if order.accepted:
            return self._on_wish_refused(order, answer, now_ns)
        self.book.orders.drop(answer.order_id)
        match order.purpose:
            case Purpose.ENTRY if order.instrument not in self.book.closings:
                return self.opener.on_refused(order.instrument, answer, now_ns)
            case Purpose.EXIT:
                return self._closer.pause(order.instrument, words(answer), now_ns)
            case Purpose.PROTECTION:
                return self._unprotected(order.instrument, words(answer), now_ns)
            case _:
                return self._tend(order.instrument, now_ns)

    def _unprotected(self, instrument: InstrumentId, why: str, now_ns: UnixNs) -> list[Message]:
        """A stop or target that we sent was refused: what has no stop is not held."""
        if not self.book.held(instrument):
            return []
        text = f"a stop or target of {instrument} was refused: {why}: the position is closed"
        out = self._closer.begin(instrument, Closing(why=text), now_ns)
        return [self._voice.alert("STOP_REFUSED", text, now_ns), *out]

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
