"""A recording plays to whoever subscribed, at its pace, and goes on at the exact row."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sauda.clock import NS_PER_S
from sauda.codec import decode, encode
from sauda.contracts import ClockTick, Subscribe, Tick, Unsubscribe
from sauda.errors import ConfigError
from sauda.log import Lease, Output
from sauda.memory_log import MemoryLog
from sauda.recordings.timeline import Recording
from sauda_feed.desk import Desk
from sauda_feed.feed import Feed
from sauda_feed.pace import Scaled, Unpaced
from sauda_feed.recording import RecordingSource
from sauda_feed.source import MarketMessage, Resume
from tests.unit.feed.recordings import CALL, OPEN, PUT, recording, row

INDEX = "Nifty 50"
ROWS = [
    row(0, INDEX, ltp=24500.0),
    row(0, CALL, ltp=100.0, bid=99.0, ask=101.0),
    row(0, PUT, ltp=90.0),
    row(1.5, CALL, ltp=102.0),
    row(3, INDEX, ltp=24510.0),
    row(3, PUT, ltp=91.0),
    row(7, CALL, ltp=103.0),
]


def feed_for(log: MemoryLog, opened: Recording, limit: int = 1_000) -> Feed:
    return Feed([Desk(log, "test", 60_000)], lambda: RecordingSource(opened, Unpaced()), limit=limit)


def play(feed: Feed, turns: int = 10_000) -> None:
    """Let *feed* do so many turns, or all that there are, and die without a word."""
    assert feed._acquire()
    feed.open()
    for _ in range(turns):
        feed.turn(0)
        if feed._source is not None and feed._source.condition() == "over":
            return


def subscribe(log: MemoryLog, *symbols: str, by: str = "test") -> None:
    names = tuple(f"NFO:{symbol}" for symbol in symbols)
    log.append([Output("subscriptions", encode(Subscribe(by, names, 0)))])


def said(log: MemoryLog, stream: str = "ticks") -> list[object]:
    return [decode(entry.data) for entry in log.entries(stream)]


def wanted_part(opened: Recording, *symbols: str) -> list[MarketMessage]:
    names = {f"NFO:{symbol}" for symbol in symbols} | opened.indices
    return [m for m in opened.messages() if not isinstance(m, Tick) or m.instrument in names]


def test_indices_are_published_unasked_and_everything_else_on_demand(tmp_path: Path) -> None:
    opened, log = recording(tmp_path, ROWS), MemoryLog()
    subscribe(log, CALL)

    play(feed_for(log, opened))

    assert said(log) == wanted_part(opened, CALL)


def test_every_contract_of_the_file_is_defined_once_whatever_is_subscribed(tmp_path: Path) -> None:
    opened, log = recording(tmp_path, ROWS), MemoryLog()

    play(feed_for(log, opened), turns=1)
    log.release(log_lease(log))
    play(feed_for(log, opened), turns=1)

    assert said(log, "instruments") == opened.instruments


def log_lease(log: MemoryLog) -> Lease:
    """Return the lease that the dead feed held."""
    return Lease("feed", log._units["feed"].epoch, 1)


def test_a_late_subscription_starts_with_the_newest_earlier_tick(tmp_path: Path) -> None:
    source = RecordingSource(recording(tmp_path, ROWS), Unpaced())
    source.start(Resume())
    assert source.poll(1, 0).instruments
    before = source.poll(4, 0).messages

    source.subscribe(frozenset({f"NFO:{PUT}"}))
    snapshot = source.poll(1, 0).messages[0]

    now_ns = before[-1].event_ns if isinstance(before[-1], ClockTick) else OPEN
    assert isinstance(snapshot, Tick)
    assert (snapshot.instrument, snapshot.ltp, snapshot.event_ns) == (f"NFO:{PUT}", 90_00, OPEN)
    assert snapshot.recv_ns == now_ns


def test_what_is_unsubscribed_falls_silent_when_the_last_one_leaves(tmp_path: Path) -> None:
    opened, log = recording(tmp_path, ROWS), MemoryLog()
    subscribe(log, CALL, by="one")
    subscribe(log, CALL, by="two")
    log.append([Output("subscriptions", encode(Unsubscribe("one", (f"NFO:{CALL}",), 0)))])

    play(feed_for(log, opened))
    assert said(log) == wanted_part(opened, CALL)

    silent = MemoryLog()
    subscribe(silent, CALL, by="one")
    silent.append([Output("subscriptions", encode(Unsubscribe("one", (f"NFO:{CALL}",), 0)))])
    play(feed_for(silent, opened))
    assert said(silent) == wanted_part(opened)


def test_an_instrument_that_does_not_exist_is_named_once_and_the_others_go_on(tmp_path: Path) -> None:
    opened, log = recording(tmp_path, ROWS), MemoryLog()
    subscribe(log, "NIFTY02SEP25C1", CALL)

    play(feed_for(log, opened), turns=2)
    log.release(log_lease(log))
    play(feed_for(log, opened))

    [alert] = said(log, "alerts")
    assert "NFO:NIFTY02SEP25C1" in str(alert)
    assert "UNKNOWN_INSTRUMENT" in str(alert)
    assert said(log) == wanted_part(opened, CALL)


def test_an_unreadable_subscription_becomes_a_dead_letter_and_the_others_go_on(tmp_path: Path) -> None:
    opened, log = recording(tmp_path, ROWS), MemoryLog()
    log.append([Output("subscriptions", b"{noise")])
    subscribe(log, CALL)

    play(feed_for(log, opened))

    assert len(said(log, "dead_letters")) == 1
    assert said(log) == wanted_part(opened, CALL)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deaths=st.lists(st.integers(0, 12), max_size=6), limit=st.integers(1, 9))
def test_a_feed_that_dies_anywhere_goes_on_at_the_exact_row(
    tmp_path: Path, deaths: list[int], limit: int
) -> None:
    opened, log = recording(tmp_path, ROWS), MemoryLog()
    subscribe(log, CALL)

    for turns in deaths:
        play(feed_for(log, opened, limit), turns)
        log.release(log_lease(log))
    play(feed_for(log, opened, limit))

    assert said(log) == wanted_part(opened, CALL)


def test_a_recording_of_an_earlier_day_is_refused_by_desk_and_both_times(tmp_path: Path) -> None:
    log = MemoryLog("live")
    (tmp_path / "early").mkdir()
    earlier = recording(tmp_path / "early", [row(-60, CALL, ltp=1.0)])
    play(feed_for(log, recording(tmp_path, ROWS)), turns=2)
    log.release(log_lease(log))

    with pytest.raises(
        ConfigError, match=r"desk 'live' .*2025-08-29 09:16:00.*2025-08-29 09:14:00.*make clean"
    ):
        play(feed_for(log, earlier))


def test_a_later_recording_may_follow(tmp_path: Path) -> None:
    log = MemoryLog()
    (tmp_path / "later").mkdir()
    later = recording(tmp_path / "later", [row(86_400 * 3, INDEX, ltp=2.0)])
    play(feed_for(log, recording(tmp_path, ROWS)))
    log.release(log_lease(log))

    play(feed_for(log, later))

    assert said(log)[-62:] == list(later.messages())


def test_a_recording_that_is_over_stays_over(tmp_path: Path) -> None:
    opened, log = recording(tmp_path, ROWS), MemoryLog()
    play(feed_for(log, opened))
    before = len(said(log))
    log.release(log_lease(log))

    feed = feed_for(log, opened)
    play(feed)
    feed.turn(0)

    assert len(said(log)) == before
    assert feed.ready


def test_several_desks_get_what_each_of_them_wants(tmp_path: Path) -> None:
    opened, calls, puts = recording(tmp_path, ROWS), MemoryLog("calls"), MemoryLog("puts")
    subscribe(calls, CALL)
    subscribe(puts, PUT)
    desks = [Desk(log, "test", 60_000) for log in (puts, calls)]

    play(Feed(desks, lambda: RecordingSource(opened, Unpaced()), limit=2))

    assert said(calls) == wanted_part(opened, CALL)
    assert said(puts) == wanted_part(opened, PUT)


def test_a_desk_that_is_ahead_of_another_gets_nothing_twice(tmp_path: Path) -> None:
    opened, ahead, behind = recording(tmp_path, ROWS), MemoryLog("ahead"), MemoryLog("behind")
    subscribe(ahead, CALL)
    play(feed_for(ahead, opened, limit=1), turns=6)
    ahead.release(log_lease(ahead))
    subscribe(behind, CALL)

    desks = [Desk(log, "test", 60_000) for log in (ahead, behind)]
    play(Feed(desks, lambda: RecordingSource(opened, Unpaced()), limit=3))

    assert said(ahead) == wanted_part(opened, CALL)
    assert said(behind) == wanted_part(opened, CALL)


def test_the_pace_is_the_recordings_own_made_faster(tmp_path: Path) -> None:
    pace = Scaled(speed=1_000)
    pace.anchor(OPEN)

    assert 0.9 < pace.wait_s(OPEN + 1_000 * NS_PER_S) <= 1.0
    assert pace.wait_s(OPEN) <= 0
