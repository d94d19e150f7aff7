"""Is an intent what it says it is? One that is not would break what works it, or stand in the state and be unreadable after a restart."""

import math
from typing import Final

from sauda.contracts import Side
from sauda_strategy.api import Exit, Intent, Target

_PRICES: Final = ("limit", "stop", "target")


def check(name: str, intent: Intent) -> None:
    """Insist that every field of *intent*, which the handler *name* returned, is of its type.

    Raises:
        TypeError: one is not; names it and says what to do.
    """
    wrong = _wrong(intent)
    if wrong:
        raise TypeError(f"{name} returned {type(intent).__name__} with {wrong}")


def is_plain(intent: Target) -> bool:
    """Return whether it is one that names nothing but its side: strategies say it with every bar."""
    if intent.lots is not None or intent.confidence is not None:
        return False
    if intent.stop is not None or intent.target is not None:
        return False
    is_text = type(intent.instrument) is str and type(intent.reason) is str
    return is_text and (intent.side is None or type(intent.side) is Side)


def _wrong(intent: Intent) -> str:
    if type(intent) is Target and is_plain(intent):
        return ""
    instrument, side = intent.instrument, getattr(intent, "side", None)
    if type(instrument) is not str and not (instrument is None and isinstance(intent, Exit)):
        return f"instrument {instrument!r}: it is text"
    if type(intent.reason) is not str:
        return f"reason {intent.reason!r}: it is text"
    if side is not None and not isinstance(side, Side):
        return f"side {side!r}: it is Side.BUY, Side.SELL or None"
    lots, confidence = getattr(intent, "lots", None), getattr(intent, "confidence", None)
    if lots is not None and type(lots) is not int:
        return f"lots {lots!r}: they are whole"
    if confidence is not None and not (type(confidence) in (int, float) and math.isfinite(confidence)):
        return f"confidence {confidence!r}: it is a number from 0 to 1"
    for key in _PRICES:
        price = getattr(intent, key, None)
        if price is not None and type(price) is not int:
            return f"{key} {price!r}: prices are whole paise, `to_tick` or `round` makes them so"
    return ""
