"""Options sold, each protected by stops, until they are bought back: never a naked short, never bought twice.

    entry (sell) --each fill--> stop (buy, SL-M) --exit time--> cancel the stops --confirmed--> exit (buy, MARKET)

The one rule that everything here follows: what the live buy orders of a leg can still buy is never more than
what the leg is short. So an exit is sent only when nothing else of the leg is in the market any more, and the
leg finds its way whatever the order in which the answers come, and into however many pieces they fall.

A wing is a leg the other way round, and has no stop: the sides are turned, the rule is the same.
"""

from sauda.clock import UnixNs
from sauda.contracts import (
    Fill,
    Instrument,
    InstrumentId,
    Message,
    OrderAccepted,
    OrderCancelled,
    OrderModified,
    OrderRejected,
    OrderTriggered,
)
from sauda_strategy.book import Book, Leg
from sauda_strategy.closing import Closing
from sauda_strategy.entering import Entering
from sauda_strategy.option_rules import OptionRules, Wanted
from sauda_strategy.orders import CLOSING, Order, Role
from sauda_strategy.others import Answer, Others
from sauda_strategy.stops import Stops
from sauda_strategy.voice import Voice


class Legs:
    """What becomes of the legs of one strategy."""

    def __init__(self, book: Book, voice: Voice, rules: OptionRules) -> None:
        self._book = book
        self._voice = voice
        self._closing = Closing(book, voice)
        self._others = Others(book, voice, self._closing)
        self._entering = Entering(book, voice, self._closing)
        self._stops = Stops(book, voice, self._closing, rules)
        self.close = self._closing.close
        self.stand_aside = self._closing.stand_aside
        self.tend = self._closing.tend
        self.enter = self._entering.enter
        self.follow = self._stops.follow

    def open(
        self, key: str, wanted: Wanted, instrument: Instrument, qty: int, now_ns: UnixNs, *, staged: bool
    ) -> list[Message]:
        """Open the leg *key* (`20261123-CE`): trade *qty* units of *instrument*, later if it is *staged*."""
        leg = Leg(
            instrument=instrument.instrument,
            expiry=instrument.expiry or "",
            tick_size=instrument.tick_size,
            qty=qty,
            name=wanted.name,
            side=wanted.side,
            staged=staged,
        )
        self._book.put(key, leg)
        return [] if staged else [self.enter(key, now_ns)]

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
            out += self._closing.tend(key, now_ns) if leg.closing else [self.enter(key, now_ns)]
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
                self._stops.touched(order.leg, now_ns)
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
        self._book.orders.modified(answer.order_id, answer.qty, answer.trigger_price)
        if self._book.orders.reducing(order.leg) <= self._book[order.leg].held:
            return []
        leg = self._book[order.leg]
        held = "held" if leg.is_wing else "short"
        return self.close(order.leg, f"{answer.order_id} was changed to more than is {held}", now_ns)

    def _on_fill(self, order: Order, fill: Fill, now_ns: UnixNs) -> list[Message]:
        self._book.orders.filled(fill.order_id, fill.qty)
        leg = self._book.traded(order.leg, fill)
        if order.role is Role.ENTRY:
            premium = leg.premium - fill.signed_qty * fill.price
            self._book.put(order.leg, leg.having(sold=leg.sold + fill.qty, premium=premium))
            if not leg.closing:
                return self._stops.protect(order.leg, fill, now_ns)
        if order.role is Role.STOP:
            self._stops.touched(order.leg, now_ns)
            if not leg.held and not leg.closing:
                return [
                    *self._closing.tend(order.leg, now_ns),
                    *self._stops.on_stopped(order.leg, now_ns),
                ]
        return self._closing.tend(order.leg, now_ns)

    def _on_cancelled(self, order: Order, answer: OrderCancelled, now_ns: UnixNs) -> list[Message]:
        self._book.orders.cancelled(answer.order_id, answer.unfilled)
        leg = self._book[order.leg]
        if order.role in CLOSING and not order.cancel_asked:
            return self._closing.pause(order.leg, f"the exit was cancelled: {answer.reason}", now_ns)
        if leg.closing:
            return self._closing.tend(order.leg, now_ns)
        if order.role is Role.ENTRY:
            return self._entering.on_left(order, answer, now_ns)
        return self._stops.on_lost(order.leg, answer.reason, now_ns) if leg.held else []

    def _on_refusal(self, order: Order, answer: OrderRejected, now_ns: UnixNs) -> list[Message]:
        if order.done:
            return []  # The order was over before our wish to take it back arrived.
        if order.accepted:
            # A change that somebody asked for, or our wish to take it back.
            if order.cancel_asked:
                return self._closing.on_cancel_refused(order, answer, now_ns)
            return self._stops.on_not_moved(order, answer, now_ns) if order.moving else []
        self._book.orders.refused(answer.order_id)
        match order.role:
            case Role.ENTRY:
                return self._entering.on_refused(order.leg, answer, now_ns)
            case Role.STOP:
                return self._stops.on_refused(order.leg, answer, now_ns)
            case Role.EXIT | Role.SURPLUS:
                return self._closing.on_refused(order.leg, answer, now_ns)
