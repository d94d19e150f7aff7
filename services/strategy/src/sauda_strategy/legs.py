"""Options sold, each protected by a stop, until they are bought back: never a naked short, never bought twice.

    entry (sell) --fill--> stop (buy, SL-M) --exit time--> cancel the stop --confirmed--> exit (buy, MARKET)

The one rule that everything here follows: what the live buy orders of a leg can still buy is never more than
what the leg is short. So an exit is sent only when nothing else of the leg is in the market any more, and the
leg finds its way whatever the order in which the answers come.
"""

from typing import Final

from sauda.clock import NS_PER_S, UnixNs
from sauda.contracts import (
    CancelOrder,
    Fill,
    Instrument,
    InstrumentId,
    Message,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    RejectReason,
    Side,
)
from sauda.money import Rounding, to_tick
from sauda_strategy.book import Book, Leg, day_of
from sauda_strategy.orders import Order, Role, Stop
from sauda_strategy.voice import Voice

ENTRY_TRIES: Final = 3
"""How often an entry is sent when it is refused for want of a fresh price; by then something is wrong."""
WORTH_ANOTHER_TRY: Final = frozenset(
    {RejectReason.NO_QUOTE, RejectReason.STALE_QUOTE, RejectReason.STALE_ORDER}
)
"""Refusals that the next tick may cure; all others would only be repeated."""
LONGEST_PAUSE_S: Final = 60
"""An exit is tried for as long as it takes, but no more than once a minute when it keeps being refused."""
CRY_EVERY: Final = 10
"""An exit that keeps being refused is cried out at the first refusal and at every tenth."""


