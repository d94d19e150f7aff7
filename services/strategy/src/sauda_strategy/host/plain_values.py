"""What a strategy may keep, written as JSON and read back as exactly what it was.

JSON has no tuples, no keys but text, no NaN: whatever it cannot say stands in an object with one key that names it, so an
object is never anything else. A message of the market (a bar, a fill) is kept by its own JSON.
"""

import math
from typing import Any, Final

import msgspec

from sauda.codec import decode, encode
from sauda.contracts import Bar, Fill, Instrument, Product, Right, Side, Tick

_DEEPEST: Final = 40
_WIDEST: Final = 2**63
_MESSAGES: Final = (Bar, Fill, Instrument, Tick)
_WORDS: Final = {"Side": Side, "Right": Right, "Product": Product}
_TEXT: Final = "text, numbers, true or false, None, and lists, tuples and dicts of these"


class UnkeepableError(Exception):
    """A value that would not come back from JSON as it was; the text says what it is."""


def to_plain(value: Any, depth: int = 0) -> Any:
    """Return *value* as JSON can say it.

    Raises:
        UnkeepableError: it is of another type, or nested too deeply (or in itself).
    """
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is int:
        return value if -_WIDEST <= value < _WIDEST else {"int": str(value)}
    if kind is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if depth > _DEEPEST:
        raise UnkeepableError(f"a value nested more than {_DEEPEST} deep")
    if kind is list:
        return [to_plain(one, depth + 1) for one in value]
    if kind is tuple:
        return {"tuple": [to_plain(one, depth + 1) for one in value]}
    if kind is dict:
        return {"dict": [[to_plain(key, depth + 1), to_plain(one, depth + 1)] for key, one in value.items()]}
    if kind.__name__ in _WORDS and kind is _WORDS[kind.__name__]:
        return {kind.__name__: value.value}
    if kind in _MESSAGES:
        return {"message": msgspec.Raw(encode(value))}
    raise UnkeepableError(f"a {kind.__name__}: only {_TEXT} are kept")


def from_plain(plain: Any) -> Any:
    """Return what `to_plain` was given, from what a JSON reader makes of its answer."""
    if type(plain) is list:
        return [from_plain(one) for one in plain]
    if type(plain) is not dict:
        return plain
    [(tag, kept)] = plain.items()
    match tag:
        case "int":
            return int(kept)
        case "float":
            return float(kept)
        case "tuple":
            return tuple(from_plain(one) for one in kept)
        case "dict":
            return {from_plain(key): from_plain(one) for key, one in kept}
        case "message":
            return decode(msgspec.json.encode(kept))
        case _:
            return _WORDS[tag](kept)


def frozen(value: Any) -> msgspec.Raw:
    """Return *value* as a row of a state.

    Raises:
        UnkeepableError: see `to_plain`.
    """
    return msgspec.Raw(msgspec.json.encode(to_plain(value)))


def thawed(row: msgspec.Raw) -> Any:
    """Return what was frozen."""
    return from_plain(msgspec.json.decode(row))
