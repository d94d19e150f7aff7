"""What docs/indicators.md shows is run: its code, and the bar with which each indicator's first value comes."""

import json
import re
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from sauda_strategy import api
from tests.unit.strategy.real_minutes import REPOSITORY, minute_bars

PAGE = (REPOSITORY / "docs/indicators.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
FIRSTS = re.findall(r"^\| `(\w+\([\d., ]*\))` \|.*?\| bar (\d+) \|", PAGE, re.MULTILINE)


def names_of(example: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(example, "docs/indicators.md", "exec"), names)
    return names


class Desk:
    """Feeds what is tracked."""

    def __init__(self) -> None:
        self.tracked: list[Any] = []

    def track(self, indicator: Any, instrument: str, timeframe: str) -> Any:
        self.tracked.append((indicator, instrument, timeframe))
        return indicator


def test_the_strategy_of_the_page_follows_its_mean() -> None:
    strategy = names_of(EXAMPLES[0])["AboveItsMean"]
    desk = Desk()
    running = strategy(SimpleNamespace(instrument="NSE:Nifty 50", length=21), desk)
    running.setup()
    [(mean, *series)] = desk.tracked

    sides = set()
    for number, bar in enumerate(minute_bars(200), start=1):
        mean.update(bar)
        wanted = running.on_bar(bar)
        assert (wanted is None) == (number < 21)
        if wanted is not None:
            assert wanted.side is (api.Side.BUY if bar.close > mean.value else None)
            sides.add(wanted.side)
    assert series == ["NSE:Nifty 50", "5m"]
    assert len(sides) == 2


def test_the_indicator_of_the_page_survives_a_restart_after_every_bar() -> None:
    squeeze = names_of(EXAMPLES[1])["Squeeze"]
    steady, broken = squeeze(12), squeeze(12)
    for bar in minute_bars(200):
        kept = msgspec.json.encode(broken.freeze())
        broken = squeeze(12)
        broken.thaw(json.loads(kept))
        broken.update(bar)
        steady.update(bar)
        assert repr(broken.value) == repr(steady.value)
    highs, lows = zip(*((bar.high, bar.low) for bar in minute_bars(200)[-12:]), strict=True)
    assert steady.value == pytest.approx((max(highs) - min(lows)) / steady.swing.value)


@pytest.mark.parametrize(("made", "first"), FIRSTS)
def test_its_first_value_comes_when_the_page_says(made: str, first: str) -> None:
    study = eval(made, vars(api))
    for number, bar in enumerate(minute_bars(60), start=1):
        study.update(bar)
        assert (study.value is None) == (number < int(first))


def test_the_page_names_every_indicator_of_the_api() -> None:
    made_of = (api.Study,)
    studies = {name for name, one in vars(api).items() if isinstance(one, type) and issubclass(one, made_of)}
    assert studies - {"Study"} == set(re.findall(r"^\| `(\w+)\(", PAGE, re.MULTILINE))
    assert len(FIRSTS) == 6
