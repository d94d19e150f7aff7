"""What stands in the market, what every order was answered, and what each strategy holds."""

from enum import Enum
from typing import TypeAlias

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
    Side,
    SquareOff,
)
from sauda.money import Units
from sauda.state import State

Answer: TypeAlias = OrderAccepted | OrderRejected
FOREVER_NS: UnixNs = 2**63
"""Later than any instant of the market."""


class Stage(Enum):
    """How far an order has come."""

    WAITING = "waiting"
    """A stop that waits for its trigger."""
    ARRIVING = "arriving"
    """It has not met a fresh quote yet: a market order trades with the first one, a limit may rest then."""
    RESTING = "resting"
    """A limit order that waits for somebody to come to its price."""


class Working(msgspec.Struct, frozen=True):
    """An order in the market."""

    order: PlaceOrder
    """With the terms as they now stand."""
    stage: Stage
    expires_ns: UnixNs
    """The session's close: every order is for the day."""


class Answered(msgspec.Struct, frozen=True):
    """The first answer to an order id, kept to be given again word for word."""

    first: Answer


class Held(msgspec.Struct, frozen=True):
    """What a strategy holds of an instrument."""

    strategy: str
    instrument: InstrumentId
    qty: Units
    """Signed: a short is negative; never zero."""


class Book:
    """The account's orders, answers and holdings."""

    def __init__(self, state: State) -> None:
        self._working = state.table("working", Working)
        self._answers = state.table("answers", Answered)
        self._held = state.table("held", Held)
        self.by_instrument: dict[InstrumentId, list[str]] = {}
        """Instrument -> ids of its working orders, sorted: derived, so that a tick finds them at once."""
        self.first_expiry_ns: UnixNs = FOREVER_NS

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

    def put(self, working: Working) -> None:
        """Place an order in the market, or bring what stands there up to date."""
        is_new = working.order.order_id not in self._working
        self._working.put(working.order.order_id, working)
        if is_new:
            self._index(working)

    def take_out(self, order: PlaceOrder) -> None:
        """Take an order out of the market."""
        self._working.drop(order.order_id)
        ids = self.by_instrument[order.instrument]
        ids.remove(order.order_id)
        if not ids:
            del self.by_instrument[order.instrument]
        self.first_expiry_ns = min((w.expires_ns for w in self._working.values()), default=FOREVER_NS)

    def apply(self, fill: Fill) -> None:
        """Bring the strategy's holding up to date."""
        key = _held_key(fill.strategy, fill.instrument)
        qty = self.held_qty(fill.strategy, fill.instrument) + fill.signed_qty
        if qty:
            self._held.put(key, Held(fill.strategy, fill.instrument, qty))
        else:
            self._held.drop(key)

    def held_qty(self, strategy: str, instrument: InstrumentId) -> Units:
        """Return what *strategy* holds of *instrument*, negative for a short."""
        held = self._held.get(_held_key(strategy, instrument))
        return 0 if held is None else held.qty

    def holdings(self) -> list[Held]:
        """Return everything held, by strategy and instrument."""
        return list(self._held.values())

    def is_exit(self, order: PlaceOrder) -> bool:
        """Does *order*, by itself, only reduce what its strategy holds?

        Other working exits are not counted: a stop and the exit that replaces it may stand side by side,
        and it is for the strategy to cancel the one when the other has filled.
        """
        held = self.held_qty(order.strategy, order.instrument)
        return held * order.side.sign < 0 and order.qty <= abs(held)

    def restored(self) -> None:
        """Build the index of the working orders."""
        self.by_instrument = {}
        self.first_expiry_ns = FOREVER_NS
        for working in self._working.values():
            self._index(working)

    def _index(self, working: Working) -> None:
        ids = self.by_instrument.setdefault(working.order.instrument, [])
        ids.append(working.order.order_id)
        ids.sort()
        self.first_expiry_ns = min(self.first_expiry_ns, working.expires_ns)


def changed_order(order: PlaceOrder, change: ModifyOrder) -> PlaceOrder:
    """Return *order* with the terms that *change* names, decided when it was."""
    return msgspec.structs.replace(
        order,
        qty=order.qty if change.qty is None else change.qty,
        limit_price=order.limit_price if change.limit_price is None else change.limit_price,
        trigger_price=order.trigger_price if change.trigger_price is None else change.trigger_price,
        event_ns=change.event_ns,
    )


def closing_order(held: Held, request: SquareOff, now_ns: UnixNs) -> PlaceOrder:
    """Return the market order that leaves *held* because of *request*."""
    return PlaceOrder(
        order_id=f"squareoff-{held.strategy}-{held.instrument}-{request.event_ns}",
        strategy=held.strategy,
        instrument=held.instrument,
        side=Side.SELL if held.qty > 0 else Side.BUY,
        qty=abs(held.qty),
        kind=OrderKind.MARKET,
        event_ns=now_ns,
    )


def _held_key(strategy: str, instrument: InstrumentId) -> str:
    return f"{strategy}|{instrument}"
