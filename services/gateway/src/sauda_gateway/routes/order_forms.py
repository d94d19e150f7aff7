"""An order as it is asked for and shown over HTTP: prices in int paise, as on the streams."""

from typing import Annotated, Any, Final, Self

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from sauda.book.orders import OrderState, Status
from sauda.contracts import ChargeLines, OrderKind, Product, RejectReason, Side, Validity
from sauda.hand.course import waits_for
from sauda.hand.terms import Terms
from sauda.money import Paise, Units
from sauda_gateway.ledger import Ordered
from sauda_gateway.problems import ProblemError

ID: Final = r"^[A-Za-z0-9][A-Za-z0-9_.:#|-]{0,199}$"
"""Of any order, those of the exchange's own among them."""
_OWN_ID: Final = r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$"

Price = Annotated[int | None, Field(strict=True, gt=0, le=1_000_000_000, description="paise")]
Quantity = Annotated[int, Field(strict=True, gt=0, le=100_000_000, description="units: lots x lot size")]


class OrderForm(BaseModel):
    """An order that somebody wants."""

    model_config = ConfigDict(extra="forbid")
    instrument: str = Field(min_length=3, max_length=100, description="EXCHANGE:TRADINGSYMBOL")
    side: Side
    qty: Quantity
    kind: OrderKind = OrderKind.MARKET
    limit_price: Price = None
    trigger_price: Price = None
    product: Product = Product.NRML
    validity: Validity = Validity.DAY
    stop_loss: Price = None
    take_profit: Price = None
    trail_points: Price = None
    trail_bps: Annotated[int | None, Field(strict=True, gt=0, lt=10_000)] = None
    oco: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    strategy: str = Field(default="hand", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$")
    order_id: Annotated[str | None, Field(pattern=_OWN_ID)] = None

    def check(self) -> None:
        """Insist that the prices are those that its kind needs.

        Raises:
            ProblemError: 422, naming the field.
        """
        limited, stopped = (
            self.kind in (OrderKind.LIMIT, OrderKind.SL),
            self.kind in (OrderKind.SL, OrderKind.SL_M),
        )
        for name, price, is_wanted in (
            ("limit_price", self.limit_price, limited),
            ("trigger_price", self.trigger_price, stopped),
        ):
            if (price is not None) != is_wanted:
                needs = "needs" if is_wanted else "has no"
                raise ProblemError(422, f"an order of the kind {self.kind.value} {needs} {name}", name)
        if self.validity is Validity.IOC and stopped:
            raise ProblemError(422, "an order that waits for its trigger cannot be IOC", "validity")
        if self.trail_points is not None and self.trail_bps is not None:
            raise ProblemError(422, "give trail_points or trail_bps, not both", "trail_bps")

    def terms(self) -> Terms:
        """Return what is asked for, as an order by hand is."""
        return Terms(
            side=self.side,
            instrument=self.instrument,
            qty=self.qty,
            strategy=self.strategy,
            limit=self.limit_price,
            trigger=self.trigger_price,
            product=self.product,
            validity=self.validity,
            stop_loss=self.stop_loss,
            take_profit=self.take_profit,
            trail_points=self.trail_points,
            trail_bps=self.trail_bps,
            oco=self.oco,
        )


class ChangeForm(BaseModel):
    """New terms of a working order; what is not named stays."""

    model_config = ConfigDict(extra="forbid")
    qty: Annotated[Quantity | None, Field(description="the new total")] = None
    limit_price: Price = None
    trigger_price: Price = None

    def check(self) -> None:
        """Insist that something is to be changed.

        Raises:
            ProblemError: 422.
        """
        if self.qty is None and self.limit_price is None and self.trigger_price is None:
            raise ProblemError(422, "say what shall change: qty, limit_price or trigger_price", "qty")


class Placed(msgspec.Struct, frozen=True):
    """An order that is on its way."""

    order_id: str
    status: Status
    """`sent`: the exchange has not answered yet."""


class ShownOrder(OrderState, kw_only=True):
    """An order as it stands now."""

    product: Product | None
    validity: Validity | None
    oco: str | None
    stop_loss: Paise | None
    take_profit: Paise | None
    waits_for: str | None
    """What it waits for, in words; null once it is over."""
    changed_id: str
    """The entry of its last change: `after` of the next look at the list."""


def shown(found: Ordered) -> ShownOrder:
    """Return an order as it is sent."""
    state, terms = found.state, found.terms
    fields: dict[str, Any] = {name: getattr(state, name) for name in OrderState.__struct_fields__}
    is_over = state.status in (Status.FILLED, Status.CANCELLED, Status.REJECTED)
    return ShownOrder(
        **fields,
        product=terms.product if terms else None,
        validity=terms.validity if terms else None,
        oco=terms.oco if terms else None,
        stop_loss=terms.stop_loss if terms else None,
        take_profit=terms.take_profit if terms else None,
        waits_for=None if is_over else waits_for(state),
        changed_id=found.changed_id,
    )


class AllLines(ChargeLines, frozen=True, omit_defaults=False):
    """Charges by line, those that are zero among them; paise."""

    @classmethod
    def of(cls, lines: ChargeLines) -> Self:
        """Return *lines*, all of them."""
        return cls(**msgspec.structs.asdict(lines))


class Previewed(msgspec.Struct, frozen=True):
    """What an order would meet if it were sent now; money in paise."""

    accepted: bool
    """Whether it would be taken now."""
    reason: RejectReason | None
    detail: str | None
    kind: OrderKind
    """As it would go out."""
    limit_price: Paise | None
    price: Paise
    """At which margin and charges are worked out."""
    qty: Units
    slices: int
    margin: Paise
    """More than is blocked now, premium included; negative if it frees some."""
    charges: Paise
    costs: AllLines
    needed: Paise
    available: Paise

    @classmethod
    def of(cls, found: Any) -> Self:
        """Return what the exchange's copy said."""
        return cls(
            accepted=found.reason is None,
            reason=found.reason,
            detail=found.detail,
            kind=found.order.kind,
            limit_price=found.order.limit_price,
            price=found.price,
            qty=found.order.qty,
            slices=found.slices,
            margin=found.margin,
            charges=found.charges,
            costs=AllLines.of(found.costs),
            needed=found.needed,
            available=found.available,
        )
