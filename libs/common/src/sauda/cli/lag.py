"""`sauda lag`: how long each stream is, how far behind its readers are, and who carries the units."""

from typing import TYPE_CHECKING

from sauda.cli import screen
from sauda.cli.options import DeskOption, JsonOption, opened

if TYPE_CHECKING:
    from sauda.redis_view import StreamLag, UnitHolding


def lag(desk: DeskOption = None, as_json: JsonOption = False) -> None:
    """Show how far readers are behind, and who holds the units."""
    with opened(desk) as view:
        streams, units = view.lag(), view.units()
    if as_json:
        screen.json_document({"desk": view.desk, "streams": streams, "units": units})
        return
    columns = ("STREAM", ">LENGTH", "LAST ID", "GROUP", "POSITION", ">LAG", ">PENDING")
    screen.table(columns, [row for stream in streams for row in _stream_rows(stream)])
    if units:
        screen.blank()
        screen.table(("UNIT", "LEASE", "HOLDER", ">EPOCH", "COMMITTED"), [_unit_row(unit) for unit in units])


def _stream_rows(stream: "StreamLag") -> list[screen.Row]:
    first = (stream.stream, str(stream.length), stream.last_id)
    if not stream.groups:
        return [(*first, "-", "", "", "")]
    rows: list[screen.Row] = []
    for group in sorted(stream.groups, key=lambda group: group.group):
        behind = f">={group.lag}" if group.lag_is_least else str(group.lag)
        rows.append((*first, group.group, group.position, behind, str(group.pending)))
        first = ("", "", "")
    return rows


def _unit_row(unit: "UnitHolding") -> screen.Row:
    at = "  ".join(f"{stream} {position}" for stream, position in unit.positions.items())
    lease = "held" if unit.held else "nobody"
    return (unit.unit, lease, unit.holder or "-", str(unit.epoch), at)
