"""Whatever the line to the broker does, it ends in a `feed_gap` or in nothing, never in a wrong price.

The feed, the simulator and Redis are real processes; the judge computes the market by itself.
"""

import random
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest

from sauda.calendar import load_calendar
from sauda.clock import NS_PER_S, SystemClock
from sauda.contracts import BookLevel, Depth, FeedGap, Message, Tick
from sauda_simulator.anchor import AnchorFile, AnchorRecord
from tests.integration.fed_desk import SPEED, Gate, fed, pause
from tests.integration.feed_gate import CHEAP, GARBAGE, muted_then_killed, random_run
from tests.integration.feed_oracle import Blackout, Truth, violations
from tests.integration.noren_simulator import CONFIG, SEED, wait_until

pytestmark = pytest.mark.slow
LOST, SILENT, DOWN = "the connection was lost", "nothing was heard", "the feed was not running"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with fed(tmp_path_factory.mktemp("gate")) as gate:
        gate.open()
        yield gate


@pytest.fixture
def gate(opened: Gate) -> Iterator[Gate]:
    opened.begin()
    yield opened
    opened.fault("clear")
    opened.recovers("all faults were taken back")


def cheap(name: str) -> Callable[[Gate], object]:
    return lambda gate: CHEAP[name](gate, random.Random(1))


def garbage(gate: Gate) -> None:
    for text in GARBAGE:
        gate.fault("malformed", text=text)


def mute(gate: Gate) -> None:
    """The socket falls silent, and so does the next one: open, acknowledged by TCP, and dead."""
    gate.costs_frames("mute", lambda: gate.fault("mute", next_sockets=1))


def stale_snapshot(gate: Gate) -> None:
    gate.fault("stale_snapshot", seconds=600)
    gate.costs_frames("drop", lambda: gate.fault("drop"))
    pause(1.5)


def slow_network(gate: Gate) -> None:
    gate.fault("latency", ws_ms=400, rest_ms=400)
    pause(1.0)
    gate.fault("latency", ws_ms=0)


def slow_and_dropped(gate: Gate) -> None:
    gate.fault("latency", ws_ms=500, rest_ms=500)
    gate.costs_frames("drop", lambda: gate.fault("drop"))
    pause(1.5)


def expired_with(kind: str, requests: int) -> Callable[[Gate], None]:
    def act(gate: Gate) -> None:
        gate.fault(kind, requests=requests)
        gate.costs_frames("expiry", lambda: gate.fault("expire_session"))
        pause(0.5)

    return act


