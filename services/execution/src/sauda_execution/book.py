"""What stands in the market, what every order was answered, and what each strategy holds."""

from collections import Counter
from collections.abc import MutableMapping
from enum import Enum
from typing import Any, TypeAlias

import msgspec

from sauda.clock import UnixNs
from sauda.contracts import (
    Fill,
    InstrumentId,
    ModifyOrder,
    OrderAccepted,
    OrderKind,
    OrderRejected,
    PlaceOrder,
    Product,
)
from sauda.money import Units
from sauda.state import State

Answer: TypeAlias = OrderAccepted | OrderRejected
FOREVER_NS: UnixNs = 2**63
"""Later than any instant of the market."""
STOPS = frozenset({OrderKind.SL, OrderKind.SL_M})
"""Orders that wait for a trigger."""


class Stage(Enum):
    """How far an order has come."""

    TRAVELLING = "travelling"
    """On its way to the market: it has been accepted and meets nothing before it arrives."""
    WAITING = "waiting"
    """A stop that waits for its trigger."""
    ARRIVING = "arriving"
    """It takes what the next fresh quote offers: it has met none yet, or was larger than what it met."""
    RESTING = "resting"
    """A limit order that waits for somebody to come to its price."""


class Working(msgspec.Struct, frozen=True, omit_defaults=True):
    """An order in the market."""

    order: PlaceOrder
    """With the terms as they now stand."""
    stage: Stage
    expires_ns: UnixNs
    """The session's close: every order is for the day."""
    arrives_ns: UnixNs = 0
    """When it came, or comes, to the market; of two orders the one that came first is served first."""
    filled: Units = 0
    """What of it has traded."""
    fills: int = 0
    """In how many trades."""
    slices: int = 1
    """Orders at the exchange that it was cut into."""

    @property
    def open_qty(self) -> Units:
        """Return what is left to trade."""
        return self.order.qty - self.filled


class Answered(msgspec.Struct, frozen=True):
    """The first answer to an order id, kept to be given again word for word."""

    first: Answer


