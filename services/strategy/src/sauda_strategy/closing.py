"""Buying a leg back: first nothing else of it may stand in the market, then what it is short is bought, until it is flat.

    close ──► take back stops and entries ──all confirmed──► exit (buy, MARKET) ──rests──► take it back, send it anew

The law: what the live buy orders of a leg can still buy is never more than what the leg is short. The same holds the
other way round for a wing, which is sold; and no wing is sold while any leg that it covers is short, or may become so.
"""

from typing import Final

from sauda.clock import NS_PER_S, UnixNs
from sauda.contracts import CancelOrder, Level, Message, OrderRejected, RejectReason
from sauda_strategy.book import Book, round_of
from sauda_strategy.orders import CLOSING, Order, Role
from sauda_strategy.refusals import pause_of_exit_ns, words
from sauda_strategy.voice import Voice

RESTS_NS: Final = 5 * NS_PER_S
"""Market time after which an order that ought to have traded is taken back and priced anew: a market order goes out as a
limit with protection, and the market may have run away from it."""
CRY_EVERY: Final = 10
"""What goes on is cried out at the first time and at every tenth."""


class Closing:
    """How the legs of one strategy are bought back."""

    def __init__(self, book: Book, voice: Voice) -> None:
        self._book = book
        self._voice = voice

    def close(self, key: str, why: str, now_ns: UnixNs) -> list[Message]:
        """Buy back whatever the leg is short, taking its working orders back first; nothing if it is not open."""
        leg = self._book.get(key)
        if leg is None or leg.closing or not self._book.is_open(key):
            return []
        self._book.put(key, leg.having(closing=why, retry_ns=None))
        signal = self._voice.signal(why, now_ns, leg.instrument, leg.side.opposite)
        return [*([signal] if leg.held else []), *self.tend(key, now_ns)]

    def stand_aside(self, key: str, why: str, now_ns: UnixNs) -> list[Message]:
        """Let the exchange close the leg, which it does by itself, and look after what it may have missed.

        What we sent before we knew may reach the exchange after it has squared off: an entry would stay open,
        a stop would open a long. So our orders are taken back, and the exchange is asked about an order that
        does not exist. Its answer comes after all that the square-off did: what is short then is ours to close.
        """
        leg = self._book.get(key)
        if leg is None or leg.question or not self._book.is_open(key):
            return []
        question = f"{self._voice.strategy}-{key}-question"
        self._book.put(key, leg.having(closing=leg.closing or why, retry_ns=None, question=question))
        signal = self._voice.signal(why, now_ns, leg.instrument, leg.side.opposite)
        asked = CancelOrder(order_id=question, strategy=self._voice.strategy, event_ns=now_ns)
        return [*([signal] if leg.held else []), *self._take_back(key, now_ns), asked]

    def tend(self, key: str, now_ns: UnixNs) -> list[Message]:
        """Do what a closing leg needs next; nothing for the others."""
        leg = self._book[key]
        if not leg.closing or leg.question or (leg.retry_ns is not None and now_ns <= leg.retry_ns):
            return []
        if self._book.orders.live(key) or self._book.foreign.of(key):
            return self._take_back(key, now_ns)
        if leg.held < 0:
            return self._undo_surplus(key, now_ns)
        if not leg.held or (leg.is_wing and self._book.open_shorts(round_of(key))):
            return []  # A wing's turn comes when the last short is flat: see `Covers`.
        return [self._book.orders.place(key, leg.instrument, leg.side, Role.EXIT, leg.held, now_ns=now_ns)]

    def _undo_surplus(self, key: str, now_ns: UnixNs) -> list[Message]:
        """Our exit was on its way when somebody else closed the leg: it is long now, and nobody wanted that."""
        leg = self._book[key]
        code, did, undo = (
            ("SOLD_TWICE", "sold", "buying them back")
            if leg.is_wing
            else ("BOUGHT_TWICE", "bought", "selling them")
        )
        text = f"{-leg.held} of {leg.instrument} were {did} too much: {undo}"
        order = self._book.orders.place(key, leg.instrument, leg.side, Role.SURPLUS, -leg.held, now_ns=now_ns)
        return [self._voice.alert(code, text, now_ns), order]

    def hurry(self, key: str, now_ns: UnixNs) -> list[Message]:
        """Take back what ought to have traded by now and rests, so that it can be priced anew."""
        before_ns = now_ns - RESTS_NS
        out: list[Message] = []
        for order_id, order in self._book.orders.live(key):
            if not order.rests_since(before_ns):
                continue
            if order.role is Role.STOP:
                out += self.close(key, "its stop rests untraded behind its trigger", now_ns)
            else:
                out += self._reprice(key, order_id, order.role, now_ns)
        if self._book[key].closing:
            out += self._ask_others_to_leave(key, now_ns)
        return out

    def pause(self, key: str, why: str, now_ns: UnixNs) -> list[Message]:
        """Let a later tick of the contract try again, later and later, and say so now and then."""
        leg = self._book[key]
        retry_ns = now_ns + pause_of_exit_ns(leg.refusals)
        self._book.put(key, leg.having(refusals=leg.refusals + 1, retry_ns=retry_ns))
        if leg.refusals % CRY_EVERY:
            return []
        did = "sold" if leg.is_wing else "bought back"
        text = f"{leg} could not be {did}: {why}: trying again at its next tick"
        return [self._voice.alert("EXIT_REFUSED", text, now_ns)]

    def on_refused(self, key: str, answer: OrderRejected, now_ns: UnixNs) -> list[Message]:
        """The exchange would not take an exit."""
        return self.pause(key, words(answer), now_ns)

    def on_cancel_refused(self, order: Order, answer: OrderRejected, now_ns: UnixNs) -> list[Message]:
        """The exchange would not take our order back."""
        if answer.reason is RejectReason.ORDER_DONE:
            # It filled or was cancelled meanwhile; that message tells the rest, so wait for it.
            return []
        if answer.reason is RejectReason.UNKNOWN_ORDER:
            self._book.orders.refused(answer.order_id)
            return self.tend(order.leg, now_ns)
        self._book.orders.cancel_failed(answer.order_id)
        return self.pause(order.leg, words(answer), now_ns) if self._book[order.leg].closing else []

    def ask_to_leave(self, order_id: str, now_ns: UnixNs) -> list[Message]:
        """Take somebody else's order back, or learn that it is over."""
        order = self._book.foreign.get(order_id)
        if order is None or order.cancel_asked:
            return []
        self._book.foreign.put(order_id, order.having(cancel_asked=True))
        return [CancelOrder(order_id=order_id, strategy=self._voice.strategy, event_ns=now_ns)]

    def _reprice(self, key: str, order_id: str, role: Role, now_ns: UnixNs) -> list[Message]:
        leg = self._book[key]
        wish = self._book.orders.cancel(order_id, now_ns)
        if role not in CLOSING:
            return [wish]
        self._book.put(key, leg.having(repriced=leg.repriced + 1))
        if leg.repriced % CRY_EVERY:
            return [wish]
        text = f"the exit of {leg} rests untraded for {RESTS_NS // NS_PER_S} s: it is priced anew"
        return [self._voice.alert("EXIT_RESTS", text, now_ns, Level.WARNING), wish]

    def _ask_others_to_leave(self, key: str, now_ns: UnixNs) -> list[Message]:
        """Take back what others have in the market for a leg that must be closed: while it stands, no exit may be sent."""
        out: list[Message] = []
        for order_id, order in self._book.foreign.of(key):
            if order.since_ns <= now_ns - RESTS_NS:
                out += self.ask_to_leave(order_id, now_ns)
        return out

    def _take_back(self, key: str, now_ns: UnixNs) -> list[Message]:
        return [
            self._book.orders.cancel(order_id, now_ns)
            for order_id, order in self._book.orders.live(key)
            if order.role not in CLOSING and not order.cancel_asked
        ]
