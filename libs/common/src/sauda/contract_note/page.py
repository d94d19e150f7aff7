"""A contract note as one HTML page: printable, with nothing to fetch."""

from collections.abc import Sequence
from html import escape
from string import Template
from typing import Final

from sauda.contract_note import rows
from sauda.contract_note.note import ContractNote, SegmentNote
from sauda.contract_note.style import STYLE

_PAGE: Final = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
$style</style>
</head>
<body>
<main>
<header>
<div><h1>Contract note</h1><p>$strategies</p></div>
<dl><dt>Trade date</dt><dd>$day</dd><dt>Desk</dt><dd>$desk</dd><dt>Amounts in</dt><dd>rupees</dd></dl>
</header>
<section class="figures">
$figures
</section>
$segments
<footer>
$remarks
</footer>
</main>
</body>
</html>""")


_SIDES: Final = {"BUY": ' class="buy"', "SELL": ' class="sell"', "SETTLED": ' class="settled"'}
"""a cell's whole text -> how it is shown"""


def page(note: ContractNote) -> str:
    """Return *note* as a page of HTML, without a newline at its end."""
    return _PAGE.substitute(
        title=escape(f"Contract note {note.date.isoformat()} {note.desk}"),
        style=STYLE,
        strategies=escape(", ".join(note.strategies)),
        day=f"{note.date:%A}, {note.date.day} {note.date:%B %Y}",
        desk=escape(note.desk),
        figures="\n".join(_figure(name, text) for name, text in rows.figures(note)),
        segments="\n".join(map(_segment, note.segments)),
        remarks="\n".join(f"<p>{escape(text)}</p>" for text in rows.remarks(note)),
    )


def _figure(name: str, text: str) -> str:
    mark = ' class="net"' if name == "Net" else ""
    return f"<div{mark}><b>{escape(name)}</b><span>{escape(text)}</span></div>"


def _segment(segment: SegmentNote) -> str:
    *charges, total = rows.charges(segment)
    parts = (
        f"<section><h2>{escape(segment.title)}</h2>",
        f'<div class="wide">{_table(rows.TRADES, rows.trades(segment))}</div>',
        f'<div class="pair"><div>{_table(rows.CONTRACTS, rows.contracts(segment))}</div>',
        f"<div>{_table(rows.CHARGES, charges, total)}</div></div></section>",
    )
    return "\n".join(parts)


def _table(columns: rows.Cells, cells: Sequence[rows.Cells], total: rows.Cells = ()) -> str:
    marks = [' class="number"' if column.startswith(">") else "" for column in columns]
    head = _row("th", [column.removeprefix(">") for column in columns], marks)
    body = "\n".join(_row("td", row, marks) for row in cells)
    foot = f"<tfoot>{_row('td', total, marks)}</tfoot>" if total else ""
    return f"<table><thead>{head}</thead><tbody>\n{body}\n</tbody>{foot}</table>"


def _row(tag: str, cells: rows.Cells, marks: Sequence[str]) -> str:
    shown = "".join(
        f"<{tag}{mark or _SIDES.get(cell, '')}>{escape(cell)}</{tag}>"
        for cell, mark in zip(cells, marks, strict=True)
    )
    return f"<tr>{shown}</tr>"
