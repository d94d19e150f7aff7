"""Bars: ticks made into minutes, minutes into longer ones, and history and live joined without a seam.

Each strategy makes its own bars from the ticks it reads (ADR 0021); `services/bars` makes them for people and the archive.
"""

from sauda.bars.bars import Bars
from sauda.bars.timeframes import TIMEFRAMES, Grid, length_ns

__all__ = ["TIMEFRAMES", "Bars", "Grid", "length_ns"]
