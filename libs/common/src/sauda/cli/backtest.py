"""`sauda backtest`: the desk's own units over recorded prices, in one process, market time as the clock."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from sauda.cli import screen
from sauda.cli.options import JsonOption, a_date
from sauda.errors import ConfigError

if TYPE_CHECKING:
    from sauda.backtest.data import MarketData
    from sauda.backtest.outcome import Outcome
    from sauda.backtest.plan import Plan
    from sauda.backtest.raced import Difference
    from sauda.clock import UnixNs

NEGATIVE = 1


def backtest(
    rules: Annotated[
        list[Path] | None, typer.Argument(metavar="[RULES]...", help="Rules files, one a strategy.")
    ] = None,
    *,
    data: Annotated[
        list[Path] | None,
        typer.Option("--data", metavar="PATH", help="A file of market data or a folder. Repeatable."),
    ] = None,
    desk: Annotated[
        str | None,
        typer.Option("--desk", metavar="NAME", help="Instead of --data: what this desk saw, with its rules."),
    ] = None,
    from_day: Annotated[
        date | None, typer.Option("--from", parser=a_date, metavar="YYYY-MM-DD", help="First day (IST).")
    ] = None,
    to_day: Annotated[
        date | None, typer.Option("--to", parser=a_date, metavar="YYYY-MM-DD", help="Last day (IST).")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="[INSTANCE.]KEY=VALUE", help="Another rule or setting than written. Repeatable."
        ),
    ] = None,
    capital: Annotated[
        str | None, typer.Option("--capital", metavar="RUPEES", help="Short for --set capital=RUPEES.")
    ] = None,
    trade_index: Annotated[
        bool, typer.Option("--trade-index", help="Give each index a future with its prices, to be traded.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="FOLDER", help="Write figures, tables and a page there."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Let strategies trade recorded prices on the paper exchange, with its charges, margin and risk limits.

    With --desk, a recorded desk trades once more, and whatever went otherwise there is listed with its reason.

    Exit 0: it ran. Exit 1: a strategy or a unit stopped, or could not work a message; or, of a desk as it was, something went
    otherwise and no race of order and tick accounts for it. The last line says which.
    """
    from sauda.cli.asked_units import texts_of
    from sauda.cli.backtest_words import failures, tell, tell_outcome, write
    from sauda.garbage import collect_rarely

    texts = texts_of([*(changes or []), *([] if capital is None else [f"capital={capital}"])])
    collect_rarely()
    found: list[Difference] | None = None
    if desk is None:
        outcome = _of_files(Asked(rules or [], data or [], from_day, to_day, trade_index), texts)
    else:
        _refuse(rules=rules, data=data, from_=from_day, to=to_day, trade_index=trade_index)
        outcome, found = _of_desk(desk, texts)
    if out is not None:
        write(outcome, out)
    if as_json:
        tell(outcome, found)
    else:
        tell_outcome(outcome, found)
    unexplained = [one for one in found or () if not one.explained]
    failed = failures(outcome)
    if unexplained and not texts:
        from sauda.cli.backtest_desk import counts

        failed.append(f"{counts(unexplained)} went otherwise and no race accounts for it")
    if failed:
        screen.note(f"exit 1: {'; '.join(failed)}")
        raise typer.Exit(NEGATIVE)


class Asked(NamedTuple):
    """Which strategies over which prices."""

    rules: list[Path]
    data: list[Path]
    from_day: date | None
    to_day: date | None
    trade_index: bool


def _refuse(**options: object) -> None:
    """Insist that none of *options* is given beside --desk."""
    given = [name for name, value in options.items() if value]
    if given:
        names = ", ".join(
            "RULES" if name == "rules" else f"--{name.rstrip('_').replace('_', '-')}" for name in given
        )
        raise ConfigError(
            f"--desk plays the whole record with the desk's own rules: leave out {names}; --set changes a rule"
        )


def _of_desk(name: str, texts: dict[str, str]) -> "tuple[Outcome, list[Difference]]":
    from sauda.bundle.place import settings_for
    from sauda.cli.backtest_desk import once_more
    from sauda.cli.options import opened
    from sauda.settings import load_settings

    with opened(name) as record:
        return once_more(record, settings_for(load_settings(), record.desk), texts, _progress)


def _of_files(asked: Asked, texts: dict[str, str]) -> "Outcome":
    from sauda.backtest.run import run

    plan, market, assumptions = _prepared(asked, texts)
    with _progress(market.name, *market.span) as tell:
        return run(plan, market, tell, assumptions=assumptions)


def _prepared(asked: Asked, texts: dict[str, str]) -> "tuple[Plan, MarketData, list[str]]":
    from sauda.backtest.assumed import fitted
    from sauda.backtest.data import MarketData, files_of
    from sauda.backtest.plan import planned, rules_in
    from sauda.calendar import load_calendar
    from sauda.settings import load_settings

    rules = asked.rules
    if not rules or not asked.data:
        raise ConfigError("name at least one rules file and --data PATH, or --desk NAME alone")
    if asked.from_day and asked.to_day and asked.to_day < asked.from_day:
        raise ConfigError(f"--to {asked.to_day} lies before --from {asked.from_day}")
    twice = [path.stem for at, path in enumerate(rules) if path.stem in {one.stem for one in rules[:at]}]
    if twice:
        raise ConfigError(
            f"two rules files are called {twice[0]}: the name is the instance's, so it stands once"
        )
    settings = load_settings()
    plan = planned(settings, {path.stem: rules_in(path) for path in rules}, texts)
    calendar = load_calendar(settings.config / "market")
    files = files_of(asked.data)
    market = MarketData(files, calendar, asked.from_day, asked.to_day, trade_index=asked.trade_index)
    plan, assumptions = fitted(plan, market)
    return plan, market, assumptions


@contextmanager
def _progress(name: str, first_ns: "UnixNs", last_ns: "UnixNs") -> "Iterator[Callable[[UnixNs, int], None]]":
    """Show how far it has come, on a terminal; without ends only that it moves."""
    if not screen.is_terminal():
        yield lambda _at_ns, _ticks: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    from sauda.clock import clock_text

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[ticks]:,} ticks"))
    total = last_ns - first_ns if last_ns > first_ns else None
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), transient=True) as shown:
        task = shown.add_task(name, total=total, ticks=0)

        def tell(at_ns: "UnixNs", ticks: int) -> None:
            shown.update(task, completed=at_ns - first_ns, description=clock_text(at_ns)[:16], ticks=ticks)

        yield tell
