"""What became of an order by hand: the exchange's messages about it, as a person or a program wants them. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from sauda.book.orders import OVER, OrderState, Status, orders_of
from sauda.clock import UnixNs
from sauda.contracts import (
    Account,
    Fill,
    Message,
    OrderAccepted,
    OrderCancelled,
    OrderKind,
    OrderModified,
    OrderRejected,
    OrderTriggered,
    PlaceOrder,
    RejectReason,
    Side,
)
from sauda.money import Paise, Units, to_indian


class Report(msgspec.Struct, frozen=True):
    """An order as `--json` shows it; money in paise."""

    order_id: str
    status: Status
    strategy: str
    instrument: str
    side: Side
    qty: Units
    kind: OrderKind
    filled_qty: Units
    average_price: Paise | None
    fills: list[Fill]
    charges: Paise
    slices: int
    reason: RejectReason | None
    """Why it, or the wish to change it, was refused."""
    detail: str | None
    """The same, or why it was cancelled, in words."""
    waits_for: str | None
    children: list[PlaceOrder]
    """Orders that the exchange made to protect it."""
    cash: Paise | None
    available: Paise | None
    blocked: Paise | None


@dataclass
class Course:
    """One order and everything that was said of it since it was followed."""

    order: PlaceOrder
    """As it was sent; as the exchange changed it once that is known."""
    said: list[Message] = field(default_factory=list)
    children: dict[str, PlaceOrder] = field(default_factory=dict)
    account: Account | None = None
    accepted_ns: UnixNs | None = None
    cancel_wanted: bool = False
    """Whether it is being taken back: then that it leaves untraded is what was asked for."""

    def __post_init__(self) -> None:
        self.sent_kind = self.order.kind
        self._recalled = 0

    def recall(self, said: Iterable[Message]) -> None:
        """Take what was said before the wish that is followed now: it tells how the order stands, and answers nothing."""
        for message in said:
            self.take(message)
        self._recalled = len(self.said)

    def take(self, message: Message) -> None:
        """Take one message of the stream `executions`."""
        match message:
            case Account():
                self.account = message
            case OrderAccepted(terms=PlaceOrder(parent_id=self.order.order_id) as terms):
                self.children[message.order_id] = terms
            case (
                OrderAccepted()
                | OrderRejected()
                | OrderTriggered()
                | OrderModified()
                | OrderCancelled()
                | Fill()
            ) if message.order_id == self.order.order_id:
                self._hear(message)

    def _hear(self, message: Message) -> None:
        if isinstance(message, Fill) and any(
            isinstance(one, Fill) and one.fill_id == message.fill_id for one in self.said
        ):
            return
        self.said.append(message)
        if isinstance(message, OrderAccepted):
            self.order = message.terms or self.order
            self.accepted_ns = message.event_ns

    @property
    def state(self) -> OrderState:
        """Return how the order stands, by the same rules as `sauda orders`."""
        return orders_of([self.order], self.said)[0]

    @property
    def is_over(self) -> bool:
        """Return whether nothing more can happen to it."""
        return self.state.status in OVER

    @property
    def is_answered(self) -> bool:
        """Return whether the exchange has said anything of it, or of the wish that is followed."""
        return len(self.said) > self._recalled

    def heard(self, kind: type[Message]) -> bool:
        """Return whether a message of this type came."""
        return any(isinstance(one, kind) for one in self.said[self._recalled :])

    @property
    def fills(self) -> list[Fill]:
        """Return its trades."""
        return [one for one in self.said if isinstance(one, Fill)]

    @property
    def refusal(self) -> OrderRejected | None:
        """Return the refusal of the order, or of the change that is followed.

        Somebody else's wish to change an order that was accepted is not what was asked about here.
        """
        new = self.said[self._recalled :]
        if not self._recalled and self.accepted_ns is not None:
            return None
        return next((one for one in reversed(new) if isinstance(one, OrderRejected)), None)

    def report(self) -> Report:
        """Return all of it."""
        state, refusal, account = self.state, self.refusal, self.account
        slices = next((one.slices for one in self.said if isinstance(one, OrderAccepted)), 1)
        return Report(
            order_id=state.order_id,
            status=state.status,
            strategy=state.strategy,
            instrument=state.instrument,
            side=state.side,
            qty=state.qty,
            kind=state.kind,
            filled_qty=state.filled_qty,
            average_price=state.average_price,
            fills=self.fills,
            charges=sum(fill.charges for fill in self.fills),
            slices=slices,
            reason=refusal.reason if refusal else None,
            detail=refusal.detail if refusal else state.reason,
            waits_for=None if self.is_over else waits_for(state),
            children=list(self.children.values()),
            cash=account.cash if account else None,
            available=account.available if account else None,
            blocked=account.blocked if account else None,
        )


def waits_for(state: OrderState) -> str:
    """Say what an order that is not over is waiting for."""
    up = state.side is Side.BUY
    if state.status is Status.SENT:
        return "the exchange's answer"
    if state.trigger_price is not None and state.status is Status.WORKING:
        return f"a last price of {to_indian(state.trigger_price)} or {'more' if up else 'less'}"
    if state.limit_price is None:
        return "a fresh quote"
    who, far = ("a seller", "less") if up else ("a buyer", "more")
    return f"{who} at {to_indian(state.limit_price)} or {far}"


def lines(report: Report) -> Iterable[str]:
    """Yield what a person wants to know."""
    terms = f"{report.side.value} {report.qty} {report.instrument} {report.kind.value}"
    yield f"{report.order_id}  {terms}  {report.status.value.replace('_', ' ')}"
    if report.slices > 1:
        yield f"  cut into {report.slices} orders because of the freeze quantity"
    if report.average_price is not None:
        yield f"  traded {report.filled_qty} at {to_indian(report.average_price)}{_parts(report.fills)}"
        yield f"  charges {to_indian(report.charges)}"
    if report.reason is not None:
        yield f"  refused, {report.reason.value}: {report.detail}"
    elif report.detail:
        yield f"  {report.detail}"
    if report.waits_for:
        yield f"  waits for {report.waits_for}"
    for child in report.children:
        yield f"  protected by {child.order_id}: {child.side.value} {child.qty}{_prices(child)}"


def money_line(report: Report) -> str | None:
    """Return what the account has now; None where nobody has told."""
    if report.cash is None or report.available is None or report.blocked is None:
        return None
    parts = ("cash", report.cash), ("blocked", report.blocked), ("available", report.available)
    return "  " + ", ".join(f"{name} {to_indian(amount)}" for name, amount in parts)


def _parts(fills: list[Fill]) -> str:
    if len(fills) < 2:
        return ""
    return f" ({', '.join(f'{fill.qty} at {to_indian(fill.price)}' for fill in fills)})"


def _prices(order: PlaceOrder) -> str:
    named = (("trigger", order.trigger_price), ("limit", order.limit_price))
    return "".join(f", {name} {to_indian(price)}" for name, price in named if price is not None)
