"""`python -m benchmarks.realism [FOLDER]`: what a straddle made on two real days by the last price, and by the paper exchange.

The models of the exchange are switched on one after the other, and what each takes away (or gives) is written down.
FOLDER holds the recordings; without it, the variable SAUDA_TEST_DATA names it.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from benchmarks.recorded_day import RecordedDay, Sight, whole
from sauda.calendar import Calendar, load_calendar
from sauda.clock import NS_PER_MS
from sauda.contracts import DeskPnl, Fill, Message, OrderRejected, PlaceOrder, Tick
from sauda.margin import load_margins
from sauda.money import Paise, to_indian
from sauda_execution.charges import load_tariff
from sauda_execution.exchange import paper_unit
from sauda_execution.house import House
from sauda_execution.order_rules import load_order_rules
from sauda_execution.risk.rules_file import load_risk
from sauda_execution.settings import HALF_SPREAD_BPS, HALF_SPREAD_TICKS, Limits
from sauda_pnl.valuation import valuation_unit
from sauda_strategy.kinds import strategy_unit
from sauda_strategy.option_kinds import ShortStraddleRules
from sauda_strategy.rule_files import load_rules

CONFIG: Final = Path(__file__).parents[1] / "config"
LATENCY_MS: Final = 20
CAPITAL: Final[Paise] = 1_00_00_000_00
"""One crore: enough for the larger size, so that the table shows prices and not refusals for want of margin."""


class Day(NamedTuple):
    """A recorded day."""

    title: str
    file: str
    underlying: str
    speed: float
    """How old quotes may be: a chain polled once a minute needs more than the usual half minute."""


DAYS: Final = (
    Day(
        "NIFTY 2025-08-29, chain polled every 65 s, best quotes",
        "nse_chain_snapshots_202508/NIFTY_chain_2025-08-29.parquet",
        "NIFTY",
        600,
    ),
    Day(
        "BANKNIFTY 2021-08-20, ticks, five levels",
        "kite_ticks_banknifty_20210820/ticks_2021-08-20.parquet",
        "BANKNIFTY",
        1,
    ),
)
LOTS: Final = (1, 20)


def no_sizes(tick: Tick) -> Tick:
    """Hide how much is offered: then a quote fills whole."""
    return msgspec.structs.replace(tick, bid_qty=None, ask_qty=None, volume=None, depth=None)


@dataclass(frozen=True)
class Model:
    """One way to trade the day."""

    name: str
    house: Callable[[Calendar, Limits], House]
    sight: Sight = whole


def _with(**changes: object) -> Callable[[Calendar, Limits], House]:
    """Return the maker of a house with these limits and nothing else."""
    return lambda calendar, limits: House(calendar, replace(limits, **changes))  # type: ignore[arg-type]  # named above


_SPREAD: Final = {"half_spread_ticks": HALF_SPREAD_TICKS, "half_spread_bps": HALF_SPREAD_BPS}
_LATE: Final = {**_SPREAD, "latency_ns": LATENCY_MS * NS_PER_MS}


def _legal(calendar: Calendar, limits: Limits) -> House:
    return replace(_with(**_LATE)(calendar, limits), rules=load_order_rules(CONFIG / "market"))


def _charged(calendar: Calendar, limits: Limits) -> House:
    return replace(_legal(calendar, limits), tariff=load_tariff(CONFIG / "market", "flat_20"))


def _full(calendar: Calendar, limits: Limits) -> House:
    return replace(
        _charged(calendar, limits),
        risk=load_risk(CONFIG),
        closing=calendar,
        capital=CAPITAL,
        margins=load_margins(CONFIG / "market"),
    )


def _slipping(calendar: Calendar, limits: Limits) -> House:
    return _full(calendar, replace(limits, slippage_ticks=1))


MODELS: Final = (
    Model("last price, at once, whole", _with(fills="ltp")),
    Model("the spread is crossed", _with(**_SPREAD), no_sizes),
    Model("no more than is offered, level by level", _with(**_SPREAD)),
    Model(f"orders travel {LATENCY_MS} ms", _with(**_LATE)),
    Model("orders go out in the form that the day's rules allow", _legal),
    Model("charges (plan flat_20)", _charged),
    Model("margin, risk limits, the life of a position", _full),
    Model("and one tick of slippage (the setting is 0)", _slipping),
)
"""Each has all that those before it have."""


class Result(NamedTuple):
    """How a day ended."""

    net: Paise
    charges: Paise
    fills: int
    refusals: int


class Row(NamedTuple):
    """One line of a table."""

    name: str
    results: tuple[Result, ...]
    """One for each size, in the order of `LOTS`."""


def table(day: Day, folder: Path) -> list[Row]:
    """Trade *day* by every model, in every size."""
    calendar = load_calendar(CONFIG / "market")
    recorded = RecordedDay(folder / day.file, day.underlying, calendar)
    return [
        Row(model.name, tuple(_traded(recorded, day, model, lots, calendar) for lots in LOTS))
        for model in MODELS
    ]


def _traded(recorded: RecordedDay, day: Day, model: Model, lots: int, calendar: Calendar) -> Result:
    rules = load_rules(CONFIG / "strategies").rules["nifty_straddle"]
    if not isinstance(rules, ShortStraddleRules):
        raise TypeError(f"nifty_straddle is a {rules.kind}")
    rules = rules.model_copy(update={"tsymbol": day.underlying, "quantity": lots})
    limits = Limits.at_speed(day.speed, max_order_age_s=30, stale_quote_s=30)
    units = [
        valuation_unit(),
        paper_unit(model.house(calendar, limits)),
        strategy_unit("straddle", rules, lambda exchange, on: calendar.session(exchange, on) is not None),
    ]
    return result_of(recorded.trade(units, model.sight))


def result_of(said: Sequence[Message]) -> Result:
    """Return how the day ended, and insist that nothing is held any more.

    Raises:
        RuntimeError: something is still held: its result would be a guess.
    """
    fills = [one for one in said if isinstance(one, Fill)]
    held: dict[str, int] = {}
    for fill in fills:
        held[fill.instrument] = held.get(fill.instrument, 0) + fill.signed_qty
    if any(held.values()):
        raise RuntimeError(f"the day ended with positions: {held}")
    net = next((one.net for one in reversed(said) if isinstance(one, DeskPnl)), 0)
    placed = {one.order_id for one in said if isinstance(one, PlaceOrder)}
    refused = {one.order_id for one in said if isinstance(one, OrderRejected)} & placed
    return Result(net, sum(fill.charges for fill in fills), len(fills), len(refused))


def lines(day: Day, rows: Sequence[Row]) -> Iterator[str]:
    """Yield the table of *day* in Markdown, as it stands in docs/paper-exchange.md."""
    sizes = " | ".join(f"{lots} lot{'s' if lots > 1 else ''}: net, Rs | difference | fills" for lots in LOTS)
    yield f"**{day.title}**"
    yield ""
    yield f"| switched on | {sizes} |"
    yield f"|---|{'---:|---:|---:|' * len(LOTS)}"
    before: Row | None = None
    for row in rows:
        yield f"| {row.name} | {' | '.join(_cells(row, before))} |"
        before = row


def _cells(row: Row, before: Row | None) -> Iterator[str]:
    for at, result in enumerate(row.results):
        yield to_indian(result.net)
        yield "" if before is None else to_indian(result.net - before.results[at].net)
        yield str(result.fills)


def main(arguments: Sequence[str]) -> int:
    """Print the tables; return the exit code: 2 for wrong usage, 1 if the recordings are not there."""
    named = arguments[0] if arguments else os.environ.get("SAUDA_TEST_DATA", "")
    if not named or len(arguments) > 1 or named.startswith("-"):
        print("usage: python -m benchmarks.realism FOLDER", file=sys.stderr)
        print("FOLDER holds the recordings; without it, SAUDA_TEST_DATA names it", file=sys.stderr)
        return 2
    folder = Path(named)
    missing = [day.file for day in DAYS if not (folder / day.file).exists()]
    if missing:
        print(f"{folder} has no {', '.join(missing)}", file=sys.stderr)
        return 1
    for day in DAYS:
        print("\n".join(lines(day, table(day, folder))), end="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
