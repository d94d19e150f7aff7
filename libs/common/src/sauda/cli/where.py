"""`--where field=value`: which messages are wanted. Pure.

Values are compared as the text that stands on the wire: `side=SELL`, `qty=75`, `bid=null`, `depth.bids.0.price=11235`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import msgspec

from sauda.contracts import STREAM_OF, Message
from sauda.errors import SaudaError

_MISSING: Final = object()


class WhereError(SaudaError):
    """A condition that no message of the stream could ever meet."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One `field=value`."""

    path: tuple[str, ...]
    value: str

    def holds(self, message: Message) -> bool:
        """Return whether *message* has the field, with this value."""
        if self.path == ("type",):
            return type_name(type(message)) == self.value
        found: Any = message
        for step in self.path:
            found = _inside(found, step)
        return found is not _MISSING and _as_text(found) == self.value


def parse_where(texts: list[str], stream: str) -> list[Condition]:
    """Read the conditions put on messages of *stream*.

    Raises:
        WhereError: no `=`, or a field that no message of the stream has; lists those it has.
    """
    return [_parse(text, stream) for text in texts]


def type_name(kind: type) -> str:
    """Return the `type` of a message on the wire."""
    return str(kind.__struct_config__.tag)  # type: ignore[attr-defined]  # every contract is a struct


def fields_of(stream: str) -> dict[str, Any]:
    """Return the fields that messages of *stream* can have, with their types."""
    fields: dict[str, Any] = {"type": str}
    for kind, name in STREAM_OF.items():
        if name == stream:
            fields |= get_type_hints(kind)
    return fields


def _parse(text: str, stream: str) -> Condition:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise WhereError(f"--where {text!r} is not field=value")
    path = tuple(name.split("."))
    fields: Mapping[str, Any] = fields_of(stream)
    for depth, step in enumerate(path):
        if fields and step not in fields:
            whole = ".".join(path[: depth + 1])
            raise WhereError(f"no message of {stream} has a field {whole!r}; there are: {', '.join(fields)}")
        fields = _fields_inside(fields.get(step)) if fields else {}
    return Condition(path, value)


def _fields_inside(kind: Any) -> dict[str, Any]:
    """Return the fields of a nested struct; empty where anything may follow (lists, free mappings, no field)."""
    options = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    for option in options:
        if isinstance(option, type) and issubclass(option, msgspec.Struct):
            return get_type_hints(option)
    return {}


def _inside(value: Any, step: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(step, _MISSING)
    if isinstance(value, tuple | list):
        return value[int(step)] if step.isdecimal() and int(step) < len(value) else _MISSING
    if isinstance(value, msgspec.Struct):
        return getattr(value, step, _MISSING)
    return _MISSING


def _as_text(value: Any) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
