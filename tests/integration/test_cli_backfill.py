"""`sauda backfill` against a running desk: the real feed, the simulator, Redis, and kills of either side."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sauda.history.spans import Span
from sauda.history.store import HistoryStore
from tests.integration.conftest import Outcome, called
from tests.integration.fed_desk import NIFTY, Gate, fed
from tests.integration.noren_simulator import SEED, wait_until

pytestmark = pytest.mark.integration
ALWAYS = Span(0, 1 << 62)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    folder = tmp_path_factory.mktemp("backfill")
    with fed(folder) as gate:
        gate.feed.environ["SAUDA_HISTORY"] = str(folder / "feeds-own")
        gate.feed.environ["SAUDA_ARCHIVE"] = str(folder / "archive")
        gate.open()
        yield gate


@pytest.fixture
def gate(opened: Gate) -> Iterator[Gate]:
    opened.begin()
    yield opened
    opened.fault("clear")


def command(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name("sauda")), "backfill", *arguments]


def backfilled(gate: Gate, store: Path, *arguments: str, **more: str) -> Outcome:
    """Run `sauda backfill` on the desk, with a store of its own."""
    desk = {name: value for name, value in gate.feed.environ.items() if name.startswith("SAUDA_")}
    return called("backfill", *arguments, **desk | {"SAUDA_HISTORY": str(store)} | more)


def test_days_are_fetched_once_and_kept(gate: Gate, tmp_path: Path) -> None:
    span = ("--from", "2026-11-19", "--to", "2026-11-27")
    first = backfilled(gate, tmp_path, NIFTY, *span, "--json")
    store = HistoryStore(tmp_path, f"simulated-{SEED}")

    # The 24th was a holiday.
    assert (first.code, first.err) == (0, "")
    assert first.document == {
        "instrument": NIFTY,
        "timeframe": "1m",
        "market": f"simulated-{SEED}",
        "sessions": 6,
        "bars": len(store.read(NIFTY, "1m", ALWAYS)),
        "had": 0,
        "missing": [],
    }
    assert len(store.looked(NIFTY, "1m", ALWAYS)) == 6
    before = gate.view.length("subscriptions")
    again = backfilled(gate, tmp_path, NIFTY, *span, "--json").document
    assert again["had"] == again["bars"] > 6 * 370
    assert gate.view.length("subscriptions") == before


def test_what_is_missing_is_told_and_is_a_negative_finding(gate: Gate, tmp_path: Path) -> None:
    option = min(name for name in gate.names if name.startswith("NFO:"))
    done = backfilled(gate, tmp_path, option, "--from", "2026-10-26", "--timeframe", "15m")

    assert done.code == 1
    assert "bars of" in done.out
    assert "missing: 2026-10-26 to" in done.err


def test_one_that_is_killed_goes_on_where_it_stopped(gate: Gate, tmp_path: Path) -> None:
    span = (NIFTY, "--from", "2026-11-02", "--to", "2026-11-27")
    gate.fault("latency", rest_ms=300)
    environ = gate.feed.environ | {"SAUDA_HISTORY": str(tmp_path)}
    process = subprocess.Popen(command(*span), env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    store = HistoryStore(tmp_path, f"simulated-{SEED}")
    wait_until(lambda: store.read(NIFTY, "1m", ALWAYS), "the first piece is kept")
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)
    kept = len(store.read(NIFTY, "1m", ALWAYS))
    gate.fault("latency")
    rest = backfilled(gate, tmp_path, *span, "--json").document

    assert rest["had"] >= kept > 0
    assert rest["bars"] > rest["had"]
    assert rest["missing"] == []
    assert len({bar.start_ns for bar in store.read(NIFTY, "1m", ALWAYS)}) == rest["bars"]


def test_an_interruption_is_told_and_loses_nothing(gate: Gate, tmp_path: Path) -> None:
    gate.fault("latency", rest_ms=300)
    environ = gate.feed.environ | {"SAUDA_HISTORY": str(tmp_path)}
    process = subprocess.Popen(
        command(NIFTY, "--from", "2026-09-01"), env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    store = HistoryStore(tmp_path, f"simulated-{SEED}")
    wait_until(lambda: store.read(NIFTY, "1m", ALWAYS), "the first piece is kept")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)

    assert process.returncode == 130
    assert b"interrupted: what came is kept" in said
    assert b"Traceback" not in said
    assert store.read(NIFTY, "1m", ALWAYS)


def test_a_store_that_cannot_be_written_is_one_clear_line(gate: Gate, tmp_path: Path) -> None:
    place = tmp_path / "store"
    place.write_text("a file stands where the folder should")
    done = backfilled(gate, place, NIFTY, "--from", "2026-11-27")

    assert done.code == 1
    assert "the store of bars cannot be used" in done.err
    assert "SAUDA_HISTORY" in done.err
    assert "Traceback" not in done.err


def test_it_is_the_desk_that_says_what_feeds_it(gate: Gate, tmp_path: Path) -> None:
    """A shell may know nothing of how the desk was started."""
    done = backfilled(
        gate, tmp_path, NIFTY, "--from", "2026-11-27", "--to", "2026-11-27", SAUDA_SOURCE="noren"
    )

    assert (done.code, done.err) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == [f"simulated-{SEED}"]


def test_another_market_than_the_settings_mean_is_refused(gate: Gate, tmp_path: Path) -> None:
    done = backfilled(gate, tmp_path, NIFTY, "--from", "2026-11-27", SAUDA_SIM_SEED="99")

    assert done.code == 2
    assert f"simulated-{SEED}" in done.err
    assert not list(tmp_path.rglob("*.parquet"))


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("Nifty 50", "--from", "2026-11-27"), "EXCHANGE:SYMBOL"),
        ((NIFTY, "--from", "yesterday"), "is no date"),
        ((NIFTY, "--from", "2026-11-27", "--to", "2026-11-26"), "lies before"),
        ((NIFTY, "--from", "2026-11-27", "--timeframe", "7m"), "7m"),
        (("XXX:Nifty 50", "--from", "2026-11-27"), "unknown exchange"),
        ((NIFTY,), "--from"),
    ],
)
def test_wrong_usage_is_one_line(gate: Gate, tmp_path: Path, arguments: tuple[str, ...], why: str) -> None:
    done = backfilled(gate, tmp_path, *arguments)

    assert done.code == 2
    assert why in done.err
    assert "Traceback" not in done.err


def test_without_a_feed_it_says_so_after_a_while(gate: Gate, tmp_path: Path) -> None:
    """Last: it ends the feed of this desk."""
    gate.feed.kill()
    done = backfilled(gate, tmp_path, NIFTY, "--from", "2026-11-27")

    assert done.code == 1
    assert "nobody carries the feed of desk" in done.err
    no_redis = backfilled(
        gate, tmp_path, NIFTY, "--from", "2026-11-27", SAUDA_REDIS_URL="redis://127.0.0.1:1/0"
    )
    assert no_redis.code == 3
