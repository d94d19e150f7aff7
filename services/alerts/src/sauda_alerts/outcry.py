"""The one alert that cannot stand on a stream: Redis itself is away. Said straight to the destination, by whoever held it last."""

from collections.abc import Callable
from typing import Final

from sauda.clock import Clock
from sauda.contracts import Alert, Level
from sauda.outage import SinkAwayError
from sauda_alerts.deciding import Line
from sauda_alerts.sending import Sender
from sauda_alerts.wording import word

AFTER_S: Final = 60.0
"""A restart of Redis takes seconds; what takes longer needs somebody."""

_SOURCE: Final = "alerts"


class Outcry:
    """What one courier says of Redis, once an outage; kept in memory, for there is nothing else to keep it in."""

    def __init__(self, sender: Sender, desk: str, seconds: Callable[[], float], clock: Clock) -> None:
        self._sender = sender
        self._desk = desk
        self._seconds = seconds
        self._clock = clock
        self._away_since_s: float | None = None
        self._said = False

    def redis_is_away(self, why: str) -> None:
        """Take note of it, and say so when it has lasted."""
        now_s = self._seconds()
        if self._away_since_s is None:
            self._away_since_s = now_s
        away_s = now_s - self._away_since_s
        if not self._said and away_s >= AFTER_S:
            text = f"Redis has been away for {away_s:.0f} s, the desk stands still: {why}"
            self._said = self._say(Level.CRITICAL, "REDIS_AWAY", text)

    def redis_is_back(self) -> None:
        """Say that it is over, to who was told that it began."""
        if self._said and self._away_since_s is not None:
            away_s = self._seconds() - self._away_since_s
            self._say(Level.CRITICAL, "REDIS_BACK", f"Redis is back after {away_s:.0f} s, the desk goes on")
        self._away_since_s, self._said = None, False

    def _say(self, level: Level, code: str, text: str) -> bool:
        alert = Alert(_SOURCE, level, code, text, self._clock.now_ns())
        try:
            self._sender.send(word(self._desk, [Line(alert, level)], 0))
        except SinkAwayError:
            return False
        return True
