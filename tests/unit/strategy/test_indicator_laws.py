"""What holds for every indicator: a restart changes no bit, memory is bounded, what is no number changes nothing."""

import json
from collections import deque
from collections.abc import Callable
from math import fsum
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.contracts import Bar
from sauda.errors import ConfigError
from sauda_strategy.indicators import (
    ADX,
    ATR,
    EMA,
    MACD,
    ROC,
    RSI,
    SMA,
    VWAP,
    Bollinger,
    Number,
    Study,
    Supertrend,
    Wilder,
)
from tests.unit.strategy.real_minutes import minute_bars

_VALUES = st.one_of(st.integers(-(10**7), 10**7), st.integers(2**52, 2**60), st.floats(-(10.0**7), 10.0**7))


class Steep(Study):
    """A custom one: text, tuples, a dict, a deque, and a study within."""

    def __init__(self, within: Any, length: int = 3) -> None:
        self.value: float | None = None
        self.newest: deque[float] = deque(maxlen=length)
        self.words = ("none", {1: float("inf")})
        self.within = within

    def add(self, value: Number | None) -> None:
        self.within.add(value)
        if self.within.value is not None:
            self.newest.append(self.within.value)
            self.value = max(self.newest) - min(self.newest)
            self.words = ("some", {1: self.value})


EVERY: list[Callable[[], Any]] = [
    lambda: SMA(5),
    lambda: EMA(8),
    lambda: EMA(8, seed="first"),
    lambda: Wilder(6),
    lambda: RSI(7),
    lambda: MACD(3, 8, 4),
    lambda: ROC(4),
    lambda: ATR(5),
    lambda: Bollinger(6, 1.5),
    VWAP,
    lambda: Supertrend(5, 2.0),
    lambda: ADX(4),
    lambda: Steep(RSI(4)),
]
every = pytest.mark.parametrize("make", EVERY, ids=lambda make: type(make()).__name__)


def as_json(study: Study) -> bytes:
    return msgspec.json.encode(study.freeze())


def restarted(make: Callable[[], Any], study: Any) -> Any:
    again = make()
    again.thaw(json.loads(as_json(study)))
    return again


@every
def test_a_restart_after_every_bar_changes_no_bit(make: Callable[[], Any]) -> None:
    steady, broken = make(), make()
    for bar in minute_bars(450):
        steady.update(bar)
        broken = restarted(make, broken)
        broken.update(bar)
        assert repr(broken.value) == repr(steady.value)
        assert as_json(broken) == as_json(steady)
    assert steady.value is not None


def leaves(plain: Any) -> int:
    match plain:
        case dict():
            return sum(map(leaves, plain.values()))
        case list():
            return sum(map(leaves, plain))
        case _:
            return 1


@every
def test_its_memory_is_bounded(make: Callable[[], Any]) -> None:
    study, sizes = make(), []
    for number, bar in enumerate(minute_bars(3_000), start=1):
        study.update(bar)
        if number in (100, 3_000):
            sizes.append(leaves(json.loads(as_json(study))))
    assert sizes[0] == sizes[1] < 60


@every
@pytest.mark.parametrize("seen", [0, 2, 40])
@pytest.mark.parametrize("nothing", [None, float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_changes_nothing(make: Callable[[], Any], seen: int, nothing: float | None) -> None:
    study = make()
    for bar in minute_bars(40)[:seen]:
        study.update(bar)
    before = as_json(study)
    if type(study).add is Study.add:
        with pytest.raises(ConfigError, match="is made of bars"):
            study.add(nothing)
    elif not isinstance(study, Steep):
        study.add(nothing)
        assert as_json(study) == before


@every
def test_it_is_made_of_closes_or_of_bars(make: Callable[[], Any]) -> None:
    of_bars, of_values = make(), make()
    if type(of_bars).update is not Study.update:
        return
    for bar in minute_bars(100):
        of_bars.update(bar)
        of_values.add(bar.close)
    assert as_json(of_bars) == as_json(of_values)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (EMA(8), EMA(9)),
        (EMA(8), EMA(8, seed="first")),
        (Steep(RSI(4)), Steep(RSI(5))),
        (Steep(RSI(4)), Steep(SMA(4))),
        (Bollinger(20, 2.0), Bollinger(20, width=2.0)),
    ],
)
def test_what_was_kept_under_other_settings_is_refused(before: Study, now: Study) -> None:
    untouched = as_json(now)
    with pytest.raises(
        ConfigError, match=f"{type(now).__name__}: what was kept was made with .* start it afresh"
    ):
        now.thaw(json.loads(as_json(before)))
    assert as_json(now) == untouched


def test_what_an_older_version_of_the_class_kept_is_refused() -> None:
    kept = json.loads(as_json(ROC(4)))
    del kept["_newest"]
    with pytest.raises(ConfigError, match="ROC: what was kept lacks _newest: start it afresh"):
        ROC(4).thaw(kept)


def test_an_attribute_that_cannot_be_kept_is_named() -> None:
    class Open(Study):
        def __init__(self) -> None:
            self.prices = {1, 2}

    with pytest.raises(ConfigError, match=r"Open\.prices cannot be kept: it is a set"):
        Open().freeze()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: EMA(0), "EMA: length must be a whole number from 1 up, not 0"),
        (lambda: SMA(2.5), "SMA: length must be a whole number from 1 up, not 2.5"),  # type: ignore[arg-type]
        (lambda: RSI(True), "RSI: length must be a whole number from 1 up, not True"),
        (lambda: EMA(3, seed="last"), 'EMA: seed is "mean" or "first", not \'last\''),
        (lambda: MACD(26, 12, 9), "MACD: fast 26 must be shorter than slow 12"),
        (lambda: Bollinger(20, 0), "Bollinger: width must be above 0, not 0"),
        (lambda: Supertrend(10, float("nan")), "Supertrend: factor must be above 0, not nan"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(make: Callable[[], Any], says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        make()
    assert str(refused.value) == says


def test_a_bar_of_the_past_counts_like_any_other() -> None:
    [bar] = minute_bars(1)
    seen, past = SMA(1), SMA(1)
    seen.update(bar)
    past.update(msgspec.structs.replace(bar, past=True))
    assert isinstance(bar, Bar)
    assert seen.value == past.value == bar.close


@given(st.integers(1, 6), st.lists(_VALUES, max_size=40), st.integers(0, 40))
@settings(max_examples=60, deadline=None)
def test_a_running_sum_of_whole_prices_is_the_mean_that_is_summed_anew(
    length: int, values: list[Number], restart: int
) -> None:
    mean = SMA(length)
    for number, value in enumerate(values):
        if number == restart:
            kept, mean = json.loads(json.dumps(mean.freeze())), SMA(length)
            mean.thaw(kept)
        mean.add(value)
        newest = values[: number + 1][-length:]
        assert mean.value == (fsum(newest) / length if len(newest) == length else None)
