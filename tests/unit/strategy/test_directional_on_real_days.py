"""On real days the strategies decide what pandas decides, which knows the data, the rules' text and nothing of our code.

A decision is known with the end of a bar, and so is its signal. What is traded is the future of the index, on the paper
exchange; every position that was opened is closed again.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pandas as pd
import pytest

from sauda.backtest.outcome import Outcome
from sauda.backtest.plan import planned
from sauda.contracts import Message, Side, Signal
from sauda.settings import Settings
from sauda.testing.restart import play, play_with_restarts
from tests.unit.strategy.directional_days import OPTIONS, bars_of, example, ist, market, played, told
from tests.unit.strategy.real_minutes import MINUTES, REPOSITORY

FIRST, LAST = "2024-01-01", "2024-01-05"
Decision = tuple[str, str]
SIDE = {1: "BUY", -1: "SELL"}


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    """Return each strategy's week; the data begins with it, so there are no bars of the past."""
    changes = {"sma_crossover": {"timeframe": "5m"}}
    return {
        kind: played(example(kind, warmup_bars="0", **changes.get(kind, {})), market(MINUTES, FIRST, LAST))
        for kind in ("ema_scalper", "sma_crossover", "rsi_reversion", "momentum")
    }


# The independent calculations.


def ema(values: pd.Series, length: int) -> pd.Series:
    start = values.iloc[:length].mean()
    seeded = pd.concat([pd.Series([start], index=values.index[length - 1 : length]), values.iloc[length:]])
    return seeded.ewm(span=length, adjust=False).mean().reindex(values.index)


def wilder(values: pd.Series, length: int) -> pd.Series:
    known = values.dropna()
    seeded = pd.concat(
        [pd.Series([known.iloc[:length].mean()], index=known.index[length - 1 : length]), known.iloc[length:]]
    )
    return seeded.ewm(alpha=1 / length, adjust=False).mean().reindex(values.index)


def ranges(bars: pd.DataFrame) -> pd.Series:
    """Return the average true range of 14 bars."""
    before = bars.close.shift()
    sides = [bars.high - bars.low, (bars.high - before).abs(), (bars.low - before).abs()]
    return wilder(pd.concat(sides, axis=1).max(axis=1), 14)


def stood(difference: pd.Series) -> pd.Series:
    """Return since how many bars the sign stands, signed; 0 before it first changed."""
    sign = np.sign(difference)
    changed = (sign != sign.shift()) & sign.notna() & sign.shift().notna()
    run = changed.cumsum()
    return sign * (sign.groupby(run).cumcount() + 1).where(run > 0, 0)


def walk(
    bars: pd.DataFrame,
    wants: Callable[[pd.Timestamp], int],
    gives_up: Callable[[pd.Timestamp, int], bool],
    *,
    window: tuple[str, str] = ("00:00", "23:59"),
    exit_time: str = "",
    cooldown: int = 0,
) -> Iterator[Decision]:
    """Yield the decisions of one who holds one position at a time."""
    view, out = 0, cooldown
    for at in bars.index:
        clock = f"{at:%H:%M}"
        if view and exit_time and clock >= exit_time:
            yield f"{at:%Y-%m-%d} {exit_time}:00", SIDE[-view]
            view, out = 0, 0
        out += view == 0
        if view and gives_up(at, view):
            yield f"{at:%Y-%m-%d %H:%M:%S}", SIDE[-view]
            view, out = 0, 0
        wanted = wants(at)
        if not view and wanted and window[0] <= clock < window[1] and out >= cooldown:
            yield f"{at:%Y-%m-%d %H:%M:%S}", SIDE[wanted]
            view = wanted


def ema_scalper() -> Iterable[Decision]:
    return scalped(bars_of("1min", FIRST, LAST), bars_of("5min", FIRST, LAST))


def scalped(bars: pd.DataFrame, longer: pd.DataFrame) -> Iterable[Decision]:
    crossed = stood(ema(bars.close, 8) - ema(bars.close, 21))
    # A bar of 5 minutes is over together with one of 1 minute, which is looked at first.
    trend = (
        np.sign(ema(longer.close, 8) - ema(longer.close, 21))
        .shift(freq="1ns")
        .reindex(bars.index, method="ffill")
        .fillna(0)
    )
    wants = {
        at: int(np.sign(crossed[at])) if abs(crossed[at]) == 2 and crossed[at] * trend[at] > 0 else 0
        for at in bars.index
    }
    return walk(
        bars,
        wants.__getitem__,
        lambda at, view: bool(crossed[at] * view <= -2),
        window=("09:20", "15:00"),
        exit_time="15:15",
        cooldown=3,
    )


def sma_crossover() -> Iterable[Decision]:
    bars = bars_of("5min", FIRST, LAST)
    difference = bars.close.rolling(20).mean() - bars.close.rolling(50).mean()
    crossed = stood(difference)
    return walk(
        bars,
        lambda at: int(crossed[at]) if abs(crossed[at]) == 1 else 0,
        lambda at, view: bool(difference[at] * view < 0),
        window=("00:00", "15:25"),
    )


def rsi_reversion() -> Iterable[Decision]:
    bars = bars_of("5min", FIRST, LAST)
    change = bars.close.diff()
    rsi = 100 - 100 / (1 + wilder(change.clip(lower=0), 14) / wilder(-change.clip(upper=0), 14))
    return walk(
        bars,
        lambda at: int(rsi[at] <= 30) - int(rsi[at] >= 70),
        lambda at, view: bool((rsi[at] - 50) * view >= 0),
        window=("09:30", "15:00"),
        exit_time="15:15",
    )


