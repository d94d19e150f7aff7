"""What the reading commands have in common: `--desk`, `--json`, `--strategy`, `--date`, and the opened desk."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from sauda.errors import SaudaError

if TYPE_CHECKING:
    from sauda.record import Record

DeskOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--desk", metavar="NAME", help="The trading book; default: the setting SAUDA_DESK."),
]
JsonOption: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print JSON: money in int paise, times in UTC nanoseconds.")
]
StrategyOption: TypeAlias = Annotated[
    str | None, typer.Option("--strategy", metavar="NAME", help="Only this strategy instance.")
]


def a_date(text: str) -> date:
    """Read the date of an option."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write one such as 2026-11-23.") from None


DateOption: TypeAlias = Annotated[
    date | None,
    typer.Option("--date", parser=a_date, metavar="YYYY-MM-DD", help="Only this trading date (IST)."),
]


class UnknownDeskError(SaudaError):
    """No stream of that desk exists: a wrong name, or a desk that has not begun."""


@contextmanager
def opened(desk: str | None) -> Iterator["Record"]:
    """Open *desk*, by default that of the settings: all that was ever written to it, archive and Redis as one.

    Raises:
        ConfigError: the settings are wrong.
        TransientError: Redis does not answer.
        ArchiveAwayError: the archive is needed and cannot be read.
        UnknownDeskError: nothing is there under that name.
    """
    from sauda.record import Record
    from sauda.settings import load_settings

    settings = load_settings()
    record = Record.open(settings, desk)
    try:
        if not record.exists():
            raise UnknownDeskError(_unknown(settings.redis_url, record))
        yield record
    finally:
        record.close()


def _unknown(url: str, record: "Record") -> str:
    from sauda.redis_view import desks

    found = desks(url) if record.live else []
    there = f"desks found: {', '.join(found)}" if found else "it holds no desk yet; start one with `make up`"
    return f"desk {record.desk!r} has no streams on {record.where}; {there}"
