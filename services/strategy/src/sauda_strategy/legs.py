"""Options sold, each protected by stops, until they are bought back: never a naked short, never bought twice.

    entry (sell) --each fill--> stop (buy, SL-M) --exit time--> cancel the stops --confirmed--> exit (buy, MARKET)

The one rule that everything here follows: what the live buy orders of a leg can still buy is never more than
what the leg is short. So an exit is sent only when nothing else of the leg is in the market any more, and the
leg finds its way whatever the order in which the answers come, and into however many pieces they fall.
"""

from typing import Final

from sauda.clock import UnixNs
from sauda.contracts import (
    Fill,
    Instrument,
    InstrumentId,
    Level,
    Message,
    OrderAccepted,
    OrderCancelled,
    OrderModified,
    OrderRejected,
    OrderTriggered,
    RejectReason,
)
from sauda.money import Rounding, to_tick
from sauda_strategy.book import Book, Leg, day_of
from sauda_strategy.closing import Closing
from sauda_strategy.orders import CLOSING, Order, Role, Stop
from sauda_strategy.others import Answer, Others
from sauda_strategy.refusals import ENTRY_PAUSE_NS, words
from sauda_strategy.voice import Voice

ENTRY_TRIES: Final = 3
"""How often an entry is sent when it is refused for want of a fresh price, or rests; by then something is wrong."""


