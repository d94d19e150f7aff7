"""Is this order, by itself, one that its maker can have meant? Quantity, value, distance from the market, time of day."""

from datetime import time

from sauda.clock import UnixNs, clock_text, to_ist
from sauda.contracts import PlaceOrder, RejectReason
from sauda.money import Paise, to_indian, to_rupees
from sauda_execution.checks import Refusal
from sauda_execution.risk.rules import SymbolLimits, paise


def size_refusal(order: PlaceOrder, ltp: Paise, limits: SymbolLimits, whose: str) -> Refusal | None:
    """Is it larger than one order may be?

    Args:
        order: As it goes out.
        ltp: What a market order is valued at, paise.
        limits: Those of *whose*, for people.
        whose: `the desk`, or a strategy.
    """
    most = limits.max_order_quantity
    if most is not None and order.qty > most:
        return Refusal(
            RejectReason.ORDER_QUANTITY,
            f"{order.qty} units in one order, the limit of {whose} is {most} (max_order_quantity)",
        )
    value = order.qty * (order.limit_price or order.trigger_price or ltp)
    rupees = limits.max_order_value
    if rupees is not None and value > paise(rupees):
        return Refusal(
            RejectReason.ORDER_VALUE,
            f"an order of Rs {to_indian(value)}, the limit of {whose} is Rs {to_indian(paise(rupees))} (max_order_value)",
        )
    return None


def price_refusal(
    order: PlaceOrder, ltp: Paise, limits: SymbolLimits, *, near: Paise, whose: str
) -> Refusal | None:
    """Does its price lie further from the last one than a price that somebody means?

    Of a stop the trigger is judged: its limit follows from that.

    Args:
        order: As it goes out.
        ltp: The last price, paise.
        limits: Those of *whose*.
        near: A distance that is never away, paise.
        whose: `the desk`, or a strategy.
    """
    most = limits.max_price_away_percent
    asked = order.trigger_price if order.trigger_price is not None else order.limit_price
    if most is None or asked is None:
        return None
    away = abs(asked - ltp)
    # In hundredths of a percent: whole numbers, as money is.
    if away <= near or away * 10_000 <= round(most * 100) * ltp:
        return None
    percent = f"{away * 100 / ltp:.1f} %" if ltp else "infinitely"
    return Refusal(
        RejectReason.PRICE_AWAY,
        f"{to_rupees(asked)} lies {percent} away from the last price {to_rupees(ltp)},"
        f" the limit of {whose} is {most:g} % (max_price_away_percent)",
    )


def hours_refusal(now_ns: UnixNs, limits: SymbolLimits, whose: str) -> Refusal | None:
    """Is it the time of day for entries? The second of `entries_until` is outside."""
    opens, closes = limits.entries_from, limits.entries_until
    if opens is None and closes is None:
        return None
    now = to_ist(now_ns).time()
    if (opens is None or now >= opens) and (closes is None or now < closes):
        return None
    return Refusal(
        RejectReason.OUTSIDE_HOURS,
        f"at {clock_text(now_ns)} IST {whose} takes no entry, only {_hours(opens, closes)} (entries_from, entries_until)",
    )


def _hours(opens: time | None, closes: time | None) -> str:
    return " ".join(
        [*([f"from {opens:%H:%M}"] if opens else []), *([f"until {closes:%H:%M}"] if closes else [])]
    )