class Legs:
    """What becomes of the legs of one strategy."""

    def __init__(self, book: Book, voice: Voice, stop_loss_percentage: float) -> None:
        self._book = book
        self._voice = voice
        self._percentage = stop_loss_percentage

    def sell(self, key: str, instrument: Instrument, qty: int, now_ns: UnixNs) -> list[Message]:
        """Open the leg *key* (`20261123-CE`): sell *qty* units of *instrument*."""
        self._book.put(
            key,
            Leg(
                instrument=instrument.instrument,
                expiry=instrument.expiry or "",
                tick_size=instrument.tick_size,
                qty=qty,
            ),
        )
        return [self._enter(key, now_ns)]

    def close(self, key: str, why: str, now_ns: UnixNs) -> list[Message]:
        """Buy back whatever the leg is short, taking its working orders back first; nothing if it is not open."""
        leg = self._book.get(key)
        if leg is None or leg.closing or not self._book.is_open(key):
            return []
        self._book.put(key, leg.having(closing=why, retry_ns=None))
        signal = self._voice.signal(why, now_ns, leg.instrument, Side.BUY)
        return [*([signal] if leg.held else []), *self._tend(key, now_ns)]

    def stand_aside(self, key: str, why: str, now_ns: UnixNs) -> list[Message]:
        """Let the exchange square the leg off, which it does by itself, and look after what it may have missed.

        What we sent before we knew may reach the exchange after it has squared off: an entry would stay open,
        a stop would open a long. So our orders are taken back, and the exchange is asked about an order that
        does not exist. Its answer comes after all that the square-off did: what is short then is ours to close.
        """
        leg = self._book.get(key)
        if leg is None or leg.question or not self._book.is_open(key):
            return []
        question = f"{self._voice.strategy}-{key}-question"
        self._book.put(key, leg.having(closing=leg.closing or why, retry_ns=None, question=question))
        signal = self._voice.signal(why, now_ns, leg.instrument, Side.BUY)
        asked = CancelOrder(order_id=question, strategy=self._voice.strategy, event_ns=now_ns)
        return [*([signal] if leg.held else []), *self._take_back(key, now_ns), asked]

    def new_day(self, day: str, now_ns: UnixNs) -> list[Message]:
        """Put what earlier days left behind in order: forget the closed and the expired, close the rest."""
        out: list[Message] = []
        for key in self._book.all():
            leg = self._book[key]
            if self._book.is_open(key) and leg.expiry >= day:
                out += [
                    self._voice.alert(
                        "LEFT_OPEN", f"{leg} was left open on an earlier day: closing it", now_ns
                    )
                ]
                out += self.close(key, "left open on an earlier day", now_ns)
                continue
            if leg.held:
                text = f"{leg} expired while it was open: it is not managed any more, settle it by hand"
                out.append(self._voice.alert("EXPIRED_OPEN", text, now_ns))
            self._book.forget(key)
        return out

    def on_tick(self, instrument: InstrumentId, now_ns: UnixNs) -> list[Message]:
        """Try again what was refused for want of a fresh price of *instrument*."""
        out: list[Message] = []
        for key in self._book.all():
            leg = self._book[key]
            if leg.instrument != instrument or leg.retry_ns is None or now_ns < leg.retry_ns:
                continue
            self._book.put(key, leg.having(retry_ns=None))
            out += self._tend(key, now_ns) if leg.closing else [self._enter(key, now_ns)]
        return out

    def on_answer(
        self, answer: OrderAccepted | OrderRejected | OrderCancelled | Fill, now_ns: UnixNs
    ) -> list[Message]:
        """Take what the exchange says of one of our orders; anybody else's is ignored."""
        order = self._book.orders.get(answer.order_id)
        if order is None:
            return self._on_foreign(answer, now_ns)
        if self._book.get(order.leg) is None:
            return []  # Withdrawn when it was refused.
        match answer:
            case OrderAccepted():
                self._book.orders.accepted(answer.order_id)
                return []
            case Fill():
                return self._on_fill(order, answer, now_ns)
            case OrderCancelled():
                return self._on_cancelled(order, answer, now_ns)
            case OrderRejected():
                return self._on_refusal(order, answer, now_ns)

    def _on_foreign(
        self, answer: OrderAccepted | OrderRejected | OrderCancelled | Fill, now_ns: UnixNs
    ) -> list[Message]:
        """Follow what others do in our name: the exchange's square-off, a trader by hand."""
        key: str | None = None
        match answer:
            case OrderRejected():
                key = self._book.leg_asking(answer.order_id)
                if key is not None:
                    self._book.put(key, self._book[key].having(question=""))
            case OrderCancelled():
                key = self._book.foreign_ended(answer.order_id)
            case OrderAccepted():
                key = self._book.open_leg_of(answer.instrument)
                if key is not None:
                    self._book.foreign_began(answer.order_id, key)
                return []
            case Fill():
                key = self._book.foreign_ended(answer.order_id) or self._book.open_leg_of(answer.instrument)
                if key is not None:
                    return self._on_foreign_fill(key, answer, now_ns)
        return [] if key is None else self._tend(key, now_ns)

    def _on_foreign_fill(self, key: str, fill: Fill, now_ns: UnixNs) -> list[Message]:
        leg = self._book[key]
        self._book.put(key, leg.having(held=leg.held - fill.signed_qty))
        # A leg in which somebody else trades is not the leg that its stop was made for.
        return (
            self._tend(key, now_ns) if leg.closing else self.close(key, f"traded by {fill.order_id}", now_ns)
        )

    def _on_fill(self, order: Order, fill: Fill, now_ns: UnixNs) -> list[Message]:
        self._book.orders.filled(fill.order_id, fill.qty)
        leg = self._book[order.leg]
        leg = leg.having(held=leg.held - fill.signed_qty)
        self._book.put(order.leg, leg)
        if order.role is Role.ENTRY and not leg.closing:
            return [self._protect(order.leg, fill, now_ns)]
        return self._tend(order.leg, now_ns)

    def _protect(self, key: str, fill: Fill, now_ns: UnixNs) -> Message:
        leg = self._book[key]
        # Rounded up: a stop below the agreed percentage would be touched too early.
        trigger = to_tick(fill.price * (100 + self._percentage) / 100, leg.tick_size, Rounding.UP)
        stop = Stop(trigger, fill.order_id)
        return self._book.orders.place(key, leg.instrument, Role.STOP, fill.qty, now_ns, stop=stop)

    def _on_cancelled(self, order: Order, answer: OrderCancelled, now_ns: UnixNs) -> list[Message]:
        self._book.orders.cancelled(answer.order_id, answer.unfilled)
        leg = self._book[order.leg]
        if order.role is Role.EXIT:
            return self._pause(order.leg, f"the exit was cancelled: {answer.reason}", now_ns)
        if leg.closing:
            return self._tend(order.leg, now_ns)
        if order.role is Role.ENTRY:
            return [] if leg.held else self._not_sold(order.leg, f"cancelled: {answer.reason}", now_ns)
        text = f"the stop of {leg} was cancelled: {answer.reason}: buying it back, a short is never naked"
        return [self._voice.alert("STOP_LOST", text, now_ns), *self.close(order.leg, "stop lost", now_ns)]

    def _on_refusal(self, order: Order, answer: OrderRejected, now_ns: UnixNs) -> list[Message]:
        if order.done:
            return []  # The order was over before our wish to take it back arrived.
        if order.cancel_asked and order.accepted:
            return self._on_cancel_refused(order, answer, now_ns)
        self._book.orders.refused(answer.order_id)
        match order.role:
            case Role.ENTRY:
                return self._on_entry_refused(order.leg, answer, now_ns)
            case Role.STOP:
                return self._on_stop_refused(order.leg, _words(answer), now_ns)
            case Role.EXIT:
                return self._pause(order.leg, _words(answer), now_ns)

    def _on_stop_refused(self, key: str, why: str, now_ns: UnixNs) -> list[Message]:
        leg = self._book[key]
        if leg.closing:
            return self._tend(key, now_ns)
        text = f"the stop of {leg} was refused: {why}: buying it back, a short is never naked"
        return [
            self._voice.alert("STOP_REFUSED", text, now_ns),
            *self.close(key, f"stop refused: {why}", now_ns),
        ]

    def _on_cancel_refused(self, order: Order, answer: OrderRejected, now_ns: UnixNs) -> list[Message]:
        if answer.reason is RejectReason.ORDER_DONE:
            # It filled or was cancelled meanwhile; that message tells the rest, so wait for it.
            return []
        if answer.reason is RejectReason.UNKNOWN_ORDER:
            self._book.orders.refused(answer.order_id)
            return self._tend(order.leg, now_ns)
        self._book.orders.cancel_failed(answer.order_id)
        return self._pause(order.leg, _words(answer), now_ns)

    def _on_entry_refused(self, key: str, answer: OrderRejected, now_ns: UnixNs) -> list[Message]:
        leg = self._book[key]
        if leg.closing:
            return self._tend(key, now_ns)
        if answer.reason in WORTH_ANOTHER_TRY and self._book.orders.count(key, Role.ENTRY) < ENTRY_TRIES:
            self._book.put(key, leg.having(retry_ns=now_ns))
            return []
        return self._not_sold(key, _words(answer), now_ns)

    def _not_sold(self, key: str, why: str, now_ns: UnixNs) -> list[Message]:
        """Say that a leg was not sold, and close the other: one leg alone is a trade that nobody wanted."""
        instrument = self._book[key].instrument
        text = f"{instrument} was not sold: {why}"
        out: list[Message] = [
            self._voice.alert("ENTRY_REFUSED", text, now_ns),
            self._voice.signal(text, now_ns, instrument),
        ]
        for other in self._book.all():
            if other != key and day_of(other) == day_of(key):
                out += self.close(other, f"the other leg was not sold: {why}", now_ns)
        return out

    def _pause(self, key: str, why: str, now_ns: UnixNs) -> list[Message]:
        """Let the next tick of the contract try again, later and later, and say so now and then."""
        leg = self._book[key]
        pause_s = 0 if leg.refusals == 0 else min(LONGEST_PAUSE_S, 2 ** (leg.refusals - 1))
        self._book.put(key, leg.having(refusals=leg.refusals + 1, retry_ns=now_ns + pause_s * NS_PER_S))
        if leg.refusals % CRY_EVERY:
            return []
        text = f"{leg} could not be bought back: {why}: trying again at its next tick"
        return [self._voice.alert("EXIT_REFUSED", text, now_ns)]

    def _tend(self, key: str, now_ns: UnixNs) -> list[Message]:
        """Do what a closing leg needs next; nothing for the others."""
        leg = self._book[key]
        if not leg.closing or leg.question or (leg.retry_ns is not None and now_ns <= leg.retry_ns):
            return []
        if self._book.orders.live(key) or self._book.has_foreign(key):
            return self._take_back(key, now_ns)
        if leg.held <= 0:
            return []
        return [self._book.orders.place(key, leg.instrument, Role.EXIT, leg.held, now_ns)]

    def _take_back(self, key: str, now_ns: UnixNs) -> list[Message]:
        return [
            self._book.orders.cancel(order_id, now_ns)
            for order_id, order in self._book.orders.live(key)
            if order.role is not Role.EXIT and not order.cancel_asked
        ]

    def _enter(self, key: str, now_ns: UnixNs) -> Message:
        leg = self._book[key]
        return self._book.orders.place(key, leg.instrument, Role.ENTRY, leg.qty, now_ns)


def _words(answer: OrderRejected) -> str:
    return f"{answer.reason.value}: {answer.detail}" if answer.detail else answer.reason.value
