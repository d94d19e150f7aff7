"""A desk's market time never goes back: whether a source may go on with a desk's book is decided here, and only here."""

from enum import Enum, auto
from typing import Final

from sauda.clock import NS_PER_S, UnixNs, clock_text
from sauda.errors import ConfigError
from sauda_feed.progress import Progress

CLOCK_STEP_NS: Final = 60 * NS_PER_S
"""A machine's clock may be set back a little between two runs; the desk keeps the greater time and goes on."""

REAL_BROKER: Final = "noren"


class Continuity(Enum):
    """What a source's market means for the book that a desk has."""

    GOES_ON = auto()
    NEW_BOOK = auto()
    """It is another market, or another run of it: the old book is put aside whole."""


def continuity(desk: str, progress: Progress, source: str, market_ns: UnixNs) -> Continuity:
    """Decide how *source*, whose market stands at *market_ns*, serves *desk*.

    Raises:
        ConfigError: a real broker's market would go back: the machine's clock is wrong, and no book is closed for that.
    """
    seen_ns = progress.market_ns
    if seen_ns is None:
        return Continuity.GOES_ON
    if _kind(progress.source) != _kind(source):
        return Continuity.NEW_BOOK
    if market_ns >= seen_ns - CLOCK_STEP_NS:
        return Continuity.GOES_ON
    if _kind(source) == REAL_BROKER:
        raise ConfigError(
            f"desk {desk!r} has seen the market of {clock_text(seen_ns)}, and this machine's clock says "
            f"{clock_text(market_ns)}: set the clock, or give the run a desk of its own (DESK=another)"
        )
    return Continuity.NEW_BOOK


def _kind(source: str) -> str:
    """Return `recording` of `recording:3cae3dd2`."""
    return source.partition(":")[0]
