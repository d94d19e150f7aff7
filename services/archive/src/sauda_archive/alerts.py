"""What people are told: once that the archive is away, once that it is back, and who keeps too much on Redis."""

from collections.abc import Set
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
HELD_UP: Final = "ARCHIVE_HELD_UP"
_LOOKED_AT: Final = 500
"""Alerts among which our last word is looked for."""


class Alerts:
    """Says on the stream `alerts` how the archive is, when that has changed."""

    def __init__(self, redis: RedisBook, clock: Clock) -> None:
        self._redis = redis
        self._clock = clock
        self._said: str | None = None
        """Our last word; None: not looked up yet."""
        self._holders: set[tuple[str, str]] = set()
        """Who was said to hold up which stream, and has done so since."""

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
        self._holders.clear()

    def held_up(self, held: Set[tuple[str, str]], *, memory: int, budget: int) -> None:
        """Say who keeps archived entries on Redis while its memory exceeds the budget, each once as long as it lasts.

        Args:
            held: (reader, stream): who keeps entries of which stream now.
            memory: Bytes that the desk's streams take.
            budget: What they may take.
        """
        if memory <= budget:
            # Not before: memory that moves around the budget must not bring an alert with each crossing.
            self._holders &= held
            return
        for reader, stream in sorted(held - self._holders):
            text = (
                f"{reader} keeps archived entries of {stream} on Redis, whose streams take {memory / 1e6:,.1f} MB of "
                f"{budget / 1e6:,.1f} MB: start it, or, if it was taken away, `sauda archive forget {reader}`"
            )
            try:
                self._redis.append([Output("alerts", encode(self._alert(Level.WARNING, HELD_UP, text)))])
            except TransientError:
                return
            self._holders.add((reader, stream))

    def _say(self, code: str, level: Level, text: str) -> None:
        try:
            if self._said is None:
                self._said = self._last_word()
            if self._said != code:
                self._redis.append([Output("alerts", encode(self._alert(level, code, text)))])
                self._said = code
        except TransientError:
            # Redis is away or full: it is said with the next turn.
            return

    def _alert(self, level: Level, code: str, text: str) -> Alert:
        return Alert(SOURCE, level, code, text, self._clock.now_ns())

    def _last_word(self) -> str:
        for entry in islice(self._redis.backwards("alerts"), _LOOKED_AT):
            try:
                message = decode(entry.data)
            except ContractError:
                continue
            if isinstance(message, Alert) and message.source == SOURCE and message.code in (AWAY, BACK):
                return message.code
        return BACK
