"""The archiver: copies what is due, takes off Redis what is safe, and waits loudly while the archive is away.

Where it stands is read from the archive itself and nowhere else, so it may die at any instant. One of several replicas works;
one that was paused past its lease may write a file twice over, which readers pass over, and is refused when it trims.
"""

from collections.abc import Callable
from typing import Final

from sauda.archive.book import ArchivedBook
from sauda.archive.finding import base_name
from sauda.archive.segment import DamagedError
from sauda.archive.store import ArchiveAwayError, Store
from sauda.clock import Clock, SystemClock, UnixNs, monotonic_s
from sauda.errors import LeaseLostError, TransientError
from sauda.log import Lease
from sauda.redis_book import KEPT, RedisBook, StreamFacts
from sauda.runner import Stop
from sauda_archive.access import UNIT
from sauda_archive.alerts import Alerts
from sauda_archive.copying import copy
from sauda_archive.old_books import OldBooks
from sauda_archive.open_book import LostPartError, OpenBook
from sauda_archive.progress import Progress
from sauda_archive.settings import Limits

_REST_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 30.0
_AT_ONCE: Final = 50
"""Portions of one stream in one turn: a million entries, so that no other stream waits for long."""


class Archiver:
    """Archives one desk, its present book and those that were put aside."""

    def __init__(
        self,
        redis: RedisBook,
        store: Store,
        limits: Limits,
        holder: str,
        *,
        open_desk: Callable[[str], RedisBook],
        clock: Clock | None = None,
        seconds: Callable[[], float] = monotonic_s,
        on_event: Callable[[str, dict[str, object]], None] = lambda _event, _facts: None,
    ) -> None:
        self.phase = "starting"
        """`starting`, `standby`, `holding`, `away` (Redis or the archive: see `away`), `stopped`."""
        self.away = ""
        """Why nothing is archived now; empty: all is well."""
        self.away_since_ns: UnixNs = 0
        self.entries = 0
        """Archived since the start."""
        self.bytes = 0
        self.trimmed = 0
        self.memory = 0
        """Bytes of Redis that the desk's streams take."""
        self._redis = redis
        self._store = store
        self._limits = limits
        self._holder = holder
        self._clock = clock or SystemClock()
        self._seconds = seconds
        self._on_event = on_event
        self._alerts = Alerts(redis, self._clock)
        self._lease: Lease | None = None
        self._lease_key = redis.keys.lease(UNIT)
        self._renewed_s = 0.0
        self._book: OpenBook | None = None
        self._old = OldBooks(redis, self._lease_key, open_desk, self._opened, on_event)
        self._fresh: set[str] = set()
        """Books that we named: what they lack at their beginning was never ours."""
        self._pause_s = _REST_S

    @property
    def ready(self) -> bool:
        """Whether it works, or waits for its turn."""
        return self.phase in ("holding", "standby")

    def run(self, stop: Stop) -> None:
        """Archive until *stop*."""
        while not stop.is_set():
            stop.wait(self.turn())
        self._leave()

    def turn(self) -> float:
        """Do one beat; return the seconds to rest before the next."""
        try:
            holds = self._holds()
            if self.phase == "away" and not self.away:
                self._on_event("redis_back", {})
            if not holds:
                self._enter("standby")
                return self._limits.lease_ms / 4_000
            more = self._work()
        except LeaseLostError as error:
            return self._lost(str(error))
        except TransientError as error:
            # The lease may still be ours, whatever became of Redis meanwhile; what stood there may not.
            self._forget_books()
            return self._pause("away", str(error))
        except (ArchiveAwayError, DamagedError, LostPartError) as error:
            # What was due stays due, so that it goes on only when it has been written.
            return self._outage(f"nothing is archived and nothing leaves Redis: {error}", str(error))
        if self._old.trouble:
            # The present book went on all the same, and whatever of it is due does not wait.
            rest_s = self._outage(self._old.trouble, self._old.trouble)
            return 0.0 if more else rest_s
        self._pause_s = _REST_S
        self._back()
        self._enter("holding")
        return 0.0 if more else _REST_S

    def _holds(self) -> bool:
        if self._lease is None:
            self._lease = self._redis.acquire(UNIT, self._holder, self._limits.lease_ms)
            self._renewed_s = self._seconds()
        else:
            self._renew()
        return self._lease is not None

    def _keep(self) -> None:
        """Keep the lease while something takes long."""
        if (self._seconds() - self._renewed_s) * 4_000 > self._limits.lease_ms:
            self._renew()

    def _renew(self) -> None:
        """Keep the lease; one that ran out is taken again, if nobody has held it meanwhile: what we know is then still right."""
        try:
            self._redis.renew(self._held)
        except LeaseLostError:
            again = self._redis.acquire(UNIT, self._holder, self._limits.lease_ms)
            before, self._lease = self._held.epoch, again
            if again is None or again.epoch != before + 1:
                raise
        self._renewed_s = self._seconds()

    @property
    def _held(self) -> Lease:
        if self._lease is None:
            raise LeaseLostError("the archive is not held here")
        return self._lease

    def _work(self) -> bool:
        """Do what is due; return whether there is more of it already."""
        # Those put aside first: a book that has no name yet is named in the order in which they began.
        more = self._old.finish(self._held, lambda book: self._tend(book, keep_ms=None))
        found = self._redis.begin(self._held, self._lease_key)
        if found is None:
            self._book = None
            return more
        if self._book is None or self._book.archived.book != found[0]:
            self._book = None
            self._book = self._opened(self._redis, *found)
        return self._tend(self._book, keep_ms=self._limits.keep_ms) or more

    def _opened(self, redis: RedisBook, name: str, named_now: bool) -> OpenBook:
        if named_now:
            self._fresh.add(name)
        archived = ArchivedBook(self._store, base_name(redis.desk), name)
        return OpenBook(
            redis, archived, self._limits, self._seconds(), fresh=name in self._fresh, keep=self._keep
        )

    def _tend(self, book: OpenBook, keep_ms: int | None) -> bool:
        """Copy and trim every stream of *book*; *keep_ms* None: it is over, all of it goes."""
        more = False
        standing = book.standing(self._seconds())
        memory = sum(facts.memory for _, facts in standing)
        over = keep_ms is None
        if not over:
            self.memory = memory
        pressed = over or memory > self._limits.budget_bytes * self._limits.pressed_at
        for stream, facts in sorted(standing, key=lambda one: -one[1].memory):
            progress = book.streams[stream]
            keep = 0 if pressed and not over else keep_ms
            # Before the copy, too: it takes long, and a lease that ran out in it must not keep the room from being made.
            self._trim(book, stream, progress, keep, facts)
            if progress.is_due(facts, self._seconds(), self._limits, pressed=pressed):
                more = self._copy(book, stream, progress, facts) or more
                self._trim(book, stream, progress, keep, facts)
            self._keep()
        if not over:
            held = {(one.held_by, stream) for stream, one in book.streams.items() if one.held_by}
            self._alerts.held_up(held, memory=memory, budget=self._limits.budget_bytes)
        return more

    def _copy(self, book: OpenBook, stream: str, progress: Progress, facts: StreamFacts) -> bool:
        """Copy what makes a file; return whether there is more."""
        limits = self._limits.for_entries_of(facts.memory // max(1, facts.length))
        upto = progress.settled(self._seconds(), self._limits.settle_s)
        count = 0
        if upto is not None:
            for done in copy(book.redis, book.archived, stream, upto, limits=limits, keep=self._keep):
                progress.archived(done.last, self._seconds())
                count += done.entries
                self.entries += done.entries
                self.bytes += done.bytes
                self._on_event("archived", {"stream": stream, "book": book.archived.book, **done._asdict()})
        more = count >= limits.file_entries
        if not more:
            book.count(stream)
        return more

    def _trim(
        self, book: OpenBook, stream: str, progress: Progress, keep_ms: int | None, facts: StreamFacts
    ) -> None:
        kept = stream in KEPT and keep_ms is not None
        if progress.last is None or facts.first is None or facts.first > progress.last or kept:
            progress.held_by = ""
            return
        for _ in range(_AT_ONCE):
            self._keep()
            done = book.redis.trim(
                self._held,
                self._lease_key,
                book=book.archived.book,
                stream=stream,
                last=progress.last,
                keep_ms=keep_ms,
            )
            progress.held_by = done.held_by
            self.trimmed += done.taken
            if not done.taken:
                return

    def _lost(self, why: str) -> float:
        self._forget()
        self._on_event("archive_lost", {"why": why})
        return _REST_S

    def _outage(self, told: str, why: str) -> float:
        try:
            self._renew()
        except LeaseLostError as error:
            # Whoever took over has swept away what was half written: that is no outage.
            return self._lost(str(error))
        except TransientError:
            pass
        if not self.away:
            self.away_since_ns = self._clock.now_ns()
        self.away = why
        # Each time: a server whose memory is full as well may have refused the first alert.
        self._alerts.away(told)
        return self._pause("away", why)

    def _back(self) -> None:
        self._alerts.back()
        if self.away:
            self._on_event("store_back", {})
        self.away = ""

    def _pause(self, phase: str, why: str) -> float:
        self._enter(phase, why=why)
        rest_s, self._pause_s = self._pause_s, min(self._pause_s * 2, _LONGEST_PAUSE_S)
        # The lease has to be kept all the same.
        return min(rest_s, self._limits.lease_ms / 4_000)

    def _forget(self) -> None:
        self._lease = None
        # From here on another one speaks, and may have said that the archive is back.
        self.away = ""
        self._alerts.forget()
        self._forget_books()

    def _forget_books(self) -> None:
        """What we know may be half of it: it is read from the archive again."""
        self._book = None
        self._old.forget()

    def _leave(self) -> None:
        lease, self._lease = self._lease, None
        if lease is not None:
            try:
                self._redis.release(lease)
            except TransientError as error:
                self._on_event("lease_not_released", {"why": str(error)})
        self._forget_books()
        self._enter("stopped")

    def _enter(self, phase: str, **facts: object) -> None:
        if phase != self.phase:
            self.phase = phase
            self._on_event(f"archive_{phase}", facts)
