"""The desk that a replay writes into: what may be one, and each entry there exactly once.

The replay is a holder like any other: unit `replay`, with a lease. How far it has come in the source is a row of
that unit's state and is committed with the entries, so a replay that was killed goes on exactly where it was.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Final

import msgspec

from sauda.clock import SystemClock, monotonic_s
from sauda.errors import ConfigError, LeaseLostError, SaudaError
from sauda.log import EntryId, Lease, Output, Step
from sauda.redis_shelf import RedisShelf
from sauda.replay.apart import ApartLog
from sauda.replay.course import Course
from sauda.replay.player import Item
from sauda.service import holder_name

UNIT: Final = "replay"
LEASE_MS: Final = 3_000
"""Longer than a stumble of the server; a replay that was killed can be resumed when it has run out."""

TAKING_S: Final = LEASE_MS / 1000 + 2
"""How long a lease that is held is waited for: a killed replay's runs out."""

_APART_S: Final = 0.001
_COURSE: Final = b"replay/course"
_PLAYED: Final = b"replay/played"
_FINISHED: Final = b"replay/finished"
_AT: Final = b"at/"
_FEED: Final = "feed"


class TargetError(ConfigError):
    """That desk cannot be written into; says why and what to do."""


class BusyError(SaudaError):
    """Another replay writes into that desk."""


