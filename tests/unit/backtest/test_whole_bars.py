"""Bars that are handed out whole change nothing: the outcome is that of their four ticks, to the byte."""

from collections.abc import Iterator
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from benchmarks.made_up_days import SYMBOL
from sauda.backtest.assumed import fitted
from sauda.backtest.data import MarketData
from sauda.backtest.desk import Desk
from sauda.backtest.plan import Plan, planned
from sauda.backtest.run import run
from sauda.cli.backtest_words import bytes_of
from sauda.clock import from_ist
from sauda.contracts import Plain, Tick
from sauda.settings import Settings
from sauda.stretch import Stretch
from tests.unit.backtest.made_up import CALENDAR, CONFIG, FIRST_DAY, written

OPENS_NS = from_ist(FIRST_DAY, time(9, 15))
MINUTE_NS = 60 * 10**9
KIND = """
from datetime import time
from sauda_strategy.api import Buy, Exit, Sell, Strategy, TradingRules


class Scripted(Strategy):
    class Rules(TradingRules):
        instrument: str
        script: str
        timeframe: str = "1m"

    def setup(self):
        self.watch(self.rules.instrument, self.rules.timeframe)
        self.call_at(time(9, 20, 30))
        self.number = 0

    def on_time(self, at):
        return Exit("its time has come")

    def on_bar(self, bar):
        self.number += 1
        letter = self.rules.script[self.number % len(self.rules.script)]
        return {
            "b": lambda: Buy(bar.instrument, "now"),
            "s": lambda: Sell(bar.instrument, "now"),
            "l": lambda: Buy(bar.instrument, "below", limit=bar.low - 5_00),
            "h": lambda: Sell(bar.instrument, "above", limit=bar.high + 5_00),
            "p": lambda: Buy(bar.instrument, "with a stop", stop=bar.low - 10_00, target=bar.high + 10_00),
            "x": lambda: Exit("out", bar.instrument),
        }.get(letter, lambda: None)()
"""

LATE = """
from datetime import time
from sauda_strategy.api import Buy, Strategy, TradingRules


class Late(Strategy):
    class Rules(TradingRules):
        instrument: str

    def setup(self):
        self.watch(self.rules.instrument)
        self.call_at(time(10, 30))

    def on_time(self, at):
        return Buy(self.rules.instrument, "its time has come")
"""


class AsTicks(MarketData):
    """The same data, all of it as ticks."""

    def steps(self) -> Iterator[list[Tick]]:
        return self.ticks()


def plan_of(folder: Path, rules: dict[str, dict[str, Plain]], changes: dict[str, str]) -> Plan:
    (folder / "kinds").mkdir(exist_ok=True)
    (folder / "kinds" / "scripted.py").write_text(KIND)
    (folder / "kinds" / "late.py").write_text(LATE)
    (folder / "kinds" / "listening.py").write_text(
        KIND.replace("class Scripted", "class Listening")
        + "\n    def on_tick(self, tick):\n        self.last = tick.ltp\n"
    )
    house = Settings(
        config=CONFIG, strategies=folder / "kinds", capital=Decimal(100_000_000), underlyings=("NIFTY",)
    )
    return planned(house, rules, changes)


def bars_at(minutes: list[int], prices: list[int], seed: int) -> list[dict[str, Any]]:
    found = []
    for number, minute in enumerate(minutes):
        walk = [24_500 + prices[(number * 4 + step + seed) % len(prices)] for step in range(4)]
        day, at = divmod(minute, 375)
        found.append(
            {
                "ts_utc_ns": OPENS_NS + day * 2 * 86_400 * 10**9 + at * MINUTE_NS,
                "exchange": "NFO",
                "trading_symbol": SYMBOL,
                "underlying": "NIFTY",
                "expiry": "2026-12-29",
                "option_type": "FUT",
                "strike": 0.0,
                "open": float(walk[0]),
                "high": float(max(walk)),
                "low": float(min(walk)),
                "close": float(walk[3]),
                "volume": float(number % 3) if seed % 2 else None,
            }
        )
    return found


some_minutes = st.lists(st.integers(0, 500), min_size=12, max_size=60, unique=True).map(sorted)
some_prices = st.lists(st.integers(-40, 40), min_size=5, max_size=30)
scripts = st.text("bslhpx----", min_size=2, max_size=12)


def test_a_bar_in_which_nothing_happens_is_handed_out_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the law below would hold of nothing."""
    path = written(tmp_path / "bars.parquet", bars_at(list(range(100)), [0, 3, -4], 0))
    data, taken = MarketData([path], CALENDAR), list[bool]()
    rules: dict[str, Plain] = {"kind": "scripted", "instrument": f"NFO:{SYMBOL}", "script": "b----s----"}
    glide = Desk.glide

    def noted(desk: Desk, stretch: Stretch) -> bool:
        taken.append(glide(desk, stretch))
        return taken[-1]

    monkeypatch.setattr(Desk, "glide", noted)
    outcome = run(fitted(plan_of(tmp_path, {"one": rules}, {}), data)[0], data)

    assert len(outcome.fills) > 10
    assert 60 < sum(taken) < 100  # Not those in which an order waits, nor the last of a file.


@pytest.mark.parametrize("kind", ["scripted", "listening"])
@given(some_minutes, some_prices, scripts, st.sampled_from(["1m", "5m"]), st.integers(0, 3))
@example(list(range(40)), [0, 9, -8, 3, 14, -20, 5], "-p-----", "1m", 0)  # a stop and a target rest
@example(list(range(40)), [0, -9, 8, -3, -14, 20, -5, 1], "-l---x", "1m", 1)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_bar_whole_is_its_four_ticks(  # noqa: PLR0917
    tmp_path: Path, kind: str, minutes: list[int], prices: list[int], script: str, timeframe: str, seed: int
) -> None:
    path = written(tmp_path / "bars.parquet", bars_at(minutes, prices, seed))
    rules: dict[str, Plain] = {
        "kind": kind,
        "instrument": f"NFO:{SYMBOL}",
        "script": script,
        "timeframe": timeframe,
    }
    other = rules | {"kind": "scripted", "script": script[::-1]}
    data, ticks = MarketData([path], CALENDAR), AsTicks([path], CALENDAR)
    plan, _ = fitted(plan_of(tmp_path, {"one": rules, "other": other}, {"order_latency_ms": "250"}), data)

    assert bytes_of(run(plan, data)) == bytes_of(run(plan, ticks))


def test_the_chart_of_long_bars_has_the_prices_of_their_ticks(tmp_path: Path) -> None:
    """A price a minute is kept for the chart, and a bar of five minutes has three of its ticks behind the first one's minute."""
    path = written(tmp_path / "bars.parquet", bars_at(list(range(0, 100, 5)), [0, 3, -4, 7, 2], 0))
    rules: dict[str, Plain] = {"kind": "late", "instrument": f"NFO:{SYMBOL}"}
    data, ticks = MarketData([path], CALENDAR), AsTicks([path], CALENDAR)
    plan, _ = fitted(plan_of(tmp_path, {"one": rules}, {}), data)

    outcome, of_ticks = run(plan, data), run(plan, ticks)

    assert outcome.prices == of_ticks.prices
    assert len(outcome.prices[f"NFO:{SYMBOL}"]) == 20 * 4
    assert bytes_of(outcome) == bytes_of(of_ticks)
