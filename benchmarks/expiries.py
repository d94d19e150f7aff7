"""The straddle, and the other kinds that sell options, on the six monthly expiries of 2025 that the data has.

    python -m benchmarks.expiries DATA      prints the tables of docs/examples/straddle-2025-expiries.md

Each line is one backtest, as `sauda backtest` makes it: the desk's own units with the settings and rules of the release.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time, timedelta
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from sauda.backtest.assumed import fitted
from sauda.backtest.data import MarketData, files_of
from sauda.backtest.outcome import Outcome
from sauda.backtest.plan import planned
from sauda.backtest.run import run
from sauda.calendar import load_calendar
from sauda.clock import to_ist
from sauda.contracts import Alert, ChargeLines, Fill, Level, PlaceOrder, Side
from sauda.money import Paise, to_indian, to_rupees
from sauda.settings import Settings

CONFIG: Final = Path(__file__).parents[1] / "config"
FOLDER: Final = "nifty_monthly_options_15min_2025_dhan"
EXPIRIES: Final = tuple(
    date.fromisoformat(day)
    for day in ("2025-01-30", "2025-03-27", "2025-05-29", "2025-07-31", "2025-09-30", "2025-11-25")
)
STRADDLE: Final[Mapping[str, str]] = {
    "kind": "short_straddle",
    "tsymbol": "NIFTY",
    "entry_time": "09:30",
    "exit_time": "15:15",
}
"""As config/strategies/nifty_straddle.yaml has it, but for the entry: at 09:30:00 bars of 15 minutes show their opens, which
are prices of one moment. At 09:20 a bar shows its high or its low, and put-call parity of such prices is off by two strikes."""
EXIT: Final = time.fromisoformat(STRADDLE["exit_time"])
KINDS: Final[Mapping[str, Mapping[str, str]]] = {
    "short straddle": STRADDLE,
    "short strangle, 1 % out": {**STRADDLE, "kind": "short_strangle", "sotm_percentage": "1.0"},
    "iron fly, wings 300": {**STRADDLE, "kind": "iron_fly", "wing_points": "300"},
    "iron condor, 200 out, wings 200": {
        **STRADDLE,
        "kind": "iron_condor",
        "sotm_points": "200",
        "wing_points": "200",
    },
}
LINES: Final = tuple(msgspec.structs.fields(ChargeLines))


class Result(NamedTuple):
    """What one backtest came to."""

    fills: tuple[Fill, ...]
    orders: Mapping[str, PlaceOrder]
    net: Paise
    margin: Paise
    problems: tuple[str, ...]
    """Codes of the alerts that are more than news."""

    @property
    def gross(self) -> Paise:
        """Return what the trades made before charges."""
        return sum(-fill.signed_qty * fill.price for fill in self.fills)

    @property
    def charges(self) -> Paise:
        """Return what they cost."""
        return sum(fill.charges for fill in self.fills)


def file_of(data: Path, expiry: date) -> Path:
    """Return the file of the options that expire on *expiry*."""
    return data / FOLDER / f"NIFTY_exp_{expiry}.parquet"


def played(rules: Mapping[str, str], path: Path, first: date, last: date) -> Result:
    """Return what *rules* make of the days *first* to *last*."""
    return _played(tuple(rules.items()), path, first, last)


@cache  # Two tables tell of the same days.
def _played(rules: tuple[tuple[str, str], ...], path: Path, first: date, last: date) -> Result:
    plan = planned(Settings(config=CONFIG), {"straddle": dict(rules)}, {})
    market = MarketData(files_of([path]), load_calendar(CONFIG / "market"), first, last, trade_index=False)
    plan, assumptions = fitted(plan, market)
    return _result(run(plan, market, assumptions=assumptions))


def _result(outcome: Outcome) -> Result:
    if outcome.parked or outcome.stopped:
        raise RuntimeError(f"a unit failed: {outcome.parked or outcome.stopped}")
    points = [point for point in outcome.equity if point.strategy == "straddle"]
    return Result(
        fills=outcome.fills,
        orders={order.order_id: order for order in outcome.orders},
        net=points[-1].net if points else 0,
        margin=max((point.margin for point in points), default=0),
        problems=tuple(
            one.code for one in outcome.alerts if isinstance(one, Alert) and one.level is not Level.INFO
        ),
    )


def week_before(expiry: date) -> date:
    """Return the day a week's trading before *expiry*: seven calendar days hold five weekdays."""
    return expiry - timedelta(days=6)


