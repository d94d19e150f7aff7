"""What time it is in the market: wall time for a real broker, its own mapping for the simulator."""

import threading
from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec
import requests

from sauda.clock import NS_PER_S, Clock, UnixNs
from sauda.errors import TransientError

_TIMEOUT_S: Final = (2, 5)
BEAT_S: Final = 0.1
"""Wall seconds between two heartbeats where the market is slow: an order of a silent market waits no longer for its arrival."""


class Segment(NamedTuple):
    """A piece of wall time in which market time is a straight line."""

    wall_from_ns: UnixNs
    wall_to_ns: UnixNs
    market_from_ns: UnixNs
    speed: float
    """Market seconds per wall second; 0 between two days."""

    def market_ns(self, wall_ns: UnixNs) -> UnixNs:
        """Return the market time at *wall_ns*, which lies in this segment."""
        elapsed_ns = max(0, min(wall_ns, self.wall_to_ns) - self.wall_from_ns)
        return self.market_from_ns + round(elapsed_ns * self.speed)


class MarketClock:
    """Market time. It never goes back, whatever the wall clock does; any thread may ask."""

    def __init__(self, wall: Clock) -> None:
        self._wall = wall
        self._segments: tuple[Segment, ...] = ()
        self.known = False
        """Whether it has been told what to follow; before that nobody may ask it for the time."""
        self._latest_ns: UnixNs = 0
        self._lock = threading.Lock()

    def follow(self, segments: Sequence[Segment] | None) -> None:
        """Follow *segments*, or wall time if there are none."""
        self._segments = tuple(segments or ())
        self.known = True

    def now_ns(self) -> UnixNs:
        """Return the present instant of the market."""
        wall_ns = self._wall.now_ns()
        segments = self._segments
        found_ns = _at(segments, wall_ns).market_ns(wall_ns) if segments else wall_ns
        with self._lock:
            self._latest_ns = max(self._latest_ns, found_ns)
            return self._latest_ns

    def beat_ns(self) -> UnixNs:
        """Return the market time between two heartbeats: a tenth of a second of ours, at most a second of the market."""
        return max(1, min(NS_PER_S, round(BEAT_S * self._speed() * NS_PER_S)))

    def until_beat_s(self) -> float:
        """Return the seconds of wall time until the next heartbeat; one while the market stands still."""
        speed = self._speed()
        if speed <= 0:
            return 1.0
        beat_ns = self.beat_ns()
        return (beat_ns - self.now_ns() % beat_ns) / NS_PER_S / speed

    def _speed(self) -> float:
        return _at(self._segments, self._wall.now_ns()).speed if self._segments else 1.0


def _at(segments: Sequence[Segment], wall_ns: UnixNs) -> Segment:
    current = segments[0]
    for segment in segments:
        if segment.wall_from_ns <= wall_ns:
            current = segment
    return current


def simulated_segments(host: str) -> list[Segment] | None:
    """Ask *host* how its market's time runs; None if it is a real broker, whose market runs on wall time.

    Raises:
        TransientError: it does not answer.
    """
    parts = urlsplit(host)
    try:
        reply = requests.get(f"{parts.scheme}://{parts.netloc}/admin/clock", timeout=_TIMEOUT_S)
    except requests.RequestException as error:
        raise TransientError(f"{host} cannot be reached: {type(error).__name__}") from error
    if reply.status_code != 200:
        return None
    try:
        found = msgspec.json.decode(reply.content, type=_Clock).segments
    except msgspec.DecodeError:
        return None
    return [Segment(one.wall_from_ns, one.wall_to_ns, one.market_from_ns, one.speed) for one in found]


class _Stretch(msgspec.Struct):
    wall_from_ns: int
    wall_to_ns: int
    market_from_ns: int
    speed: float


class _Clock(msgspec.Struct):
    segments: list[_Stretch]
