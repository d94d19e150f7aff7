"""Asks a running desk for bars of the past: its feed has the one session at the broker."""

from collections.abc import Callable
from typing import Final

import msgspec

from sauda.clock import UnixNs, monotonic_s
from sauda.codec import decode, encode
from sauda.contracts import HistoryReply, HistoryRequest
from sauda.errors import ConfigError, ContractError, SaudaError
from sauda.history.knowers import Wanted
from sauda.log import BEGINNING, Output, Position
from sauda.market_time import time_of
from sauda.record import Record
from sauda.redis_book import RedisBook

FEED: Final = "feed"
"""The unit that answers."""
AWAY_S: Final = 10.0
"""Seconds without anybody who carries the feed after which nobody waits longer: a restart takes less."""
PATIENCE_S: Final = 180.0
"""Seconds for one answer: five days of charts, each asked for up to four times."""
_PROGRESS: Final = b"feed/progress"
_POLL_MS: Final = 200
_AT_ONCE: Final = 100


class _Progress(msgspec.Struct):
    """What of the feed's progress matters here."""

    source: str = ""


class NoFeedError(SaudaError):
    """Nobody answers: the desk is not running, or its broker is away."""


class AskedDesk:
    """One desk, live on Redis."""

    def __init__(self, record: Record, by: str, away_s: float = AWAY_S) -> None:
        """Prepare to ask in the name of *by*.

        Raises:
            ConfigError: nothing can be written to the desk.
        """
        if record.live is None or "@" in record.desk:
            raise ConfigError(f"desk {record.desk!r} is not live on Redis: nobody there can be asked")
        self.name = record.desk
        self._record = record
        self._live: RedisBook = record.live
        self._by = by
        self._away_s = away_s
        self._seen_s = monotonic_s()
        """When somebody was last seen who carries the feed."""

    def now_ns(self) -> UnixNs:
        """Return the market's time.

        Raises:
            NoFeedError: the desk has seen no market yet.
        """
        self._wait_for_feed(lambda: self._live.newest("ticks") is not None)
        newest = self._live.newest("ticks")
        at = None if newest is None else time_of(decode(newest.data))
        if at is None:
            raise NoFeedError(
                f"desk {self.name} has seen no market yet: is its broker reached (`sauda logs feed`)?"
            )
        return at

    def source(self) -> str | None:
        """Return what the desk is fed by, by the feed's own row of state; None if it has none yet."""
        row = self._live.state_of(FEED).get(_PROGRESS)
        return msgspec.json.decode(row, type=_Progress).source or None if row else None

    def ask(self, wanted: Wanted) -> list[HistoryReply]:
        """Return all parts of the answer.

        Raises:
            NoFeedError: there is none in time.
        """
        facts = self._live.facts("replies")
        after = BEGINNING if facts is None else b"%d-%d" % facts.last
        request = self._request(wanted)
        self._live.append([Output("subscriptions", encode(request))])
        parts: list[HistoryReply] = []

        def is_whole() -> bool:
            nonlocal after
            for entry in self._record.read({"replies": Position(after, 0)}, _AT_ONCE, _POLL_MS):
                after = entry.id
                reply = _reply_in(entry.data)
                if reply is not None and reply.request_id == request.request_id:
                    parts.append(reply)
            return bool(parts) and len(parts) >= parts[0].parts

        if not self._wait_for_feed(is_whole, PATIENCE_S):
            raise NoFeedError(
                f"the feed of desk {self.name} has not answered for {PATIENCE_S:.0f} s: is its broker reached "
                "(`sauda logs feed`)? What came is kept; the same command goes on from there."
            )
        return parts

    def _request(self, wanted: Wanted) -> HistoryRequest:
        span = wanted.span
        name = f"{self._by}-{wanted.instrument}-{wanted.timeframe}-{span.to_ns}-{self._live.now_ms()}"
        return HistoryRequest(
            name,
            self._by,
            wanted.instrument,
            wanted.timeframe,
            span.to_ns,
            wanted.now_ns,
            from_ns=span.from_ns,
        )

    def _wait_for_feed(self, happened: Callable[[], bool], patience_s: float = AWAY_S) -> bool:
        """Wait until *happened*; return whether it did in time.

        Raises:
            NoFeedError: nobody has carried the feed for a while.
        """
        self._seen_s = began_s = monotonic_s()
        while not happened():
            now_s = monotonic_s()
            if any(unit.unit == FEED and unit.held for unit in self._live.units()):
                self._seen_s = now_s
            elif now_s - self._seen_s > self._away_s:
                raise NoFeedError(
                    f"nobody carries the feed of desk {self.name}: is it up (`sauda ps`)? What came is kept."
                )
            if now_s - began_s > patience_s:
                return False
            # Each look at Redis waits a little for news.
            self._record.read({"control": Position(b"%d-0" % self._live.now_ms(), 0)}, 1, _POLL_MS)
        return True


def _reply_in(data: bytes) -> HistoryReply | None:
    try:
        message = decode(data)
    except ContractError:
        return None
    return message if isinstance(message, HistoryReply) else None
