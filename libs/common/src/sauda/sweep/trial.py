"""One combination: a backtest with its values, and the few figures of it that come back.

What comes back is small whatever the backtest was: a sweep of thousands fits in memory.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import msgspec

from sauda.backtest.assumed import fitted
from sauda.backtest.data import MarketData, files_of
from sauda.backtest.outcome import Outcome
from sauda.backtest.plan import Plan, planned
from sauda.backtest.run import run
from sauda.calendar import load_calendar
from sauda.errors import ConfigError, SaudaError
from sauda.money import Paise
from sauda.report.curve import DESK
from sauda.report.days import WHOLE, Window, days_of, split_at
from sauda.report.figures import figures
from sauda.report.ratios import daily_sharpe, moments
from sauda.settings import Settings
from sauda.sweep.luck import Shape


@dataclass(frozen=True, slots=True)
class Task:
    """What all trials of a sweep have in common; hashable and small, as every process gets one."""

    settings: Settings
    rules: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """(instance, its rules as texts)"""
    changes: tuple[tuple[str, str], ...]
    """What is set for all of them."""
    data: tuple[Path, ...]
    from_day: date | None = None
    to_day: date | None = None
    split: date | float | None = None
    """Where the second part begins: its first day, or the share of the days in the first."""
    trade_index: bool = False
    """Whether indices are given futures, see `sauda.backtest.index_future`."""


class Scores(msgspec.Struct, frozen=True):
    """What the desk did in one part of the data: the figures of `docs/report.md`."""

    days: int
    trades: int
    net: Paise
    charges: Paise
    max_drawdown: Paise
    peak_margin: Paise
    sharpe: float | None
    sortino: float | None
    profit_factor: float | None
    hit_rate: float | None
    expectancy: Paise | None
    exposure: float | None
    return_on_margin: float | None
    return_on_capital: float | None
    shape: Shape | None
    """For the deflated Sharpe ratio; None with too few days."""


class Trial(msgspec.Struct, frozen=True):
    """One combination and what became of it."""

    number: int
    """Its place in the grid."""
    values: dict[str, str]
    first: Scores | None = None
    """The part that it is judged by; all of the data where there is no split."""
    second: Scores | None = None
    """The part that has no say."""
    error: str | None = None
    """Why there are no figures: its rules are not valid, or the run broke down."""
    trouble: str | None = None
    """It ran, but a unit stopped, or could not work a message."""


@cache
def market_of(task: Task) -> MarketData:
    """Return the data of *task*, opened; once in a process.

    Raises:
        ConfigError: it cannot be played.
    """
    calendar = load_calendar(task.settings.config / "market")
    return MarketData(files_of(task.data), calendar, task.from_day, task.to_day, trade_index=task.trade_index)


def plan_of(task: Task, values: dict[str, str]) -> Plan:
    """Return the units with *values*.

    Raises:
        ConfigError: they make no valid rules; says why.
    """
    rules = {name: dict(texts) for name, texts in task.rules}
    return planned(task.settings, rules, {**dict(task.changes), **values})


def assumed(task: Task) -> list[str]:
    """Return what all combinations have to assume because the data does not say it, as the rules stand before the grid.

    Raises:
        ConfigError: data or rules cannot be used.
    """
    return fitted(plan_of(task, {}), market_of(task))[1]


def run_trial(task: Task, number: int, values: dict[str, str]) -> Trial:
    """Run one combination.

    Raises:
        ConfigError: the data or the split cannot be used: no combination could.
    """
    market = market_of(task)
    try:
        plan, lines = fitted(plan_of(task, values), market)
    except ConfigError as error:
        return Trial(number, values, error=str(error))
    try:
        outcome = run(plan, market, assumptions=lines)
    except ConfigError:
        raise
    except SaudaError as error:
        return Trial(number, values, error=str(error))
    return judged(outcome, task.split, number, values)


def judged(outcome: Outcome, split: date | float | None, number: int, values: dict[str, str]) -> Trial:
    """Return combination *number* with the figures of *outcome*.

    Raises:
        ConfigError: its days cannot be split so.
    """
    trouble = [
        *(f"{unit} stopped: {why}" for unit, why in sorted(outcome.stopped.items())),
        *(text for _, text in sorted(outcome.gave_up.items())),
        *outcome.parked,
    ]
    told = trouble[0] if trouble else None
    if split is None:
        return Trial(number, values, scores(outcome, WHOLE), trouble=told)
    try:
        border = split_at(days_of(outcome), split)
    except ValueError as error:
        raise ConfigError(f"--split: {error}") from error
    first, second = (scores(outcome, part) for part in (Window(until_ns=border), Window(from_ns=border)))
    return Trial(number, values, first, second, trouble=told)


def scores(outcome: Outcome, window: Window) -> Scores:
    """Return what the desk did within *window*."""
    desk = figures(outcome, window)[DESK]
    worth, trading = desk.worth, desk.trading
    returns = [day.net / 100 for day in desk.daily]
    daily, form = daily_sharpe(returns), moments(returns)
    known = None
    if daily is not None and form is not None:
        known = Shape(daily, form.skewness, form.kurtosis, trading.days)
    return Scores(
        days=trading.days,
        trades=trading.trades,
        net=worth.net,
        charges=worth.charges,
        max_drawdown=worth.max_drawdown,
        peak_margin=worth.peak_margin,
        sharpe=worth.sharpe,
        sortino=worth.sortino,
        profit_factor=trading.profit_factor,
        hit_rate=trading.hit_rate,
        expectancy=trading.expectancy,
        exposure=trading.exposure,
        return_on_margin=worth.return_on_margin,
        return_on_capital=worth.return_on_capital,
        shape=known,
    )


def known_keys(plan: Plan, keys: Sequence[str]) -> None:
    """Check that each of *keys* (`key` or `instance.key`) is a rule or a setting of a unit.

    Raises:
        ConfigError: one is not; names near ones.
    """
    known = {key for unit in plan.units for key in (*unit.rules, *unit.settings)}
    known |= {f"{unit.name.removeprefix('strategy.')}.{key}" for unit in plan.units for key in unit.rules}
    known |= {f"{unit.name}.{key}" for unit in plan.units for key in (*unit.rules, *unit.settings)}
    for key in keys:
        if key not in known:
            near = difflib.get_close_matches(key, sorted(known), n=3)
            plain = ", ".join(sorted(name for name in known if "." not in name))
            hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {plain}"
            raise ConfigError(f"--grid {key}: no rule or setting has that name; {hint}")
