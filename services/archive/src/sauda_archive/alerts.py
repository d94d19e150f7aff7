"""What people are told about the archive: once that it is away, once that it is back, whichever replica says it."""

from itertools import islice
from typing import Final

from sauda.clock import Clock
from sauda.codec import decode, encode
from sauda.contracts import Alert, Level
from sauda.errors import ContractError, TransientError
from sauda.log import Output
from sauda.redis_book import RedisBook

SOURCE: Final = "archive"
AWAY: Final = "ARCHIVE_AWAY"
BACK: Final = "ARCHIVE_BACK"
_LOOKED_AT: Final = 500
"""Alerts among which our last word is looked for."""


class Alerts:
    """Says on the stream `alerts` how the archive is, when that has changed."""

    def __init__(self, redis: RedisBook, clock: Clock) -> None:
        self._redis = redis
        self._clock = clock
        self._said: str | None = None
        """Our last word; None: not looked up yet."""

    def away(self, what: str) -> None:
        """Say what is not archived, and therefore not trimmed."""
        self._say(AWAY, Level.CRITICAL, what)

    def back(self) -> None:
        """Say that it goes on, if it was ever said that it does not."""
        if self._said != BACK:
            self._say(BACK, Level.INFO, "the archive is back: what has gathered meanwhile is archived")

    def forget(self) -> None:
        """Look up again what was said last: another replica may have spoken."""
        self._said = None

    def _say(self, code: str, level: Level, text: str) -> None:
        try:
            if self._said is None:
                self._said = self._last_word()
            if self._said != code:
                alert = Alert(SOURCE, level, code, text, self._clock.now_ns())
                self._redis.append([Output("alerts", encode(alert))])
                self._said = code
        except TransientError:
            # Redis is away or full: it is said with the next turn.
            return

    def _last_word(self) -> str:
        for entry in islice(self._redis.backwards("alerts"), _LOOKED_AT):
            try:
                message = decode(entry.data)
            except ContractError:
                continue
            if isinstance(message, Alert) and message.source == SOURCE and message.code in (AWAY, BACK):
                return message.code
        return BACK
