"""The feed plays real recordings: what it says is what pandas reads, through kills of it and of Redis, and by two of them."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sauda.calendar import load_calendar
from sauda.clock import NS_PER_S
from sauda.codec import decode, encode
from sauda.contracts import ClockTick, Message, Subscribe, Tick
from sauda.health import read
from sauda.log import Output
from sauda.recordings.timeline import Recording
from sauda.redis_log import RedisLog
from sauda.redis_view import RedisView
from sauda.testing.builders import at
from sauda_feed.desk import Desk
from sauda_feed.feed import Feed
from sauda_feed.pace import Scaled
from sauda_feed.recording import RecordingSource
from sauda_feed.source import MarketMessage
from tests.integration.conftest import Server
from tests.unit.feed.recordings import CALL, PUT, row, write

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("SAUDA_TEST_DATA") or ROOT.parent / "shared" / "data")
CHAIN = DATA / "nse_chain_snapshots_202508" / "NIFTY_chain_2025-08-29.parquet"
KITE = DATA / "kite_ticks_banknifty_20210820" / "ticks_2021-08-20.parquet"
BARS = DATA / "nifty_weekly_1min_20210611_14" / "bars_1min_2021-06-11.parquet"
LAST_MINUTE_S = 22_440
"""15:29:00, in seconds after the open: after the last row the clock goes on to 15:30."""

END = ClockTick(at("15:30:00", date(2025, 8, 29)))


def opened(path: Path, *underlyings: str) -> Recording:
    return Recording(path, frozenset(underlyings), load_calendar(ROOT / "config" / "market"))


def ticks_of(recording: Recording) -> dict[str, list[Tick]]:
    found: dict[str, list[Tick]] = {}
    for message in recording.messages():
        if isinstance(message, Tick):
            found.setdefault(message.instrument, []).append(message)
    return found


def paise(rupees: Any) -> int:
    return round(float(rupees) * 100)


def test_the_real_chain_of_2025_08_29_reads_as_pandas_reads_it() -> None:
    recording = opened(CHAIN, "NIFTY")
    frame = pd.read_parquet(CHAIN)
    priced = frame[frame["ltp"] > 0]

    found = ticks_of(recording)

    assert (recording.rows, len(recording.instruments)) == (len(frame), frame["trading_symbol"].nunique())
    assert sum(map(len, found.values())) == len(priced)
    for symbol, rows in priced[priced["expiry"] == "2025-09-02"].groupby("trading_symbol"):
        mine = found[f"NFO:{symbol}"]
        assert [tick.ltp for tick in mine] == [paise(price) for price in rows["ltp"]]
        assert [tick.bid for tick in mine] == [paise(price) or None for price in rows["bid"]]
        assert [tick.ask for tick in mine] == [paise(price) or None for price in rows["ask"]]
        assert [tick.recv_ns for tick in mine] == rows["ts_utc_ns"].to_list()
    first = found["NFO:NIFTY02SEP25C24500"][0]
    assert first.event_ns == at("09:22:45", date(2025, 8, 29))
    assert {i.lot_size for i in recording.instruments} == {75}


def test_the_real_ticks_of_2021_08_20_read_as_pandas_reads_them() -> None:
    recording = opened(KITE, "BANKNIFTY")
    frame = pd.read_parquet(KITE)

    found = ticks_of(recording)

    for symbol, rows in frame.groupby("trading_symbol"):
        mine = found[f"NFO:{symbol}"]
        read_ = [name for name in rows.columns if name.startswith(("bid", "ask"))]
        repeats = (
            rows[["ts_utc_ns", "ltp", "volume", "oi", *read_]].shift()
            == rows[["ts_utc_ns", "ltp", "volume", "oi", *read_]]
        ).all(axis=1)
        assert len(mine) == len(rows) - repeats.sum()
        assert (mine[0].ltp, mine[-1].ltp) == (paise(rows["ltp"].iloc[0]), paise(rows["ltp"].iloc[-1]))
        assert (mine[-1].bid, mine[-1].ask_qty) == (paise(rows["bid"].iloc[-1]), rows["ask_qty"].iloc[-1])
        assert sum(tick.ask is None for tick in mine) == ((rows["ask"] == 0) & ~repeats).sum()
    assert {i.lot_size for i in recording.instruments} == {25}
    assert all(tick.depth is not None for ticks in found.values() for tick in ticks[5:])


def test_the_real_bars_of_2021_06_11_become_four_ticks_each() -> None:
    recording = opened(BARS, "NIFTY")
    frame = pd.read_parquet(BARS)

    found = ticks_of(recording)

    for (exchange, symbol), rows in frame.groupby(["exchange", "trading_symbol"]):
        mine = found[f"{exchange}:{symbol}"]
        assert [tick.ltp for tick in mine[::4]] == [paise(price) for price in rows["open"]]
        assert [tick.ltp for tick in mine[3::4]] == [paise(price) for price in rows["close"]]
        assert max(tick.ltp for tick in mine) == paise(rows["high"].max())
        assert min(tick.ltp for tick in mine) == paise(rows["low"].min())
        assert mine[-1].volume == rows["volume"].sum()
        assert [tick.recv_ns - mine[0].recv_ns for tick in mine[:4]] == [
            s * NS_PER_S for s in (0, 20, 40, 59)
        ]


def test_after_the_last_row_the_clock_goes_on_to_the_close() -> None:
    *_, last = opened(CHAIN, "NIFTY").messages()

    assert last == END


@pytest.fixture
def redis_url(any_redis: Server) -> str:
    """One kind of server is enough here: all that speaks to it is tested on each in the tests of the log."""
    return any_redis.url


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A minute of 1,000 rows of two contracts and an index."""
    symbols = (CALL, PUT, "Nifty 50")
    rows = [row(LAST_MINUTE_S + n * 0.05, symbols[n % 3], ltp=100 + n % 7) for n in range(1_000)]
    return write(tmp_path / "minute.parquet", rows)


