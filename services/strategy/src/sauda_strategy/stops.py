"""The stops of legs that were sold: one for each fill, kept by the exchange, which lets them trail; moved to cost by us.

A wing needs none, and where the rules name no `stop_loss_percentage` the wings alone bound the loss.
"""

from decimal import Decimal

from sauda.clock import UnixNs
from sauda.contracts import Fill, Level, Message, OrderRejected
from sauda.money import Paise, Rounding, to_paise, to_rupees, to_tick
from sauda_strategy.book import Book, round_of
from sauda_strategy.closing import Closing
from sauda_strategy.option_rules import OptionRules
from sauda_strategy.orders import Order, Role, Stop
from sauda_strategy.refusals import words
from sauda_strategy.voice import Voice


class Stops:
    """Protects the legs of one strategy."""

    def __init__(self, book: Book, voice: Voice, closing: Closing, rules: OptionRules) -> None:
        self._book = book
        self._voice = voice
        self._closing = closing
        self._rules = rules

    def follow(self, rules: OptionRules) -> None:
        """Make stops by these *rules* from now on; those that stand stay."""
        self._rules = rules

    def protect(self, key: str, fill: Fill, now_ns: UnixNs) -> list[Message]:
        """Return the stop for what an entry has just sold."""
        leg, percentage = self._book[key], self._rules.stop_loss_percentage
        if leg.is_wing or percentage is None:
            return []
        # Rounded up: a stop below the agreed percentage would be touched too early.
        trigger = to_tick(fill.price * (100 + percentage) / 100, leg.tick_size, Rounding.UP)
        points, bps = self._trail(fill.price)
        stop = Stop(trigger, fill.order_id, fill.price, points, bps)
        return [
            self._book.orders.place(
                key, leg.instrument, leg.side, Role.STOP, fill.qty, now_ns=now_ns, stop=stop
            )
        ]

    def _trail(self, price: Paise) -> tuple[Paise | None, int | None]:
        """Return how far behind the price a stop follows; a distance beyond the price itself is none."""
        points, percentage = self._rules.trail_points, self._rules.trail_percentage
        if percentage is not None:
            return None, int(Decimal(str(percentage)) * 100)
        if points is None or to_paise(points) >= price:
            return None, None
        return to_paise(points), None

    def touched(self, key: str, now_ns: UnixNs) -> None:
        """Remember when the first stop of a leg was touched."""
        leg = self._book[key]
        if leg.stopped_ns is None:
            self._book.put(key, leg.having(stopped_ns=now_ns))

    def on_stopped(self, key: str, now_ns: UnixNs) -> list[Message]:
        """A leg is flat by its stop: move those of the others to their cost, where the rules say so."""
        if not self._rules.move_stop_to_cost:
            return []
        return [
            self._book.orders.to_cost(order_id, now_ns)
            for other in self._book.of_round(round_of(key))
            if other != key and not self._book[other].closing
            for order_id, order in self._book.orders.live(other)
            if _may_move(order)
        ]

    def on_not_moved(self, order: Order, answer: OrderRejected, now_ns: UnixNs) -> list[Message]:
        """The exchange would not move a stop to its cost: it stands where it was."""
        self._book.orders.not_moved(answer.order_id)
        at = "" if order.trigger is None else f" at {to_rupees(order.trigger)}"
        text = f"{answer.order_id} was not moved to its cost, it stays{at}: {words(answer)}"
        return [self._voice.alert("STOP_NOT_MOVED", text, now_ns, Level.WARNING)]

    def on_lost(self, key: str, reason: str, now_ns: UnixNs) -> list[Message]:
        """Somebody cancelled the stop of a leg that is short."""
        text = (
            f"the stop of {self._book[key]} was cancelled: {reason}: buying it back, a short is never naked"
        )
        # The exchange may be closing the leg in this very step (MIS, a loss limit): it does so first.
        return [
            self._voice.alert("STOP_LOST", text, now_ns),
            *self._closing.stand_aside(key, "stop lost", now_ns),
        ]

    def on_refused(self, key: str, answer: OrderRejected, now_ns: UnixNs) -> list[Message]:
        """The exchange would not take a stop."""
        leg, why = self._book[key], words(answer)
        if leg.closing:
            return self._closing.tend(key, now_ns)
        text = f"the stop of {leg} was refused: {why}: buying it back, a short is never naked"
        return [
            self._voice.alert("STOP_REFUSED", text, now_ns),
            *self._closing.close(key, f"stop refused: {why}", now_ns),
        ]


def _may_move(order: Order) -> bool:
    if order.role is not Role.STOP or order.since_ns is not None or order.cancel_asked:
        return False
    # One that has trailed below its cost is better where it is.
    return order.cost is not None and order.trigger is not None and order.cost < order.trigger
