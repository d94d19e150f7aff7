"""The terms of an order by hand: what was typed, prices in rupees, becomes an order in paise. Pure.

What contradicts itself is refused here, as wrong usage; whether the market takes the order is the exchange's to say.
"""

import re
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Final

from sauda.clock import UnixNs, ist_date
from sauda.contracts import (
    InstrumentId,
    ModifyOrder,
    OrderKind,
    PlaceOrder,
    Product,
    Side,
    Validity,
)
from sauda.errors import SaudaError
from sauda.money import Paise, to_paise, to_rupees

_DEAREST: Final = 10_000_000
"""Rupees; nothing that is traded here costs as much, and a sum in paise stays far below 2**63."""
_ORDER_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}")


class TermsError(SaudaError):
    """What was typed is no order; the text names the option."""

    def __init__(self, option: str, text: str) -> None:
        super().__init__(text)
        self.option = option


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What was asked for, without the id and the time that the desk gives."""

    side: Side
    instrument: InstrumentId
    qty: int
    strategy: str
    limit: Paise | None = None
    trigger: Paise | None = None
    product: Product = Product.NRML
    validity: Validity = Validity.DAY
    stop_loss: Paise | None = None
    take_profit: Paise | None = None
    trail_points: Paise | None = None
    trail_bps: int | None = None
    oco: str | None = None

    @property
    def kind(self) -> OrderKind:
        """Return the kind of order that these prices make."""
        if self.trigger is not None:
            return OrderKind.SL_M if self.limit is None else OrderKind.SL
        return OrderKind.MARKET if self.limit is None else OrderKind.LIMIT

    def of(self, instrument: InstrumentId) -> "Terms":
        """Return the same terms for *instrument*."""
        return replace(self, instrument=instrument)

    def check(self) -> None:
        """Refuse what contradicts itself.

        Raises:
            TermsError: names the option.
        """
        if self.trail_points is not None and self.trail_bps is not None:
            raise TermsError("--trail-points", "give --trail-points or --trail-percent, not both")
        if self.validity is Validity.IOC and self.trigger is not None:
            raise TermsError("--validity", "an order that waits for its --trigger cannot be IOC")

    def order(self, order_id: str, now_ns: UnixNs) -> PlaceOrder:
        """Return the order, decided at *now_ns* of market time."""
        return PlaceOrder(
            order_id=order_id,
            strategy=self.strategy,
            instrument=self.instrument,
            side=self.side,
            qty=self.qty,
            kind=self.kind,
            event_ns=now_ns,
            limit_price=self.limit,
            trigger_price=self.trigger,
            product=self.product,
            validity=self.validity,
            stop_loss=self.stop_loss,
            take_profit=self.take_profit,
            trail_points=self.trail_points,
            trail_bps=self.trail_bps,
            oco=self.oco,
        )

    def __str__(self) -> str:
        prices = "".join(
            f" {name} {to_rupees(price)}"
            for name, price in (("limit", self.limit), ("trigger", self.trigger))
            if price is not None
        )
        return f"{self.side.value} {self.qty} {self.instrument} {self.kind.value}{prices}"


def price_of(option: str, text: str | None) -> Paise | None:
    """Read a price in rupees.

    Raises:
        TermsError: it is no number, not above zero, or finer than a paisa.
    """
    if text is None:
        return None
    rupees = _number(option, text, "a price in rupees, such as 112.35")
    if not 0 < rupees < _DEAREST or rupees != rupees.quantize(Decimal("0.01")):
        raise TermsError(option, f"{text!r} is no price: write rupees above zero, such as 112.35")
    return to_paise(rupees)


def bps_of(option: str, text: str | None) -> int | None:
    """Read a percentage, to a hundredth of a percent.

    Raises:
        TermsError: it is no number between 0 and 100, or finer than that.
    """
    if text is None:
        return None
    percent = _number(option, text, "a percentage, such as 1.5")
    if not 0 < percent < 100 or percent != percent.quantize(Decimal("0.01")):
        raise TermsError(option, f"{text!r} is no percentage between 0.01 and 99.99")
    return int(percent * 100)


def check_order_id(option: str, text: str) -> str:
    """Return *text* if it can be the id of an order.

    Raises:
        TermsError: it has a character that no order's id has.
    """
    if not _ORDER_ID.fullmatch(text):
        raise TermsError(
            option, f"{text!r} cannot be an order's id: up to 100 letters, digits, '-', '_', '.', ':'"
        )
    return text


def new_id(entry_id: bytes, now_ns: UnixNs) -> str:
    """Return the id of an order by hand: `hand-20261123-1795580105123-0`.

    The market's date, and the id of the entry on `signals` that says who wants it: the log gives each such id once, so
    that two shells in the same instant never make the same one, and `sauda why` finds the wish.
    """
    return f"hand-{ist_date(now_ns):%Y%m%d}-{entry_id.decode()}"


def same_order(one: PlaceOrder, other: PlaceOrder) -> bool:
    """Return whether two orders ask for the same, whenever they did."""
    return without_time(one) == without_time(other)


def without_time(order: PlaceOrder) -> tuple[object, ...]:
    """Return the fields of *order* but the instant at which it was decided."""
    return tuple(getattr(order, name) for name in order.__struct_fields__ if name != "event_ns")


def check_change(*terms: int | None) -> None:
    """Insist that something is to be changed.

    Raises:
        TermsError: all terms are None.
    """
    if all(term is None for term in terms):
        raise TermsError("--qty", "say what shall change: --qty, --limit or --trigger")


def change_of(
    order: PlaceOrder, qty: int | None, limit: Paise | None, trigger: Paise | None, now_ns: UnixNs
) -> ModifyOrder:
    """Return the wish to change *order*; None leaves a term as it is."""
    return ModifyOrder(order.order_id, order.strategy, now_ns, qty, limit, trigger)


def _number(option: str, text: str, wanted: str) -> Decimal:
    try:
        number = Decimal(text.replace(",", "").replace("_", ""))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise TermsError(option, f"{text!r} is not {wanted}")
    return number
