"""Each indicator says on 8,000 real minutes what pandas says, which knows the textbook's formula and nothing of our code."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from msgspec.structs import replace

from sauda_strategy.indicators import ADX, ATR, EMA, MACD, ROC, RSI, SMA, VWAP, Bollinger, Study, Supertrend
from tests.unit.strategy.real_minutes import minute_bars, minutes

Columns = dict[str, pd.Series]


def seeded(values: pd.Series, length: int, alpha: float) -> pd.Series:
    """Return an exponential mean that begins with the mean of the first *length* values."""
    known = values.dropna()
    start = known.iloc[:length].mean()
    mean = pd.concat([pd.Series([start], index=known.index[length - 1 : length]), known.iloc[length:]])
    return mean.ewm(alpha=alpha, adjust=False).mean().reindex(values.index)


def ema(values: pd.Series, length: int) -> pd.Series:
    return seeded(values, length, 2 / (length + 1))


def wilder(values: pd.Series, length: int) -> pd.Series:
    return seeded(values, length, 1 / length)


def ranges(rows: pd.DataFrame) -> pd.Series:
    before = rows.close.shift()
    return pd.concat(
        [rows.high - rows.low, (rows.high - before).abs(), (rows.low - before).abs()], axis=1
    ).max(axis=1)


def sma_(rows: pd.DataFrame) -> Columns:
    return {"": rows.close.rolling(20).mean()}


def ema_(rows: pd.DataFrame) -> Columns:
    return {"": ema(rows.close, 21)}


def ema_from_the_first(rows: pd.DataFrame) -> Columns:
    return {"": rows.close.ewm(span=21, adjust=False, min_periods=21).mean()}


def rsi_(rows: pd.DataFrame) -> Columns:
    change = rows.close.diff()
    strength = wilder(change.clip(lower=0), 14) / wilder(-change.clip(upper=0), 14)
    return {"": 100 - 100 / (1 + strength)}


def macd_(rows: pd.DataFrame) -> Columns:
    line = ema(rows.close, 12) - ema(rows.close, 26)
    signal = ema(line, 9)
    return {"line": line.where(signal.notna()), "signal": signal, "histogram": line - signal}


def roc_(rows: pd.DataFrame) -> Columns:
    return {"": rows.close.pct_change(10) * 100}


def atr_(rows: pd.DataFrame) -> Columns:
    return {"": wilder(ranges(rows), 14)}


def bollinger_(rows: pd.DataFrame) -> Columns:
    window = rows.close.rolling(20)
    middle, spread = window.mean(), 2 * window.std(ddof=0)
    return {"lower": middle - spread, "middle": middle, "upper": middle + spread}


def vwap_(rows: pd.DataFrame) -> Columns:
    day = pd.to_datetime(rows.ns, utc=True).dt.tz_convert("Asia/Kolkata").dt.date
    turnover = (rows.high + rows.low + rows.close) / 3 * rows.volume
    return {"": turnover.groupby(day).cumsum() / rows.volume.groupby(day).cumsum()}


def supertrend_(rows: pd.DataFrame) -> Columns:
    """The published script: final bands by the close before, the side by the close now."""
    middle, swing = (rows.high + rows.low) / 2, 3 * wilder(ranges(rows), 10)
    upper, lower, close = (
        (middle + swing).to_numpy(copy=True),
        (middle - swing).to_numpy(copy=True),
        rows.close.to_numpy(),
    )
    level, rising = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    first = int(np.argmax(~np.isnan(upper)))
    level[first], rising[first] = upper[first], 0
    for now in range(first + 1, len(rows)):
        if not (upper[now] < upper[now - 1] or close[now - 1] > upper[now - 1]):
            upper[now] = upper[now - 1]
        if not (lower[now] > lower[now - 1] or close[now - 1] < lower[now - 1]):
            lower[now] = lower[now - 1]
        was_upper = level[now - 1] == upper[now - 1]
        rising[now] = close[now] > upper[now] if was_upper else not close[now] < lower[now]
        level[now] = lower[now] if rising[now] else upper[now]
    return {"level": pd.Series(level), "rising": pd.Series(rising)}


def adx_(rows: pd.DataFrame) -> Columns:
    up, down = rows.high.diff(), -rows.low.diff()
    ups = up.where((up > down) & (up > 0), 0).where(up.notna())
    downs = down.where((down > up) & (down > 0), 0).where(down.notna())
    swing = wilder(ranges(rows).iloc[1:], 14).reindex(rows.index)
    plus, minus = 100 * wilder(ups, 14) / swing, 100 * wilder(downs, 14) / swing
    adx = wilder(100 * (plus - minus).abs() / (plus + minus), 14)
    return {"adx": adx, "plus": plus.where(adx.notna()), "minus": minus.where(adx.notna())}


Cases = [
    (lambda: SMA(20), sma_, 20),
    (lambda: EMA(21), ema_, 21),
    (lambda: EMA(21, seed="first"), ema_from_the_first, 21),
    (RSI, rsi_, 15),
    (MACD, macd_, 34),
    (lambda: ROC(10), roc_, 11),
    (ATR, atr_, 14),
    (Bollinger, bollinger_, 20),
    (VWAP, vwap_, 2),
    (Supertrend, supertrend_, 10),
    (ADX, adx_, 28),
]


@pytest.mark.parametrize(
    ("make", "independent", "first"), Cases, ids=lambda case: getattr(case, "__name__", "")
)
def test_it_says_what_pandas_says(
    make: Callable[[], Any], independent: Callable[[pd.DataFrame], Columns], first: int
) -> None:
    study, shown = make(), []
    for bar in minute_bars():
        study.update(bar)
        shown.append(study.value)

    # The fixture's first minute has no volume, so the VWAP needs two.
    assert [value is None for value in shown[: first + 1]] == [True] * (first - 1) + [False] * 2
    for name, expected in independent(minutes()).items():
        values = [np.nan if one is None else float(getattr(one, name) if name else one) for one in shown]
        np.testing.assert_allclose(values, expected.to_numpy(float), rtol=1e-9, atol=1e-7)


def test_a_study_of_a_study_says_what_pandas_says() -> None:
    strength, smooth = RSI(14), SMA(5)
    for bar in minute_bars(500):
        strength.update(bar)
        smooth.add(strength.value)

    assert smooth.value == pytest.approx(rsi_(minutes(500))[""].rolling(5).mean().iloc[-1])


def test_nothing_moved_is_neither_overbought_nor_oversold() -> None:
    still, risen, fallen = RSI(3), RSI(3), RSI(3)
    for step in range(10):
        still.add(100)
        risen.add(100 + step)
        fallen.add(100 - step)

    assert (still.value, risen.value, fallen.value) == (50, 100, 0)


def test_a_market_without_movement_has_no_direction() -> None:
    [bar] = minute_bars(1)
    study: Study = ADX(2)
    for _ in range(10):
        study.update(replace(bar, open=100, high=100, low=100, close=100))
    assert isinstance(study, ADX)
    assert study.value == (0, 0, 0)


def test_an_index_without_volume_has_no_vwap() -> None:
    study = VWAP()
    for bar in minute_bars(50):
        study.update(replace(bar, volume=None))
    assert study.value is None
