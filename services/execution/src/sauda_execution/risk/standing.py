"""Would there be too much of it: positions at the worst, and orders that wait, in one instrument and in all?"""

from collections.abc import Sequence

from sauda.contracts import InstrumentId, PlaceOrder, RejectReason
from sauda.money import Paise, to_indian
from sauda_execution.checks import Refusal
from sauda_execution.risk.exposure import Exposure
from sauda_execution.risk.rules import ScopeLimits, SymbolLimits, paise


def symbol_refusal(
    instrument: InstrumentId,
    more: Sequence[PlaceOrder],
    ltp: Paise,
    exposure: Exposure,
    limits: SymbolLimits,
    *,
    strategy: str | None,
    whose: str,
) -> Refusal | None:
    """Would too much of *instrument* be held, if *more* and all that waits traded?"""
    if limits.max_position_quantity is None and limits.max_position_value is None:
        return None
    units = exposure.worst(strategy, instrument, more)
    return _quantity_refusal(
        units, limits.max_position_quantity, f"of {instrument}", whose, "max_position_quantity"
    ) or _value_refusal(
        units * ltp, limits.max_position_value, f"of {instrument}", whose, "max_position_value"
    )


def total_refusal(
    more: Sequence[PlaceOrder], exposure: Exposure, limits: ScopeLimits, *, strategy: str | None, whose: str
) -> Refusal | None:
    """Would too much be held of all instruments together, if *more* and all that waits traded?"""
    if limits.max_total_quantity is None and limits.max_total_value is None:
        return None
    units, value = exposure.total(strategy, more)
    return _quantity_refusal(
        units, limits.max_total_quantity, "in all", whose, "max_total_quantity"
    ) or _value_refusal(value, limits.max_total_value, "in all", whose, "max_total_value")


def open_orders_refusal(
    order: PlaceOrder,
    exposure: Exposure,
    symbol: SymbolLimits,
    whole: ScopeLimits,
    *,
    strategy: str | None,
    whose: str,
) -> Refusal | None:
    """Would too many orders wait in the market?"""
    for most, where, key, instrument in (
        (
            symbol.max_open_orders_per_symbol,
            f"in {order.instrument}",
            "max_open_orders_per_symbol",
            order.instrument,
        ),
        (whole.max_open_orders, "in all", "max_open_orders", None),
    ):
        if most is not None and (waiting := exposure.orders(strategy, instrument)) >= most:
            return Refusal(
                RejectReason.OPEN_ORDERS,
                f"{waiting} orders of {whose} wait {where} already, the limit is {most} ({key})",
            )
    return None


def _quantity_refusal(units: int, most: int | None, where: str, whose: str, key: str) -> Refusal | None:
    if most is None or units <= most:
        return None
    return Refusal(
        RejectReason.POSITION_LIMIT,
        f"with it and what waits, {whose} would hold up to {units} units {where}, the limit is {most} ({key})",
    )


def _value_refusal(value: Paise, most: int | None, where: str, whose: str, key: str) -> Refusal | None:
    if most is None or value <= paise(most):
        return None
    return Refusal(
        RejectReason.POSITION_LIMIT,
        f"with it and what waits, {whose} would hold up to Rs {to_indian(value)} {where},"
        f" the limit is Rs {to_indian(paise(most))} ({key})",
    )
