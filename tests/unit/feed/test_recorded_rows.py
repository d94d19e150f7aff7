"""Rows of a recording, good and broken, become ticks or are left out and counted."""

from pathlib import Path
from typing import Any

import pytest

from sauda.clock import NS_PER_S
from sauda.contracts import BookLevel, ClockTick, InstrumentKind, Right, Tick
from sauda.errors import ConfigError
from sauda.recordings.timeline import Recording
from tests.unit.feed.recordings import CALL, OPEN, PUT, ShortDay, recording, row, write


def ticks(folder: Path, *rows: object) -> list[Tick]:
    return [m for m in recording(folder, rows).messages() if isinstance(m, Tick)]  # type: ignore[arg-type]


def test_a_row_becomes_a_tick_in_paise_and_units(tmp_path: Path) -> None:
    [tick] = ticks(tmp_path, row(ltp=101.35, bid=101.3, ask=101.4, bid_qty=75, ask_qty=150, volume=9, oi=4))

    assert tick == Tick(f"NFO:{CALL}", OPEN, OPEN, 101_35, 101_30, 101_40, 75, 150, 9, 4)


def test_a_float32_price_is_the_price_that_was_meant(tmp_path: Path) -> None:
    [tick] = ticks(tmp_path, row(ltp=24052.400390625))

    assert tick.ltp == 24052_40


@pytest.mark.parametrize("nothing", [0.0, float("nan"), None, -1.0])
def test_a_row_without_a_price_gives_no_tick(tmp_path: Path, nothing: float | None) -> None:
    found = recording(tmp_path, [row(ltp=nothing, bid=10.0, ask=11.0), row(1, ltp=10.5, bid=10.0, ask=11.0)])

    assert [m.ltp for m in found.messages() if isinstance(m, Tick)] == [10_50]
    assert found.defects["unpriced"] == 1


@pytest.mark.parametrize("nothing", [0.0, float("nan"), None])
def test_an_empty_side_of_the_book_stays_empty(tmp_path: Path, nothing: float | None) -> None:
    [tick, _] = ticks(
        tmp_path,
        row(ltp=10.5, bid=10.0, ask=nothing, bid_qty=75, ask_qty=0),
        row(1, ltp=10.5, bid=10.0, ask=10.1, bid_qty=75, ask_qty=75),
    )

    assert (tick.bid, tick.bid_qty, tick.ask, tick.ask_qty) == (10_00, 75, None, None)


def test_a_negative_quote_is_no_quote_and_is_counted(tmp_path: Path) -> None:
    found = recording(tmp_path, [row(ltp=10.5, bid=-5.0, ask=11.0, bid_qty=75)])

    [tick] = [m for m in found.messages() if isinstance(m, Tick)]
    assert (tick.bid, tick.bid_qty, tick.ask) == (None, None, 11_00)
    assert found.defects["negative"] == 1


def test_a_repeated_line_gives_one_tick(tmp_path: Path) -> None:
    found = recording(tmp_path, [row(ltp=10.5), row(ltp=10.5), row(1, ltp=10.5)])

    assert len([m for m in found.messages() if isinstance(m, Tick)]) == 2
    assert found.defects["duplicate"] == 1


def test_rows_of_1970_are_left_out(tmp_path: Path) -> None:
    found = recording(tmp_path, [{**row(ltp=9.0), "ts_utc_ns": -19_800 * NS_PER_S}, row(ltp=10.5)])

    assert [m.ltp for m in found.messages() if isinstance(m, Tick)] == [10_50]
    assert (found.defects["bad_time"], found.first_ns) == (1, OPEN)


def test_rows_outside_the_session_are_left_out_where_the_file_flags_them(tmp_path: Path) -> None:
    found = ticks(tmp_path, row(ltp=9.0, preopen=True), row(1, ltp=10.5, preopen=False))

    assert [tick.ltp for tick in found] == [10_50]


def test_unsorted_rows_are_put_in_order_and_equal_stamps_keep_theirs(tmp_path: Path) -> None:
    found = ticks(tmp_path, row(2, ltp=3.0), row(1, ltp=1.0), row(1, PUT, ltp=2.0))

    assert [tick.ltp for tick in found] == [1_00, 2_00, 3_00]


def test_the_exchanges_own_stamp_is_the_event_and_never_later_than_the_arrival(tmp_path: Path) -> None:
    found = ticks(
        tmp_path,
        row(90, ltp=1.0, nse_time_ist="2025-08-29T09:15:10"),
        row(91, ltp=2.0, nse_time_ist="2025-08-29T11:00:00"),
        row(92, ltp=3.0, nse_time_ist="soon"),
    )

    assert [tick.event_ns - OPEN for tick in found] == [10 * NS_PER_S, 91 * NS_PER_S, 92 * NS_PER_S]
    assert [tick.recv_ns - OPEN for tick in found] == [s * NS_PER_S for s in (90, 91, 92)]


def test_further_levels_become_depth(tmp_path: Path) -> None:
    [tick] = ticks(
        tmp_path,
        row(ltp=10.0, bid=9.9, bid_qty=75, bid_orders=2, bid2=9.8, bid_qty2=150, bid_orders2=3, ask=0.0, ask_qty=0, ask2=0.0),
    )  # fmt: skip

    assert tick.depth is not None
    assert tick.depth.bids == (BookLevel(9_90, 75, 2), BookLevel(9_80, 150, 3))
    assert tick.depth.asks == ()


