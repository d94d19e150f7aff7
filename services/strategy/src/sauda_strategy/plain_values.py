"""What a strategy may keep, written as JSON and read back as exactly what it was.

JSON has no tuples, no keys but text, no NaN: whatever it cannot say stands in an object with one key that names it, so an
object is never anything else. A message of the market (a bar, a fill) is kept by its own JSON.
"""

import math
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import msgspec

from sauda.codec import decode, encode
from sauda.contracts import Bar, Fill, Instrument, Product, Right, Side, Tick
from sauda.errors import ConfigError

_DEEPEST: Final = 40
_WIDEST: Final = 2**63
_MESSAGES: Final = (Bar, Fill, Instrument, Tick)
_WORDS: Final[tuple[Callable[[Any], Any], ...]] = (Side, Right, Product)
_TEXT: Final = "text, numbers, true or false, None, and lists, tuples, deques and dicts of these"


class UnkeepableError(ConfigError):
    """A value that would not come back from JSON as it was; the text says what it is."""


def to_plain(value: Any, depth: int = 0) -> Any:
    """Return *value* as JSON can say it.

    Raises:
        UnkeepableError: it is of another type, or nested too deeply (or in itself).
    """
    kind = type(value)
    if kind is str:
        return value if value.isascii() else _text(value)
    if kind is bool or value is None:
        return value
    if kind is int:
        return value if -_WIDEST <= value < _WIDEST else {"int": str(value)}
    if kind is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if kind in _WORDS:
        return {kind.__name__: value.value}
    if kind in _MESSAGES:
        return {"message": msgspec.json.decode(encode(value))}
    return _collection(value, depth + 1)


def _text(value: str) -> str:
    """Insist that JSON can say *value*: half a character, as `os.fsdecode` makes of broken bytes, would break the commit."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise UnkeepableError(f"text with half a character in it, {value[:20]!a}") from error
    return value


def _collection(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise UnkeepableError(f"a value nested more than {_DEEPEST} deep")
    kind = type(value)
    if kind is dict:
        return {"dict": [[to_plain(key, depth), to_plain(one, depth)] for key, one in value.items()]}
    if kind not in (list, tuple, deque):
        raise UnkeepableError(f"a {kind.__name__}: only {_TEXT} are kept")
    values = [to_plain(one, depth) for one in value]
    if kind is deque:
        return {"deque": [value.maxlen, *values]}
    return values if kind is list else {"tuple": values}


def from_plain(plain: Any) -> Any:
    """Return what `to_plain` was given, from what a JSON reader makes of its answer."""
    if type(plain) is list:
        return [from_plain(one) for one in plain]
    if type(plain) is not dict:
        return plain
    [(tag, kept)] = plain.items()
    return _READERS[tag](kept)


def _deque(kept: list[Any]) -> deque[Any]:
    most, *values = kept
    return deque(map(from_plain, values), most)


_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    **{kind.__name__: kind for kind in _WORDS},
    "int": int,
    "float": float,
    "tuple": lambda kept: tuple(map(from_plain, kept)),
    "deque": _deque,
    "dict": lambda kept: {from_plain(key): from_plain(one) for key, one in kept},
    "message": lambda kept: decode(msgspec.json.encode(kept)),
}


def frozen(value: Any) -> msgspec.Raw:
    """Return *value* as a row of a state.

    Raises:
        UnkeepableError: see `to_plain`.
    """
    return msgspec.Raw(msgspec.json.encode(to_plain(value)))


def thawed(row: msgspec.Raw) -> Any:
    """Return what was frozen."""
    return from_plain(msgspec.json.decode(row))
