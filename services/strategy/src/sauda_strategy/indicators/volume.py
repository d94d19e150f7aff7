"""Where the volume traded: VWAP."""

from sauda.clock import ist_date
from sauda.contracts import Bar
from sauda_strategy.indicators.study import Study


class VWAP(Study):
    """The volume-weighted mean price of the session so far, paise; a new day in India begins anew.

    A bar counts with the mean of its high, low and close. None until something has traded that day, and always for an index,
    which shows no volume.
    """

    def __init__(self) -> None:
        self._day = ""
        self._volume = 0
        self._turnover = 0
        """Sum of volume x (high + low + close): whole, so exact however long the day."""

    def update(self, bar: Bar) -> None:
        """Take the next bar."""
        day = ist_date(bar.start_ns).isoformat()
        if day != self._day:
            self._day, self._volume, self._turnover = day, 0, 0
        if bar.volume:
            self._volume += bar.volume
            self._turnover += bar.volume * (bar.high + bar.low + bar.close)

    @property
    def value(self) -> float | None:
        """Return the mean price."""
        return self._turnover / (3 * self._volume) if self._volume else None
