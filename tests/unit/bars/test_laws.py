"""Whatever the market and the feed do: each bar once, in order, whole or marked, and the same after any restart."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.bars import Bars
from sauda.clock import NS_PER_S
from sauda.contracts import Bar, ClockTick, FeedGap, HistoryRequest, Message, Tick
from sauda.market_time import time_of
from sauda.state import State
from tests.unit.bars.made import NAME, answer, at, feed, hours, restarted, truth

SESSIONS: Final = hours(("09:15", "09:47"))
OPENS, CLOSES = at("09:15"), at("09:47")
SECONDS: Final = (CLOSES - OPENS) // NS_PER_S
FRAMES: Final = {"1m": 1, "5m": 5, "15m": 15, "1h": 60}


class Morning(NamedTuple):
    """What happens, and what the desk sees of it."""

    ticks: list[Tick]
    seen_from: int
    """Seconds after the opening at which the desk begins; below 0: before it."""
    holes: list[tuple[int, int]]
    delay: int | None
    """Seconds until a question is answered; None: never."""
    parts: int
    beat: int
    """Seconds between heartbeats."""


@st.composite
def mornings(draw: st.DrawFn) -> Morning:
    steps = draw(st.lists(st.tuples(st.integers(0, 150), st.integers(1, 500)), min_size=5, max_size=120))
    ticks: list[Tick] = []
    second, price, volume = 0, 10_000, 0
    for step, move in steps:
        second += step
        if second >= SECONDS:
            break
        price, volume = price + move - 250, volume + move
        instant_ns = OPENS + second * NS_PER_S + draw(st.sampled_from((0, 0, NS_PER_S // 3)))
        if ticks:
            instant_ns = max(instant_ns, ticks[-1].recv_ns)
        ticks.append(Tick(NAME, instant_ns, instant_ns, price, volume=volume))
    bounds = sorted(draw(st.sets(st.integers(0, SECONDS - 1), max_size=4)))
    return Morning(
        ticks,
        draw(st.sampled_from((-60, 0, 30, 400, 1000))),
        list(zip(bounds[::2], bounds[1::2], strict=False)),
        draw(st.sampled_from((None, 0, 1, 20))),
        draw(st.integers(1, 3)),
        draw(st.sampled_from((5, 13))),
    )


def messages(morning: Morning) -> list[Message]:
    """Return what the desk sees, in order; a hole is silent and told at its end."""
    begins_ns = OPENS + morning.seen_from * NS_PER_S
    holes = [(OPENS + start * NS_PER_S, OPENS + end * NS_PER_S) for start, end in morning.holes]
    last_ns = CLOSES + 400 * NS_PER_S
    beats = [ClockTick(ns) for ns in range(OPENS - 60 * NS_PER_S, last_ns, morning.beat * NS_PER_S)]
    timed: list[tuple[int, int, Message]] = [
        *((one.recv_ns, 1, one) for one in morning.ticks),
        *((one.event_ns, 2, one) for one in beats),
    ]
    seen = [one for one in timed if one[0] >= begins_ns and not any(a < one[0] < b for a, b in holes)]
    seen += [(end, 0, FeedGap(start, end, "test")) for start, end in holes if start >= begins_ns]
    # A heartbeat comes behind all ticks of its instant.
    return [one for _, _, one in sorted(seen, key=lambda one: one[:2])]


def play(morning: Morning, restarts: frozenset[int] = frozenset()) -> list[tuple[int, Bar]]:
    """Return all bars that are said, each with the number of the message that led to it."""

    def make(state: State) -> Bars:
        bars = Bars(state, SESSIONS, "test", keep=5)
        bars.watch(NAME, tuple(FRAMES), 4)
        return bars

    spells = {name: truth(morning.ticks, minutes, OPENS, CLOSES) for name, minutes in FRAMES.items()}
    state, stored = State(), dict[bytes, bytes]()
    bars = make(state)
    bars.restored()
    said: list[tuple[int, Bar]] = []
    asked: list[tuple[int, HistoryRequest]] = []
    for number, message in enumerate(messages(morning)):
        now_ns = time_of(message) or 0
        if number in restarts:
            state, bars = restarted(state, stored, make)
        while asked and asked[0][0] <= now_ns:
            _, request = asked.pop(0)
            for reply in answer(request, spells[request.timeframe], now_ns, morning.parts):
                said += [(number, bar) for bar in feed(bars, reply)]
        said += [(number, bar) for bar in feed(bars, message)]
        requests = bars.wishes(now_ns)
        if morning.delay is not None:
            asked += [(now_ns + morning.delay * NS_PER_S, request) for request in requests]
    return said


def of(said: Sequence[tuple[int, Bar]], timeframe: str) -> list[Bar]:
    return [bar for _, bar in said if bar.timeframe == timeframe]


@settings(max_examples=80, deadline=None)
@given(mornings())
def test_each_bar_once_in_order_and_true_unless_it_is_marked(morning: Morning) -> None:
    said = play(morning)
    for timeframe, minutes in FRAMES.items():
        spells = {one.start_ns: one for one in truth(morning.ticks, minutes, OPENS, CLOSES)}
        bars = of(said, timeframe)
        begins = [bar.start_ns for bar in bars]
        assert begins == sorted(set(begins))
        for bar in bars:
            assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
            if not bar.torn:
                spell = spells[bar.start_ns]
                assert (bar.open, bar.high, bar.low, bar.close) == spell.prices
                assert (bar.volume, bar.event_ns) == (spell.volume, spell.end_ns)


@settings(max_examples=80, deadline=None)
@given(mornings())
def test_with_answers_no_bar_is_missing_and_none_is_torn(morning: Morning) -> None:
    answered = morning._replace(delay=morning.delay or 0)
    said = play(answered)
    for timeframe, minutes in FRAMES.items():
        spells = truth(morning.ticks, minutes, OPENS, CLOSES)
        bars = of(said, timeframe)
        whole = [one.start_ns for one in spells]
        if bars:
            assert [bar.start_ns for bar in bars] == whole[whole.index(bars[0].start_ns) :]
        # Four bars of before the beginning are the warm-up: what is missing is older than those.
        begins_ns = time_of(messages(answered)[0]) or 0
        earlier = [one for one in spells if one.end_ns <= begins_ns]
        assert len(bars) >= len(spells) - max(0, len(earlier) - 4)
        assert not any(bar.torn for bar in bars)


@settings(max_examples=80, deadline=None)
@given(mornings(), st.sets(st.integers(0, 400), max_size=12))
def test_a_restart_anywhere_changes_nothing(morning: Morning, restarts: set[int]) -> None:
    assert play(morning, frozenset(restarts)) == play(morning)


@settings(max_examples=50, deadline=None)
@given(mornings())
def test_what_is_seen_whole_is_counted_once_and_adds_up(morning: Morning) -> None:
    whole = morning._replace(seen_from=-60, holes=[])
    said = play(whole)
    for timeframe in FRAMES:
        bars = of(said, timeframe)
        assert sum(bar.ticks for bar in bars) == len(morning.ticks)
        assert sum(bar.volume or 0 for bar in bars) == morning.ticks[-1].volume
        assert not any(bar.torn or bar.past for bar in bars)
    for timeframe, minutes in (("5m", 5), ("15m", 15)):
        parts: dict[int, list[Bar]] = {}
        for bar in of(said, "1m"):
            parts.setdefault((bar.start_ns - OPENS) // (minutes * 60 * NS_PER_S), []).append(bar)
        for bar, minute in zip(of(said, timeframe), parts.values(), strict=True):
            assert (bar.open, bar.close) == (minute[0].open, minute[-1].close)
            assert (bar.high, bar.low) == (max(one.high for one in minute), min(one.low for one in minute))
