"""The feed answers questions about bars of the past: with the unmodified library, the simulator, Redis, a store and `kill -9`.

Each question gets one answer, whole, and whatever the broker's charts do, the ticks go on.
"""

import shutil
from collections.abc import Iterator
from datetime import date
from itertools import count, pairwise
from pathlib import Path

import pytest

from sauda.calendar import load_calendar
from sauda.clock import NS_PER_S, ist_date
from sauda.codec import decode, encode
from sauda.contracts import Bar, HistoryReply, HistoryRequest, PastBar, Tick
from sauda.history.spans import Span
from sauda.history.store import HistoryStore
from sauda.log import Output
from sauda.merge import id_parts
from tests.integration.fed_desk import NIFTY, Gate, fed
from tests.integration.noren_simulator import CONFIG, SEED, wait_until

pytestmark = pytest.mark.integration
_numbers = count(1)
CALENDAR = load_calendar(CONFIG / "market")
FRIDAY = date(2026, 11, 27)
"""The trading day before the one that the simulator shows."""
MINUTES = 385
"""Of a session of the NFO; the index is charted as long as the simulator's market runs, and trades to 15:30."""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    folder = tmp_path_factory.mktemp("history")
    with fed(folder) as gate:
        gate.feed.environ["SAUDA_HISTORY"] = str(folder / "store")
        gate.feed.environ["SAUDA_ARCHIVE"] = str(folder / "archive")
        gate.open()
        yield gate


@pytest.fixture
def gate(opened: Gate) -> Iterator[Gate]:
    opened.begin()
    shutil.rmtree(opened.feed.environ["SAUDA_HISTORY"], ignore_errors=True)
    yield opened
    opened.fault("clear")


def ask(gate: Gate, instrument: str = NIFTY, timeframe: str = "1m", **wanted: int) -> str:
    """Put one question; return its name."""
    name = f"h-{next(_numbers)}"
    now_ns = gate.now_ns()
    request = HistoryRequest(
        name, "test", instrument, timeframe, wanted.pop("to_ns", now_ns), now_ns, **wanted
    )
    gate.view.append([Output("subscriptions", encode(request))])
    return name


def answers_to(gate: Gate, name: str) -> list[tuple[bytes, HistoryReply]]:
    found = [(entry, decode(entry.data)) for entry in gate.view.forwards("replies")]
    return [(e.id, one) for e, one in found if isinstance(one, HistoryReply) and one.request_id == name]


def answer(gate: Gate, name: str) -> list[HistoryReply]:
    """Return all parts, which must be there and in order."""
    wait_until(lambda: answers_to(gate, name), lambda: f"{name} is answered\n{gate._logs()}", 30)
    parts = [one for _, one in answers_to(gate, name)]
    assert [one.part for one in parts] == list(range(1, parts[0].parts + 1))
    starts = [bar.start_ns for one in parts for bar in one.bars]
    assert starts == sorted(set(starts))
    return parts


def calls(gate: Gate, route: str = "TPSeries") -> int:
    """Return how often the broker was asked."""
    return int(gate.simulator.get("/admin/state")["calls"].get(route, 0))


def ends_of(day: date) -> tuple[int, int]:
    session = CALENDAR.session("NSE", day)
    assert session is not None
    return session.open_ns, session.close_ns


def test_a_day_has_every_minute_once_and_none_that_is_no_bar(gate: Gate) -> None:
    open_ns, close_ns = ends_of(FRIDAY)
    [reply] = answer(gate, ask(gate, from_ns=open_ns, to_ns=close_ns))

    # The pre-open bar, the rows without prices and what stands behind the close are gone.
    assert [bar.start_ns for bar in reply.bars] == list(range(open_ns, close_ns, 60 * NS_PER_S))
    assert (reply.error, reply.source, reply.market) == (None, "broker", f"simulated-{SEED}")
    assert all(
        0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in reply.bars
    )
    assert {(bar.volume, bar.oi) for bar in reply.bars} == {(None, None)}


