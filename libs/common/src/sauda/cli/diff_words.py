"""What `sauda diff` found, in words and as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sauda.cli import screen
from sauda.cli.telling import tell
from sauda.clock import clock_text
from sauda.log import Entry, Output
from sauda.reading import read_entry
from sauda.rerun.checking import Finding, First
from sauda.rerun.rows import RowDifference, field_differences, plain


@dataclass(frozen=True, slots=True)
class Report:
    """One unit, run again."""

    unit: str
    finding: Finding | None = None
    seconds: float = 0.0
    notes: Sequence[str] = field(default_factory=list)
    same_version: bool = False
    problem: str = ""
    """Why it could not be run again."""

    @property
    def same(self) -> bool:
        """Return whether it did what it did."""
        return self.finding is not None and self.finding.same

    @property
    def per_second(self) -> float:
        """Return messages a second."""
        return self.finding.messages / max(self.seconds, 1e-6) if self.finding else 0.0


def tell_report(report: Report, limit: int) -> None:
    """Print one unit's report."""
    finding = report.finding
    if finding is None:
        screen.line(f"{report.unit}: cannot be run again: {report.problem}")
        return
    screen.line(f"{report.unit}: {'the same' if finding.same else 'DIFFERENT'}")
    said = ", ".join(f"{stream} {count:,}" for stream, count in sorted(finding.outputs.items())) or "nothing"
    pairs = [
        ("inputs", f"{finding.messages:,} messages in {finding.steps:,} steps"),
        ("outputs", said),
        ("speed", f"{report.per_second:,.0f} messages/s ({report.seconds:.1f} s)"),
        (
            "code",
            "the version that recorded it" if report.same_version else "another version than recorded it",
        ),
        ("state", _state_line(finding)),
        *(("note", note) for note in report.notes),
    ]
    _lines(pairs)
    if finding.first is not None:
        _tell_first(finding.first, limit)
    if finding.stopped is not None:
        _lines(
            [
                (
                    "stopped",
                    f"it finds its own state impossible at {_input(finding.stopped.entry)}: {finding.stopped}",
                )
            ]
        )
    if finding.differences > 1:
        further = finding.differences - 1
        _lines([("further", f"{further:,} output{'s differ' if further > 1 else ' differs'} as well")])
    if finding.states:
        _lines([("final state", f"{row.row}  {_row(row)}") for row in finding.states[:limit]])
        _more(len(finding.states), limit, "rows")


def document(report: Report) -> dict[str, Any]:
    """Return the report for a program."""
    finding = report.finding
    if finding is None:
        return {"unit": report.unit, "same": None, "problem": report.problem}
    return {
        "unit": report.unit,
        "same": finding.same,
        "messages": finding.messages,
        "steps": finding.steps,
        "outputs": dict(finding.outputs),
        "seconds": round(report.seconds, 3),
        "messages_per_second": round(report.per_second),
        "same_version": report.same_version,
        "notes": list(report.notes),
        "differences": finding.differences,
        "first": _first_document(finding.first) if finding.first else None,
        "stopped": str(finding.stopped) if finding.stopped else None,
        "state_rows": finding.states,
    }


def _state_line(finding: Finding) -> str:
    if finding.states is None:
        return "not compared: the run ended before the last committed step"
    return f"{len(finding.states):,} rows differ at the end" if finding.states else "the same, row by row"


def _tell_first(first: First, limit: int) -> None:
    difference = first.difference
    what = f"{difference.kind.value} on {difference.stream}"
    pairs = [
        ("first", f"{what}, {_WORDS[difference.kind.value]}"),
        (
            "input",
            _input(first.input)
            if first.input
            else f"{difference.cause.decode(errors='replace')} (worked long before)",
        ),
        ("recorded", _entry(difference.recorded)),
        ("now", _output(difference.now)),
    ]
    if difference.recorded and difference.now:
        fields = field_differences(plain(difference.recorded.data), plain(difference.now.data))
        pairs += [("field", _change(name, was, came)) for name, (was, came) in fields.items()]
    pairs += [("state now", f"{row.row}  {_row(row)}") for row in first.rows[:limit]]
    _lines(pairs)
    _more(len(first.rows), limit, "rows that this input touches")


_WORDS = {
    "missing": "recorded and not said now",
    "additional": "said now and not recorded",
    "changed": "recorded otherwise",
    "reordered": "the same messages in another order",
    "unaccounted": "the journal counts other messages than stand on the streams",
}


def _first_document(first: First) -> dict[str, Any]:
    difference = first.difference
    recorded, now = difference.recorded, difference.now
    fields = field_differences(plain(recorded.data), plain(now.data)) if recorded and now else {}
    return {
        "kind": difference.kind.value,
        "stream": difference.stream,
        "cause": difference.cause.decode(errors="replace"),
        "input": read_entry(first.input).wire() if first.input else None,
        "input_ns": read_entry(first.input).time_ns if first.input else None,
        "recorded": recorded.data.decode(errors="replace") if recorded else None,
        "recorded_id": recorded.id.decode() if recorded else None,
        "now": now.data.decode(errors="replace") if now else None,
        "fields": fields,
        "rows": list(first.rows),
    }


def _input(entry: Entry) -> str:
    read = read_entry(entry)
    at = f"  {clock_text(read.time_ns)} IST" if read.time_ns is not None else ""
    words = f"{_kind(read.message)}  {tell(read.message)}" if read.message else f"unreadable: {read.problem}"
    return f"{entry.stream} {entry.id.decode()}{at}  {words}".rstrip()


def _entry(entry: Entry | None) -> str:
    if entry is None:
        return "nothing"
    read = read_entry(entry)
    words = f"{_kind(read.message)}  {tell(read.message)}" if read.message else f"unreadable: {read.problem}"
    return f"{entry.stream} {entry.id.decode()}  {words}"


def _output(output: Output | None) -> str:
    if output is None:
        return "nothing"
    message = read_entry(Entry(output.stream, b"0-0", output.data, output.cause)).message
    return f"{output.stream}  {_kind(message)}  {tell(message)}" if message else repr(output.data)


def _kind(message: Any) -> str:
    return str(message.__struct_config__.tag)


def _row(row: RowDifference) -> str:
    if row.fields:
        return ", ".join(_change(name, was, came) for name, (was, came) in row.fields.items())
    table = row.row.partition("/")[0]
    return f"{_value(table, row.before)} -> {_value(table, row.now)}"


def _change(name: str, was: Any, came: Any) -> str:
    return f"{name}: {_value(name, was)} -> {_value(name, came)}"


def _value(name: str, value: Any) -> str:
    from sauda.cli.plain_values import shown

    return "nothing" if value is None else shown(name, value)


def _more(count: int, limit: int, what: str) -> None:
    if count > limit:
        _lines([("", f"... and {count - limit:,} more {what} (--limit, --json)")])


def _lines(pairs: Sequence[tuple[str, str]]) -> None:
    for name, text in pairs:
        screen.line(f"  {name:<12} {text}")
