"""How fast a recording plays: its own time, made faster, or as fast as it is read."""

from typing import Protocol

from sauda.clock import NS_PER_S, UnixNs, monotonic_s


class Pace(Protocol):
    """Says when an instant of the recording is due."""

    def anchor(self, market_ns: UnixNs) -> None:
        """Let *market_ns* be now."""

    def wait_s(self, market_ns: UnixNs) -> float:
        """Return how many seconds of wall time it is until *market_ns*; 0 or less when it is due."""


class Scaled:
    """The recording's own time, *speed* times as fast."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._market_ns = 0
        self._wall_s = 0.0

    def anchor(self, market_ns: UnixNs) -> None:
        """Let *market_ns* be now."""
        self._market_ns = market_ns
        self._wall_s = monotonic_s()

    def wait_s(self, market_ns: UnixNs) -> float:
        """Return how many seconds of wall time it is until *market_ns*; 0 or less when it is due."""
        due_s = (market_ns - self._market_ns) / NS_PER_S / self._speed
        return due_s - (monotonic_s() - self._wall_s)


class Unpaced:
    """Everything is due at once: for tests in lock step and for measuring."""

    def anchor(self, market_ns: UnixNs) -> None:
        """Nothing to remember."""

    def wait_s(self, market_ns: UnixNs) -> float:
        """Return 0: it is due."""
        return 0.0
