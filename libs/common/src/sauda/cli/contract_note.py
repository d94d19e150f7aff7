"""`sauda contract-note`: a day's trades, what they cost line by line, and what is due."""

from datetime import date
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sauda.cli import screen
from sauda.cli.options import DateOption, DeskOption, StrategyOption, opened

if TYPE_CHECKING:
    from sauda.contract_note.drawing_up import Series
    from sauda.contract_note.note import ContractNote
    from sauda.contracts import Fill
    from sauda.money import Paise


class Format(Enum):
    """How a note is written."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"


def contract_note(
    *,
    day: DateOption = None,
    strategy: StrategyOption = None,
    form: Annotated[
        Format, typer.Option("--format", help="For people, for programs, or a page to print.")
    ] = Format.TEXT,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write it there; default: print it.")
    ] = None,
    desk: DeskOption = None,
) -> None:
    """Show a day's trades by segment and contract with all charges, as a broker's contract note does.

    Without --date that of the newest trades. Ends with 1 if nothing was traded.
    """
    from sauda.book.valuation import read_fills
    from sauda.clock import ist_date

    with opened(desk) as record:
        fills = [fill for _, fill in read_fills(record, day) if strategy in (None, fill.strategy)]
        name = record.desk
    wanted = day or max((ist_date(fill.event_ns) for fill in fills), default=None)
    note = None if wanted is None else _note(name, wanted, fills)
    if note is None:
        whose = f" by strategy {strategy}" if strategy else ""
        screen.note(f"nothing was traded{whose}{f' on {wanted}' if wanted else ''} on desk {name}")
        raise typer.Exit(1)
    _write(_written(note, form), out)


def _note(desk: str, day: date, fills: "list[Fill]") -> "ContractNote | None":
    """Return the note of *day*, of all *fills* up to its end; None if none is of that day."""
    from sauda.charge_rules import on_day
    from sauda.clock import ist_date
    from sauda.contract_note.drawing_up import draw_up
    from sauda.price_lists import load_charge_rules
    from sauda.settings import load_settings

    of_day = [fill for fill in fills if ist_date(fill.event_ns) == day]
    if not of_day:
        return None
    rule = on_day(load_charge_rules(load_settings().config / "market").contract_note, day)
    earlier, now = _made([fill for fill in fills if ist_date(fill.event_ns) < day]), _made(fills)
    closed = {series: made - earlier.get(series, 0) for series, made in now.items()}
    return draw_up(desk, day, of_day, closed, rule)


def _made(fills: "list[Fill]") -> "dict[Series, Paise]":
    """Return what every position has made by closing, at average cost."""
    from sauda.book.holdings import holdings_of

    return {(held.strategy, held.instrument): held.realised for held in holdings_of(fills, {})}


def _written(note: "ContractNote", form: Format) -> str:
    if form is Format.JSON:
        import msgspec

        return msgspec.json.encode(note).decode()
    if form is Format.HTML:
        from sauda.contract_note.page import page

        return page(note)
    from sauda.contract_note.sheet import sheet

    return sheet(note)


def _write(text: str, out: Path | None) -> None:
    if out is None:
        screen.line(text)
        return
    try:
        out.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{out} cannot be written: {error.strerror}", param_hint="-o") from error
    screen.note(f"written to {out}")