def momentum() -> Iterable[Decision]:
    bars = bars_of("1min", FIRST, LAST)
    change = bars.close.pct_change(15) * 100
    lively = ranges(bars) / bars.close * 100 >= 0.02
    rising = (change >= 0.2) & (change.shift() < 0.2) & lively
    falling = (change <= -0.2) & (change.shift() > -0.2) & lively
    return walk(
        bars,
        lambda at: int(rising[at]) - int(falling[at]),
        lambda at, view: bool(change[at] * view <= 0),
        window=("09:30", "15:00"),
        exit_time="15:15",
        cooldown=5,
    )


@pytest.mark.parametrize("independent", [ema_scalper, sma_crossover, rsi_reversion, momentum])
def test_it_decides_what_pandas_decides(
    independent: Callable[[], Iterable[Decision]], outcomes: dict[str, Outcome]
) -> None:
    expected = list(independent())
    assert len({at[:10] for at, _ in expected}) >= 3
    assert told(outcomes[independent.__name__]) == expected


@pytest.mark.parametrize("kind", ["ema_scalper", "rsi_reversion", "momentum"])
def test_what_it_opens_is_closed_the_same_day(kind: str, outcomes: dict[str, Outcome]) -> None:
    left: Counter[tuple[str, str]] = Counter()
    for fill in outcomes[kind].fills:
        assert fill.instrument == "NFO:NIFTY25JAN24F"
        left[ist(fill.event_ns)[:10], fill.instrument] += fill.side.sign * fill.qty
    assert len(left) >= 3
    assert set(left.values()) == {0}


def test_the_momentum_keeps_its_stop_at_the_exchange_three_ranges_away(outcomes: dict[str, Outcome]) -> None:
    bars, swing = bars_of("1min", FIRST, LAST), ranges(bars_of("1min", FIRST, LAST))
    entries = [order for order in outcomes["momentum"].orders if order.stop_loss is not None]
    for order in entries:
        at = pd.Timestamp(order.event_ns, tz="UTC").tz_convert("Asia/Kolkata")
        # The future is given the index' prices, and the first of the next minute is known by then; a step is 5 paise.
        exact = bars.open.shift(-1)[at] - order.side.sign * 3 * swing[at]
        assert order.stop_loss == pytest.approx(exact, abs=5)
    assert len(entries) == sum(1 for _ in momentum()) // 2


def test_with_a_warm_up_it_decides_as_if_it_had_seen_the_newest_300_bars() -> None:
    first, last = "2024-01-09", "2024-01-10"
    outcome = played(example("ema_scalper"), market(MINUTES, first, last))
    begins = pd.Timestamp(first, tz="Asia/Kolkata")
    seen = [bars_of(length, FIRST, last) for length in ("1min", "5min")]
    newest = [pd.concat([bars[bars.index < begins].tail(300), bars[bars.index > begins]]) for bars in seen]

    expected = [decision for decision in scalped(*newest) if decision[0] >= first]

    assert not [alert for alert in outcome.alerts if alert.code == "NO_WARMUP"]
    assert [len(bars) for bars in newest] == [1050, 450]
    # Without it the slow mean of 5 minutes would be known at 11:00 at the earliest.
    assert told(outcome)[0][0] < f"{first} 11"
    assert told(outcome) == expected


def test_an_option_is_bought_at_the_money_whichever_way_the_index_goes() -> None:
    rules = example("ema_scalper", trade="option", warmup_bars="0", confirm_timeframe="3m")
    outcome = played(rules, market(OPTIONS, "2021-06-11", "2021-06-11", trade_index=False))
    index = pd.read_parquet(OPTIONS).query("option_type.isna()").set_index("ts_utc_ns").close

    bought = [
        signal
        for signal in outcome.signals
        if "crossed above" in signal.reason or "crossed below" in signal.reason
    ]
    for signal in bought:
        strike = round(index[signal.event_ns - 60_000_000_000] / 50) * 50
        assert signal.side is Side.BUY
        assert signal.instrument == f"NFO:NIFTY17JUN21{'C' if 'above' in signal.reason else 'P'}{strike}"
    assert {str(signal.instrument)[16] for signal in bought} == {"C", "P"}
    left: Counter[str] = Counter()
    for fill in outcome.fills:
        left[fill.instrument] += fill.side.sign * fill.qty
    assert len(outcome.fills) >= 2 * len(bought) > 0
    assert set(left.values()) == {0}


@pytest.mark.parametrize("kind", ["ema_scalper", "sma_crossover", "rsi_reversion", "momentum"])
def test_restarts_in_the_middle_of_the_day_change_no_decision(kind: str) -> None:
    """Of the strategy alone: a view needs no fill. The process is another one before every third message."""
    data = market(MINUTES, "2024-01-02", "2024-01-02")
    rules = example(kind, warmup_bars="0", timeframe="1m")
    [unit] = [
        one
        for one in planned(Settings(config=REPOSITORY / "config"), {"it": rules}, {}).units
        if "strategy" in one.name
    ]
    ticks = [tick for batch in data.ticks() for tick in batch]
    messages: list[Message] = [*data.instruments, *ticks[: len(ticks) // 2]]

    steady = play(unit.build(), messages)

    assert len([one for one in steady if isinstance(one, Signal)]) >= 2
    assert play_with_restarts(unit.build, messages, range(1, len(messages), 3)) == steady
