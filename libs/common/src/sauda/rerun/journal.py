"""One unit's part of the journal: the borders of its steps, and what it was made of. Pure."""

from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

import msgspec

from sauda.codec import decode
from sauda.contracts import Opened
from sauda.errors import ContractError
from sauda.log import Entry
from sauda.rerun.source import RecordError

_COMMIT: Final = b'{"type":"commit",'


class Border(msgspec.Struct, frozen=True, gc=False, tag="commit"):
    """What a rerun needs of a `Commit`; half the cost of reading all of it."""

    before: dict[str, str]
    after: dict[str, str]
    outputs: int


Own: TypeAlias = Border | Opened

_border: Final[msgspec.json.Decoder[Border]] = msgspec.json.Decoder(Border)


def own_records(entries: Iterable[Entry], unit: str) -> Iterator[Own]:
    """Yield the records of *unit*; those of other units cost a comparison of bytes."""
    own = _COMMIT + b'"unit":' + msgspec.json.encode(unit) + b","
    read = _border.decode
    for entry in entries:
        data = entry.data
        if data.startswith(own):
            try:
                yield read(data)
            except msgspec.DecodeError as error:
                raise RecordError(f"the journal's {entry.id.decode()} cannot be read: {error}") from error
        elif not data.startswith(_COMMIT):
            record = _other(data)
            if record is not None and record.unit == unit:
                yield record


class NamedBorder(msgspec.Struct, frozen=True, gc=False, tag="commit"):
    """Whose step it is, and where it begins."""

    unit: str
    before: dict[str, str]


_named: Final[msgspec.json.Decoder[NamedBorder]] = msgspec.json.Decoder(NamedBorder)


def records_of_all(entries: Iterable[Entry]) -> Iterator[NamedBorder | Opened]:
    """Yield the records of all units."""
    for entry in entries:
        record = _named.decode(entry.data) if entry.data.startswith(_COMMIT) else _other(entry.data)
        if record is not None:
            yield record


def _other(data: bytes) -> Opened | None:
    try:
        message = decode(data)
    except ContractError:
        return None  # Somebody else's writing; no step of anybody.
    return message if isinstance(message, Opened) else None
