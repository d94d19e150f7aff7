"""Output: tables and colour for a terminal, plain aligned text for a pipe, JSON for programs."""

import os
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Final, Literal, TypeAlias

import typer

from sauda.clock import UnixNs, clock_text
from sauda.money import Paise, to_indian

Row: TypeAlias = Sequence[str]

FOLD: Final = 60
"""Characters of a sentence on one line of a table where there is no terminal to fold it."""

_RIGHT: Final = ">"
"""A column whose title begins with this is aligned to the right and never broken: numbers."""
_WHOLE: Final = "="
"""A column whose title begins with this is never broken by a narrow terminal: ids, which people copy."""


def is_terminal() -> bool:
    """Return whether a person reads along."""
    return sys.stdout.isatty()


def line(text: str) -> None:
    """Print one line of the answer; a reader that has seen enough (`| head`) ends the program well."""
    try:
        typer.echo(text)
    except BrokenPipeError:
        # What is still in the buffer must not fail once more when the interpreter closes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None


def json_document(value: object) -> None:
    """Print *value* as one JSON document on one line."""
    import msgspec

    line(msgspec.json.encode(value).decode())


def json_list(values: Iterable[object]) -> None:
    """Print a JSON array with one element a line: one document, and still easy to read and grep."""
    import msgspec

    lines = [msgspec.json.encode(value).decode() for value in values]
    line("[" + ",\n ".join(lines) + "]")


def table(columns: Sequence[str], rows: Sequence[Row], title: str = "") -> None:
    """Print *rows* under *columns*; one that begins with `>` is aligned to the right, one with `=` is never broken."""
    if is_terminal():
        _rich_table(columns, rows, title)
    else:
        line("\n".join(plain_table(columns, rows)))


def plain_table(columns: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """Return the lines of a table without borders."""
    titles = [_name(column) for column in columns]
    lines = [titles, *rows]
    widths = [max(len(row[at]) for row in lines) for at in range(len(titles))]
    aligned = [
        [
            text.rjust(width) if column.startswith(_RIGHT) else text.ljust(width)
            for text, width, column in zip(row, widths, columns, strict=True)
        ]
        for row in lines
    ]
    return ["  ".join(cells).rstrip() for cells in aligned]


def folded(rows: Iterable[Row], width: int = FOLD) -> list[Row]:
    """Return *rows* with every cell folded at *width*; what is over stands in rows below. Paths stay whole."""
    out: list[Row] = []
    for row in rows:
        cells = [
            textwrap.wrap(cell, width, break_long_words=False, break_on_hyphens=False) or [""] for cell in row
        ]
        out += [list(each) for each in zip_longest(*cells, fillvalue="")]
    return out


def _rich_table(columns: Sequence[str], rows: Sequence[Row], title: str) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # Two spaces between columns, as in a pipe: a table of ids and prices fits a terminal of 120 columns.
    shown = Table(
        title=title or None, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0)
    )
    for column in columns:
        justify: Literal["left", "right"] = "right" if column.startswith(_RIGHT) else "left"
        if column.startswith((_RIGHT, _WHOLE)):
            shown.add_column(_name(column), justify=justify, no_wrap=True, overflow="ellipsis")
        else:
            shown.add_column(_name(column), justify=justify, overflow="fold")
    for row in rows:
        # Text, not markup: a message may hold square brackets.
        shown.add_row(*(Text(cell, style=colour_of(cell)) for cell in row))
    Console().print(shown)


def _name(column: str) -> str:
    return column.removeprefix(_RIGHT).removeprefix(_WHOLE)


_COLOURS: Final[Mapping[str, str]] = {
    "BUY": "green",
    "SELL": "red",
    "ok": "green",
    "warn": "yellow",
    "BAD": "bold red",
    "filled": "green",
    "rejected": "red",
    "cancelled": "dim",
    "held": "green",
    "nobody": "bold red",
    "open": "yellow",
}
"""a cell's whole text -> how a terminal shows it"""


def colour_of(cell: str) -> str:
    """Return the colour in which a terminal shows *cell*."""
    return _COLOURS.get(cell, "")


def note(text: str) -> None:
    """Say something that is not part of the answer: it goes to the error stream."""
    typer.echo(text, err=True)


def answer(columns: Sequence[str], rows: Sequence[Row], otherwise: str) -> None:
    """Print *rows* as a table, or say *otherwise* to the error stream if there are none."""
    if rows:
        table(columns, rows)
    else:
        note(otherwise)


def blank() -> None:
    """Print an empty line between two tables."""
    line("")


def rupees(amount: Paise | None) -> str:
    """Return an amount as people read it; `-` where there is none."""
    return "-" if amount is None else to_indian(amount)


def instant(at: UnixNs) -> str:
    """Return an instant as people read it, in IST."""
    return clock_text(at)
