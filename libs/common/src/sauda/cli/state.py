"""`sauda state`: what a unit holds in its tables, now or at any recorded moment."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sauda.cli import screen
from sauda.cli.options import DeskOption, JsonOption, opened

if TYPE_CHECKING:
    from sauda.cli.asked_units import Ends
    from sauda.record import Record


def state(
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="Such as strategy.nifty_straddle.")],
    *,
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="TIME|ID", help="As of this market time (10:31:07) or entry; default: now."
        ),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--table", metavar="NAME", help="Only this table; may be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Most rows of a table.")] = 50,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a unit's state as it was: holdings and working orders, legs, positions.

    It is worked out by running the unit again over its recorded inputs up to that moment.
    """
    from sauda.cli.asked_units import Ends, named_units
    from sauda.cli.tail import bound_of

    bound = bound_of("--at", at)
    with opened(desk) as record:
        (name,) = named_units(record, [unit])
        rows, last = (
            _as_it_was(record, name, Ends(record, None, bound)) if bound else (_now(record, name), None)
        )
    tables = _tables(rows)
    _check(name, tables, only or [])
    chosen = {table: rows for table, rows in tables.items() if not only or table in only}
    if as_json:
        screen.json_document({"unit": name, "at": last, "tables": chosen})
        return
    _tell(name, chosen, last, limit)


def _now(record: "Record", name: str) -> dict[bytes, bytes]:
    committed = record.committed(name)
    return committed.state if committed else {}


def _as_it_was(record: "Record", name: str, ends: "Ends") -> tuple[dict[bytes, bytes], dict[str, Any] | None]:
    """Return the unit's rows at the end of *ends*, and the last input that made them so."""
    from sauda.bundle.place import settings_for
    from sauda.reading import read_entry
    from sauda.rerun.made_of import MadeOf
    from sauda.rerun.rerun import Rerun
    from sauda.settings import load_settings

    committed = record.committed(name)
    rerun = Rerun(
        record,
        name,
        MadeOf(name, settings_for(load_settings(), record.desk), as_recorded=True),
        start=record.start_of(name),
        until=committed.positions if committed else None,
        cut=ends.cut(),
    )
    last = tick = None
    for worked in rerun.worked():
        last = worked.entries[-1]
        tick = next((entry for entry in reversed(worked.entries) if entry.stream == "ticks"), tick)
    if last is None:
        return dict(rerun.state), None
    # A point of P&L carries an earlier instant than the tick that led to it.
    times = [read_entry(entry).time_ns for entry in (last, tick) if entry is not None]
    return dict(rerun.state), {
        "stream": last.stream,
        "id": last.id.decode(),
        "time_ns": max((time for time in times if time is not None), default=None),
    }


def _tables(rows: Mapping[bytes, bytes]) -> dict[str, dict[str, Any]]:
    from sauda.rerun.rows import plain

    tables: dict[str, dict[str, Any]] = {}
    for row in sorted(rows):
        table, _, key = row.decode(errors="replace").partition("/")
        tables.setdefault(table, {})[key] = plain(rows[row])
    return tables


def _check(name: str, tables: Mapping[str, object], only: list[str]) -> None:
    for table in only:
        if table not in tables:
            raise typer.BadParameter(
                f"{name} has no rows in a table {table!r}; there are: {', '.join(tables) or 'none'}",
                param_hint="--table",
            )


def _tell(
    name: str, tables: Mapping[str, Mapping[str, Any]], last: Mapping[str, Any] | None, limit: int
) -> None:
    if last is not None:
        at = "" if last["time_ns"] is None else f", {screen.instant(last['time_ns'])} IST"
        screen.note(f"{name} after {last['stream']} {last['id']}{at}")
    if not tables:
        screen.note(f"{name} has no rows in any table")
    for table, rows in tables.items():
        screen.line(f"{table} ({len(rows)})")
        _tell_table(table, rows, limit)
        screen.blank()


def _tell_table(table: str, rows: Mapping[str, Any], limit: int) -> None:
    from sauda.cli.plain_values import columns_of, shown

    cells = {key: columns_of(value, table) for key, value in list(rows.items())[:limit]}
    names = list(dict.fromkeys(name for row in cells.values() for name in row))
    columns = ["KEY", *(_title(name, [row.get(name) for row in cells.values()]) for name in names)]
    lines = [[key, *(shown(name, row.get(name)) for name in names)] for key, row in cells.items()]
    if lines:
        screen.table(columns, lines)
    if len(rows) > limit:
        screen.line(f"... and {len(rows) - limit:,} more (--limit, --table, --json)")


def _title(name: str, values: list[Any]) -> str:
    is_number = all(
        value is None or (isinstance(value, int) and not isinstance(value, bool)) for value in values
    )
    return f"{'>' if is_number else ''}{name}"