FAULTS: dict[str, tuple[Callable[[Gate], object], str | None]] = {
    "drop": (cheap("drop"), LOST),
    "close_frame": (cheap("close"), LOST),
    "kicked_by_a_second_socket": (cheap("kick"), LOST),
    "half_a_frame": (cheap("half_frame"), LOST),
    "expired_session": (cheap("expire_session"), LOST),
    "expired_session_not_noticed": (cheap("expire_quietly"), None),
    "token_rejected_and_login_refused": (expired_with("refuse_login", 1), LOST),
    "502_at_login": (expired_with("http_502", 2), LOST),
    "502_at_the_socket": (expired_with("ws_502", 3), LOST),
    "garbage": (garbage, None),
    "duplicates": (cheap("duplicate"), None),
    "out_of_order": (cheap("out_of_order"), None),
    "stale_snapshot": (stale_snapshot, LOST),
    "slow_network": (slow_network, None),
    "slow_network_and_drop": (slow_and_dropped, LOST),
    "feed_killed": (cheap("kill_feed"), DOWN),
    "broker_killed": (cheap("kill_broker"), LOST),
    "mute_socket_then_feed_killed": (lambda gate: muted_then_killed(gate, 1.5), DOWN),
    "mute_sockets": (mute, SILENT),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_ends_in_a_gap_or_in_nothing(gate: Gate, name: str) -> None:
    fault, reason = FAULTS[name]

    fault(gate)
    gate.recovers(name)
    gate.in_order_again()
    wait_until(lambda: reason is None or gate.gaps(), "the gap is told")
    pause(0.3)

    assert gate.verdict() == []
    assert [reason] * len(gate.gaps()) == [
        why if reason is None or reason not in why else reason for why in gate.gaps()
    ]


def test_faults_in_any_combination_end_in_gaps_or_in_nothing(gate: Gate) -> None:
    random_run(gate, seed=7, seconds=12, tell=print)

    assert gate.verdict() == []


def test_a_session_that_expires_in_the_night_is_renewed_before_the_open(tmp_path: Path) -> None:
    with fed(tmp_path) as gate:
        day = gate.truth.day(gate.truth.opens_ns("2026-11-30"))
        evening_ns = day.hours.close_ns - round(14 * SPEED) * NS_PER_S
        start_market_at(tmp_path, evening_ns)
        gate.open()
        wait_until(lambda: gate.now_ns() >= day.hours.close_ns, "the market closes")
        gate.costs_frames("expiry at night", lambda: gate.fault("expire_session"))
        wait_until(lambda: gate.now_ns() > day.hours.close_ns + 3600 * NS_PER_S, "the next day begins")
        tomorrow = gate.truth.day(gate.now_ns())
        assert tomorrow.hours.day > day.hours.day
        wait_until(lambda: gate.now_ns() > tomorrow.hours.open_ns + 30 * NS_PER_S, "the market opens")
        gate.recovers("the night")

        assert gate.verdict() == []
        assert {LOST} == set(gate.gaps())
        assert any(isinstance(m, Tick) and m.event_ns >= tomorrow.hours.open_ns for m in gate.said())


def start_market_at(folder: Path, market_ns: int) -> None:
    """Let the simulator find that its market stands at *market_ns* now."""
    now_ns = SystemClock().now_ns()
    AnchorFile(folder).write(AnchorRecord(now_ns, market_ns, SPEED, date(2026, 11, 30), now_ns))


# The judge itself: it must accept the market, and refuse everything else.


@pytest.fixture(scope="module")
def truth() -> Truth:
    return Truth(load_calendar(CONFIG / "market"), SEED)


@pytest.fixture(scope="module")
def fair(truth: Truth) -> list[Message]:
    """Return a quarter of an hour of an option, with a hole that is told."""
    open_ns = truth.opens_ns("2026-11-30")
    day = truth.day(open_ns)
    option = next(c for c in day.contracts if c.strike and day.pricer(c).gap == 1)
    name = f"{option.exchange}:{option.trading_symbol}"
    said: list[Message] = []
    for second in [*range(60, 300), *range(600, 900)]:
        at_ns = open_ns + second * NS_PER_S
        if second == 600:
            said.append(FeedGap(open_ns + 299 * NS_PER_S, at_ns, LOST))
        ltp, bid, ask, bid_qty, ask_qty, volume, oi = truth.shown(name, at_ns, second * 4 + 2)
        assert ltp is not None
        said.append(Tick(name, at_ns, at_ns + NS_PER_S // 2, ltp, bid, ask, bid_qty, ask_qty, volume, oi))
    return said


def judged(truth: Truth, said: list[Message], *blackouts: Blackout) -> list[str]:
    return violations(truth, said, blackouts=blackouts, longest_ns=30 * NS_PER_S, slack_ns=NS_PER_S)


def planted(said: list[Message], place: int, **changed: object) -> list[Message]:
    return [*said[:place], msgspec.structs.replace(said[place], **changed), *said[place + 1 :]]


def book_of(truth: Truth, tick: Tick) -> Depth:
    """Return the book that stood when *tick* was said."""
    exchange, symbol = tick.instrument.split(":")
    day = truth.day(tick.event_ns)
    pricer, moment = day.pricer(day.by_symbol[exchange, symbol]), day.quarter_at(tick.event_ns)
    assert moment is not None
    quote = pricer.quote(moment + 2)
    assert quote is not None
    sides = pricer.levels(quote, moment + 2)
    return Depth(*(tuple(BookLevel(one.price, one.qty, one.orders) for one in side) for side in sides))


def test_the_judge_accepts_a_book_of_the_same_moment(truth: Truth, fair: list[Message]) -> None:
    tick = fair[100]
    assert isinstance(tick, Tick)

    assert judged(truth, planted(fair, 100, depth=book_of(truth, tick))) == []


def test_the_judge_accepts_the_market_as_it_was(truth: Truth, fair: list[Message]) -> None:
    assert judged(truth, fair) == []


def test_the_judge_refuses_what_a_trader_would_dispute(truth: Truth, fair: list[Message]) -> None:
    tick, later = fair[100], fair[130]
    assert isinstance(tick, Tick)
    assert isinstance(later, Tick)
    wrong: dict[str, list[Message]] = {
        "a last price of another moment": planted(fair, 100, ltp=tick.ltp + 5),
        "a bid of another moment": planted(fair, 100, bid=(tick.bid or 0) - 5),
        "a volume that the day had not": planted(fair, 100, volume=(tick.volume or 0) + 65),
        "half of one quote and half of another": planted(fair, 100, ltp=later.ltp, bid=later.bid),
        "a book of another moment": planted(fair, 100, depth=book_of(truth, later)),
        "a price from the future": planted(fair, 100, recv_ns=tick.event_ns - 5 * NS_PER_S),
        "a tick said twice": [*fair[:101], tick, *fair[101:]],
        "an old price after a newer one": [
            *fair[:131],
            *planted(fair, 100, recv_ns=later.recv_ns)[100:101],
            *fair[131:],
        ],
        "a hole that nobody told": [m for m in fair if not isinstance(m, FeedGap)],
        "a gap that begins too late": planted(fair, 240, from_ns=tick.event_ns + 400 * NS_PER_S),
    }
    assert [name for name, said in wrong.items() if not judged(truth, said)] == []
    unheard = Blackout("drop", tick.event_ns, tick.event_ns)
    assert judged(truth, fair, unheard) == [f"drop at {unheard.text()} was not told"]
