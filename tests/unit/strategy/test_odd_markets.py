"""Every kind of strategy on the same hour as the market should be, and as it sometimes is; what must hold then."""

import random
from collections import Counter, deque
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace

from sauda.calendar import load_calendar
from sauda.clock import NS_PER_S
from sauda.codec import decode, encode
from sauda.contracts import (
    ChangeRules,
    ClockTick,
    FeedGap,
    Fill,
    Instrument,
    Message,
    PlaceOrder,
    Signal,
    Tick,
)
from sauda.memory_log import MemoryLog
from sauda.merge import id_parts
from sauda.runner import Carrier
from sauda.testing.builders import DAY, at
from sauda.testing.restart import play as play_alone
from sauda_strategy.kinds import BUILTIN, Market
from sauda_strategy.rule_values import rules_from
from tests.integration.strategies_desk import CONFIG, FUTURE, NEXT_FUTURE, RULES, Others, play, steps

MINUTES = 60
CALENDAR = load_calendar(CONFIG / "market")
MARKET = Market(CALENDAR.session, lambda exchange, day: CALENDAR.session(exchange, day) is not None)
Steps = Iterable[list[Message]]
ODD = (ChangeRules, FeedGap)


class Played:
    """The hour as all kinds have played it, in lock step."""

    def __init__(self, market: Steps, later: timedelta = timedelta()) -> None:
        self.log = MemoryLog()
        carriers = [self._carried(name, _later(rules, later)) for name, rules in RULES.items()]

        def quiet() -> None:
            while sum(carrier.step() for carrier in carriers):
                pass

        play(self.log, Others(self.log, CALENDAR), market, quiet)

    def said(self, stream: str) -> list[Any]:
        return [decode(entry.data) for entry in self.log.entries(stream)]

    def heard(self, inputs: Iterable[str]) -> list[Message]:
        """Return what a unit with these inputs has read, in order."""
        entries = [entry for stream in inputs for entry in self.log.entries(stream)]
        return [decode(entry.data) for entry in sorted(entries, key=lambda one: id_parts(one.id))]

    def decisions(self, name: str) -> list[bytes]:
        """Return the signals and orders of one strategy, to the byte."""
        both = [*self.said("signals"), *self.said("orders")]
        return [encode(one) for one in both if one.strategy == name]

    def orders(self) -> list[PlaceOrder]:
        return [one for one in self.said("orders") if isinstance(one, PlaceOrder)]

    def held(self) -> dict[tuple[str, str], int]:
        """Return what is held in the end by any strategy."""
        sums: Counter[tuple[str, str]] = Counter()
        for one in self.said("executions"):
            if isinstance(one, Fill):
                sums[one.strategy, one.instrument] += one.signed_qty
        return {key: qty for key, qty in sums.items() if qty}

    def _carried(self, name: str, rules: dict[str, Any]) -> Carrier:
        unit = BUILTIN.unit(name, rules_from(name, {"kind": name, **rules}, BUILTIN), MARKET)
        lease = self.log.acquire(unit.name, "test", 3_600_000)
        assert lease is not None
        return Carrier(unit, self.log, lease)


def _later(rules: dict[str, Any], later: timedelta) -> dict[str, Any]:
    def clock(value: str) -> str:
        minutes = int(value[:2]) * 60 + int(value[3:]) + later.seconds // 60
        return f"{minutes // 60:02}:{minutes % 60:02}"

    times: dict[str, Any] = {
        key: clock(rules[key])
        for key in ("entry_time", "entry_from", "entry_until", "exit_time")
        if key in rules
    }
    return {**rules, **times}


def on(day: date, opening: str = "09:15") -> list[list[Message]]:
    """Return the hour on another day, without what people and gaps do."""
    shift_ns = at(opening + ":00", day) - at("09:15:00")
    return [
        [_moved(one, shift_ns) for one in step] for step in steps(MINUTES) if not isinstance(step[0], ODD)
    ]


def _moved(one: Message, shift_ns: int) -> Message:
    if isinstance(one, Tick):
        return replace(one, event_ns=one.event_ns + shift_ns, recv_ns=one.recv_ns + shift_ns)
    return ClockTick(one.event_ns + shift_ns) if isinstance(one, ClockTick) else one


def ticks(step: list[Message]) -> list[Message]:
    return [one for one in step if isinstance(one, Tick)]


def twice(market: list[list[Message]]) -> Steps:
    """Each tick twice."""
    for step in market:
        yield [one for message in step for one in ([message] * (1 + isinstance(message, Tick)))]