class Legs:
    """What becomes of the legs of one strategy."""

    def __init__(self, book: Book, voice: Voice, stop_loss_percentage: float) -> None:
        self._book = book
        self._voice = voice
        self._percentage = stop_loss_percentage
        self._closing = Closing(book, voice)
        self._others = Others(book, voice, self._closing)
        self.close = self._closing.close
        self.stand_aside = self._closing.stand_aside

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
                text = f"{leg} expired while it was open: the exchange settles it, it is not managed any more"
                out.append(self._voice.alert("EXPIRED_OPEN", text, now_ns))
            self._book.forget(key)
        return out

    def on_tick(self, instrument: InstrumentId, now_ns: UnixNs) -> list[Message]:
        """Try again what was refused, and price anew what rests, now that *instrument* shows a price."""
        out: list[Message] = []
        for key in self._book.all():
            leg = self._book[key]
            if leg.instrument != instrument:
                continue
            out += self._closing.hurry(key, now_ns)
            leg = self._book[key]
            if leg.retry_ns is None or now_ns < leg.retry_ns:
                continue
            self._book.put(key, leg.having(retry_ns=None))
            out += self._closing.tend(key, now_ns) if leg.closing else [self._enter(key, now_ns)]
        return out

    def on_answer(self, answer: Answer, now_ns: UnixNs) -> list[Message]:
        """Take what the exchange says of an order of this strategy."""
        order = self._book.orders.get(answer.order_id)
        if order is None:
            return self._others.on_answer(answer, now_ns)
        if self._book.get(order.leg) is None:
            return []  # Withdrawn when it was refused.
        match answer:
            case OrderAccepted():
                self._book.orders.accepted(answer.order_id, now_ns)
            case OrderTriggered():
                self._book.orders.triggered(answer.order_id, now_ns)
            case OrderModified():
                return self._on_modified(order, answer, now_ns)
            case Fill():
                return self._on_fill(order, answer, now_ns)
            case OrderCancelled():
                return self._on_cancelled(order, answer, now_ns)
            case OrderRejected():
                return self._on_refusal(order, answer, now_ns)
        return []

    def _on_modified(self, order: Order, answer: OrderModified, now_ns: UnixNs) -> list[Message]:
        """Somebody changed our order by hand: as long as it cannot buy too much, that is theirs to decide."""
        self._book.orders.modified(answer.order_id, answer.qty)
        if self._book.orders.buying(order.leg) <= self._book[order.leg].held:
            return []
        return self.close(order.leg, f"{answer.order_id} was changed to more than is short", now_ns)

    def _on_fill(self, order: Order, fill: Fill, now_ns: UnixNs) -> list[Message]:
        self._book.orders.filled(fill.order_id, fill.qty)
        leg = self._book[order.leg]
        sold = fill.qty if order.role is Role.ENTRY else 0
        leg = leg.having(held=leg.held - fill.signed_qty, sold=leg.sold + sold)
        self._book.put(order.leg, leg)
        if order.role is Role.ENTRY and not leg.closing:
            return [self._protect(order.leg, fill, now_ns)]
        return self._closing.tend(order.leg, now_ns)

    def _protect(self, key: str, fill: Fill, now_ns: UnixNs) -> Message:
        leg = self._book[key]
        # Rounded up: a stop below the agreed percentage would be touched too early.
        trigger = to_tick(fill.price * (100 + self._percentage) / 100, leg.tick_size, Rounding.UP)
        stop = Stop(trigger, fill.order_id)
        return self._book.orders.place(key, leg.instrument, Role.STOP, fill.qty, now_ns, stop=stop)

    def _on_cancelled(self, order: Order, answer: OrderCancelled, now_ns: UnixNs) -> list[Message]:
        self._book.orders.cancelled(answer.order_id, answer.unfilled)
        leg = self._book[order.leg]
        if order.role in CLOSING and not order.cancel_asked:
            return self._closing.pause(order.leg, f"the exit was cancelled: {answer.reason}", now_ns)
        if leg.closing:
            return self._closing.tend(order.leg, now_ns)
        if order.role is Role.ENTRY:
            return self._on_entry_left(order, answer, now_ns)
        if not leg.held:
            return []
        text = f"the stop of {leg} was cancelled: {answer.reason}: buying it back, a short is never naked"
        # The exchange may be closing the leg in this very step (MIS, a loss limit): it does so first.
        return [
            self._voice.alert("STOP_LOST", text, now_ns),
            *self.stand_aside(order.leg, "stop lost", now_ns),
        ]

    def _on_entry_left(self, order: Order, answer: OrderCancelled, now_ns: UnixNs) -> list[Message]:
        """An entry left the market and did not sell all: try the rest again if it was us who took it back."""
        leg = self._book[order.leg]
        if order.cancel_asked and leg.held == leg.sold and self._may_try(order.leg):
            return [self._enter(order.leg, now_ns)]
        return self._give_up(order.leg, f"cancelled: {answer.reason}", now_ns)

    def _on_refusal(self, order: Order, answer: OrderRejected, now_ns: UnixNs) -> list[Message]:
        if order.done:
            return []  # The order was over before our wish to take it back arrived.
        if order.accepted:
            # A change that somebody asked for by hand, or our wish to take it back.
            return self._on_cancel_refused(order, answer, now_ns) if order.cancel_asked else []
        self._book.orders.refused(answer.order_id)
        match order.role:
            case Role.ENTRY:
                return self._on_entry_refused(order.leg, answer, now_ns)
            case Role.STOP:
                return self._on_stop_refused(order.leg, words(answer), now_ns)
            case Role.EXIT | Role.SURPLUS:
                return self._closing.pause(order.leg, words(answer), now_ns)

    def _on_stop_refused(self, key: str, why: str, now_ns: UnixNs) -> list[Message]:
        leg = self._book[key]
        if leg.closing:
            return self._closing.tend(key, now_ns)
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
            return self._closing.tend(order.leg, now_ns)
        self._book.orders.cancel_failed(answer.order_id)
        return self._closing.pause(order.leg, words(answer), now_ns) if self._book[order.leg].closing else []

    def _on_entry_refused(self, key: str, answer: OrderRejected, now_ns: UnixNs) -> list[Message]:
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
        text = f"{leg.instrument}: {leg.sold} of {leg.qty} were sold, the rest not: {why}"
        return [self._voice.alert("PARTLY_SOLD", text, now_ns, Level.WARNING)]

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

    def _may_try(self, key: str) -> bool:
        return self._book.orders.count(key, Role.ENTRY) < ENTRY_TRIES

    def _enter(self, key: str, now_ns: UnixNs) -> Message:
        leg = self._book[key]
        return self._book.orders.place(key, leg.instrument, Role.ENTRY, leg.unsold, now_ns)
