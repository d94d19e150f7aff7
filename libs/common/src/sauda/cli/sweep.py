"""`sauda sweep`: a backtest with every combination of some values, on all cores, and what the best of them is worth."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sauda.cli import screen
from sauda.cli.options import JsonOption, a_date
from sauda.errors import ConfigError

if TYPE_CHECKING:
    from sauda.sweep.grid import Grid
    from sauda.sweep.trial import Task, Trial

INTERRUPTED = 130
NEGATIVE = 1


def sweep(
    rules: Annotated[list[Path], typer.Argument(metavar="RULES...", help="Rules files, one a strategy.")],
    *,
    data: Annotated[
        list[Path],
        typer.Option("--data", metavar="PATH", help="A file of market data or a folder. Repeatable."),
    ],
    grid: Annotated[
        list[str],
        typer.Option("--grid", metavar="[INSTANCE.]KEY=A,B,C|FROM..TO..STEP", help="Vary this. Repeatable."),
    ],
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="[INSTANCE.]KEY=VALUE", help="Set this for all. Repeatable."),
    ] = None,
    from_day: Annotated[
        date | None,
        typer.Option("--from", parser=a_date, metavar="YYYY-MM-DD", help="First day (IST)."),
    ] = None,
    to_day: Annotated[
        date | None, typer.Option("--to", parser=a_date, metavar="YYYY-MM-DD", help="Last day (IST).")
    ] = None,
    trade_index: Annotated[
        bool, typer.Option("--trade-index", help="Give each index a future with its prices, to be traded.")
    ] = False,
    split: Annotated[
        str | None,
        typer.Option("--split", metavar="DATE|PERCENT%", help="Choose before it, look at the rest: 70%."),
    ] = None,
    metric: Annotated[
        str, typer.Option("--metric", metavar="NAME", help="What the best is best at.")
    ] = "sharpe",
    sample: Annotated[
        int | None, typer.Option("--sample", min=1, metavar="N", help="Try only N of the combinations.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, metavar="N", help="Processes; default: all cores.")
    ] = None,
    heat: Annotated[
        str | None,
        typer.Option("--heat", metavar="KEY,KEY", help="Keys of the heat map; default: most telling."),
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Most rows of the table.")] = 20,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="FOLDER", help="Write the results there; goes on there."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Run every combination of a grid of rules, rank them, and say how much of the best one is luck.

    Exit 0: it ran. Exit 1: no combination could be run. Interrupted, it tells what is done; with -o it goes on from there.
    """
    from sauda.cli.sweep_words import Report
    from sauda.sweep.grid import grid_of

    combinations = grid_of(grid)
    report = Report(combinations, _metric(metric), heat, out, limit=limit, as_json=as_json)
    task = _task(rules, data, changes or [], (from_day, to_day, _split(split)), trade_index=trade_index)
    numbers = combinations.chosen(sample)
    kept = _opened(task, combinations, out)
    done: list[Trial] = []
    is_whole = False
    try:
        with _progress(len(numbers)) as tell:
            for trial in _run(task, combinations, numbers, kept, jobs or os.cpu_count() or 1):
                done.append(trial)
                tell()
        is_whole = True
    except KeyboardInterrupt:
        screen.note(f"interrupted: {len(done)} of {len(numbers)} combinations are done")
    kept.tidy()
    report.tell(task, done, len(numbers))
    if not is_whole:
        raise typer.Exit(INTERRUPTED)
    if not any(trial.first for trial in done):
        raise typer.Exit(NEGATIVE)


def _task(
    rules: list[Path],
    data: list[Path],
    changes: list[str],
    when: "tuple[date | None, date | None, date | float | None]",
    *,
    trade_index: bool,
) -> "Task":
    from sauda.backtest.plan import rules_in
    from sauda.cli.asked_units import texts_of
    from sauda.settings import load_settings
    from sauda.sweep.trial import Task

    texts = {path.stem: rules_in(path) for path in rules}
    if len(texts) < len(rules):
        raise ConfigError("two rules files have one name: the name is the instance's, so it stands once")
    return Task(
        load_settings(),
        tuple((name, tuple((key, str(value)) for key, value in one.items())) for name, one in texts.items()),
        tuple(texts_of(changes).items()),
        tuple(path.resolve() for path in data),
        *when,
        trade_index=trade_index,
    )


def _opened(task: "Task", grid: "Grid", out: Path | None) -> Any:
    """Check the rules as they stand and the grid's keys, and return what was done before."""
    from sauda.sweep.kept import Kept, sweep_id
    from sauda.sweep.trial import known_keys, plan_of

    plan = plan_of(task, {})
    known_keys(plan, grid.keys)
    return Kept(out, sweep_id(task, plan))


def _run(task: "Task", grid: "Grid", numbers: Iterable[int], kept: Any, jobs: int) -> "Iterator[Trial]":
    from sauda.sweep.pool import trials

    missing: dict[int, dict[str, str]] = {}
    for number in numbers:
        values = grid.at(number)
        found = kept.find(number, values)
        if found is None:
            missing[number] = values
        else:
            yield found
    for trial in trials(task, missing, jobs):
        kept.add(trial)
        yield trial


def _metric(text: str) -> str:
    from sauda.sweep.findings import METRICS

    name = text.replace("-", "_")
    if name not in METRICS:
        raise ConfigError(f"--metric {text}: there is no such figure; there are {', '.join(METRICS)}")
    return name


def _split(text: str | None) -> "date | float | None":
    if text is None:
        return None
    try:
        if not text.endswith("%"):
            return date.fromisoformat(text)
        share = float(text.removesuffix("%")) / 100
    except ValueError:
        raise ConfigError(
            f"--split {text}: write a date such as 2026-06-01, or a share such as 70%"
        ) from None
    if not 0 < share < 1:
        raise ConfigError(f"--split {text}: a share lies between 0% and 100%")
    return share


@contextmanager
def _progress(total: int) -> "Iterator[Callable[[], None]]":
    """Show how many are done, on a terminal."""
    if not screen.is_terminal():
        yield lambda: None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("combinations"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), transient=True) as shown:
        bar = shown.add_task("", total=total)
        yield lambda: shown.advance(bar)