class Target:
    """A desk that gets what another one recorded."""

    def __init__(self, url: str, desk: str, source: str) -> None:
        """Check what can be checked without the server.

        Raises:
            TargetError: *desk* is the one that is read, or a book that was put aside.
            ConfigError: that is no name of a desk.
        """
        if desk == source:
            raise TargetError(f"desk {desk!r} is the one that is replayed: give --into another name")
        if "@" in desk:
            raise TargetError(f"desk {desk!r} was put aside: it can be read, not written into")
        self._url = url
        self.log = ApartLog(url, desk)
        self.desk = desk
        self.played = 0
        """Entries written, those of an earlier run that is resumed included."""
        self.course: Course | None = None
        """What an earlier replay into this desk played."""
        self.finished = False
        self._at: dict[str, EntryId] = {}
        self._known_rows: set[bytes] = set()
        self._lease: Lease | None = None
        self._renewed_s = 0.0
        self._stream = ""
        """Written to last."""

    @property
    def at(self) -> Mapping[str, EntryId]:
        """Return stream -> the source's last entry that was written here."""
        return self._at

    def take(self, tell: Callable[[str], None]) -> None:
        """Take the lease, and load what an earlier replay left.

        Args:
            tell: Is told why it takes long.

        Raises:
            TargetError: a feed writes there.
            BusyError: another replay does.
        """
        if self.held(_FEED):
            raise TargetError(
                f"a feed writes into desk {self.desk!r}: a replay would tear its market; give --into another name"
            )
        until_s, told = monotonic_s() + TAKING_S, False
        while (lease := self.log.acquire(UNIT, holder_name(), LEASE_MS)) is None:
            if not told:
                tell(
                    f"another replay has desk {self.desk}, or was killed there: waiting for its lease to run out"
                )
                told = True
            if monotonic_s() > until_s:
                raise BusyError(f"another replay writes into desk {self.desk!r}")
            SystemClock().sleep(0.2)
        self._lease, self._renewed_s = lease, monotonic_s()
        self._load()

    def new_book(self) -> str:
        """Put what the desk holds aside, and return the name under which it can be read.

        Raises:
            TargetError: somebody works on it.
        """
        shelf = RedisShelf(self._url, self.desk)
        try:
            if others := sorted(shelf.held() - {UNIT}):
                raise TargetError(f"desk {self.desk!r} is worked on: stop {', '.join(others)} first")
            name = shelf.put_aside(self._held())
        finally:
            shelf.close()
        self._load()
        return name

    def begin(self, course: Course, *, append: bool) -> None:
        """Begin *course*.

        Raises:
            TargetError: a stream of it has entries already, and they are not to be appended to.
        """
        filled = [name for name in course.streams if self.log.entries(name, count=1)]
        if filled and not append:
            raise TargetError(self._filled(filled))
        gone: dict[bytes, bytes | None] = dict.fromkeys(self._known_rows)
        self._commit(gone | {_COURSE: msgspec.json.encode(course), _PLAYED: b"0"}, ())
        self._load()

    def play(self, items: Sequence[Item], *, apart: bool = False) -> None:
        """Write *items*, all of one stream, with the position reached; *apart* from whatever follows from them."""
        stream = items[0].entry.stream
        if stream != self._stream:
            # Ids count milliseconds: in the same one, entries of two streams would not be told apart by who came first.
            SystemClock().sleep(max(0.0, self._renewed_s + _APART_S - monotonic_s()))
            self._stream = stream
        at = items[-1].entry.id
        rows: dict[bytes, bytes | None] = {
            _AT + stream.encode(): msgspec.json.encode(at.decode()),
            _PLAYED: b"%d" % (self.played + len(items)),
        }
        self._commit(rows, [replayed(self._source, item) for item in items], apart=apart)
        self.played += len(items)
        self._at[stream] = at

    def finish(self) -> None:
        """Note that the whole course was played."""
        self._commit({_FINISHED: b"true"}, ())
        self.finished = True

    def idle(self) -> None:
        """Keep the lease."""
        if self._lease is not None and (monotonic_s() - self._renewed_s) * 1000 > LEASE_MS / 4:
            try:
                self.log.renew(self._lease)
            except LeaseLostError:
                self._take_again()
            self._renewed_s = monotonic_s()

    def held(self, unit: str) -> bool:
        """Return whether somebody carries *unit* on this desk now."""
        return bool(self.log.number(self.log.keys.lease(unit)))

    def close(self) -> None:
        """Give the lease back and hang up."""
        if self._lease is not None:
            # A server that is gone has been told of already; the lease runs out by itself.
            with suppress(SaudaError):
                self.log.release(self._lease)
        self.log.close()

    @property
    def _source(self) -> str:
        return self.course.source if self.course else ""

    def _commit(
        self, rows: dict[bytes, bytes | None], outputs: Sequence[Output], *, apart: bool = False
    ) -> None:
        """Commit; a lease that ran out while we were stopped is taken again if nobody wrote meanwhile."""
        commit = self.log.commit_apart if apart else self.log.commit
        try:
            commit(self._held(), Step(changes=rows, outputs=outputs))
        except LeaseLostError:
            self._take_again()
            commit(self._held(), Step(changes=rows, outputs=outputs))
        self._renewed_s = monotonic_s()

    def _take_again(self) -> None:
        ours = (self.played, dict(self._at))
        self._lease = self.log.acquire(UNIT, holder_name(), LEASE_MS)
        if self._lease is not None:
            self._load()
        if self._lease is None or (self.played, self._at) != ours:
            raise BusyError(f"another replay has taken over desk {self.desk!r}")

    def _held(self) -> Lease:
        if self._lease is None:
            raise BusyError(f"desk {self.desk!r} is not held by this replay")
        return self._lease

    def _load(self) -> None:
        rows = self.log.load(self._held(), ()).state
        self._known_rows = set(rows)
        self.course = msgspec.json.decode(rows[_COURSE], type=Course) if _COURSE in rows else None
        self.played = int(rows.get(_PLAYED, b"0"))
        self.finished = _FINISHED in rows
        self._at = {
            name.removeprefix(_AT).decode(): msgspec.json.decode(value, type=str).encode()
            for name, value in rows.items()
            if name.startswith(_AT)
        }

    def _filled(self, streams: Sequence[str]) -> str:
        unfinished = self.course is not None and not self.finished
        resume = "--resume goes on with the replay that was stopped there; " if unfinished else ""
        return (
            f"desk {self.desk!r} holds entries of {', '.join(streams)} already: {resume}--new-book puts them "
            f"aside, --append writes behind them"
        )


def replayed(source: str, item: Item) -> Output:
    """Return *item*'s entry as it is written: its bytes as they were; led to by the entry that it repeats."""
    entry = item.entry
    return Output(entry.stream, entry.data, f"{source}/{entry.stream} ".encode() + entry.id)


def runs(items: Sequence[Item], second_ns: int | None) -> Iterator[list[Item]]:
    """Split *items* into pieces that may be written at once: of one stream, and of one *second_ns* if given.

    No two inputs of a unit may be written in one step (see `Log.read`).
    """

    def piece(item: Item) -> tuple[str, int]:
        second = 0 if second_ns is None or item.time_ns is None else item.time_ns // second_ns
        return item.entry.stream, second

    for _, group in groupby(items, piece):
        yield list(group)