class Held(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a strategy holds of an instrument."""

    strategy: str
    instrument: InstrumentId
    qty: Units
    """Signed: a short is negative; never zero."""
    product: Product = Product.NRML
    """Positions of different products stand side by side, as at a broker: the one does not close the other."""


class Book:
    """The account's orders, answers and holdings."""

    def __init__(self, state: State) -> None:
        self._working = state.table("working", Working)
        self._answers = state.table("answers", Answered)
        self._held = state.table("held", Held)
        self._ahead = state.table("ahead", int)
        """Order that rests -> units that stand before it at its price; no row: nobody knows."""
        self.by_instrument: dict[InstrumentId, list[str]] = {}
        """Instrument -> ids of its working orders as they came: derived, so that a tick finds them at once."""
        self.bounds: MutableMapping[InstrumentId, Any] = {}
        """Instrument -> what `Attention` has found that its orders wait for; out of date as soon as one of them changes."""
        self._expiries: Counter[UnixNs] = Counter()
        """Close of a session -> how many orders end with it: derived, so that one that leaves costs no walk over the others."""
        self._travelling: dict[str, UnixNs] = {}
        """Order that travels -> when it arrives: derived."""
        self.first_expiry_ns: UnixNs = FOREVER_NS
        self.first_arrival_ns: UnixNs = FOREVER_NS

    def answer(self, order_id: str) -> Answer | None:
        """Return what was first said to *order_id*, or None if it is new."""
        answered = self._answers.get(order_id)
        return None if answered is None else answered.first

    def remember(self, answer: Answer) -> None:
        """Keep the first answer to an order."""
        self._answers.put(answer.order_id, Answered(answer))

    def forget_answers_before(self, instant_ns: UnixNs) -> None:
        """Drop answers given before *instant_ns*."""
        for order_id in self._answers:
            if self._answers[order_id].first.event_ns < instant_ns:
                self._answers.drop(order_id)

    def working(self, order_id: str) -> Working | None:
        """Return the order if it is in the market."""
        return self._working.get(order_id)

    def all_working(self) -> list[Working]:
        """Return every order in the market, by id."""
        return list(self._working.values())

    def arrived(self, now_ns: UnixNs) -> list[Working]:
        """Return the orders that have come to the market by *now_ns* and have not been let in yet, first come first."""
        if now_ns < self.first_arrival_ns:
            return []
        come = [self._working[name] for name, at_ns in self._travelling.items() if at_ns <= now_ns]
        return sorted(come, key=lambda w: (w.arrives_ns, w.order.order_id))

    def put(self, working: Working) -> None:
        """Place an order in the market, or bring what stands there up to date."""
        order = working.order
        before = self._working.get(order.order_id)
        self._working.put(order.order_id, working)
        self.bounds.pop(order.instrument, None)
        if before is None:
            self._index(working)
        elif before.arrives_ns != working.arrives_ns:
            self._sort(order.instrument)
        self._note(order.order_id, before, working)

    def take_out(self, order: PlaceOrder) -> None:
        """Take an order out of the market."""
        before = self._working[order.order_id]
        self._working.drop(order.order_id)
        self._ahead.drop(order.order_id)
        self.bounds.pop(order.instrument, None)
        ids = self.by_instrument[order.instrument]
        ids.remove(order.order_id)
        if not ids:
            del self.by_instrument[order.instrument]
        self._note(order.order_id, before, None)

    def ahead(self, order_id: str) -> Units | None:
        """Return what stands before a resting order at its price; None: nobody knows."""
        return self._ahead.get(order_id)

    def put_ahead(self, order_id: str, ahead: Units | None) -> None:
        """Set what stands before a resting order; nothing is written if it is so already."""
        if ahead == self._ahead.get(order_id):
            return
        self.bounds.pop(self._working[order_id].order.instrument, None)
        if ahead is None:
            self._ahead.drop(order_id)
        else:
            self._ahead.put(order_id, ahead)

    def lose_places(self) -> None:
        """Let nobody know any more what stands before whom: the market went on unseen."""
        for order_id in self._ahead:
            self._ahead.drop(order_id)
        self.bounds.clear()

    def apply(self, fill: Fill) -> None:
        """Bring the strategy's holding up to date."""
        key = _held_key(fill.strategy, fill.instrument, fill.product)
        qty = self.held_qty(fill.strategy, fill.instrument, fill.product) + fill.signed_qty
        if qty:
            self._held.put(key, Held(fill.strategy, fill.instrument, qty, fill.product))
        else:
            self._held.drop(key)

    def held_qty(self, strategy: str, instrument: InstrumentId, product: Product = Product.NRML) -> Units:
        """Return what *strategy* holds of *instrument* as *product*, negative for a short."""
        held = self._held.get(_held_key(strategy, instrument, product))
        return 0 if held is None else held.qty

    def holdings(self) -> list[Held]:
        """Return everything held, by strategy and instrument."""
        return list(self._held.values())

    def is_exit(self, order: PlaceOrder, filled: Units = 0) -> bool:
        """Does what is left of *order*, by itself, only reduce what its strategy holds?

        Other working exits are not counted: a stop and the exit that replaces it may stand side by side,
        and it is for the strategy to cancel the one when the other has filled.
        """
        held = self.held_qty(order.strategy, order.instrument, order.product)
        return held * order.side.sign < 0 and order.qty - filled <= abs(held)

    def only_shrinks(self, order: PlaceOrder) -> bool:
        """Do these new terms of a working order ask for less of the same, at the same prices?"""
        stands = self._working.get(order.order_id)
        if stands is None or order.qty >= stands.order.qty:
            return False
        prices = (stands.order.limit_price, stands.order.trigger_price)
        return prices == (order.limit_price, order.trigger_price)

    def restored(self) -> None:
        """Build the index of the working orders."""
        self.by_instrument = {}
        self.bounds.clear()
        for working in self._working.values():
            self.by_instrument.setdefault(working.order.instrument, []).append(working.order.order_id)
        for instrument in self.by_instrument:
            self._sort(instrument)
        self._expiries.clear()
        self._travelling.clear()
        self.first_expiry_ns = self.first_arrival_ns = FOREVER_NS
        for working in self._working.values():
            self._note(working.order.order_id, None, working)

    def _index(self, working: Working) -> None:
        ids = self.by_instrument.setdefault(working.order.instrument, [])
        ids.append(working.order.order_id)
        if len(ids) > 1:
            self._sort(working.order.instrument)

    def _sort(self, instrument: InstrumentId) -> None:
        self.by_instrument[instrument].sort(key=lambda name: (self._working[name].arrives_ns, name))

    def _note(self, order_id: str, before: Working | None, now: Working | None) -> None:
        """Find again when the first order ends, and when the first arrives."""
        if before is None or now is None or before.expires_ns != now.expires_ns:
            self._note_expiry(before, now)
        if now is not None and now.stage is Stage.TRAVELLING:
            self._travelling[order_id] = now.arrives_ns
        elif self._travelling.pop(order_id, None) is None:
            return
        self.first_arrival_ns = min(self._travelling.values(), default=FOREVER_NS)

    def _note_expiry(self, before: Working | None, now: Working | None) -> None:
        expiries = self._expiries
        if now is not None:
            expiries[now.expires_ns] += 1
        if before is not None:
            expiries[before.expires_ns] -= 1
            if not expiries[before.expires_ns]:
                del expiries[before.expires_ns]
        self.first_expiry_ns = min(expiries, default=FOREVER_NS)


def changed_order(order: PlaceOrder, change: ModifyOrder) -> PlaceOrder:
    """Return *order* with the terms that *change* names, decided when it was."""
    return msgspec.structs.replace(
        order,
        qty=order.qty if change.qty is None else change.qty,
        limit_price=order.limit_price if change.limit_price is None else change.limit_price,
        trigger_price=order.trigger_price if change.trigger_price is None else change.trigger_price,
        event_ns=change.event_ns,
    )


def _held_key(strategy: str, instrument: InstrumentId, product: Product) -> str:
    return (
        f"{strategy}|{instrument}" if product is Product.NRML else f"{strategy}|{instrument}|{product.value}"
    )