def test_so_many_bars_go_back_over_as_many_sessions_as_it_takes(gate: Gate) -> None:
    wanted = 1_600
    parts = answer(gate, ask(gate, count=wanted))
    bars = [bar for one in parts for bar in one.bars]

    assert [len(one.bars) for one in parts] == [1_500, 100]
    assert parts[0].error is None
    # The holiday of the 24th and the weekend are no sessions, and the minute that trades is none of them.
    days = [ist_date(bar.start_ns) for bar in bars]
    assert date(2026, 11, 24) not in days
    assert bars[-1].start_ns + 60 * NS_PER_S <= parts[0].event_ns
    steps = {later.start_ns - earlier.start_ns for earlier, later in pairwise(bars)}
    assert min(steps) == 60 * NS_PER_S


def test_what_was_asked_once_is_never_asked_of_the_broker_again(gate: Gate) -> None:
    open_ns, close_ns = ends_of(FRIDAY)
    [first] = answer(gate, ask(gate, from_ns=open_ns, to_ns=close_ns))
    before = calls(gate)
    [again] = answer(gate, ask(gate, from_ns=open_ns, to_ns=close_ns))
    [hours] = answer(gate, ask(gate, timeframe="1h", from_ns=open_ns, to_ns=close_ns))

    assert again.bars == first.bars
    assert (again.source, hours.source) == ("store", "store")
    assert calls(gate) == before
    assert hours.bars[0].high == max(bar.high for bar in first.bars[:60])


def test_an_hour_begins_with_the_session(gate: Gate) -> None:
    open_ns, close_ns = ends_of(FRIDAY)
    [hours] = answer(gate, ask(gate, timeframe="1h", from_ns=open_ns, to_ns=close_ns))
    [minutes] = answer(gate, ask(gate, timeframe="1m", from_ns=open_ns, to_ns=close_ns))

    assert hours.source == "broker"
    assert [bar.start_ns for bar in hours.bars] == list(range(open_ns, close_ns, 3_600 * NS_PER_S))
    assert [bar.close for bar in hours.bars] == [
        minutes.bars[min(60 * number, len(minutes.bars)) - 1].close
        for number in range(1, len(hours.bars) + 1)
    ]


def test_days_come_from_the_daily_chart(gate: Gate) -> None:
    [reply] = answer(gate, ask(gate, timeframe="1d", count=40))

    assert len(reply.bars) == 40
    assert reply.error is None
    assert [ist_date(bar.start_ns) for bar in reply.bars[-2:]] == [date(2026, 11, 26), FRIDAY]
    assert all(bar.start_ns == ends_of(ist_date(bar.start_ns))[0] for bar in reply.bars)


def test_an_option_has_volume_and_interest_and_no_past_before_it_was_listed(gate: Gate) -> None:
    option = min(name for name in gate.names if name.startswith("NFO:") and "C" in name[-6:])
    parts = answer(gate, ask(gate, option, count=30_000))
    bars = [bar for one in parts for bar in one.bars]

    assert all("30000 bars: nothing is known before" in (one.error or "") for one in parts)
    assert len(bars) > MINUTES
    assert all(bar.oi for bar in bars)
    # A negative figure is no volume: it is not known.
    assert all(bar.volume is None or bar.volume >= 0 for bar in bars)


@pytest.mark.parametrize(
    ("instrument", "timeframe", "why"),
    [
        ("NFO:NIFTY01DEC26C99999", "1m", "is not defined today"),
        ("NSE:Nifty 50", "7m", "no bars of '7m'"),
        ("XXX:Nifty 50", "1m", "unknown exchange"),
    ],
)
def test_what_nobody_knows_is_an_error_without_a_call(
    gate: Gate, instrument: str, timeframe: str, why: str
) -> None:
    before = calls(gate)
    [reply] = answer(gate, ask(gate, instrument, timeframe, count=10))

    assert why in (reply.error or "")
    assert reply.bars == ()
    assert calls(gate) == before


