"""Limits and freeze quantities reach a desk once each, and again when they change; no restart repeats or loses one."""

from collections.abc import Mapping, Sequence

import msgspec
import pytest

from sauda.clock import NS_PER_S, ManualClock, UnixNs
from sauda.codec import decode
from sauda.contracts import (
    ClockTick,
    Instrument,
    InstrumentId,
    InstrumentKind,
    MarginReply,
    MarginRequest,
    Right,
)
from sauda.errors import InvariantError
from sauda.history.knowers import NobodysPast
from sauda_feed.desk import Desk
from sauda_feed.feed import Feed
from sauda_feed.source import Batch, Resume, no_broker
from sauda_feed.terms import TABLE, Terms, TermsNews, told
from tests.unit.feed.test_feed_doubt import DoubtfulLog

CALL, PUT = (
    Instrument(f"NFO:NIFTY01DEC26{right.value[0]}24500", "NFO", "1", "NIFTY", InstrumentKind.OPTION, 65, 5, "2026-12-01", 24_500_00, right)
    for right in Right
)  # fmt: skip
FROZEN, LIMITED = Terms(freeze_qty=1755), Terms(low_limit=5, high_limit=600_00)
BOTH = Terms(1755, 5, 600_00)


class Broker:
    """A source that defines what it is told to, and tells terms one batch at a time."""

    name = "noren"
    lag_free = False

    def __init__(self, defined: Sequence[Instrument], *news: Mapping[InstrumentId, Terms]) -> None:
        self._batches: list[tuple[list[Instrument] | None, Mapping[InstrumentId, Terms]]] = [
            (list(defined), {}),
            *((None, one) for one in news),
        ]
        self._now_ns: UnixNs = 0

    def start(self, resume: Resume) -> None:
        self._now_ns = resume.market_ns or 10 * NS_PER_S

    def subscribe(self, wanted: frozenset[InstrumentId]) -> None:
        """Nothing is quoted here."""

    def poll(self, limit: int, timeout_s: float) -> Batch:
        self._now_ns += NS_PER_S
        defined, news = self._batches.pop(0) if self._batches else (None, {})
        return Batch([ClockTick(self._now_ns)], None, 0, defined, self._now_ns, dict(news))

    @property
    def past(self) -> NobodysPast:
        return NobodysPast()

    def margin(self, request: MarginRequest, now_ns: UnixNs) -> MarginReply | None:
        return no_broker(request, self.name, now_ns)

    def conflate(self, away: bool) -> None:
        """Nothing to keep."""

    def condition(self) -> str:
        return "live"

    def close(self) -> None:
        """Nothing to let go."""


class Stage:
    """A desk whose feed is killed after each run."""

    def __init__(self) -> None:
        self.clock = ManualClock(NS_PER_S)
        self.log = DoubtfulLog(self.clock)

    def run(self, broker: Broker, *, hold_at: int | None = None) -> None:
        self.clock.advance_to(self.clock.now_ns() + 2 * NS_PER_S)  # the lease of the one before runs out
        feed = Feed([Desk(self.log, "test", 1500)], lambda: broker)
        assert feed._acquire()
        feed.open()
        for turn in range(6):
            self.log.hold_next_commit = turn == hold_at
            feed.turn(0)

    def defined(self, since: int = 0) -> list[Instrument]:
        found = [decode(entry.data) for entry in self.log.entries("instruments")[since:]]
        return [one for one in found if isinstance(one, Instrument)]


def with_terms(instrument: Instrument, terms: Terms) -> Instrument:
    return msgspec.structs.replace(instrument, **msgspec.structs.asdict(terms))


def test_a_definition_comes_again_with_what_was_learned() -> None:
    stage = Stage()
    stage.run(Broker([CALL, PUT], {CALL.instrument: LIMITED}, {CALL.instrument: FROZEN}))

    assert stage.defined() == [CALL, PUT, with_terms(CALL, LIMITED), with_terms(CALL, BOTH)]


def test_a_restart_tells_nothing_twice_and_a_change_once() -> None:
    stage = Stage()
    stage.run(Broker([CALL, PUT], {CALL.instrument: BOTH}))
    wider = Terms(low_limit=5, high_limit=700_00)
    for news in (LIMITED, FROZEN, BOTH):
        stage.run(Broker([CALL, PUT], {CALL.instrument: news}))
    assert len(stage.defined()) == 3

    stage.run(Broker([CALL, PUT], {CALL.instrument: wider}, {CALL.instrument: wider}))

    assert stage.defined(since=3) == [with_terms(CALL, Terms(1755, 5, 700_00))]


@pytest.mark.parametrize("turn", range(4))
def test_a_commit_whose_answer_was_lost_is_done_once(turn: int) -> None:
    stage = Stage()
    stage.run(Broker([CALL, PUT], {CALL.instrument: LIMITED}, {PUT.instrument: FROZEN}), hold_at=turn)

    assert stage.defined() == [CALL, PUT, with_terms(CALL, LIMITED), with_terms(PUT, FROZEN)]


def test_a_new_day_keeps_the_freeze_quantity_and_waits_for_its_own_limits() -> None:
    stage = Stage()
    stage.run(Broker([CALL, PUT], {CALL.instrument: BOTH, PUT.instrument: BOTH}))
    smaller = msgspec.structs.replace(CALL, lot_size=60)
    stage.run(Broker([smaller], {CALL.instrument: LIMITED}))

    assert stage.defined(since=4) == [with_terms(smaller, FROZEN), with_terms(smaller, BOTH)]
    rows = [key for key in stage.log._units["feed"].state if key.startswith(TABLE)]
    assert rows == [TABLE + CALL.instrument.encode()]


def test_terms_of_what_is_not_defined_are_nothing() -> None:
    stage = Stage()
    stage.run(Broker([CALL], {PUT.instrument: BOTH}))

    assert stage.defined() == [CALL]


def test_news_of_one_contract_are_joined_until_they_are_taken() -> None:
    news = TermsNews()
    news.put("a", LIMITED)
    news.put("a", FROZEN)

    assert news.take() == {"a": BOTH}
    assert news.take() == {}


def test_a_row_that_nobody_can_read_is_named() -> None:
    with pytest.raises(InvariantError, match="terms"):
        told({TABLE + b"a": b'{"freeze_qty":"many"}'})
