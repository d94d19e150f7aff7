"""What the EMA scalper and the momentum make of real days: the tables of docs/examples/{ema-scalper-2024,momentum-2022}.md.

    python -m benchmarks.directional DATA

DATA is the folder with the files named in `RUNS`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from sauda.backtest.assumed import fitted
from sauda.backtest.data import MarketData
from sauda.backtest.outcome import Outcome
from sauda.backtest.plan import planned, rules_in
from sauda.backtest.run import run
from sauda.calendar import load_calendar
from sauda.clock import to_ist
from sauda.money import Paise, to_indian
from sauda.report.figures import figures
from sauda.report.round_trips import round_trips
from sauda.report.words import charges, rows
from sauda.settings import Settings

REPOSITORY: Final = Path(__file__).parents[1]


class Run(NamedTuple):
    """One backtest of an example."""

    kind: str
    data: str
    page: str


RUNS: Final = (
    Run("ema_scalper", "index_1min_2024/NIFTY_1min_2024_odd_months.parquet", "ema-scalper-2024.md"),
    Run("momentum", "nifty50_index_1s_2022/nifty50_1s.parquet", "momentum-2022.md"),
)


def played(one: Run, folder: Path) -> Outcome:
    """Return what became of all days of the file; the future of the index is traded at the index' prices."""
    rules = rules_in(REPOSITORY / f"config/strategies/examples/{one.kind}.yaml")
    calendar = load_calendar(REPOSITORY / "config/market")
    data = MarketData([folder / one.data], calendar, trade_index=True)
    plan, assumptions = fitted(planned(Settings(config=REPOSITORY / "config"), {one.kind: rules}, {}), data)
    return run(plan, data, assumptions=assumptions)


def tables(outcome: Outcome) -> Iterator[list[str]]:
    """Yield the page's tables, as lines of Markdown."""
    found = figures(outcome)["ALL"]
    signals = f"{len(outcome.signals):,}"
    yield [
        "| | |",
        "|---|---|",
        f"| Signals | {signals} |",
        *(f"| {name} | {value} |" for name, value in rows(found)),
    ]
    lines = charges(found)
    yield [
        "| " + " | ".join([*(name for name, _ in lines), "sum"]) + " |",
        "|---" * (len(lines) + 1) + "|",
        "| "
        + " | ".join(to_indian(one) for one in [*(paise for _, paise in lines), found.worth.charges])
        + " |",
    ]
    yield by_month(outcome)


def by_month(outcome: Outcome) -> list[str]:
    """Return the trades by the month in which they were closed."""
    months: dict[str, list[tuple[Paise, Paise]]] = {}
    for trip in round_trips(outcome.fills):
        if trip.closed_ns is not None:
            months.setdefault(f"{to_ist(trip.closed_ns):%Y-%m}", []).append((trip.cash, trip.charges))
    return [
        "| month | trades | before charges | charges | net |",
        "|---|---|---|---|---|",
        *(_month(name, trips) for name, trips in sorted(months.items())),
    ]


def _month(name: str, trips: list[tuple[Paise, Paise]]) -> str:
    gross, cost = sum(one for one, _ in trips), sum(one for _, one in trips)
    return f"| {name} | {len(trips)} | {to_indian(gross)} | {to_indian(cost)} | {to_indian(gross - cost)} |"


def main(folder: str) -> None:
    """Print all tables."""
    for one in RUNS:
        print(f"\n## {one.page}")
        for table in tables(played(one, Path(folder))):
            print("\n".join(["", *table]))


if __name__ == "__main__":
    main(sys.argv[1])