def test_ticks_flow_while_the_broker_draws_slowly_and_stumbles(gate: Gate) -> None:
    gate.fault("latency", rest_ms=1_000)
    gate.fault("http_502", requests=1)
    before = gate.view.length("ticks")
    open_ns, close_ns = ends_of(FRIDAY)
    name = ask(gate, from_ns=open_ns, to_ns=close_ns)
    [reply] = answer(gate, name)

    assert (len(reply.bars), reply.error) == ((close_ns - open_ns) // 60 // NS_PER_S, None)
    [(entry, _)] = answers_to(gate, name)
    later = list(gate.view.forwards("ticks"))[before:]
    meanwhile = [decode(one.data) for one in later if id_parts(one.id) < id_parts(entry)]
    assert sum(isinstance(one, Tick) for one in meanwhile) >= 10
    assert gate.gaps() == []


def test_a_session_that_ended_is_renewed_and_the_chart_asked_for_again(gate: Gate) -> None:
    gate.fault("expire_session", drop=False)
    open_ns, close_ns = ends_of(FRIDAY)
    [reply] = answer(gate, ask(gate, from_ns=open_ns, to_ns=close_ns))

    assert (len(reply.bars), reply.error) == ((close_ns - open_ns) // 60 // NS_PER_S, None)
    assert gate.gaps() == []


def test_a_feed_that_is_killed_over_a_question_answers_it_once(gate: Gate) -> None:
    gate.fault("latency", rest_ms=1_500)
    before = calls(gate)
    open_ns, close_ns = ends_of(FRIDAY)
    name = ask(gate, from_ns=open_ns, to_ns=close_ns)
    wait_until(lambda: calls(gate) == before + 1, "the broker is being asked")
    gate.restart_feed()
    gate.fault("latency")

    assert len(answer(gate, name)[0].bars) == (close_ns - open_ns) // 60 // NS_PER_S
    gate.restart_feed()
    gate.recovers("the second kill")
    # Asked behind it, and answered in turn: the first one has had every chance to be answered again.
    answer(gate, ask(gate, timeframe="1d", count=1))
    assert len(answers_to(gate, name)) == 1


def test_a_store_that_cannot_be_written_costs_no_answer(gate: Gate) -> None:
    folder = Path(gate.feed.environ["SAUDA_HISTORY"])
    folder.write_text("a file stands where the folder should")
    try:
        open_ns, close_ns = ends_of(FRIDAY)
        [reply] = answer(gate, ask(gate, from_ns=open_ns, to_ns=close_ns))
    finally:
        folder.unlink()

    assert len(reply.bars) == (close_ns - open_ns) // 60 // NS_PER_S
    assert "history_not_kept" in (gate.feed.folder / "feed.log").read_text()


def test_what_the_broker_told_is_kept_with_where_it_was_looked_for(gate: Gate) -> None:
    open_ns, close_ns = ends_of(FRIDAY)
    [reply] = answer(gate, ask(gate, from_ns=open_ns, to_ns=close_ns))
    store = HistoryStore(Path(gate.feed.environ["SAUDA_HISTORY"]), f"simulated-{SEED}")

    assert tuple(store.read(NIFTY, "1m", Span(0, 2**62))) == reply.bars
    assert store.looked(NIFTY, "1m", Span(0, 2**62)) == [(open_ns, close_ns)]


def test_the_desks_own_bars_come_before_the_brokers(gate: Gate) -> None:
    open_ns, close_ns = ends_of(FRIDAY)
    minute_ns = 60 * NS_PER_S
    torn = Bar(NIFTY, "1m", open_ns + minute_ns, open_ns + 2 * minute_ns, 1, 1, 1, 1, torn=True)
    mine = Bar(NIFTY, "1m", open_ns, open_ns + minute_ns, 7, 7, 7, 7, ticks=4)
    gate.view.append([Output("bars", encode(one)) for one in (torn, mine)])
    [reply] = answer(gate, ask(gate, from_ns=open_ns, to_ns=close_ns))

    assert reply.source == "archive+broker"
    assert reply.bars[0] == PastBar(open_ns, 7, 7, 7, 7)
    # A bar of which a part was not seen is worth less than the broker's.
    assert reply.bars[1].close > 1_000_000
    assert len(reply.bars) == (close_ns - open_ns) // minute_ns
