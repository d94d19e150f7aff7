"""Opening a leg: an order, and what is tried again when it was refused or rests. Half a position is given up."""

from typing import Final

from sauda.clock import UnixNs
from sauda.contracts import Level, Message, OrderCancelled, OrderRejected
from sauda_strategy.book import Book, Leg, round_of
from sauda_strategy.closing import Closing
from sauda_strategy.orders import Order, Role
from sauda_strategy.refusals import ENTRY_PAUSE_NS, words
from sauda_strategy.voice import Voice

ENTRY_TRIES: Final = 3
"""How often an entry is sent when it is refused for want of a fresh price, or rests; by then something is wrong."""


class Entering:
    """How the legs of one strategy are opened."""

    def __init__(self, book: Book, voice: Voice, closing: Closing) -> None:
        self._book = book
        self._voice = voice
        self._closing = closing

    def enter(self, key: str, now_ns: UnixNs) -> Message:
        """Return the order for what is still to be sold of the leg."""
        leg = self._book[key]
        if leg.staged:
            self._book.put(key, leg.having(staged=False))
        return self._book.orders.place(key, leg.instrument, leg.side, Role.ENTRY, leg.unsold, now_ns=now_ns)

    def on_left(self, order: Order, answer: OrderCancelled, now_ns: UnixNs) -> list[Message]:
        """An entry left the market and did not sell all: try the rest again if it was us who took it back."""
        leg = self._book[order.leg]
        if order.cancel_asked and leg.held == leg.sold and self._may_try(order.leg):
            return [self.enter(order.leg, now_ns)]
        return self._give_up(order.leg, f"cancelled: {answer.reason}", now_ns)

    def on_refused(self, key: str, answer: OrderRejected, now_ns: UnixNs) -> list[Message]:
        """The exchange would not take an entry."""
        leg = self._book[key]
        if leg.closing:
            return self._closing.tend(key, now_ns)
        pause_ns = ENTRY_PAUSE_NS.get(answer.reason)
        if pause_ns is not None and self._may_try(key):
            self._book.put(key, leg.having(retry_ns=now_ns + pause_ns))
            return []
        return self._give_up(key, words(answer), now_ns)

    def _give_up(self, key: str, why: str, now_ns: UnixNs) -> list[Message]:
        leg = self._book[key]
        if not leg.sold:
            return self._not_sold(key, why, now_ns)
        text = f"{leg.instrument}: {leg.sold} of {leg.qty} were {_done(leg)}, the rest not: {why}"
        alert = self._voice.alert("PARTLY_SOLD", text, now_ns, Level.WARNING)
        # What is sold is protected by its own stops; half a wing covers half of what was to be sold.
        return [alert, *(self._close_all(key, f"half a wing: {why}", now_ns) if leg.is_wing else [])]

    def _not_sold(self, key: str, why: str, now_ns: UnixNs) -> list[Message]:
        """Say that a leg was not sold, and close the other: one leg alone is a trade that nobody wanted."""
        leg = self._book[key]
        text = f"{leg.instrument} was not {_done(leg)}: {why}"
        out: list[Message] = [
            self._voice.alert("ENTRY_REFUSED", text, now_ns),
            self._voice.signal(text, now_ns, leg.instrument),
        ]
        if leg.number:
            return out  # It was to be sold anew: the others had gone on without it.
        return [*out, *self._close_all(key, f"the other leg was not {_done(leg)}: {why}", now_ns, but=key)]

    def _close_all(self, key: str, why: str, now_ns: UnixNs, but: str = "") -> list[Message]:
        # What became of an entry may be the work of the exchange, which closes all in one step (MIS, a loss limit): where
        # wings are about, it is asked before anything is traded. A straddle's other leg tells so by its lost stop.
        has_wings = bool(self._book.wings(round_of(key)))
        close = self._closing.stand_aside if has_wings else self._closing.close
        return [
            message
            for other in self._book.of_round(round_of(key))
            if other != but
            for message in close(other, why, now_ns)
        ]

    def _may_try(self, key: str) -> bool:
        return self._book.orders.count(key, Role.ENTRY) < ENTRY_TRIES


def _done(leg: Leg) -> str:
    return "bought" if leg.is_wing else "sold"
