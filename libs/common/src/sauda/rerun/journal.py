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
    for entry in entries:
        data = entry.data
        if data.startswith(own):
            yield _read(entry)
        elif not data.startswith(_COMMIT):
            record = _other(data)
            if record is not None and record.unit == unit:
                yield record


def _read(entry: Entry) -> Border:
    try:
        return _border.decode(entry.data)
    except msgspec.DecodeError as error:
        raise RecordError(f"the journal's record {entry.id.decode()} cannot be read: {error}") from error


def openings(entries: Iterable[Entry]) -> dict[str, Opened | None]:
    """Return each unit in the journal with its newest `opened`, None if it has none, in order of first appearance."""
    found: dict[str, Opened | None] = {}
    for entry in entries:
        if entry.data.startswith(_COMMIT):
            found.setdefault(_unit_of(entry.data), None)
        elif (record := _other(entry.data)) is not None:
            found[record.unit] = record
    return found


def _unit_of(data: bytes) -> str:
    return _named.decode(data).unit


class _Named(msgspec.Struct, gc=False, tag="commit"):
    unit: str


_named: Final[msgspec.json.Decoder[_Named]] = msgspec.json.Decoder(_Named)


def _other(data: bytes) -> Opened | None:
    try:
        message = decode(data)
    except ContractError:
        return None  # Somebody else's writing; no step of anybody.
    return message if isinstance(message, Opened) else None
