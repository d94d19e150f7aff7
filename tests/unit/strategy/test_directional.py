"""A view on a direction: when it is taken, what is traded for it, when it is given up."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sauda.contracts import Bar, Instrument, InstrumentKind, Right, Side
from sauda.testing.builders import INDEX, a_tick, an_option, at
from sauda_strategy.api import SMA, Exit, Intent, Target
from sauda_strategy.kinds import BUILTIN, HOSTED
from sauda_strategy.rule_values import rules_from
from sauda_strategy.strategies.crossing import Crossing
from sauda_strategy.strategies.directional import Directional

FUTURE = Instrument("NFO:NIFTY24DEC26F", "NFO", "9", "NIFTY", InstrumentKind.FUTURE, 75, 5, "2026-12-24")
CALL, PUT = an_option(right=Right.CALL), an_option("NFO:NIFTY01DEC26P24500", right=Right.PUT)
MINUTE = 60_000_000_000


class Desk:
    """Answers as a host would."""

    def __init__(self) -> None:
        self.future: Instrument | None = FUTURE
        self.options: dict[Right, Instrument] = {Right.CALL: CALL, Right.PUT: PUT}
        self.times: list[Any] = []
        self.position: dict[str, int] = {}

    def track(self, indicator: Any, instrument: str, timeframe: str) -> Any:
        return indicator

    def call_at(self, when: Any) -> None:
        self.times.append(when)

    def contracts(self, underlying: str) -> Any:
        assert underlying == "NIFTY"
        return SimpleNamespace(future=self.future, option=self.options.get)

    def definition(self, instrument: str) -> Instrument | None:
        return FUTURE if instrument == FUTURE.instrument else None

    def quote(self, instrument: str) -> Any:
        return a_tick(24_600_00, instrument=instrument)

    def held(self, instrument: str) -> int:
        return self.position.get(instrument, 0)


class Told(Directional):
    """Wants what it is told."""

    wants: Side | None = None

    def prepare(self) -> None:
        pass

    def decide(self, bar: Bar) -> list[Intent]:
        if self.wants is None:
            return self.leave("enough")
        return self.enter(self.wants, "because", bar, stop_distance=30_02)


def told(desk: Desk | None = None, **values: Any) -> Told:
    plain: Mapping[str, Any] = {"kind": "rsi_reversion", "instrument": INDEX, "exit_time": "15:15", **values}
    answers: Any = desk or Desk()
    strategy = Told(rules_from("x", plain, BUILTIN), answers)
    strategy.setup()
    return strategy


def a_bar(
    ends: str = "10:00:00", *, instrument: str = INDEX, timeframe: str = "5m", torn: bool = False
) -> Bar:
    return Bar(instrument, timeframe, at(ends) - 5 * MINUTE, at(ends), 1, 2, 1, 2, torn=torn)


def wanted(strategy: Told, side: Side | None, bar: Bar | None = None) -> list[Any]:
    strategy.wants = side
    said = strategy.on_bar(bar or a_bar())
    return list(said) if isinstance(said, list) else []


def test_a_future_is_bought_or_sold_with_a_stop_at_its_own_price() -> None:
    assert wanted(told(), Side.BUY) == [Target(FUTURE.instrument, Side.BUY, "because", stop=24_570_00)]
    assert wanted(told(), Side.SELL) == [Target(FUTURE.instrument, Side.SELL, "because", stop=24_630_00)]


def test_an_option_is_bought_either_way_and_its_stop_is_the_rules() -> None:
    assert wanted(told(trade="option"), Side.BUY) == [Target(CALL.instrument, Side.BUY, "because")]
    assert wanted(told(trade="option"), Side.SELL) == [Target(PUT.instrument, Side.BUY, "because")]


def test_the_instrument_itself_has_its_stop_from_the_bar() -> None:
    strategy = told(instrument=FUTURE.instrument, trade="instrument")
    [target] = wanted(strategy, Side.SELL, a_bar(instrument=FUTURE.instrument))
    assert target == Target(FUTURE.instrument, Side.SELL, "because", stop=30_05)


def test_a_view_is_taken_once_and_given_up_once() -> None:
    strategy = told()
    assert wanted(strategy, Side.BUY)
    assert not wanted(strategy, Side.BUY)
    assert not wanted(strategy, Side.SELL)
    assert wanted(strategy, None) == [Exit("enough")]
    assert not wanted(strategy, None)


@pytest.mark.parametrize(
    ("ends", "may"),
    [("09:29:59", False), ("09:30:00", True), ("14:59:00", True), ("15:00:00", False), ("18:30:00", False)],
)
def test_it_enters_between_entry_from_and_entry_until(ends: str, may: bool) -> None:
    assert bool(wanted(told(), Side.BUY, a_bar(ends))) is may


def test_without_a_window_it_enters_until_the_exit() -> None:
    strategy = told(entry_from=None, entry_until=None)
    assert not wanted(strategy, Side.BUY, a_bar("15:15:00"))
    assert wanted(strategy, Side.BUY, a_bar("15:14:00"))
    assert wanted(told(entry_from=None, entry_until=None, exit_time=None), Side.BUY, a_bar("15:30:00"))


@pytest.mark.parametrize(("direction", "sides"), [("both", 2), ("long", 1), ("short", 1)])
def test_it_takes_the_directions_that_are_allowed(direction: str, sides: int) -> None:
    assert sum(bool(wanted(told(direction=direction), side)) for side in Side) == sides
    assert bool(wanted(told(direction=direction), Side.BUY)) is (direction != "short")


def test_after_an_exit_it_waits() -> None:
    strategy = told(cooldown_bars=2)
    assert wanted(strategy, Side.BUY)
    assert wanted(strategy, None)
    assert [bool(wanted(strategy, Side.BUY)) for _ in range(3)] == [False, True, False]


def test_a_torn_bar_opens_nothing_and_closes_all_the_same() -> None:
    strategy = told()
    assert not wanted(strategy, Side.BUY, a_bar(torn=True))
    assert wanted(strategy, Side.BUY)
    assert wanted(strategy, None, a_bar(torn=True)) == [Exit("enough")]


def test_bars_of_other_series_decide_nothing() -> None:
    strategy = told()
    assert not wanted(strategy, Side.BUY, a_bar(timeframe="1m"))
    assert not wanted(strategy, Side.BUY, a_bar(instrument="NSE:Nifty Bank"))


def test_while_the_contract_is_not_known_it_has_no_view() -> None:
    desk = Desk()
    desk.future = None
    strategy = told(desk)
    assert not wanted(strategy, Side.BUY)
    desk.future = FUTURE
    assert wanted(strategy, Side.BUY)


def test_it_gives_the_view_up_at_the_exit_time() -> None:
    desk = Desk()
    strategy = told(desk)
    [exit_time] = desk.times
    assert not strategy.on_time(exit_time)
    assert wanted(strategy, Side.BUY)
    assert strategy.on_time(exit_time) == [Exit("it is 15:15")]
    assert not strategy.on_time(exit_time)
    without = Desk()
    told(without, exit_time=None)
    assert not without.times


@pytest.mark.parametrize("held", [0, 75])
def test_at_a_start_a_view_for_which_nothing_is_held_is_gone(held: int) -> None:
    desk = Desk()
    strategy = told(desk)
    assert wanted(strategy, Side.BUY)
    desk.position[FUTURE.instrument] = held
    strategy.on_start()
    assert bool(wanted(strategy, None)) is bool(held)


def test_a_position_that_was_rolled_is_a_view_still() -> None:
    desk = Desk()
    strategy = told(desk)
    assert wanted(strategy, Side.BUY)
    desk.future = Instrument(
        "NFO:NIFTY28JAN27F", "NFO", "10", "NIFTY", InstrumentKind.FUTURE, 75, 5, "2027-01-28"
    )
    desk.position[desk.future.instrument] = 75
    strategy.on_start()
    assert wanted(strategy, None) == [Exit("enough")]


def the(kind: str, **values: Any) -> Any:
    """Return a strategy of the release, set up; its indicators are for the test to set."""
    made = rules_from("x", {"kind": kind, "instrument": INDEX, "timeframe": "5m", **values}, BUILTIN)
    strategy: Any = HOSTED[kind](made, cast("Any", Desk()))
    strategy.setup()
    return strategy


@pytest.mark.parametrize(
    ("rsi", "side"),
    [(29.9, Side.BUY), (30, Side.BUY), (30.1, None), (69.9, None), (70, Side.SELL), (None, None)],
)
def test_too_far_begins_at_the_very_limit(rsi: float | None, side: Side | None) -> None:
    strategy = the("rsi_reversion")
    strategy.strength.value = rsi
    assert [target.side for target in strategy.on_bar(a_bar())] == ([side] if side else [])


def test_back_in_the_middle_is_at_the_very_middle() -> None:
    strategy = the("rsi_reversion")
    said = []
    for rsi in (30, 49.9, 50, 70, 50.1, 50):
        strategy.strength.value = rsi
        said.append([type(intent) for intent in strategy.on_bar(a_bar())])
    assert said == [[Target], [], [Exit], [Target], [], [Exit]]


def test_a_crossing_that_the_window_forbade_is_not_joined_later() -> None:
    strategy = the("sma_crossover")
    said = []
    for stood, ends in ((1, "15:25:00"), (2, "15:30:00"), (3, "09:20:00"), (-1, "09:25:00"), (1, "09:30:00")):
        strategy.crossing.value, strategy.crossing.side = stood, 1 if stood > 0 else -1
        said.append([getattr(intent, "side", "out") for intent in strategy.on_bar(a_bar(ends))])
    assert said == [[], [], [], [Side.SELL], ["out", Side.BUY]]


def test_a_move_is_joined_where_it_passes_the_threshold_in_a_lively_market() -> None:
    strategy = the("momentum", least_volatility_percent=25, cooldown_bars=0)
    said = []
    for change, swing in (
        (0.3, 1.0),
        (0.1, 1.0),
        (0.2, 0.4),
        (0.1, 0.5),
        (0.2, 0.5),
        (0.01, 0.5),
        (0.0, 0.5),
        (-0.2, 0.5),
    ):
        # The close of a bar is 2 here: a quarter of it is the least range.
        strategy.change.value, strategy.swing = change, SimpleNamespace(value=swing)
        said.append([getattr(intent, "side", "out") for intent in strategy.on_bar(a_bar())])
    assert said == [[], [], [], [], [Side.BUY], [], ["out"], [Side.SELL]]


def test_a_crossing_counts_its_bars() -> None:
    crossing = Crossing(SMA(1), SMA(2))
    values = []
    for price in (10, 11, 12, 13, 12, 11, 11, 11, 12, 13):
        crossing.add(price)
        values.append(crossing.value)
    # Seen above from the second value on, which is no crossing; equal means cross nothing.
    assert values == [None, 0, 0, 0, -1, -2, -3, -4, 1, 2]
    assert crossing.side == 1