def expected(path: Path) -> list[MarketMessage]:
    wanted = {f"NFO:{CALL}", "NSE:Nifty 50"}
    return [m for m in opened(path, "NIFTY").messages() if not isinstance(m, Tick) or m.instrument in wanted]


def subscribe(log: RedisLog) -> None:
    log.append([Output("subscriptions", encode(Subscribe("test", (f"NFO:{CALL}",), 0)))])


def said(log: RedisLog) -> list[Message]:
    return [decode(entry.data) for entry in log.entries("ticks")]


def wait_until(what: Callable[[], bool], why: str, seconds: float = 20) -> None:
    for _ in range(round(seconds / 0.02)):
        if what():
            return
        time.sleep(0.02)
    pytest.fail(f"not within {seconds} s: {why}")


def is_over(log: RedisView) -> bool:
    """Whether the clock has struck 15:30."""
    newest = log.newest("ticks")
    return newest is not None and decode(newest.data) == END


@contextmanager
def process(
    url: str, desk: str, path: Path, health: Path, speed: float = 20
) -> Iterator["subprocess.Popen[bytes]"]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SAUDA_")} | {
        "SAUDA_REDIS_URL": url,
        "SAUDA_DESK": desk,
        "SAUDA_SOURCE": "recording",
        "SAUDA_RECORDING": str(path),
        "SAUDA_SPEED": str(speed),
        "SAUDA_HEALTH_FILE": str(health),
        "SAUDA_LEASE_MS": "500",
    }
    with subprocess.Popen([sys.executable, "-m", "sauda_feed"], env=environment, cwd=ROOT) as started:
        try:
            yield started
        finally:
            started.kill()


def test_a_feed_killed_at_any_instant_repeats_nothing_and_leaves_nothing_out(
    redis_url: str, desk: str, file: Path, tmp_path: Path
) -> None:
    log = RedisView(redis_url, desk)
    subscribe(log)

    for round_ in range(3):
        with process(redis_url, desk, file, tmp_path / "health") as feed:
            goal = (round_ + 1) * 150
            wait_until(lambda goal=goal: log.length("ticks") > goal, f"{goal} ticks")  # type: ignore[misc]
            feed.kill()
            feed.wait()
    with process(redis_url, desk, file, tmp_path / "health"):
        wait_until(lambda: is_over(log), "the recording is over")

    assert said(log) == expected(file)
    log.close()


def test_of_two_feeds_one_works_and_the_other_takes_over_where_it_was(
    redis_url: str, desk: str, file: Path, tmp_path: Path
) -> None:
    log = RedisView(redis_url, desk)
    subscribe(log)

    with process(redis_url, desk, file, tmp_path / "first") as first:
        wait_until(lambda: log.length("ticks") > 50, "the first one works")
        with process(redis_url, desk, file, tmp_path / "second"):
            wait_until((tmp_path / "second").exists, "the second one reports")
            wait_until(lambda: read(tmp_path / "second").ready, "the second one is healthy")
            assert "standby" in (tmp_path / "second").read_text()
            first.kill()
            wait_until(lambda: is_over(log), "the second one ends the recording")

    assert said(log) == expected(file)
    log.close()


def test_a_redis_that_is_killed_and_comes_back_costs_time_and_nothing_else(
    own_redis: Any, file: Path
) -> None:
    log, seen = RedisView(own_redis.url, "outage"), []
    subscribe(log)
    recording = opened(file, "NIFTY")
    feed = Feed(
        [Desk(RedisLog(own_redis.url, "outage"), "test", 500)],
        lambda: RecordingSource(recording, Scaled(20)),
        on_event=lambda event, _facts: seen.append(event),
    )
    stop = threading.Event()
    thread = threading.Thread(target=feed.run, args=(stop,))
    thread.start()
    try:
        for goal in (100, 300):
            wait_until(lambda goal=goal: log.length("ticks") > goal, f"{goal} ticks")  # type: ignore[misc]
            own_redis.kill()
            wait_until(lambda: not feed.ready, "the feed sees that Redis is away")
            own_redis.start()
        wait_until(lambda: is_over(log), "the recording is over")
    finally:
        stop.set()
        thread.join(10)

    assert said(log) == expected(file)
    assert seen.count("feed_away") == 2
    assert not thread.is_alive()


def test_a_feed_that_is_told_to_stop_while_redis_is_away_stops(own_redis: Any, file: Path) -> None:
    recording = opened(file, "NIFTY")
    own_redis.kill()
    feed = Feed(
        [Desk(RedisLog(own_redis.url, "stop"), "test", 500)], lambda: RecordingSource(recording, Scaled(20))
    )
    stop = threading.Event()
    thread = threading.Thread(target=feed.run, args=(stop,))
    thread.start()
    wait_until(lambda: feed.phase == "away", "the feed sees that Redis is away")

    stop.set()
    thread.join(5)

    assert not thread.is_alive()
    assert feed.phase == "stopped"
