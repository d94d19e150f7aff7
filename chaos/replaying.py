"""Every unit is run again over its recorded inputs, undisturbed, and must say the same to the byte. The one place that asks for it."""

from bisect import bisect_left, bisect_right
from typing import Final

from chaos.finding import Finding
from sauda.errors import SaudaError
from sauda.log import Entry
from sauda.merge import IdParts, id_parts
from sauda.record import Record
from sauda.rerun import verify
from sauda.settings import Settings
from sauda.units import available

_READ_BY_MANY: Final = frozenset(
    {"journal", "ticks", "instruments", "control", "orders", "executions", "requeued"}
)


class Held:
    """A record whose much-read streams stay in memory.

    Every unit reads them at a pace of its own: from the files they would be unpacked again and again.
    """

    def __init__(self, record: Record) -> None:
        self.desk = record.desk
        self._record = record
        self._rows: dict[str, list[Entry]] = {}

    def entries(
        self, stream: str, start: bytes = b"-", end: bytes = b"+", count: int | None = None
    ) -> list[Entry]:
        """See `sauda.log.Log.entries`."""
        if stream not in _READ_BY_MANY:
            return self._record.entries(stream, start, end, count)
        rows = self._rows.get(stream)
        if rows is None:
            rows = self._rows[stream] = list(self._record.forwards(stream))
        first = _place(rows, start, behind=start.startswith(b"("))
        last = _place(rows, end, behind=not end.startswith(b"("))
        return rows[first : last if count is None else min(last, first + count)]

    def state_of(self, unit: str) -> dict[bytes, bytes]:
        """Return a unit's committed state."""
        return self._record.state_of(unit)


def check_replay(record: Record, settings: Settings) -> Finding:
    """Compare every recorded output and every final state with what an undisturbed run gives."""
    finding = Finding("replay")
    try:
        verdict = verify(Held(record), available(settings).values())
    except SaudaError as error:
        # A record that cannot be run again, or brings a unit into an impossible state, is what is looked for.
        finding.violations.append(f"{type(error).__name__}: {error}")
        return finding
    finding.violations += verdict.differences
    for unit, steps in verdict.steps.items():
        finding.require(steps, f"{unit} never did anything")
    steps = sum(verdict.steps.values())
    finding.facts = (
        f"{len(verdict.steps)} units, {steps} steps, {verdict.outputs} outputs, byte for byte as recorded"
    )
    return finding


def _place(rows: list[Entry], bound: bytes, *, behind: bool) -> int:
    if bound in (b"-", b"+"):
        return 0 if bound == b"-" else len(rows)
    find = bisect_right if behind else bisect_left
    return find(rows, id_parts(bound.lstrip(b"(")), key=_id)


def _id(entry: Entry) -> IdParts:
    return id_parts(entry.id)
