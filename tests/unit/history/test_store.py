"""The local store: what was put in comes out, once, whatever the names are and however a writer ended."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.clock import NS_PER_S
from sauda.contracts import PastBar
from sauda.history.month_file import About, DamagedHistoryError, Month, opened, packed
from sauda.history.spans import Span
from sauda.history.store import HistoryStore, HistoryStoreError, safe_name

NIFTY = "NSE:Nifty 50"
OPEN = 1_795_751_100 * NS_PER_S
"""2026-11-27 09:15 IST."""
MINUTE = 60 * NS_PER_S
ALWAYS = Span(0, 1 << 62)


def a_bar(number: int, close: int = 24_500_05, volume: int | None = 65) -> PastBar:
    return PastBar(OPEN + number * MINUTE, 24_500_00, 24_510_00, 24_490_00, close, volume, None)


def a_span(first: int, last: int) -> Span:
    return Span(OPEN + first * MINUTE, OPEN + last * MINUTE)


def test_what_was_put_in_comes_out(tmp_path: Path) -> None:
    store = HistoryStore(tmp_path, "real")
    bars = [a_bar(0), a_bar(1, volume=None), a_bar(3)]
    store.add(NIFTY, "1m", reversed(bars), [a_span(0, 4)])

    assert store.read(NIFTY, "1m", ALWAYS) == bars
    assert store.read(NIFTY, "1m", a_span(1, 3)) == [bars[1]]
    assert store.looked(NIFTY, "1m", a_span(1, 9)) == [a_span(1, 4)]
    assert HistoryStore(tmp_path, "simulated-11").read(NIFTY, "1m", ALWAYS) == []
    assert store.read(NIFTY, "5m", ALWAYS) == []


def test_the_same_again_changes_nothing_and_another_bar_replaces(tmp_path: Path) -> None:
    store = HistoryStore(tmp_path, "real")
    store.add(NIFTY, "1m", [a_bar(0), a_bar(1)], [a_span(0, 2)])
    [file] = tmp_path.rglob("*.parquet")
    before = file.stat().st_ino
    store.add(NIFTY, "1m", [a_bar(1)], [a_span(0, 1)])
    assert file.stat().st_ino == before

    store.add(NIFTY, "1m", [a_bar(1, close=24_499_00), a_bar(2)], [a_span(2, 3)])
    assert [bar.close for bar in store.read(NIFTY, "1m", ALWAYS)] == [24_500_05, 24_499_00, 24_500_05]
    assert store.looked(NIFTY, "1m", ALWAYS) == [a_span(0, 3)]


def test_each_month_has_a_file_of_its_own(tmp_path: Path) -> None:
    store = HistoryStore(tmp_path, "real")
    store.add(NIFTY, "1d", [a_bar(0), a_bar(7 * 1440)], [])

    assert sorted(path.name for path in tmp_path.rglob("*.parquet")) == ["2026-11.parquet", "2026-12.parquet"]
    assert len(store.read(NIFTY, "1d", ALWAYS)) == 2
    assert len(store.read(NIFTY, "1d", a_span(1, 10**6))) == 1


ODD = ["../../etc", "..", ".", "A/B", "M&M-EQ", "Nifty 50", "NIFTY\\x", "ünï", "a%20b", "a b", "con\n"]


@pytest.mark.parametrize("symbol", ODD)
def test_any_symbol_has_a_place_of_its_own_inside_the_store(tmp_path: Path, symbol: str) -> None:
    store = HistoryStore(tmp_path / "store", "real")
    store.add(f"NSE:{symbol}", "1m", [a_bar(0)], [])

    assert store.read(f"NSE:{symbol}", "1m", ALWAYS) == [a_bar(0)]
    assert [path.name for path in tmp_path.iterdir()] == ["store"]
    assert [path.name for path in (tmp_path / "store" / "real" / "NSE").iterdir()] == [safe_name(symbol)]


def test_no_two_symbols_share_a_place() -> None:
    assert len({safe_name(symbol) for symbol in ODD}) == len(ODD)


@pytest.mark.parametrize("symbol", ["", "x" * 300])
def test_what_cannot_name_a_folder_is_refused(tmp_path: Path, symbol: str) -> None:
    with pytest.raises(HistoryStoreError, match="cannot name a folder"):
        HistoryStore(tmp_path, "real").add(f"NSE:{symbol}", "1m", [a_bar(0)], [])


@settings(max_examples=25, deadline=None)
@given(
    prices=st.lists(st.integers(min_value=-(10**14), max_value=10**14), min_size=1, max_size=20),
    volume=st.none() | st.integers(min_value=0, max_value=2**62),
)
def test_every_paisa_survives_the_file(prices: list[int], volume: int | None) -> None:
    bars = [PastBar(number, price, price, price, price, volume, None) for number, price in enumerate(prices)]
    month = Month(About(NIFTY, "1m", "real", [Span(1, 2)]), bars)

    assert opened(packed(month), "a file") == month


def test_a_damaged_file_is_named_and_never_read_as_bars(tmp_path: Path) -> None:
    store = HistoryStore(tmp_path, "real")
    store.add(NIFTY, "1m", [a_bar(number) for number in range(300)], [])
    [file] = tmp_path.rglob("*.parquet")
    data = bytearray(file.read_bytes())
    data[len(data) // 3] ^= 0xFF
    file.write_bytes(data)
    with pytest.raises(DamagedHistoryError, match=r"2026-11\.parquet.*backfill again"):
        store.read(NIFTY, "1m", ALWAYS)

    file.write_bytes(data[:100])
    with pytest.raises(DamagedHistoryError):
        store.add(NIFTY, "1m", [a_bar(1)], [])


FULL_DISK = """
import resource, sys
from pathlib import Path
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from sauda.contracts import PastBar
from sauda.history.store import HistoryStore, HistoryStoreError
resource.setrlimit(resource.RLIMIT_FSIZE, (6_000, 6_000))
bars = [PastBar({open} + n * {minute}, 24_500_00 + n * 7919 % 1_000, 25_600_00, 24_000_00, 24_500_00, n * n, n) for n in range(5_000)]
try:
    HistoryStore(Path(sys.argv[1]), "real").add("NSE:Nifty 50", "1m", bars, [])
