"""A contract note as plain text."""

from sauda.cli.screen import plain_table
from sauda.contract_note import rows
from sauda.contract_note.note import ContractNote, SegmentNote


def sheet(note: ContractNote) -> str:
    """Return *note* as text for people, without a newline at its end."""
    whose = f"desk {note.desk}, {', '.join(note.strategies)}"
    lines = [f"CONTRACT NOTE  {note.date:%A}, {note.date.isoformat()}  {whose}"]
    for segment in note.segments:
        lines += ["", segment.title.upper(), *_segment(segment)]
    lines += ["", "THE DAY", *plain_table(("", ">RUPEES"), rows.figures(note)), ""]
    return "\n".join([*lines, *rows.remarks(note)])


def _segment(segment: SegmentNote) -> list[str]:
    tables = (
        (rows.TRADES, rows.trades(segment)),
        (rows.CONTRACTS, rows.contracts(segment)),
        (rows.CHARGES, rows.charges(segment)),
    )
    return [
        line
        for columns, cells in tables
        for line in ("", *plain_table([column.upper() for column in columns], cells))
    ]