def test_a_bar_that_rose_went_open_low_high_close(tmp_path: Path) -> None:
    bar: dict[str, Any] = {"open": 100.0, "high": 110.0, "low": 95.0, "close": 105.0}
    found = ticks(tmp_path, row(**bar), row(60, **bar))[:4]

    assert [tick.ltp for tick in found] == [100_00, 95_00, 110_00, 105_00]
    assert [(tick.recv_ns - OPEN) // NS_PER_S for tick in found] == [0, 20, 40, 59]


def test_a_bar_that_fell_went_open_high_low_close(tmp_path: Path) -> None:
    found = ticks(tmp_path, row(open=100.0, high=110.0, low=95.0, close=99.95))

    assert [tick.ltp for tick in found] == [100_00, 110_00, 95_00, 99_95]


def test_volumes_of_bars_add_up_from_the_morning(tmp_path: Path) -> None:
    bar: dict[str, Any] = {"open": 1.0, "high": 1.0, "low": 1.0, "close": 1.0}
    found = ticks(tmp_path, row(**bar, volume=10), row(60, **bar, volume=5))

    assert [tick.volume for tick in found] == [0, 0, 0, 10, 10, 10, 10, 15]


def test_bars_of_several_instruments_are_interleaved_by_time(tmp_path: Path) -> None:
    bar: dict[str, Any] = {"open": 1.0, "high": 3.0, "low": 0.5, "close": 2.0}
    found = ticks(
        tmp_path, *(row(60 * minute, symbol, **bar) for minute in range(3) for symbol in (CALL, PUT))
    )

    assert [t.recv_ns for t in found] == sorted(t.recv_ns for t in found)
    assert len(found) == 24


def test_a_csv_reads_like_parquet(tmp_path: Path) -> None:
    rows = [row(ltp=10.5, bid=10.0, ask=11.0), row(1, "Nifty 50", ltp=24500.05)]
    tables = [write(tmp_path / name, rows) for name in ("a.parquet", "b.csv")]

    plain, text = (list(Recording(path, frozenset({"NIFTY"}), ShortDay()).messages()) for path in tables)
    assert plain == text


def test_definitions_follow_from_the_rows(tmp_path: Path) -> None:
    found = recording(
        tmp_path, [row(ltp=1.0), row(0, "Nifty 50", ltp=1.0), row(0, "NIFTY30SEP25F", ltp=1.0), row(0, "BANKNIFTY30SEP25F", ltp=1.0)]
    ).instruments  # fmt: skip

    option, future, index = found
    assert (option.kind, option.expiry, option.strike, option.right) == (
        InstrumentKind.OPTION, "2025-09-02", 24500_00, Right.CALL,
    )  # fmt: skip
    assert (option.lot_size, option.tick_size, option.underlying) == (75, 5, "NIFTY")
    assert (future.kind, future.expiry, future.strike) == (InstrumentKind.FUTURE, "2025-09-30", None)
    assert (index.kind, index.instrument, index.lot_size) == (InstrumentKind.INDEX, "NSE:Nifty 50", 1)


def test_a_lot_size_in_the_file_beats_the_calendar(tmp_path: Path) -> None:
    [option] = recording(tmp_path, [row(ltp=1.0, lot_size=50)]).instruments

    assert option.lot_size == 50


def test_the_clock_strikes_each_second_up_to_the_close(tmp_path: Path) -> None:
    messages = list(recording(tmp_path, [row(0.5, ltp=1.0), row(2, ltp=2.0)]).messages())

    struck = [(m.event_ns - OPEN) // NS_PER_S for m in messages if isinstance(m, ClockTick)]
    assert struck == list(range(1, 61))
    assert [type(m) for m in messages[:4]] == [Tick, ClockTick, Tick, ClockTick]


def test_the_night_has_no_clock(tmp_path: Path) -> None:
    day_s = 86_400
    messages = list(recording(tmp_path, [row(0, ltp=1.0), row(3 * day_s, ltp=2.0)]).messages())

    struck = [(m.event_ns - OPEN) // NS_PER_S for m in messages if isinstance(m, ClockTick)]
    assert struck == [*range(61), *range(3 * day_s, 3 * day_s + 61)]


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ({"exchange": "NFO", "trading_symbol": CALL, "ltp": 1.0}, "ts_utc_ns"),
        ({"ts_utc_ns": OPEN, "trading_symbol": CALL, "ltp": 1.0}, "exchange"),
        ({"ts_utc_ns": OPEN, "exchange": "NFO", "trading_symbol": CALL, "price": 1.0}, "ltp"),
    ],
)
def test_a_missing_column_is_named(tmp_path: Path, columns: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        recording(tmp_path, [columns])


def test_a_file_that_is_not_there_or_no_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no file .*nowhere\.parquet"):
        Recording(tmp_path / "nowhere.parquet", frozenset({"NIFTY"}), ShortDay())
    (tmp_path / "noise.parquet").write_bytes(b"noise")
    with pytest.raises(ConfigError, match=r"noise\.parquet cannot be read"):
        Recording(tmp_path / "noise.parquet", frozenset({"NIFTY"}), ShortDay())


def test_a_file_without_our_underlyings_says_what_it_has(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no contract of NIFTY .*NFO:BANKNIFTY30SEP25F"):
        recording(tmp_path, [row(0, "BANKNIFTY30SEP25F", ltp=1.0)])


def test_rows_that_go_back_behind_a_piece_are_refused_by_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sauda.recordings.columns.PIECE_ROWS", 2)

    with pytest.raises(ConfigError, match="behind row 2"):
        recording(tmp_path, [row(0, ltp=1.0), row(5, ltp=1.0), row(1, ltp=1.0)])


def test_columns_that_mean_nothing_to_us_are_told(tmp_path: Path) -> None:
    assert recording(tmp_path, [row(ltp=1.0, greeks=0.5, mood="good")]).ignored_columns == ["greeks", "mood"]
