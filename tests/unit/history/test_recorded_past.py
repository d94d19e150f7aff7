"""Bars of recordings: what pandas makes of the file, and never a row of the future. Real files, and small ones made here."""

import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sauda.calendar import load_calendar
from sauda.clock import NS_PER_S, UnixNs, ist_date
from sauda.contracts import HistoryRequest, PastBar
from sauda.history.finding import Finder
from sauda.history.spans import Span
from sauda.history.store import HistoryStore
from sauda.recordings.past import RecordedPast
from sauda.recordings.timeline import Recording

REPOSITORY = Path(__file__).parents[3]
DATA = Path(os.environ.get("SAUDA_TEST_DATA", REPOSITORY.parent / "shared/data"))
CALENDAR = load_calendar(REPOSITORY / "config" / "market")
NIFTY = "NSE:Nifty 50"
MINUTE = 60 * NS_PER_S


def opened(path: Path) -> Recording:
    return Recording(path, frozenset({"NIFTY"}), CALENDAR)


def bars_of(recording: Recording, now_ns: UnixNs, timeframe: str = "1m", **wanted: int) -> Sequence[PastBar]:
    request = HistoryRequest("q", "test", NIFTY, timeframe, wanted.pop("to_ns", 1 << 61), now_ns, **wanted)
    return Finder([RecordedPast(recording)], CALENDAR).find(request, now_ns).bars


def a_file(folder: Path, on: date, ticks: Sequence[tuple[int, float, int]]) -> Path:
    """Write a recording of NIFTY: (seconds since the open, price, volume of the day)."""
    session = CALENDAR.session("NSE", on)
    assert session is not None
    table = pa.table(
        {
            "ts_utc_ns": [session.open_ns + second * NS_PER_S for second, _, _ in ticks],
            "exchange": ["NSE"] * len(ticks),
            "trading_symbol": ["Nifty 50"] * len(ticks),
            "ltp": [price for _, price, _ in ticks],
            "volume": [float(volume) for _, _, volume in ticks],
        }
    )
    pq.write_table(table, folder / "ticks.parquet")
    return folder / "ticks.parquet"


def test_ticks_make_bars_and_the_future_none(tmp_path: Path) -> None:
    ticks = [(0, 100.0, 5), (59, 101.0, 8), (60, 99.0, 9), (185, 102.0, 9), (186, 98.5, 30)]
    recording = opened(a_file(tmp_path, date(2026, 11, 27), ticks))
    session = CALENDAR.session("NSE", date(2026, 11, 27))
    assert session is not None
    open_ns = session.open_ns
    whole = [
        PastBar(open_ns, 100_00, 101_00, 100_00, 101_00, 8),
        PastBar(open_ns + MINUTE, 99_00, 99_00, 99_00, 99_00, 1),
        PastBar(open_ns + 3 * MINUTE, 102_00, 102_00, 98_50, 98_50, 21),
    ]

    assert bars_of(recording, open_ns + 4 * MINUTE, count=9) == whole
    for now_ns in range(open_ns, open_ns + 4 * MINUTE, 5 * NS_PER_S):
        ended = [bar for bar in whole if bar.start_ns + MINUTE <= now_ns]
        assert list(bars_of(recording, now_ns, count=9)) == ended


def test_a_recording_of_long_bars_makes_no_short_ones(tmp_path: Path) -> None:
    session = CALENDAR.session("NSE", date(2026, 11, 27))
    assert session is not None
    starts = [session.open_ns + 15 * MINUTE * number for number in range(25)]
    columns = {name: [100.0 + n for n in range(25)] for name in ("open", "high", "low", "close")}
    table = {"ts_utc_ns": starts, "exchange": ["NSE"] * 25, "trading_symbol": ["Nifty 50"] * 25, **columns}
    pq.write_table(pa.table(table), tmp_path / "quarters.parquet")
    recording = opened(tmp_path / "quarters.parquet")

    assert bars_of(recording, session.close_ns, count=10) == []
    assert [bar.start_ns for bar in bars_of(recording, session.close_ns, "15m", count=3)] == starts[-3:]
    assert [bar.close for bar in bars_of(recording, session.close_ns, "1h", count=9)][:2] == [103_00, 107_00]


@pytest.fixture(scope="module")
def index_2024() -> Recording:
    return opened(DATA / "index_1min_2024" / "NIFTY_1min_2024_odd_months.parquet")


def rows_of(path: Path) -> pd.DataFrame:
    rows = pd.read_parquet(path)
    at = rows.ts_ist.str[11:16]
    return rows[(at >= "09:15") & (at < "15:30")]


def test_real_minutes_come_back_as_the_file_has_them_through_the_store(
    index_2024: Recording, tmp_path: Path
) -> None:
    now_ns = index_2024.last_ns + 86_400 * NS_PER_S
    found = bars_of(index_2024, now_ns, count=5_000)
    rows = rows_of(index_2024.path).sort_values("ts_utc_ns").tail(5_000)

    expected = [
        PastBar(start, *(round(price * 100) for price in prices))
        for start, *prices in rows[["ts_utc_ns", "open", "high", "low", "close"]].itertuples(index=False)
    ]
    assert list(found) == expected
    store = HistoryStore(tmp_path, "real")
    store.add(NIFTY, "1m", found, [])
    assert store.read(NIFTY, "1m", Span(0, 1 << 62)) == expected


def test_real_hours_are_what_pandas_makes_of_the_minutes(index_2024: Recording) -> None:
    found = bars_of(index_2024, index_2024.last_ns + 86_400 * NS_PER_S, "1h", count=70)
    rows = rows_of(index_2024.path)
    times = pd.to_datetime(rows.ts_utc_ns, unit="ns", utc=True)
    grouped = rows.set_index(times).resample("1h", offset="45min")
    hours = grouped.agg({"open": "first", "high": "max", "low": "min", "close": "last"}).dropna().tail(70)

    assert [(bar.start_ns, bar.open, bar.high, bar.low, bar.close) for bar in found] == [
        (at.value, *(round(price * 100) for price in prices)) for at, *prices in hours.itertuples()
    ]


def test_a_file_of_the_store_is_a_recording_that_can_be_played(index_2024: Recording, tmp_path: Path) -> None:
    found = bars_of(index_2024, index_2024.last_ns + 86_400 * NS_PER_S, count=375)
    HistoryStore(tmp_path, "real").add(NIFTY, "1m", found, [])
    [file] = tmp_path.rglob("*.parquet")
    played = opened(file)

    assert list(bars_of(played, played.last_ns + 86_400 * NS_PER_S, count=375)) == list(found)
    assert ist_date(played.first_ns) == ist_date(found[0].start_ns)
