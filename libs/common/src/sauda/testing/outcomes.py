"""What became of every order, added up from what was asked and what the exchange said: each must end once, and add up.

Orders are those that were sent, alone or in a basket, and those that the exchange made itself (it tells their terms when
it accepts them). A settlement is a fill without an order, and complete.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sauda.contracts import (
    Against,
    Fill,
    Message,
    OrderAccepted,
    OrderCancelled,
    OrderModified,
    OrderRejected,
    PlaceBasket,
    PlaceOrder,
)
from sauda.money import Units


@dataclass(slots=True)
class Outcome:
    """One order, and what was said of it."""

    order: PlaceOrder
    qty: Units
    """As it was last changed."""
    is_accepted: bool = False
    is_refused: bool = False
    filled: Units = 0
    fills: int = 0
    cancels: int = 0
    unfilled: Units = 0
    """What its cancellation said was left."""

    @property
    def status(self) -> str:
        """Return how it stands, in the words of the database."""
        if self.filled >= self.qty:
            return "FILLED"
        if self.cancels:
            return "CANCELLED"
        if self.is_refused:
            return "REJECTED"
        if self.filled:
            return "PARTLY_FILLED"
        return "ACCEPTED" if self.is_accepted else "PLACED"

    def flaws(self) -> Iterator[str]:
        """Yield what does not add up, where all has been said that there is to say."""
        name = f"order {self.order.order_id}"
        if self.is_refused and (self.fills or self.cancels or self.is_accepted):
            yield f"{name} was refused and yet accepted, filled or cancelled"
        if (self.fills or self.cancels) and not self.is_accepted:
            yield f"{name} was filled or cancelled, and never accepted"
        if self.filled > self.qty:
            yield f"{name} asked for {self.qty} and was filled {self.filled}"
        if self.cancels and self.unfilled != self.qty - self.filled:
            yield f"{name} was cancelled with {self.unfilled} left, and {self.filled} of {self.qty} were filled"
        ends = self.is_refused + self.cancels + (self.filled >= self.qty)
        if ends != 1:
            yield f"{name} has {ends} outcomes"


def sent(orders: Iterable[Message]) -> list[PlaceOrder]:
    """Return the orders that were sent, a basket's legs among them, as often as they were."""
    found: list[PlaceOrder] = []
    for message in orders:
        match message:
            case PlaceOrder():
                found.append(message)
            case PlaceBasket():
                found += message.legs
            case _:
                pass
    return found


def outcomes(orders: Iterable[Message], executions: Iterable[Message]) -> dict[str, Outcome]:
    """Return what became of every order, by its id; an id that was sent twice is the first order."""
    found: dict[str, Outcome] = {}
    for order in sent(orders):
        found.setdefault(order.order_id, Outcome(order, order.qty))
    for message in executions:
        if isinstance(message, OrderAccepted) and message.terms is not None:
            terms = message.terms
            one = found.setdefault(terms.order_id, Outcome(terms, terms.qty))
            if not one.is_accepted:
                one.order, one.qty = terms, terms.qty
        order_id = getattr(message, "order_id", None)
        if order_id in found:
            _add(found[order_id], message)
    return found


def strays(orders: Iterable[Message], executions: Iterable[Message]) -> Iterator[str]:
    """Yield fills and cancellations that belong to no order, or to one that asked for something else."""
    said = list(executions)
    asked = {order_id: one.order for order_id, one in outcomes(orders, said).items()}
    for message in said:
        if isinstance(message, OrderCancelled) and message.order_id not in asked:
            yield f"{message.order_id} was cancelled, and nobody placed it"
        if not isinstance(message, Fill) or message.against is Against.SETTLEMENT:
            continue
        order = asked.get(message.order_id)
        got = (message.strategy, message.instrument, message.side.value)
        if order is None:
            yield f"fill {message.fill_id} is of no order"
        elif got != (order.strategy, order.instrument, order.side.value):
            yield f"fill {message.fill_id} is {got}, its order asked for {order}"


def _add(one: Outcome, message: Message) -> None:
    match message:
        case OrderAccepted():
            one.is_accepted = True
        case OrderModified():
            one.qty = message.qty
        case OrderRejected():
            # After the order was accepted, it is a change or a cancellation that was refused.
            one.is_refused = one.is_refused or not one.is_accepted
        case OrderCancelled():
            one.cancels += 1
            one.unfilled = message.unfilled
        case Fill():
            one.filled += message.qty
            one.fills += 1
        case _:
            pass
