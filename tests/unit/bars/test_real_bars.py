"""Bars of real days against an independent calculation: pandas' resample, which knows nothing of our code."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest

from sauda.bars import Bars
from sauda.calendar import load_calendar
from sauda.clock import NS_PER_S
from sauda.contracts import Bar, Tick
from sauda.state import State

REPOSITORY = Path(__file__).parents[3]
DATA: Final = Path(os.environ.get("SAUDA_TEST_DATA", REPOSITORY.parent / "shared/data"))
CALENDAR: Final = load_calendar(REPOSITORY / "config/market")
IST_NS: Final = 19_800 * NS_PER_S
RULES: Final = {"1m": "1min", "5m": "5min", "15m": "15min", "1h": "60min", "1d": "24h"}


def table(file: str, *columns: str) -> pd.DataFrame:
    frame = pd.read_parquet(DATA / file, columns=["ts_utc_ns", *columns])
    frame.index = pd.DatetimeIndex(pd.to_datetime(frame.ts_utc_ns.to_numpy() + IST_NS))
    return frame


def paise(values: Any) -> list[int]:
    return [int(one) for one in np.rint(np.asarray(values, dtype=float) * 100)]


def bars_of(ticks: Sequence[Tick], *timeframes: str) -> list[Bar]:
    bars = Bars(State(), CALENDAR.session, "test")
    for name in sorted({one.instrument for one in ticks}):
        bars.watch(name, timeframes)
    said = [bar for one in ticks for bar in bars.see(one)]
    return [*said, *bars.reach(ticks[-1].recv_ns + 6 * 3600 * NS_PER_S)]


def ours(said: Sequence[Bar], timeframe: str) -> list[tuple[int, int, int, int, int]]:
    return [
        (bar.start_ns, bar.open, bar.high, bar.low, bar.close) for bar in said if bar.timeframe == timeframe
    ]


def resampled(frame: pd.DataFrame, timeframe: str, opens: str) -> list[tuple[int, ...]]:
    """Resample each day of *frame* (a column `price`, in session) by pandas."""
    found: list[tuple[int, ...]] = []
    for day, one in frame.groupby(frame.index.date):
        four = one["price"].resample(RULES[timeframe], origin=pd.Timestamp(f"{day} {opens}")).ohlc().dropna()
        stamps = (four.index.as_unit("ns").astype("int64") - IST_NS).tolist()
        found += zip(
            stamps,
            *(four[name].astype(int).tolist() for name in ("open", "high", "low", "close")),
            strict=True,
        )
    return found


def four_ticks(name: str, frame: pd.DataFrame) -> list[Tick]:
    """Return open, one extreme, the other and close of each bar, at 0, 20, 40 and 59 s."""
    ticks = []
    columns = [paise(frame[column]) for column in ("open", "high", "low", "close")]
    for start, o, h, l, c in zip(frame.ts_utc_ns.tolist(), *columns, strict=True):  # noqa: E741
        path = zip((0, 20, 40, 59), (o, h, l, c), strict=True)
        stamps = [(start + second * NS_PER_S, price) for second, price in path]
        ticks += [Tick(name, stamp, stamp, price) for stamp, price in stamps]
    return ticks


@pytest.fixture(scope="module")
def seconds() -> tuple[pd.DataFrame, list[Bar]]:
    """Five sessions of the index second by second, and our bars of them."""
    frame = table("nifty50_index_1s_2022/nifty50_1s.parquet", "ltp", "preopen")
    days = sorted(set(frame.index.date))[:5]
    frame = frame[~frame.preopen & (frame.index.date <= days[-1])]
    frame["price"] = paise(frame.ltp)
    pairs = zip(frame.ts_utc_ns.tolist(), frame.price.tolist(), strict=True)
    return frame, bars_of([Tick("NSE:Nifty 50", stamp, stamp, price) for stamp, price in pairs], *RULES)


@pytest.mark.parametrize("timeframe", list(RULES))
def test_seconds_of_the_index_are_what_pandas_makes_of_them(
    seconds: tuple[pd.DataFrame, list[Bar]], timeframe: str
) -> None:
    frame, said = seconds
    session = frame.between_time("09:15", "15:30", inclusive="left")

    expected = resampled(session, timeframe, "09:15")
    assert len(expected) >= 5
    assert ours(said, timeframe) == expected
    assert not any(bar.torn for bar in said)
    assert sum(bar.ticks for bar in said if bar.timeframe == "1d") == len(session)


@pytest.mark.parametrize(
    ("file", "name", "opens", "until"),
    [
        ("index_1min_2024/NIFTY_1min_2024_odd_months.parquet", "NSE:Nifty 50", "09:15", "2024-01-31"),
        ("index_1min_2024/BANKNIFTY_1min_2024_odd_months.parquet", "NSE:Nifty Bank", "09:15", "2024-01-20"),
        ("index_1min_2009/NIFTY_1min_2009_odd_months.parquet", "NSE:Nifty 50", "09:55", "2009-01-20"),
    ],
)
def test_minutes_of_the_index_make_the_longer_bars_that_pandas_makes(
    file: str, name: str, opens: str, until: str
) -> None:
    frame = table(file, "open", "high", "low", "close")
    frame = frame[frame.index < pd.Timestamp(until) + pd.Timedelta(days=1)]
    said = bars_of(four_ticks(name, frame), *RULES)
    session = frame.between_time(opens, "15:30", inclusive="left")

    prices = (paise(session[column]) for column in ("open", "high", "low", "close"))
    assert ours(said, "1m") == list(zip(session.ts_utc_ns.tolist(), *prices, strict=True))
    ticks = pd.DataFrame(
        {"price": paise(session[["open", "high", "low", "close"]].to_numpy().ravel())},
        index=session.index.repeat(4),
    )
    for timeframe in ("5m", "15m", "1h", "1d"):
        assert ours(said, timeframe) == resampled(ticks, timeframe, opens)


def test_a_session_in_two_parts() -> None:
    frame = table("index_1min_2024/NIFTY_1min_2024_odd_months.parquet", "open", "high", "low", "close")
    frame = frame[frame.index.date == pd.Timestamp("2024-03-02").date()]
    said = bars_of(four_ticks("NSE:Nifty 50", frame), *RULES)

    count = {name: len(ours(said, name)) for name in RULES}
    assert count == {"1m": 105, "5m": 21, "15m": 7, "1h": 3, "1d": 1}


def test_a_market_that_is_halted_after_a_minute_makes_the_bars_that_there_were() -> None:
    frame = table("index_1min_2009/NIFTY_1min_2009_odd_months.parquet", "open", "high", "low", "close")
    frame = frame[frame.index.date == pd.Timestamp("2009-05-18").date()]
    said = bars_of(four_ticks("NSE:Nifty 50", frame), *RULES)

    assert len(frame) == 2
    (day,) = (bar for bar in said if bar.timeframe == "1d")
    assert [len(ours(said, name)) for name in ("1m", "5m", "1h")] == [2, 2, 2]
    assert (day.open, day.close) == (paise(frame.open)[0], paise(frame.close)[-1])
    assert (day.high, day.low) == (max(paise(frame.high)), min(paise(frame.low)))


def test_volume_of_minutes_of_options_adds_up_in_every_timeframe() -> None:
    frame = table(
        "nifty_weekly_1min_20210611_14/bars_1min_2021-06-11.parquet", "trading_symbol", "close", "volume"
    )
    frame = frame[frame.trading_symbol == "NIFTY17JUN21C15600"]
    total = frame.volume.cumsum().tolist()
    rows = zip(frame.ts_utc_ns.tolist(), paise(frame.close), total, strict=True)
    ticks = [
        Tick("NFO:A", start + 59 * NS_PER_S, start + 59 * NS_PER_S, price, volume=volume)
        for start, price, volume in rows
    ]
    # The desk was there before the opening, without a trade.
    opening = Tick(
        "NFO:A", ticks[0].recv_ns - 59 * NS_PER_S, ticks[0].recv_ns - 59 * NS_PER_S, ticks[0].ltp, volume=0
    )
    said = bars_of([opening, *ticks], *RULES)

    assert [bar.volume for bar in said if bar.timeframe == "1m"] == frame.volume.tolist()
    for timeframe, rule in RULES.items():
        sums = frame.volume.resample(rule, origin=frame.index[0]).sum()
        assert [bar.volume for bar in said if bar.timeframe == timeframe] == sums.tolist()


def test_ticks_with_repetitions_are_what_pandas_makes_of_them_without() -> None:
    frame = table(
        "kite_ticks_banknifty_20210820/ticks_2021-08-20.parquet",
        "trading_symbol",
        "ltp",
        "volume",
        "arrival_seq",
    )
    frame["price"] = paise(frame.ltp)
    names = ("BANKNIFTY30SEP21C35300", "BANKNIFTY30SEP21P35300")
    parts = [frame[frame.trading_symbol == name].sort_values("arrival_seq", kind="stable") for name in names]
    frame = pd.concat(parts).sort_values("ts_utc_ns", kind="stable")
    rows = frame[["trading_symbol", "ts_utc_ns", "price", "volume"]].itertuples(index=False, name=None)
    said = bars_of(
        [Tick(f"NFO:{name}", stamp, stamp, price, volume=volume) for name, stamp, price, volume in rows], "1m"
    )

    for name in names:
        one = frame[frame.trading_symbol == name].between_time("09:15", "15:30", inclusive="left")
        unique = one.drop_duplicates(["ts_utc_ns", "price", "volume"])
        expected = {row[0]: row[1:] for row in resampled(unique, "1m", "09:15")}
        ends = one.volume.resample("1min").last().dropna()
        grown = (ends - ends.shift(fill_value=0)).astype(int)
        volumes = dict(
            zip((grown.index.as_unit("ns").astype("int64") - IST_NS).tolist(), grown.tolist(), strict=True)
        )
        mine = [bar for bar in said if bar.instrument == f"NFO:{name}"]
        assert len(one) > len(unique)
        for bar in mine:
            assert (bar.open, bar.high, bar.low, bar.close) == expected.pop(bar.start_ns)
        # What is left are minutes in which the market only repeated itself.
        assert all(len(set(prices)) == 1 and volumes[start] == 0 for start, prices in expected.items())
        assert sum(bar.volume or 0 for bar in mine) == int(one.volume.max())
