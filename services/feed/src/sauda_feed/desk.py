"""One desk's share of the feed: its lease, its subscriptions, and commits that are done exactly once."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

import msgspec

from sauda.clock import UnixNs, monotonic_s
from sauda.codec import encode
from sauda.contracts import Alert, ClockTick, HistoryReply, Instrument, InstrumentId, Level, MarginReply
from sauda.errors import LeaseLostError, TransientError
from sauda.log import Lease, Log, Output, Step
from sauda_feed.historian import HistoryQuestion
from sauda_feed.progress import UNIT, Progress, changes, digest, loaded
from sauda_feed.questions import Question
from sauda_feed.source import MarketMessage, Resume
from sauda_feed.terms import Terms, defined, rows, told
from sauda_feed.wishes import Wishes

_STREAM: Final = "subscriptions"
_PAGE: Final = 1_000


class Desk:
    """A desk that the feed serves, once it holds the lease on it."""

    def __init__(
        self, log: Log, holder: str, lease_ms: int, seconds: Callable[[], float] = monotonic_s
    ) -> None:
        self.name = log.desk
        self.progress = Progress()
        self.resumes = False
        """Whether the source is the one that served the desk before."""
        self._source = ""
        """The source that serves it now; `progress` names it from the first commit on."""
        self._log = log
        self._holder = holder
        self._lease_ms = lease_ms
        self._seconds = seconds
        """Passing time, for the lease alone."""
        self._lease: Lease | None = None
        self._in_doubt = False
        """Whether an answer was lost: only the log knows what was done, and whether it still stands where we left it."""
        self._kept_s = 0.0
        self.wishes = Wishes(self.progress)
        self._terms: dict[InstrumentId, Terms] = {}
        """instrument -> what the desk was told of it beside its definition"""

    def acquire(self) -> bool:
        """Take the lease; return whether it is ours."""
        if self._lease is None:
            self._lease = self._log.acquire(UNIT, self._holder, self._lease_ms)
            self._in_doubt = False
            self._kept_s = self._seconds()
        return self._lease is not None

    def open(self, source: str) -> Resume:
        """Load what was committed, and the wishes honoured so far; return where *source* left off."""
        with self._doubting():
            self.progress = self._look() if self._in_doubt else self._committed()
            self._terms = told(self._log.load(self.lease, ()).state)
        self.wishes = Wishes(self.progress)
        self._source = source
        self.resumes = self.progress.source == source
        if not self.resumes:
            return Resume()
        honoured = self.progress.subscriptions.encode()
        with self._doubting():
            while page := self._log.entries(_STREAM, b"(" + self.wishes.read_to.id, honoured, _PAGE):
                self.wishes.take(page, honoured=True)
        done = self.progress
        return Resume(done.row, done.market_ns, done.quoted_ns, self.wishes.wanted)

    def start_book(self, old: str) -> None:
        """Forget the book that is now called *old*, and say so on the new one."""
        self.progress = Progress()
        self.resumes = False
        self.wishes = Wishes(self.progress)
        self._terms = {}
        text = f"another market begins: the book so far is kept as desk {old}"
        self.wishes.complaints = [Output("alerts", encode(Alert(UNIT, Level.INFO, "NEW_BOOK", text, 0)))]

    def is_bare(self) -> bool:
        """Return whether the log holds nothing of what we remember: the book was put aside."""
        with self._doubting():
            return self._committed() == Progress()

    @property
    def lease(self) -> Lease:
        """Return the lease that we hold.

        Raises:
            LeaseLostError: we hold none.
        """
        if self._lease is None:
            raise LeaseLostError(f"the feed of desk {self.name!r} is not held here")
        return self._lease

    @property
    def wanted(self) -> frozenset[InstrumentId]:
        """Return what the desk has subscribed."""
        return self.wishes.wanted

    def read_wishes(self) -> bool:
        """Take what has arrived on the stream `subscriptions`; return whether anything has."""
        with self._doubting():
            entries = self._log.read({_STREAM: self.wishes.read_to}, _PAGE, 0)
        self.wishes.take(entries, honoured=False)
        return bool(entries)

    def reply(self, question: Question, reply: MarginReply) -> None:
        """Commit the one reply to *question*: alone, because who reads it reads our other streams as well (ADR 13)."""
        entry = question.entry
        output = Output("replies", encode(reply), _STREAM.encode() + b" " + entry)
        self.commit([output], self._next(answered=entry.decode()))
        # Only now: a commit that has to be said again must say the same.
        self.wishes.questions.answered(question)

    def tell(self, question: HistoryQuestion, replies: Sequence[HistoryReply]) -> None:
        """Commit the answer to *question*, all parts of it and nothing else, as `reply` does."""
        cause = _STREAM.encode() + b" " + question.entry
        outputs = [Output("replies", encode(one), cause) for one in replies]
        self.commit(outputs, self._next(told=question.entry.decode()))
        self.wishes.history.told(question)

    def complain(self, code: str, text: str) -> None:
        """Raise an alert at once: before the market's time is known, nothing is committed that could carry it."""
        alert = Alert(UNIT, Level.CRITICAL, code, text, self.progress.market_ns or 0)
        self._log.append([Output("alerts", encode(alert))])

    def define(self, instruments: list[Instrument]) -> None:
        """Write definitions to the desk, unless it has these already.

        The digest is written with the last of them: what was interrupted is written again, which changes nothing.
        """
        found = digest(instruments)
        if found == self.progress.instruments:
            return
        # Limits were those of the day before. In the first commit, so that none of them counts as told once definitions follow.
        names = {one.instrument for one in instruments}
        terms = {name: one.lasting() if name in names else Terms() for name, one in self._terms.items()}
        outputs = [Output("instruments", encode(defined(one, terms))) for one in instruments]
        for start in range(0, len(outputs), _PAGE):
            last = start + _PAGE >= len(outputs)
            progress = self._next(instruments=found) if last else self._next()
            self.commit(outputs[start : start + _PAGE], progress, {} if start else rows(terms))
            self._terms = terms

    def amend(self, news: Mapping[InstrumentId, Terms], known: Mapping[InstrumentId, Instrument]) -> None:
        """Define again what the broker has told more of, with what it told; what the desk was told already is passed over."""
        terms = {name: one.over(self._terms.get(name)) for name, one in news.items() if name in known}
        changed = {name: one for name, one in terms.items() if one != self._terms.get(name)}
        if not changed:
            return
        outputs = [Output("instruments", encode(defined(known[name], changed))) for name in sorted(changed)]
        self.commit(outputs, self._next(), rows(changed))
        self._terms |= changed

    def fresh(self, messages: Iterable[MarketMessage], rows: list[int]) -> list[bool]:
        """Return which *messages* of a recording the desk has not had: another desk may be behind it."""
        row, market_ns = self._row, self.progress.market_ns or 0
        return [
            at >= row or (isinstance(message, ClockTick) and message.event_ns > market_ns)
            for message, at in zip(messages, rows, strict=True)
        ]

    def publish(
        self, outputs: list[Output], row: int, market_ns: UnixNs | None, quoted_ns: UnixNs | None = None
    ) -> None:
        """Commit *outputs* and where the source then stands; *quoted_ns* is when the newest price among them came."""
        complaints = self.wishes.complaints[:]
        if not outputs and not complaints:
            self.keep()
            return
        reached = self.progress.market_ns
        if market_ns is not None and (reached is None or market_ns > reached):
            reached = market_ns
        self.commit(
            [*complaints, *outputs],
            self._next(
                row=max(row, self._row),
                market_ns=reached,
                quoted_ns=self.progress.quoted_ns if quoted_ns is None else quoted_ns,
                subscriptions=self.wishes.read_to.id.decode(),
            ),
        )
        # Only now: a commit that has to be said again must say the same.
        del self.wishes.complaints[: len(complaints)]

    def commit(
        self,
        outputs: list[Output],
        progress: Progress,
        more: Mapping[bytes, bytes | None] = MappingProxyType({}),
    ) -> None:
        """Do one step, with *more* rows of state; say it again after an error and it is still done once.

        Raises:
            TransientError: no answer came; call again with the same arguments.
            LeaseLostError: another feed serves the desk now.
        """
        step = Step(changes={**changes(progress), **more}, outputs=outputs)
        with self._doubting():
            if self._in_doubt:
                committed = self._look()
                if committed == progress:
                    self._done(progress)
                    return
                self._expect(committed)
            try:
                self._log.commit(self.lease, step)
            except LeaseLostError:
                self._regain()
                self._log.commit(self.lease, step)
        self._done(progress)

    def keep(self) -> None:
        """Renew the lease when a quarter of it has passed without a commit; look first if an answer was lost."""
        if not self._in_doubt and (self._seconds() - self._kept_s) * 4_000 < self._lease_ms:
            return
        with self._doubting():
            if self._in_doubt:
                self._expect(self._look())
            else:
                self._renew()
        self._kept_s = self._seconds()

    @property
    def _row(self) -> int:
        """Rows of the present source that the desk has had."""
        return self.progress.row if self.progress.source == self._source else 0

    def release(self) -> None:
        """Give the lease back, so that a waiting feed need not wait longer."""
        lease, self._lease = self._lease, None
        if lease is not None:
            self._log.release(lease)

    def forget(self) -> None:
        """Drop the lease that somebody else has by now."""
        self._lease = None

    def _next(self, **changed: object) -> Progress:
        ours = {"source": self._source, "row": self._row, "commits": self.progress.commits + 1}
        return msgspec.structs.replace(self.progress, **{**ours, **changed})

    def _done(self, progress: Progress) -> None:
        self.progress = progress
        self._in_doubt = False
        self._kept_s = self._seconds()

    @contextmanager
    def _doubting(self) -> Iterator[None]:
        """Remember an answer that never came, whatever was asked: the server may have died, and forgotten its last moments."""
        try:
            yield
        except TransientError:
            self._in_doubt = True
            raise

    def _look(self) -> Progress:
        """Return what is committed, once nothing that we said before can be done any more.

        A request whose answer never came may still be on its way: under a new lease it is refused. And a server that forgot
        that it gave us our lease may have given its number to another feed.
        """
        self._log.release(self.lease)
        committed = self._take_again()
        self._in_doubt = False
        return committed

    def _renew(self) -> None:
        try:
            self._log.renew(self.lease)
        except LeaseLostError:
            self._regain()

    def _regain(self) -> None:
        """Take a lease again that ran out (we were paused), provided that nobody else has worked meanwhile."""
        self._expect(self._take_again())

    def _expect(self, committed: Progress) -> None:
        if committed != self.progress:
            raise LeaseLostError(
                f"desk {self.name!r} does not stand where we left it: another feed has served it"
            )

    def _take_again(self) -> Progress:
        lease = self._log.acquire(UNIT, self._holder, self._lease_ms)
        if lease is None:
            raise LeaseLostError(f"another feed holds desk {self.name!r}")
        self._lease = lease
        return self._committed()

    def _committed(self) -> Progress:
        return loaded(self._log.load(self.lease, ()).state)