# The tables.


def expiry_days(data: Path) -> Iterator[str]:
    """The straddle on each expiry day."""
    yield "| expiry day | strike | call: sold, bought back | put: sold, bought back | gross | charges | net | margin | return |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for expiry in EXPIRIES:
        result = played(STRADDLE, file_of(data, expiry), expiry, expiry)
        strike = next(iter(result.fills)).instrument[-5:]
        yield _row(str(expiry), strike, _leg(result, "C"), _leg(result, "P"), *_money(result, result.charges))


def weeks(data: Path) -> Iterator[str]:
    """The straddle on every day of each expiry week."""
    yield "| week to | days traded | stops hit | gross | charges | net | margin | return | alerts |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for expiry in EXPIRIES:
        result = played(STRADDLE, file_of(data, expiry), week_before(expiry), expiry)
        days = {to_ist(fill.event_ns).date() for fill in result.fills}
        stops = sum("-stop" in fill.order_id for fill in result.fills)
        alerts = ", ".join(sorted(set(result.problems))) or "none"
        yield _row(str(expiry), str(len(days)), str(stops), *_money(result, result.charges), alerts)


def charge_lines(data: Path) -> Iterator[str]:
    """What the trades of the expiry days cost, line by line."""
    names = [line.name for line in LINES]
    yield _row("expiry day", *names, "sum")
    yield "|" + "---|" * (len(names) + 2)
    for expiry in EXPIRIES:
        fills = played(STRADDLE, file_of(data, expiry), expiry, expiry).fills
        sums = [sum(getattr(fill.costs, name) for fill in fills if fill.costs) for name in names]
        yield _row(str(expiry), *map(to_indian, [*sums, sum(fill.charges for fill in fills)]))


def kinds(data: Path) -> Iterator[str]:
    """Net of each kind on each expiry day."""
    yield _row("kind", *map(str, EXPIRIES), "sum", "most margin")
    yield "|" + "---|" * (len(EXPIRIES) + 3)
    for name, rules in KINDS.items():
        found = [played(rules, file_of(data, expiry), expiry, expiry) for expiry in EXPIRIES]
        nets = [one.net for one in found]
        yield _row(name, *map(to_indian, [*nets, sum(nets), max(one.margin for one in found)]))


TABLES: Final = (expiry_days, charge_lines, weeks, kinds)


def _leg(result: Result, right: str) -> str:
    fills = [fill for fill in result.fills if fill.instrument[-6] == right]
    sold = next(fill for fill in fills if fill.side is Side.SELL)
    bought = next(fill for fill in fills if fill.side is Side.BUY)
    at = to_ist(bought.event_ns).time()
    # An exit before its time: the price had jumped over the stop, which rested behind its trigger.
    how = "stop" if "-stop" in bought.order_id else "exit" if at >= EXIT else "late stop"
    return f"{to_rupees(sold.price)}, {to_rupees(bought.price)} ({how} {at:%H:%M})"


def _money(result: Result, charges: Paise) -> Sequence[str]:
    return (
        to_indian(result.gross),
        to_indian(charges),
        to_indian(result.net),
        to_indian(result.margin),
        f"{100 * result.net / result.margin:.2f} %" if result.margin else "none",
    )


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def main(data: str) -> None:
    """Print all tables."""
    for table in TABLES:
        sys.stdout.write(f"{table.__doc__}\n\n" + "\n".join(table(Path(data))) + "\n\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
