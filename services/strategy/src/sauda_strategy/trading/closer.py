"""Closing a position: first no entry of ours, stop or target may stand in the market, then what is held goes, until it is flat.

    close ──► take back what works ──all confirmed──► exit (MARKET) ──rests──► take it back, send it anew

The law: what live exits can still trade is never more than what is to go.
"""

from collections.abc import Callable
from typing import Final

from sauda.clock import UnixNs
from sauda.contracts import CancelOrder, InstrumentId, Level, Message, OrderCancelled, Side
from sauda_strategy.refusals import pause_of_exit_ns
from sauda_strategy.trading.book import RESTS_NS, Book
from sauda_strategy.trading.guards import Guards
from sauda_strategy.trading.opener import Opener
from sauda_strategy.trading.orders import Purpose
from sauda_strategy.trading.placing import Placing
from sauda_strategy.trading.work import Closing
from sauda_strategy.voice import Voice

CRY_EVERY: Final = 10
"""What goes on is cried out at the first time and at every tenth."""
_PROTECTED: Final = (Purpose.ENTRY, Purpose.PROTECTION)


class Closer:
    """Carries the closings of one strategy on."""

    def __init__(
        self,
        book: Book,
        placing: Placing,
        opener: Opener,
        guards: Guards,
        *,
        is_open: Callable[[InstrumentId, UnixNs], bool],
        voice: Voice,
    ) -> None:
        self._book = book
        self._placing = placing
        self._opener = opener
        self._guards = guards
        self._is_open = is_open
        self._voice = voice

    def begin(self, instrument: InstrumentId, closing: Closing, now_ns: UnixNs) -> list[Message]:
        """Begin *closing*; whatever was being opened is not wanted any more."""
        self._book.entries.drop(instrument)
        before = self._book.closings.get(instrument)
        if before is not None:
            closing = closing.having(
                question=before.question,
                unsure=before.unsure,
                retry_ns=before.retry_ns,
                refusals=before.refusals,
                exit_id=before.exit_id,
            )
        self._book.closings.put(instrument, closing)
        return self.tend(instrument, now_ns)

    def stand_aside(self, instrument: InstrumentId, why: str, now_ns: UnixNs) -> list[Message]:
        """Let the exchange close it, which it does by itself, and look after what it may have missed.

        What we sent before we knew may reach the exchange after it has squared off. So our orders are taken back,
        and the exchange is asked about an order that does not exist. Its answer comes after all that the
        square-off did: what is held then is ours to close.
        """
        before = self._book.closings.get(instrument)
        if before is not None and before.question:
            return []
        self._book.entries.drop(instrument)
        if self._book.is_dry:
            return self.begin(instrument, Closing(why=why), now_ns)
        asked = self._ask(instrument, Closing(why=why), now_ns)
        return [*self._take_back(instrument, _PROTECTED, now_ns), *asked]

    def _ask(self, instrument: InstrumentId, closing: Closing, now_ns: UnixNs) -> list[Message]:
        """Ask the exchange about an order that does not exist: what it has done before, it tells before."""
        question = f"{self._book.orders.new_id(now_ns)}-question"
        self._book.closings.put(instrument, closing.having(question=question))
        return [CancelOrder(order_id=question, strategy=self._voice.strategy, event_ns=now_ns)]

    def answered(self, question: str, now_ns: UnixNs) -> list[Message] | None:
        """Take the answer to a question; None if it is none of ours."""
        for instrument, closing in self._book.closings.items():
            if closing.question == question:
                self._book.closings.put(instrument, closing.having(question=""))
                return self.tend(instrument, now_ns)
        return None

    def tend(self, instrument: InstrumentId, now_ns: UnixNs) -> list[Message]:
        """Do what a closing needs next; nothing for the others."""
        closing = self._book.closings.get(instrument)
        if closing is None or closing.question:
            return []
        if closing.retry_ns is not None and now_ns <= closing.retry_ns:
            return []
        # An exit that waits at a limit leaves stop and target where they are: they are what protects until it trades.
        in_the_way = _PROTECTED if closing.limit is None else (Purpose.ENTRY,)
        out = self._take_back(instrument, in_the_way, now_ns)
        if self._book.live(instrument, *in_the_way, Purpose.OTHERS):
            return out
        exits = self._book.live(instrument, Purpose.EXIT)
        if exits:
            return [*out, *self._unlimited(closing, exits, now_ns)]
        surplus = closing.surplus(self._book.held(instrument))
        if not surplus:
            return [*out, *self._done(instrument, closing, now_ns)]
        if self._guards.take_fresh(instrument, now_ns) or closing.unsure:
            # A bracket's stop, or a square-off's order, may stand there already: beside it our exit would sell twice.
            return [*out, *self._ask(instrument, closing.having(unsure=False), now_ns)]
        if not self._is_open(instrument, now_ns):
            self._book.closings.put(instrument, closing.having(retry_ns=now_ns))
            return out
        side = Side.SELL if surplus > 0 else Side.BUY
        order = self._placing.place(instrument, side, abs(surplus), Purpose.EXIT, now_ns, limit=closing.limit)
        self._book.closings.put(instrument, closing.having(exit_id=self._placing.last_id))
        return [*out, *order]

    def on_tick(self, instrument: InstrumentId, now_ns: UnixNs) -> list[Message]:
        """Price anew what rests, try again what was refused, now that *instrument* shows a price."""
        out: list[Message] = []
        for order_id, purpose in self._book.resting(instrument, now_ns):
            out += self._hurry(instrument, order_id, purpose, now_ns)
        closing = self._book.closings.get(instrument)
        waits = closing is not None and closing.retry_ns is not None and now_ns > closing.retry_ns
        if closing is not None and waits and self._is_open(instrument, now_ns):
            self._book.closings.put(instrument, closing.having(retry_ns=None))
            out += self.tend(instrument, now_ns)
        return out

    def on_cancelled(
        self, instrument: InstrumentId, answer: OrderCancelled, was_asked: bool, now_ns: UnixNs
    ) -> list[Message]:
        """An exit left the market and did not trade all."""
        closing = self._book.closings.get(instrument)
        if closing is None or was_asked:
            return self.tend(instrument, now_ns)
        if closing.limit is not None:
            self._book.closings.drop(instrument)
            text = f"{instrument} was not closed at its limit: {answer.reason}"
            return [self._voice.signal(text, now_ns, instrument)]
        return self.pause(instrument, f"cancelled: {answer.reason}", now_ns)

    def pause(self, instrument: InstrumentId, why: str, now_ns: UnixNs) -> list[Message]:
        """Let a later tick of the instrument try again, later and later, and say so now and then."""
        closing = self._book.closings.get(instrument)
        if closing is None:
            return []
        retry_ns = now_ns + pause_of_exit_ns(closing.refusals)
        self._book.closings.put(instrument, closing.having(refusals=closing.refusals + 1, retry_ns=retry_ns))
        if closing.refusals % CRY_EVERY:
            return []
        held = self._book.held(instrument)
        text = f"{held} of {instrument} could not be closed: {why}: trying again at its next tick"
        return [self._voice.alert("EXIT_REFUSED", text, now_ns)]

    def _done(self, instrument: InstrumentId, closing: Closing, now_ns: UnixNs) -> list[Message]:
        self._book.closings.drop(instrument)
        if closing.then is None:
            return self._guards.give_back(instrument, now_ns)
        return self._opener.begin(instrument, closing.then.having(follows=closing.exit_id), now_ns)

    def _hurry(
        self, instrument: InstrumentId, order_id: str, purpose: Purpose, now_ns: UnixNs
    ) -> list[Message]:
        match purpose:
            case Purpose.PROTECTION:
                why = "its stop rests untraded behind its trigger"
                return self.begin(instrument, Closing(why=why), now_ns)
            case Purpose.ENTRY:
                return [*self._book.orders.take_back(order_id, now_ns)]
            case Purpose.OTHERS:
                # While it stands no exit may be sent; without a closing it is none of our business.
                if instrument not in self._book.closings:
                    return []
                return [*self._book.orders.take_back(order_id, now_ns)]
            case Purpose.EXIT:
                return self._reprice(instrument, order_id, now_ns)

    def _reprice(self, instrument: InstrumentId, order_id: str, now_ns: UnixNs) -> list[Message]:
        wish = self._book.orders.take_back(order_id, now_ns)
        closing = self._book.closings.get(instrument)
        if closing is None:
            return [*wish]
        self._book.closings.put(instrument, closing.having(repriced=closing.repriced + 1))
        if closing.repriced % CRY_EVERY:
            return [*wish]
        text = f"an exit of {instrument} rests untraded for {RESTS_NS // 10**9} s: it is priced anew"
        return [self._voice.alert("EXIT_RESTS", text, now_ns, Level.WARNING), *wish]

    def _unlimited(self, closing: Closing, exits: list[str], now_ns: UnixNs) -> list[Message]:
        """Take back an exit that waits at a limit which is not wanted any more."""
        out: list[Message] = []
        for order_id in exits:
            order = self._book.orders.get(order_id)
            if order is not None and order.limited and closing.limit is None:
                out += self._book.orders.take_back(order_id, now_ns)
        return out

    def _take_back(
        self, instrument: InstrumentId, purposes: tuple[Purpose, ...], now_ns: UnixNs
    ) -> list[Message]:
        found = self._book.live(instrument, *purposes)
        return [wish for order_id in found for wish in self._book.orders.take_back(order_id, now_ns)]
