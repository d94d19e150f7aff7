"""What a strategy asked for in `setup`: instruments, timeframes, indicators, times of day, underlyings."""

from dataclasses import dataclass, field
from datetime import time
from typing import Final, NamedTuple

from sauda.contracts import InstrumentId
from sauda_strategy.api import Indicator

USUAL_EXCHANGE: Final = "NSE"
"""Whose days count for a strategy that names no instrument at all."""


class Tracked(NamedTuple):
    """An indicator and what feeds it."""

    name: str
    """Its row in the state: `NSE:Nifty 50|5m|EMA|1`, the number telling those of one class on one series apart."""
    indicator: Indicator
    instrument: InstrumentId
    timeframe: str


@dataclass(slots=True)
class Asked:
    """All of it, in the order in which it was asked for."""

    heard: dict[InstrumentId, None] = field(default_factory=dict)
    """Those whose ticks come to `on_tick`."""
    series: dict[tuple[InstrumentId, str], None] = field(default_factory=dict)
    """(instrument, timeframe) of which bars are made"""
    listened: dict[tuple[InstrumentId, str], None] = field(default_factory=dict)
    """Those of them whose bars come to `on_bar`."""
    tracked: list[Tracked] = field(default_factory=list)
    times: set[time] = field(default_factory=set)
    underlyings: dict[str, None] = field(default_factory=dict)

    def watch(self, instrument: InstrumentId, timeframes: tuple[str, ...]) -> None:
        """Add an instrument and its bars."""
        self.heard[instrument] = None
        for timeframe in timeframes:
            self.series[instrument, timeframe] = None
            self.listened[instrument, timeframe] = None

    def track(self, indicator: Indicator, instrument: InstrumentId, timeframe: str) -> None:
        """Add an indicator; its bars come to `on_bar` too."""
        self.series[instrument, timeframe] = None
        self.listened[instrument, timeframe] = None
        begins = f"{instrument}|{timeframe}|{type(indicator).__name__}|"
        number = sum(one.name.startswith(begins) for one in self.tracked) + 1
        self.tracked.append(Tracked(f"{begins}{number}", indicator, instrument, timeframe))

    @property
    def instruments(self) -> list[InstrumentId]:
        """Return every instrument that was named."""
        return list(dict.fromkeys((*self.heard, *(instrument for instrument, _ in self.series))))

    @property
    def exchanges(self) -> list[str]:
        """Return whose trading days count."""
        named = [one.partition(":")[0] for one in self.instruments]
        return list(dict.fromkeys(named)) or [USUAL_EXCHANGE]
