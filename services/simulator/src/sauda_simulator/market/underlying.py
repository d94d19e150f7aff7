"""One index on one day, and how long the contracts on it still live.

Time inside a session is counted in quarters of a second since the open.
"""

from dataclasses import dataclass

from sauda.clock import NS_PER_S, UnixNs

QUARTERS = 4
"""Moments per second: a liquid option ticks several times a second."""
YEAR_NS = 365 * 86_400 * NS_PER_S
TRADING_DAYS = 252
"""Of a year."""
RATE = 0.065
"""The yearly interest rate at which the simulated forwards carry and premiums are discounted."""


@dataclass(frozen=True)
class UnderlyingDay:
    """One index on one day: its path, its volatility, and the business done."""

    name: str
    path: list[float]
    """The index at each second of the session, paise."""
    vol_from: float
    """At-the-money volatility at the open, yearly fraction."""
    vol_to: float
    """The same at the close."""
    done: list[float]
    """Share of the day's business done before each second, 0 … 1."""
    open_ns: UnixNs
    option_lots: int
    """Lots that the busiest option trades in a day."""

    @property
    def last_quarter(self) -> int:
        """Return the last moment of the session."""
        return (len(self.path) - 1) * QUARTERS

    def spot(self, quarter: int) -> float:
        """Return the index at *quarter*, paise; between two seconds on the straight line."""
        second, rest = divmod(quarter, QUARTERS)
        here = self.path[second]
        return here + (self.path[second + 1] - here) * rest / QUARTERS if rest else here

    def vol(self, quarter: int) -> float:
        """Return the at-the-money volatility at *quarter*."""
        return self.vol_from + (self.vol_to - self.vol_from) * self.done[quarter // QUARTERS]

    def left(self, quarter: int) -> float:
        """Return the share of the session that is still to come, 1 … 0."""
        return 1.0 - quarter / self.last_quarter

    def instant_ns(self, quarter: int) -> UnixNs:
        """Return the market instant of *quarter*."""
        return self.open_ns + quarter * NS_PER_S // QUARTERS


@dataclass(frozen=True, slots=True)
class Life:
    """How long a contract still lives."""

    expires_ns: UnixNs
    days_after: int
    """Trading days after this one, the day of expiry included."""

    def carry_years(self, at_ns: UnixNs) -> float:
        """Return calendar years to expiry: interest runs on Sundays too."""
        return max(0.0, (self.expires_ns - at_ns) / YEAR_NS)

    def trading_years(self, left: float) -> float:
        """Return years of trading to expiry with the share *left* of this day to go.

        Volatility is counted in trading time, so an option does not lose a third of its worth over
        a weekend in which nothing can happen.
        """
        return (self.days_after + left) / TRADING_DAYS
