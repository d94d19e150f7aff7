"""The desk as Redis has it: how long its streams are, how far behind its readers, who carries the units, how full the server is.

Asked for when somebody reads the page, over a connection of its own, and by one service of a desk alone: it costs the server a few
short commands, whatever the streams hold.
"""

import threading
from collections.abc import Callable
from typing import Any, Final

from redis.exceptions import ResponseError

from sauda.connection import connect, without_password
from sauda.contracts import STREAMS
from sauda.errors import TransientError
from sauda.keys import Keys
from sauda.metrics import measures
from sauda.metrics.measures import Reading
from sauda.redis_log import server_errors

PATIENCE_S: Final = 1.0
"""For each answer of the server; a scraper gives up after some seconds."""
UNITS_AGAIN: Final = 20
"""Readings after which the server is searched for units anew: they are few, and a search walks over all its keys."""


class DeskFigures:
    """See `Figures`. What cannot be had now is left out, and `sauda_desk_seen` is 0."""

    def __init__(self, url: str, desk: str, now_ms: Callable[[], int]) -> None:
        self._keys = Keys(desk)
        self._client: Any = connect(url, desk)
        # A page that comes later than the one who reads it waits says less than one without these figures.
        self._client.connection_pool.connection_kwargs |= dict.fromkeys(
            ("socket_timeout", "socket_connect_timeout"), PATIENCE_S
        )
        self._where = without_password(url)
        self._now_ms = now_ms
        self._units: list[str] = []
        self._asked = 0
        self._alone = threading.Lock()

    def readings(self) -> list[Reading]:
        """See `Figures`."""
        with self._alone:
            try:
                with server_errors(self._where):
                    found = [*self._streams(), *self._holders(), *self._memory()]
            except TransientError:
                return [Reading(measures.DESK_SEEN, (), 0)]
            return [*found, Reading(measures.DESK_SEEN, (), 1)]

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()

    def _streams(self) -> list[Reading]:
        found: list[Reading] = []
        for stream in STREAMS:
            key = self._keys.stream(stream)
            try:
                facts: Any = self._client.xinfo_stream(key)
            except ResponseError as error:
                if "no such key" in str(error).lower():
                    continue
                raise
            last_id = facts["last-generated-id"]
            found.append(Reading(measures.LENGTH, (stream,), facts["length"]))
            if _ms(last_id):
                age_s = max(0, self._now_ms() - _ms(last_id)) / 1000
                found.append(Reading(measures.AGE, (stream,), age_s))
            for group in self._client.xinfo_groups(key):
                found += self._group(stream, group, last_id)
        return found

    def _group(self, stream: str, facts: dict[str, Any], last_id: bytes) -> list[Reading]:
        labels = (facts["name"].decode(), stream)
        position: bytes = facts["last-delivered-id"]
        waiting_ms, behind = 0, 0
        if _parts(position) < _parts(last_id):
            # The first entry behind it: exact, while the server's count is off for good once it was killed.
            first = self._client.xrange(self._keys.stream(stream), b"(" + position, b"+", 1)
            waiting_ms = max(0, self._now_ms() - _ms(first[0][0])) if first else 0
            behind = (facts.get("lag") or 1) if first else 0
        return [
            Reading(measures.WAITING, labels, waiting_ms / 1000),
            Reading(measures.LAG, labels, behind),
            Reading(measures.PENDING, labels, facts["pending"]),
        ]

    def _holders(self) -> list[Reading]:
        if self._asked % UNITS_AGAIN == 0 or not self._units:
            prefix = self._keys.epoch("").encode()
            names = self._client.scan_iter(prefix + b"*", count=1000)
            self._units = sorted(key.removeprefix(prefix).decode() for key in names)
        self._asked += 1
        found: list[Reading] = []
        for unit in self._units:
            left_ms, epoch = (
                self._client.pttl(self._keys.lease(unit)),
                self._client.get(self._keys.epoch(unit)),
            )
            found += [
                Reading(measures.HELD, (unit,), int(left_ms > 0)),
                Reading(measures.EPOCH, (unit,), int(epoch or 0)),
            ]
        return found

    def _memory(self) -> list[Reading]:
        info = self._client.info("memory")
        return [
            Reading(measures.REDIS_MEMORY, (), info.get("used_memory", 0)),
            Reading(measures.REDIS_LIMIT, (), info.get("maxmemory", 0)),
        ]


def _ms(entry_id: bytes) -> int:
    return int(entry_id.partition(b"-")[0])


def _parts(entry_id: bytes) -> tuple[int, int]:
    millis, _, number = entry_id.partition(b"-")
    return int(millis), int(number or 0)
