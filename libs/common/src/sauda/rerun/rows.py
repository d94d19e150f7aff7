"""Rows of a unit's state: where two states differ, and what one input does to them. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from sauda.errors import InvariantError
from sauda.log import Entry, Lease, Loaded
from sauda.rerun.recorded_log import RecordedLog
from sauda.runner import Carrier
from sauda.unit import Unit


class RowDifference(msgspec.Struct, frozen=True):
    """One row that is not as it was; None where there is none."""

    row: str
    """`table/key`."""
    before: Any
    """As recorded, or as it stood before an input."""
    now: Any
    fields: dict[str, tuple[Any, Any]]
    """Of two objects, the fields that differ; `field.inner` of nested ones."""


def row_differences(
    before: Mapping[bytes, bytes | None], now: Mapping[bytes, bytes | None]
) -> list[RowDifference]:
    """Return where two states differ, row by row, in order."""
    rows = sorted(row for row in before.keys() | now.keys() if before.get(row) != now.get(row))
    return [_difference(row, before.get(row), now.get(row)) for row in rows]


def touched(unit: Unit, loaded: Loaded, entries: Sequence[Entry]) -> list[RowDifference]:
    """Return which rows the last of *entries* changes, when all of them are worked from *loaded* on."""
    log = RecordedLog("", (), loaded)
    lease = Lease(unit.name, 1, 1 << 40)
    carrier = Carrier(unit, log, lease)
    for portion in (entries[:-1], entries[-1:]):
        log.waiting = [*log.waiting, *portion]
        try:
            while log.waiting:
                log.before = {}
                carrier.step()
        except InvariantError:
            return []
    return row_differences(log.before, {row: log.state.get(row) for row in log.before})


def field_differences(before: Any, now: Any, path: str = "") -> dict[str, tuple[Any, Any]]:
    """Return the fields in which two JSON values differ, by their path."""
    if not (isinstance(before, dict) and isinstance(now, dict)):
        return {} if before == now else {path: (before, now)}
    found: dict[str, tuple[Any, Any]] = {}
    for name in [*before, *(name for name in now if name not in before)]:
        inner = f"{path}.{name}" if path else name
        found |= field_differences(before.get(name), now.get(name), inner)
    return found


def _difference(row: bytes, before: bytes | None, now: bytes | None) -> RowDifference:
    was, came = plain(before), plain(now)
    fields = field_differences(was, came) if isinstance(was, dict) and isinstance(came, dict) else {}
    return RowDifference(row.decode(errors="replace"), was, came, fields)


def plain(value: bytes | None) -> Any:
    """Return what a row's or message's bytes say; as text where they are no JSON."""
    if value is None:
        return None
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return value.decode(errors="replace")
