"""`sauda backfill`: bars of the past into the local store, asked of the running desk's feed or taken from a recording."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from sauda.cli import screen
from sauda.cli.options import DeskOption, JsonOption, a_date, opened

if TYPE_CHECKING:
    from sauda.calendar import Calendar
    from sauda.clock import UnixNs
    from sauda.history.backfilling import Backfill, Outcome, Task
    from sauda.settings import Settings

NEGATIVE: Final = 1
_FOREVER: Final = 1 << 62
_MOST_TOLD: Final = 10
"""Lines about what is missing; more of them are counted."""

Tell: TypeAlias = Callable[[int], None]
"""Is told how many sessions were asked for since it was told last."""


def backfill(
    symbol: Annotated[str, typer.Argument(metavar="EXCHANGE:SYMBOL", help="Such as 'NSE:Nifty 50'.")],
    *,
    from_day: Annotated[
        date, typer.Option("--from", parser=a_date, metavar="YYYY-MM-DD", help="First day (IST).")
    ],
    to_day: Annotated[
        date | None,
        typer.Option(
            "--to", parser=a_date, metavar="YYYY-MM-DD", help="Last day (IST); default: the market's."
        ),
    ] = None,
    timeframe: Annotated[
        str, typer.Option("--timeframe", metavar="LENGTH", help="1m 3m 5m 10m 15m 30m 1h 1d.")
    ] = "1m",
    file: Annotated[
        Path | None, typer.Option("--file", metavar="PATH", help="Take them from a recording; needs no desk.")
    ] = None,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch bars of the past into the local store (setting SAUDA_HISTORY); what is there already is not asked for again.

    The feed of the running desk asks its broker. Interrupted, the same command goes on where it stopped.
    Exit 0: every session of those days has bars. Exit 1: some have none, or nobody answers.
    """
    from sauda.calendar import load_calendar
    from sauda.settings import load_settings

    _check(symbol, from_day, to_day, timeframe)
    settings = load_settings()
    calendar = load_calendar(settings.config / "market")
    calendar.session(symbol.partition(":")[0], from_day)
    span = (symbol, timeframe, from_day, to_day or date.max)
    try:
        if file is not None:
            outcome = _from_file(file, span, settings, calendar)
        else:
            outcome = _from_desk(desk, span, settings, calendar)
    except KeyboardInterrupt:
        screen.note("interrupted: what came is kept, the same command goes on from there")
        raise
    screen.json_document(outcome) if as_json else _tell(outcome)
    if outcome.missing or not outcome.sessions:
        raise typer.Exit(NEGATIVE)


def _check(symbol: str, from_day: date, to_day: date | None, timeframe: str) -> None:
    from sauda.errors import ContractError
    from sauda.history.timeframes import length_ns

    exchange, colon, name = symbol.partition(":")
    if not (exchange and colon and name):
        raise typer.BadParameter(
            f"{symbol!r} is no instrument: write EXCHANGE:SYMBOL, such as 'NSE:Nifty 50'."
        )
    if to_day is not None and to_day < from_day:
        raise typer.BadParameter(f"--to {to_day} lies before --from {from_day}.")
    try:
        length_ns(timeframe)
    except ContractError as error:
        raise typer.BadParameter(f"--timeframe: {error}") from None


_Span: TypeAlias = tuple[str, str, date, date]
"""Instrument, timeframe, first and last day."""


def _from_desk(desk: str | None, span: _Span, settings: "Settings", calendar: "Calendar") -> "Outcome":
    from sauda.errors import ConfigError
    from sauda.history.asking import AskedDesk
    from sauda.history.backfilling import Backfill
    from sauda.history.markets import market_of
    from sauda.history.store import HistoryStore

    with opened(desk) as record:
        asked = AskedDesk(record, "backfill")
        now_ns = asked.now_ns()
        store = HistoryStore(settings.history, market_of(settings, asked.source()))
        work = Backfill(_task(span, now_ns), store, calendar)
        with _progress(work) as tell:
            for wanted in work.pieces():
                parts = asked.ask(wanted)
                first = parts[0]
                if first.market and first.market != store.market:
                    raise ConfigError(
                        f"desk {asked.name} shows the market {first.market}, and these settings mean "
                        f"{store.market}: set SAUDA_SIM_SEED as the desk has it"
                    )
                bars = [bar for part in parts for bar in part.bars]
                work.keep(wanted, bars, whole=_is_whole(first.source, first.error), why=first.error)
                tell(len(wanted.days))
    return work.outcome()


def _is_whole(source: str, error: str | None) -> bool:
    """Return whether a session that has bars has all of them: a broker's charts are whole, other records need not be."""
    return "recording" not in source and (error is None or "archive" not in source)


def _from_file(path: Path, span: _Span, settings: "Settings", calendar: "Calendar") -> "Outcome":
    from sauda.clock import ist_date
    from sauda.errors import ConfigError
    from sauda.history.backfilling import Backfill
    from sauda.history.knowers import NotKnownError
    from sauda.history.markets import REAL
    from sauda.history.store import HistoryStore
    from sauda.instruments import parse_symbol
    from sauda.recordings.past import RecordedPast
    from sauda.recordings.timeline import Recording

    exchange, _, symbol = span[0].partition(":")
    underlying = parse_symbol(exchange, symbol).underlying
    recording = Recording(path, frozenset({underlying}), calendar)
    if span[0] not in {one.instrument for one in recording.instruments}:
        raise ConfigError(f"{path} has no rows of {span[0]}")
    first, last = max(span[2], ist_date(recording.first_ns)), min(span[3], ist_date(recording.last_ns))
    past = RecordedPast(recording)
    store = HistoryStore(settings.history, REAL)
    work = Backfill(_task((*span[:2], first, last), _FOREVER), store, calendar)
    for wanted in work.all_at_once():
        try:
            bars, why = past.look(wanted).bars, None
        except NotKnownError as error:
            bars, why = [], str(error)
        work.keep(wanted, bars, whole=False, why=why)
    return work.outcome()


def _task(span: _Span, now_ns: "UnixNs") -> "Task":
    from sauda.history.backfilling import Task

    return Task(*span, now_ns)


@contextmanager
def _progress(work: "Backfill") -> Iterator[Tell]:
    """Show a bar on a terminal until the block is left; nothing of it stays."""
    if not screen.is_terminal() or not work.missing:
        yield lambda _sessions: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("sessions"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, transient=True) as progress:
        task = progress.add_task(f"{work.task.instrument} {work.task.timeframe}", total=len(work.missing))
        yield lambda sessions: progress.advance(task, sessions)


def _tell(outcome: "Outcome") -> None:
    whole = outcome.sessions - sum(one.sessions for one in outcome.missing)
    screen.line(
        f"{outcome.instrument} {outcome.timeframe}, market {outcome.market}: {outcome.bars} bars of {whole} of "
        f"{outcome.sessions} sessions, {outcome.bars - outcome.had} of them new"
    )
    if not outcome.sessions:
        screen.note("there was no session on those days")
    for one in outcome.missing[:_MOST_TOLD]:
        days = f"{one.first}" if one.sessions == 1 else f"{one.first} to {one.last}, {one.sessions} sessions"
        screen.note(f"missing: {days}: {one.why}")
    if len(outcome.missing) > _MOST_TOLD:
        screen.note(f"and {len(outcome.missing) - _MOST_TOLD} more stretches; --json names them all")