def late(market: list[list[Message]]) -> Steps:
    """The exchange's stamps are a minute behind, as in some recordings."""
    for step in market:
        yield [
            replace(one, event_ns=one.event_ns - 60 * NS_PER_S) if isinstance(one, Tick) else one
            for one in step
        ]


def shuffled(market: list[list[Message]]) -> Steps:
    """The ticks of each instant in another order."""
    dice = random.Random(3)
    for step in market:
        order = ticks(step)
        dice.shuffle(order)
        yield [
            *(one for one in step if isinstance(one, Instrument)),
            *order,
            *(one for one in step if not isinstance(one, Tick | Instrument)),
        ]


def holes(market: list[list[Message]]) -> Steps:
    """A third of the ticks never comes."""
    dice = random.Random(4)
    for step in market:
        yield [one for one in step if not isinstance(one, Tick) or dice.random() > 1 / 3]


def halted(market: list[list[Message]]) -> Steps:
    """Nothing trades between 09:27 and 09:47; the clock goes on."""
    for step in market:
        is_halted = any(
            isinstance(one, Tick) and at("09:27:00") <= one.recv_ns < at("09:47:00") for one in step
        )
        yield [one for one in step if not (is_halted and isinstance(one, Tick))]


@cache
def usual() -> Played:
    return Played(on(DAY))


@pytest.mark.parametrize("odd", [twice, late, shuffled])
def test_repeated_late_and_shuffled_ticks_change_no_decision(
    odd: Callable[[list[list[Message]]], Steps],
) -> None:
    played = Played(odd(on(DAY)))

    for name in RULES:
        assert len(usual().decisions(name)) > 4, name
        assert played.decisions(name) == usual().decisions(name), name


@pytest.mark.parametrize("name", RULES)
def test_ticks_that_come_once_more_behind_later_ones_change_no_decision(name: str) -> None:
    unit = BUILTIN.unit(name, rules_from(name, {"kind": name, **RULES[name]}, BUILTIN), MARKET)
    heard = usual().heard(unit.inputs)
    behind: list[Message] = []
    shown: deque[list[Message]] = deque([[]], maxlen=5)
    for one in heard:
        behind.append(one)
        if isinstance(one, ClockTick):
            # Those of 80 seconds ago: the minute is over, and newer quotes are there.
            behind += shown[0] if len(shown) == shown.maxlen else []
            shown.append([])
        elif isinstance(one, Tick):
            shown[-1].append(one)

    # Signals alone: an option that was not watched 80 seconds ago shows its first price, and is ordered, sooner.
    said, usually = (
        [one for one in play_alone(unit.build(), messages) if isinstance(one, Signal)]
        for messages in (behind, heard)
    )
    assert said == usually


@pytest.mark.parametrize("odd", [holes, halted])
def test_whatever_is_missing_all_is_closed_in_the_end_and_nothing_is_parked(
    odd: Callable[[list[list[Message]]], Steps],
) -> None:
    played = Played(odd(on(DAY)))

    assert played.held() == {}
    assert played.said("dead_letters") == []
    assert {one.strategy for one in played.orders()} == {one.strategy for one in usual().orders()}
    if odd is halted:
        mute = [
            one
            for one in played.said("executions")
            if isinstance(one, Fill) and at("09:27:00") < one.event_ns < at("09:47:00")
        ]
        assert mute == []


MUHURAT = date(2025, 10, 21)


def test_a_session_of_one_hour_is_traded_from_its_opening_to_its_exit() -> None:
    played = Played(on(MUHURAT, "13:45"), timedelta(hours=4, minutes=30))

    assert {one.strategy for one in played.orders()} == {one.strategy for one in usual().orders()}
    assert all(at("13:45:00", MUHURAT) < one.event_ns < at("14:45:00", MUHURAT) for one in played.orders())
    assert played.held() == {}
    assert played.said("dead_letters") == []


def test_on_the_last_day_of_the_contracts_all_is_as_ever_but_futures_are_the_next_ones() -> None:
    played = Played(on(date(2026, 12, 1)))

    assert {one.strategy for one in played.orders()} == {one.strategy for one in usual().orders()}
    futures = {one.instrument for one in played.orders() if one.instrument in (FUTURE, NEXT_FUTURE)}
    assert futures == {NEXT_FUTURE}
    assert played.held() == {}


def test_on_a_holiday_nothing_is_wanted() -> None:
    played = Played(on(date(2026, 11, 24)))

    assert played.orders() == []
    assert [one for one in played.said("signals") if one.side is not None] == []
    assert played.said("dead_letters") == []
