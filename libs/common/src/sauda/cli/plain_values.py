"""Values as they stand on the wire or in a state, for people: money in rupees, instants in IST, the rest as it is. Pure."""

from typing import Any, Final

import msgspec

from sauda.clock import clock_text
from sauda.money import to_indian

MONEY: Final = frozenset(
    {
        *("price", "ltp", "bid", "ask", "limit_price", "trigger_price", "average_price", "filled_value"),
        *("realised", "unrealised", "charges", "net", "cost", "margin", "strike", "tick_size", "centre"),
        *("prices", "marks"),
    }
)
"""Fields that hold paise, wherever they stand, and tables whose rows are prices."""

EXACT: Final = frozenset(
    {*("brokerage", "stt", "exchange", "sebi", "ipft", "stamp", "gst", "total")},
)
"""Charges: whole paise on a fill; in the exchange's mind far smaller parts, as great a number as an instant."""

_LONG_AGO_NS: Final = 10**17
"""Below this a number is no instant of a market (1973), and above it nothing else: no desk has ten billion crores."""


def shown(name: str, value: Any) -> str:
    """Return the *value* of the field *name*, which may be a path such as `order.limit_price`."""
    last = name.rpartition(".")[2]
    if value is None:
        return "-"
    if isinstance(value, bool) or not isinstance(value, int | str | list | dict):
        return msgspec.json.encode(value).decode()
    if isinstance(value, int):
        if _LONG_AGO_NS < value < 2**62 and last not in EXACT:
            return clock_text(value)
        return to_indian(value) if last in MONEY else str(value)
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def columns_of(value: Any, plain: str, path: str = "") -> dict[str, Any]:
    """Return the fields of a row by their path; a row that is one plain value has the one column *plain*."""
    if not isinstance(value, dict):
        return {path or plain: value}
    found: dict[str, Any] = {}
    for name, inner in value.items():
        at = f"{path}.{name}" if path else name
        found |= columns_of(inner, plain, at) if isinstance(inner, dict) and inner else {at: inner}
    return found
