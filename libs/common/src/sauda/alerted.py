"""What a desk cried out, and a test of whether anybody hears it: for the program and the gateway."""

from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Final

import msgspec

from sauda.clock import SystemClock, UnixNs, ist_date, monotonic_s
from sauda.codec import decode, encode
from sauda.contracts import Alert, Level
from sauda.errors import ConfigError, ContractError
from sauda.log import Output
from sauda.merge import id_parts

if TYPE_CHECKING:
    from sauda.record import Record
    from sauda.redis_view import UnitHolding

COURIER: Final = "alerts.to."
"""What the units are called that deliver, each with its destination's name behind it."""
TEST: Final = "TEST"
"""The code of a test."""
EVERYBODY: Final = "sauda"
"""Source of a test that every destination shall have; one for a single destination has its courier's name."""

_LOUDNESS: Final = (Level.INFO, Level.WARNING, Level.CRITICAL)
_LOOK_EVERY_S: Final = 0.1


class Alerted(msgspec.Struct, frozen=True):
    """An alert as it stands on the record."""

    id: str
    source: str
    level: Level
    code: str
    text: str
    event_ns: UnixNs
    cause: str
    """Stream and id of the entry that led to it; empty where nothing of the desk did."""


class Tested(msgspec.Struct, frozen=True):
    """What became of a test at one destination."""

    destination: str
    delivered: bool
    outcome: str


def alerts_of(
    record: "Record",
    count: int,
    *,
    level: Level | None = None,
    code: str | None = None,
    source: str | None = None,
    day: date | None = None,
) -> list[Alerted]:
    """Return the newest *count* alerts that are wanted, the oldest of them first."""
    wanted = (
        one
        for one in _backwards(record)
        if (level is None or _LOUDNESS.index(one.level) >= _LOUDNESS.index(level))
        and code in (None, one.code)
        and source in (None, one.source)
        and day in (None, ist_date(one.event_ns))
    )
    return list(islice(wanted, count))[::-1]


def send_test(record: "Record", by: str, to: str | None, seconds: float) -> list[Tested]:
    """Write a test, and wait until every courier that is meant has delivered it; none: nobody is called.

    Raises:
        ConfigError: there is no destination *to*.
    """
    names = [one.unit for one in _couriers(record) if one.held]
    if to is not None:
        known = ", ".join(name.removeprefix(COURIER) for name in names) or "none"
        if f"{COURIER}{to}" not in names:
            raise ConfigError(f"no destination {to!r} is served now; there are: {known}")
        names = [f"{COURIER}{to}"]
    if not names:
        return []
    source = EVERYBODY if to is None else f"{COURIER}{to}"
    text = f"a test by {by}: who reads this would be called"
    alert = Alert(source, Level.INFO, TEST, text, SystemClock().now_ns())
    entry_id = record.append([Output("alerts", encode(alert))])[0]
    end_s = monotonic_s() + seconds
    found = [_outcome(record, name, entry_id) for name in names]
    while not all(one.delivered for one in found) and monotonic_s() < end_s:
        SystemClock().sleep(_LOOK_EVERY_S)
        found = [_outcome(record, name, entry_id) for name in names]
    return found


def _backwards(record: "Record") -> Iterator[Alerted]:
    for entry in record.backwards("alerts"):
        try:
            message = decode(entry.data)
        except ContractError:
            continue
        if isinstance(message, Alert):
            yield Alerted(
                entry.id.decode(),
                message.source,
                message.level,
                message.code,
                message.text,
                message.event_ns,
                entry.cause.decode(errors="replace"),
            )


def _couriers(record: "Record") -> "list[UnitHolding]":
    return [one for one in record.units() if one.unit.startswith(COURIER)]


def _outcome(record: "Record", courier: str, entry_id: bytes) -> Tested:
    state = record.state_of(courier)
    name = courier.removeprefix(COURIER)
    tested = _text(state.get(b"facts/tested")).partition(" ")[2]
    if tested and id_parts(tested.encode()) >= id_parts(entry_id):
        return Tested(name, delivered=True, outcome="delivered")
    trouble = (
        _text(state.get(b"facts/trouble"))
        or "no answer yet; it is delivered as soon as the destination takes it"
    )
    return Tested(name, delivered=False, outcome=f"not delivered: {trouble}")


def _text(row: bytes | None) -> str:
    return msgspec.json.decode(row, type=str) if row is not None else ""
