"""What can be set: how late an order and how old a quote may be, how long a message travels, how fills are modelled."""

from dataclasses import dataclass
from typing import Final, Literal, Self

from sauda.clock import NS_PER_S

HALF_SPREAD_TICKS: Final = 1
HALF_SPREAD_BPS: Final = 30
"""The desk's own assumption where a feed shows no quotes. Measured as (ask - bid) / 2 / last price, the median: NIFTY options of
all expiries above Rs 100 on 2025-08-29 28 to 29, of the nearest expiry 10 to 11; BANKNIFTY's monthly straddle on 2021-08-20 36."""
HALF_SPREAD_FUTURE_BPS: Final = 1
"""The same of futures. Measured likewise: the NIFTY future of 355 quotes on 2025-12-29 0.48 (three quarters below 0.79, all below 1.2)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Durations are in market time: those of the desk's own lag are already multiplied by the speed of the market."""

    max_order_age_ns: int = 30 * NS_PER_S
    """An entry decided longer ago than this is refused: the market it was meant for is gone."""
    stale_quote_ns: int = 30 * NS_PER_S
    """A quote older than this fills nothing and lets no entry in."""

    latency_ns: int = 0
    """What an order, a change or a cancellation needs to the market; market time itself, whatever the speed."""
    slippage_ticks: int = 0
    """By how much every order that takes pays worse than the quote."""
    half_spread_ticks: int = 0
    """Where no quote is shown, one is assumed so far from the last price at least, ..."""
    half_spread_bps: int = 0
    """... and at least this share of it, in hundredths of a percent."""
    half_spread_future_bps: int | None = None
    """The same share of a future's price; None: as of everything else."""
    fills: Literal["depth", "ltp"] = "depth"
    """`ltp`: everything fills whole at the last price, at once: no spread, slippage, latency or queue. Only to compare."""

    @property
    def travel_ns(self) -> int:
        """Return how long a message travels to the market in the chosen model."""
        return 0 if self.fills == "ltp" else self.latency_ns

    @classmethod
    def at_speed(cls, speed: float, *, max_order_age_s: float, stale_quote_s: float) -> Self:
        """Turn seconds of the desk's own lag into market time: at 60x the market moves 60 s in one.

        Args:
            speed: Market seconds in a second of the desk.
            max_order_age_s: Desk seconds.
            stale_quote_s: Desk seconds.
        """
        return cls(
            max_order_age_ns=round(max_order_age_s * speed * NS_PER_S),
            stale_quote_ns=round(stale_quote_s * speed * NS_PER_S),
        )