except HistoryStoreError as error:
    print(error)
"""


def test_a_full_disk_is_told_and_costs_nothing_that_was_there(tmp_path: Path) -> None:
    store = HistoryStore(tmp_path, "real")
    store.add(NIFTY, "1m", [a_bar(0)], [a_span(0, 1)])
    code = FULL_DISK.format(open=OPEN, minute=MINUTE)
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )

    assert "the store of bars cannot be used: File too large" in done.stdout, done.stderr
    assert store.read(NIFTY, "1m", ALWAYS) == [a_bar(0)]
    assert not list(tmp_path.rglob("*.half"))


KILLED = """
import sys
from pathlib import Path
from sauda.contracts import PastBar
from sauda.history.store import HistoryStore
store = HistoryStore(Path(sys.argv[1]), "real")
for round in range(10_000):
    store.add("NSE:Nifty 50", "1m", [PastBar({open} + n * {minute}, round + 1, round + 1, 1, 1) for n in range(300)], [])
    print(round, flush=True)
"""


def test_a_writer_that_is_killed_leaves_whole_files(tmp_path: Path) -> None:
    code = KILLED.format(open=OPEN, minute=MINUTE)
    store = HistoryStore(tmp_path, "real")
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        for _ in range(4):
            process.stdout.readline()
        process.kill()
        process.communicate(timeout=10)
        bars = store.read(NIFTY, "1m", ALWAYS)
        assert len(bars) == 300
        assert len({bar.open for bar in bars}) == 1
    # What a kill left half written is written over by the next.
    store.add(NIFTY, "1m", [a_bar(0)], [])
    assert not list(tmp_path.rglob("*.half"))


def test_two_writers_lose_nothing(tmp_path: Path) -> None:
    stores = [HistoryStore(tmp_path, "real") for _ in range(2)]

    def write(number: int) -> None:
        stores[number % 2].add(NIFTY, "1m", [a_bar(number)], [a_span(number, number + 1)])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(40)))
    assert len(stores[0].read(NIFTY, "1m", ALWAYS)) == 40
    assert stores[0].looked(NIFTY, "1m", ALWAYS) == [a_span(0, 40)]
