"""The feed: takes from one source, gives to its desks, turn by turn.

    wishes -> source.subscribe      what desks want
    source.poll -> desk.publish     what the market says, in one atomic step a desk

An outage of Redis is sat out: the step in hand is done once it is back (and once only), the source keeps the newest meanwhile.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, TypeVar

import msgspec

from sauda.clock import UnixNs, clock_text, monotonic_s
from sauda.codec import encode
from sauda.contracts import STREAM_OF, Instrument, InstrumentId, InstrumentKind, Tick
from sauda.errors import ConfigError, LeaseLostError, TransientError
from sauda.log import Output
from sauda.runner import Stop
from sauda_feed.continuity import Continuity, continuity
from sauda_feed.desk import Desk
from sauda_feed.historian import Historian, answer_to
from sauda_feed.new_book import Shelf, StoppedError, begin_new_book, wait_for_readers
from sauda_feed.source import Batch, Source, time_of, together

LIMIT: Final = 1_000
"""Messages in a step at the most, unless they belong to one instant."""
_IDLE_S: Final = 0.02
"""How long a silent market may keep a new subscription waiting."""
_WISHES_EVERY_S: Final = 0.005
_STEP_EVERY_S: Final = 0.001
_SMALL_STEP: Final = 100
"""So soon after the beginning of a small step comes the next. Whatever is in it, a step costs the feed, the server and one strategy
some 210 µs of processor time: without a pace 5,000 ticks/s come by ones and twos, and leave orders little of two cores."""
_LONGEST_PAUSE_S: Final = 0.25  # so long a Redis that is back waits for the newest prices

T = TypeVar("T")
Events = Callable[[str, dict[str, object]], None]


class Feed:
    """One source and the desks that it serves. `run` is its life, `turn` one beat of it."""

    def __init__(
        self,
        desks: Sequence[Desk],
        make_source: Callable[[], Source],
        *,
        on_event: Events = lambda _event, _facts: None,
        limit: int = LIMIT,
        shelves: Mapping[str, Shelf] | None = None,
        make_historian: Callable[[Source], Historian] | None = None,
        seconds: Callable[[], float] = monotonic_s,
    ) -> None:
        # Sorted, so that two feeds that serve the same desks cannot each hold one and wait for the other.
        self._desks = sorted(desks, key=lambda desk: desk.name)
        self._make_source = make_source
        self._source: Source | None = None
        self._stop: Stop = threading.Event()
        self._on_event = on_event
        self._limit = limit
        self._seconds = seconds
        self._shelves = shelves or {}
        """desk -> where its old books go; without one a desk refuses another market"""
        self._make_historian = make_historian
        self._historian: Historian | None = None
        self.phase = "starting"
        """`starting`, `standby`, `serving`, `away` (Redis), `stopped`."""
        self._condition = ""
        self._known: dict[InstrumentId, Instrument] | None = None
        self._indices: frozenset[InstrumentId] = frozenset()
        self._newest: dict[InstrumentId, Tick] = {}
        """instrument -> its newest tick, where several desks share the source and one may come later"""
        self._joined: dict[str, frozenset[InstrumentId]] = {}
        """desk -> what it has subscribed"""
        self._wishes_s = 0.0
        self._checked = False
        self._undefined = False
        """Whether there are definitions that the desks have not had yet."""
        self.ticks = 0
        """Messages published since the start."""

    @property
    def ready(self) -> bool:
        """Whether the feed does its work, or waits for another feed to end."""
        source = self._source
        serves = self.phase == "serving" and source is not None and source.condition() in ("live", "over")
        return serves or self.phase == "standby"

    def facts(self) -> dict[str, object]:
        """Return what the health file says."""
        source = self._source
        return {"phase": self.phase, "source": source.condition() if source else "closed", "sent": self.ticks}

    def run(self, stop: Stop) -> None:
        """Serve until *stop*; wait while another feed serves.

        Raises:
            ConfigError: the source cannot work with these settings, or would take a desk's market back in time.
        """
        self._stop = stop
        try:
            while not stop.is_set():
                try:
                    if self._insist(self._acquire):
                        self.open()
                        self._serve_at_a_pace(stop)
                    else:
                        self._enter("standby")
                        stop.wait(0.1)
                except LeaseLostError as error:
                    self._on_event("feed_lost", {"why": str(error)})
                    self.close(lost=True)
        except StoppedError:
            self._on_event("feed_stopped_while_away", {})
        finally:
            self.close()
        self._enter("stopped")

    def _serve_at_a_pace(self, stop: Stop) -> None:
        """Do one beat after the other; what comes right after a small step gathers, so that a busy market is not written tick by tick."""
        while not stop.is_set():
            next_s = self._seconds() + _STEP_EVERY_S
            done = self.turn()
            if 0 < done < min(_SMALL_STEP, self._limit) and (early_s := next_s - self._seconds()) > 0:
                stop.wait(early_s)

    def open(self) -> None:
        """Start the source where the desks left off."""
        source = self._source = self._make_source()
        resumes = [self._insist(partial(desk.open, source.name)) for desk in self._desks]
        self._known, self._undefined, self._checked, self._newest = None, False, False, {}
        self._joined = {desk.name: desk.wanted for desk in self._desks}
        self._historian = self._make_historian(source) if self._make_historian else None
        source.start(together(resumes))
        self._enter("serving", source=source.name)

    def turn(self, timeout_s: float = _IDLE_S) -> int:
        """Do one beat: wishes in, one batch out; return how many messages it had."""
        source = self._source
        if source is None:
            raise LeaseLostError("the feed is not open")
        if self._seconds() - self._wishes_s >= _WISHES_EVERY_S or not timeout_s:
            self._take_wishes(source)
        batch = source.poll(self._limit, timeout_s)
        self._check(batch, source)
        for desk in self._desks:
            self._serve(desk, batch)
            if self._known is not None and self._checked and batch.market_ns is not None:
                self._answer(desk, source, batch.market_ns)
                self._tell(desk, batch.market_ns)
        self._undefined = self._undefined and not self._checked
        self._watch(source)
        self.ticks += len(batch.messages)
        return len(batch.messages)

    def close(self, *, lost: bool = False) -> None:
        """Let source and desks go; *lost* says that the lease is somebody else's already."""
        if self._historian is not None:
            self._historian.close()
        if self._source is not None:
            self._source.close()
            self._source = None
        for desk in self._desks:
            if lost:
                desk.forget()
            try:
                desk.release()
            except (TransientError, LeaseLostError) as error:
                self._on_event("lease_not_released", {"desk": desk.name, "why": str(error)})

    def _acquire(self) -> bool:
        return all(desk.acquire() for desk in self._desks)

    def _take_wishes(self, source: Source) -> None:
        self._wishes_s = self._seconds()
        # All of them are read, so no short cut of `any` over a generator.
        news = [self._insist(desk.read_wishes) for desk in self._desks]
        if any(news):
            source.subscribe(frozenset().union(*(desk.wanted for desk in self._desks)))

    def _check(self, batch: Batch, source: Source) -> None:
        """Look at definitions and market time before anything of the batch is written."""
        if batch.instruments is not None:
            self._known = {one.instrument: one for one in batch.instruments}
            self._undefined = True
            kinds = InstrumentKind.INDEX
            self._indices = frozenset(i.instrument for i in batch.instruments if i.kind is kinds)
        if not self._checked and batch.market_ns is not None:
            self._checked = True
            first_ns = time_of(batch.messages[0]) if batch.messages else batch.market_ns
            # A recording that goes on may begin earlier for the sake of another desk; `_share` sees to it.
            for desk in (one for one in self._desks if not (source.lag_free and one.resumes)):
                self._open_book(desk, source, first_ns)

    def _open_book(self, desk: Desk, source: Source, market_ns: UnixNs) -> None:
        if continuity(desk.name, desk.progress, source.name, market_ns) is Continuity.GOES_ON:
            return
        shelf = self._shelves.get(desk.name)
        if shelf is None:
            raise ConfigError(
                f"desk {desk.name!r} has seen the market of {clock_text(desk.progress.market_ns or 0)} by "
                f"{desk.progress.source}, and {source.name} stands at {clock_text(market_ns)}: give the run a "
                f"desk of its own (DESK=another) or remove the old one's data (make clean)"
            )
        self._insist(lambda: begin_new_book(desk, shelf, self._stop, self._on_event))

    def _serve(self, desk: Desk, batch: Batch) -> None:
        if not self._checked and not batch.messages:
            # Whose book this is becomes clear with the market's time: nothing is written before.
            self._insist(desk.keep)
            return
        if self._undefined and self._known is not None:
            definitions = list(self._known.values())
            self._insist(lambda: desk.define(definitions))
            self._let_read(desk)
        if self._known is not None:
            known = self._known
            self._insist(lambda: desk.amend(batch.terms, known))
            desk.wishes.check(self._known, batch.market_ns or 0)
        new = tuple.__new__  # 0.6 instead of 0.8 µs a tick with its encoding
        outputs = [new(Output, (STREAM_OF[type(m)], encode(m), b"")) for m in batch.messages]
        if len(self._desks) > 1:
            outputs = self._share(desk, batch, outputs)
        prices = (message for message in reversed(batch.messages) if isinstance(message, Tick))
        quoted_ns = next((tick.recv_ns for tick in prices), None)
        self._insist(lambda: desk.publish(outputs, batch.next_row, batch.market_ns, quoted_ns))

    def _answer(self, desk: Desk, source: Source, now_ns: UnixNs) -> None:
        """Give the desk's oldest question its reply, if it is known by now; the source looks into it meanwhile."""
        question = desk.wishes.questions.first
        if question is None:
            return
        reply = desk.wishes.questions.overtaken(question, now_ns)
        if reply is None:
            desk.wishes.questions.asked(question)
            reply = source.margin(question.request, now_ns)
        if reply is not None:
            found = reply
            self._insist(lambda: desk.reply(question, found))

    def _tell(self, desk: Desk, now_ns: UnixNs) -> None:
        """Give the desk's oldest question about the past its answer, if it is known by now."""
        question = desk.wishes.history.first
        if question is not None and (found := answer_to(question, desk.name, now_ns, self._historian)):
            self._insist(partial(desk.tell, question, found))

    def _let_read(self, desk: Desk) -> None:
        source, shelf = self._source, self._shelves.get(desk.name)
        if source is not None and source.lag_free and shelf is not None:
            self._insist(lambda: wait_for_readers(desk, shelf, self._stop))
            self._take_wishes(source)

    def _share(self, desk: Desk, batch: Batch, outputs: list[Output]) -> list[Output]:
        """Return what of a shared source's batch is *desk*'s: what it wants and has not had."""
        wanted = desk.wanted | self._indices
        rows = batch.rows
        fresh = desk.fresh(batch.messages, rows) if rows else [True] * len(outputs)
        mine = [
            output
            for message, output, new in zip(batch.messages, outputs, fresh, strict=True)
            if new and (not isinstance(message, Tick) or message.instrument in wanted)
        ]
        joined = desk.wanted - self._joined.get(desk.name, frozenset())
        self._joined[desk.name] = desk.wanted
        late = [self._newest[name] for name in sorted(joined) if name in self._newest]
        market_ns = batch.market_ns or 0
        snapshots = [
            Output("ticks", encode(msgspec.structs.replace(tick, recv_ns=market_ns))) for tick in late
        ]
        if desk is self._desks[-1]:
            self._newest.update((m.instrument, m) for m in batch.messages if isinstance(m, Tick))
        return [*mine, *snapshots]

    def _insist(self, action: Callable[[], T]) -> T:
        """Do *action* until Redis has answered; the source keeps the newest meanwhile."""
        try:
            return action()
        except TransientError as error:
            why = str(error)
        before = self.phase
        self._enter("away", why=why)
        if self._source is not None:
            self._source.conflate(away=True)
        pause_s = 0.02
        while not self._stop.wait(pause_s):
            try:
                result = action()
            except TransientError:
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
                continue
            if self._source is not None:
                self._source.conflate(away=False)
            self._enter(before)
            return result
        raise StoppedError

    def _watch(self, source: Source) -> None:
        condition = source.condition()
        if condition != self._condition:
            self._condition = condition
            self._on_event("source_is", {"source": source.name, "condition": condition})
            if "refused" in condition:
                for desk in self._desks:
                    self._insist(partial(desk.complain, "SOURCE_REFUSED", f"{source.name}: {condition}"))

    def _enter(self, phase: str, **facts: object) -> None:
        if phase != self.phase:
            self.phase = phase
            self._on_event(f"feed_{phase}", facts)
