"""`sauda backtest`: the desk's own units over recorded prices, in one process, market time as the clock."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sauda.cli import screen
from sauda.cli.options import JsonOption, a_date
from sauda.errors import ConfigError

if TYPE_CHECKING:
    from sauda.backtest.data import MarketData
    from sauda.backtest.plan import Plan
    from sauda.calendar import Calendar
    from sauda.clock import UnixNs

NEGATIVE = 1


def backtest(
    rules: Annotated[list[Path], typer.Argument(metavar="RULES...", help="Rules files, one a strategy.")],
    *,
    data: Annotated[
        list[Path],
        typer.Option("--data", metavar="PATH", help="A file of market data or a folder. Repeatable."),
    ],
    from_day: Annotated[
        date | None,
        typer.Option("--from", parser=a_date, metavar="YYYY-MM-DD", help="First day (IST)."),
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
        Path | None, typer.Option("-o", "--out", metavar="FOLDER", help="Write the results there.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Let strategies trade recorded prices on the paper exchange, with its charges, margin and risk limits.

    Exit 0: it ran. Exit 1: it ran, and a unit stopped or could not work a message.
    """
    from sauda.backtest.run import run
    from sauda.cli.asked_units import texts_of
    from sauda.cli.backtest_words import document, tell_outcome, write
    from sauda.garbage import collect_rarely

    texts = texts_of([*(changes or []), *([] if capital is None else [f"capital={capital}"])])
    plan, market, assumptions = _prepared(
        rules, texts, lambda calendar: _market(data, calendar, from_day, to_day, trade_index)
    )
    collect_rarely()
    with _progress(market) as tell:
        outcome = run(plan, market, tell, assumptions=assumptions)
    if out is not None:
        write(outcome, out)
    if as_json:
        screen.json_document(document(outcome))
    else:
        tell_outcome(outcome)
    if outcome.parked or outcome.stopped:
        raise typer.Exit(NEGATIVE)


def _prepared(
    rules: list[Path], texts: dict[str, str], market_of: "Callable[[Calendar], MarketData]"
) -> "tuple[Plan, MarketData, list[str]]":
    from sauda.backtest.assumed import fitted
    from sauda.backtest.plan import planned, rules_in
    from sauda.calendar import load_calendar
    from sauda.settings import load_settings

    settings = load_settings()
    twice = [path.stem for at, path in enumerate(rules) if path.stem in {one.stem for one in rules[:at]}]
    if twice:
        raise ConfigError(
            f"two rules files are called {twice[0]}: the name is the instance's, so it stands once"
        )
    plan = planned(settings, {path.stem: rules_in(path) for path in rules}, texts)
    market = market_of(load_calendar(settings.config / "market"))
    plan, assumptions = fitted(plan, market)
    return plan, market, assumptions


def _market(
    paths: list[Path], calendar: "Calendar", from_day: date | None, to_day: date | None, trade_index: bool
) -> "MarketData":
    from sauda.backtest.data import MarketData, files_of

    return MarketData(files_of(paths), calendar, from_day, to_day, trade_index=trade_index)


@contextmanager
def _progress(market: "MarketData") -> "Iterator[Callable[[UnixNs, int], None]]":
    """Show how far it has come, on a terminal."""
    if not screen.is_terminal():
        yield lambda _at_ns, _ticks: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    from sauda.clock import clock_text

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[ticks]:,} ticks"))
    first_ns, last_ns = market.span
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), transient=True) as shown:
        task = shown.add_task(market.name, total=max(1, last_ns - first_ns), ticks=0)

        def tell(at_ns: "UnixNs", ticks: int) -> None:
            shown.update(task, completed=at_ns - first_ns, description=clock_text(at_ns)[:16], ticks=ticks)

        yield tell
