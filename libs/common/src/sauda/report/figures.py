"""Every figure of a run, for each strategy and for the desk: `docs/report.md` says what each means.

Money is whole paise; ratios and shares are floats; what is not defined is None.
"""

import msgspec

from sauda.backtest.outcome import Outcome
from sauda.report.curve import DayResult, by_day, names_of
from sauda.report.days import WHOLE, Window, days_of
from sauda.report.part import part_of
from sauda.report.round_trips import round_trips
from sauda.report.trading import Trading, trading
from sauda.report.worth import Worth, worth


class Figures(msgspec.Struct, frozen=True):
    """One strategy, or the desk (`ALL`)."""

    name: str
    trading: Trading
    worth: Worth
    daily: tuple[DayResult, ...]
    """What each day made."""


def figures(outcome: Outcome, window: Window = WHOLE) -> dict[str, Figures]:
    """Return the figures of each strategy and, last, of the desk (`ALL`).

    Args:
        outcome: The run.
        window: Only what happened in it; a trade belongs to the part in which it was closed.
    """
    days = days_of(outcome, window)
    trips = round_trips(outcome.fills)
    found: dict[str, Figures] = {}
    for name in names_of(outcome):
        part = part_of(outcome, name, window, days, trips)
        daily = tuple(by_day(part.points, days))
        found[name] = Figures(name, trading(part), worth(part, daily, outcome.capital), daily)
    return found
