"""Answers joined of what several know: whole, in order, none twice, and nothing of the future."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.calendar import load_calendar
from sauda.clock import NS_PER_S, UnixNs, ist_date
from sauda.contracts import HistoryRequest, PastBar
from sauda.errors import TransientError
from sauda.history.finding import BARREN, MOST_BARS, Finder
from sauda.history.knowers import Found, NotKnownError, Wanted, certain
from sauda.history.spans import Span
from sauda.history.store import HistoryStore, HistoryStoreError
from sauda.history.stored import StoredPast
from sauda.history.timeframes import end_of, length_ns

CALENDAR = load_calendar(Path(__file__).parents[3] / "config" / "market")
NIFTY = "NSE:Nifty 50"
MINUTE = 60 * NS_PER_S
NOW = 1_796_011_500 * NS_PER_S + 5 * NS_PER_S
"""2026-11-30 09:35:05 IST: twenty minutes of Monday are over."""


class Broker:
    """Knows every bar from *first_day* on, and was asked for some."""

    name = "broker"

    def __init__(self, first_day: date = date(2000, 1, 1), price: int = 24_500_00) -> None:
        self.asked: list[tuple[date, date]] = []
        self.first_day = first_day
        self.price = price
        self.fails: set[date] = set()

    def look(self, wanted: Wanted) -> Found:
        days = [ist_date(day.session.open_ns) for day in wanted.days]
        self.asked.append((days[0], days[-1]))
        found = Found()
        for at, day in zip(days, wanted.days, strict=True):
            if at in self.fails:
                found.problem = "it stumbled"
                continue
            step = length_ns(wanted.timeframe) or day.session.close_ns - day.session.open_ns
            # It says more than it was asked: what still trades, and what lies behind.
            starts = range(day.session.open_ns, day.session.close_ns, step)
            bars = [self.bar(start) for start in starts] if at >= self.first_day else []
            found.bars += bars
            inside = [bar for bar in bars if bar.start_ns < day.span.to_ns]
            if inside:
                found.looked.append(certain(day, inside, wanted.timeframe, wanted.now_ns))
        return found

    def bar(self, start_ns: UnixNs) -> PastBar:
        return PastBar(start_ns, self.price, self.price, self.price, self.price, 1, None)


class Desk(Broker):
    """Knows single minutes."""

    name = "archive"

    def __init__(self, starts: Sequence[UnixNs]) -> None:
        super().__init__(price=7)
        self.starts = starts

    def look(self, wanted: Wanted) -> Found:
        return Found(
            [self.bar(start) for start in self.starts], [Span(at, at + MINUTE) for at in self.starts]
        )


def request(timeframe: str = "1m", *, to_ns: UnixNs = NOW, **wanted: int) -> HistoryRequest:
    return HistoryRequest("q", "test", NIFTY, timeframe, to_ns, NOW, **wanted)


def test_the_newest_so_many_without_the_one_that_trades() -> None:
    answer = Finder([Broker()], CALENDAR).find(request(count=30), NOW)

    starts = [bar.start_ns for bar in answer.bars]
    monday, friday = CALENDAR.session("NSE", date(2026, 11, 30)), CALENDAR.session("NSE", date(2026, 11, 27))
    assert monday is not None
    assert friday is not None
    today = list(range(monday.open_ns, monday.open_ns + 20 * MINUTE, MINUTE))
    assert starts == [*range(friday.close_ns - 10 * MINUTE, friday.close_ns, MINUTE), *today]
    assert (answer.sources, answer.problems) == (["broker"], [])


@settings(max_examples=40, deadline=None)
@given(
    timeframe=st.sampled_from(["1m", "5m", "15m", "1h", "1d"]),
    count=st.integers(min_value=1, max_value=900),
    back_s=st.integers(min_value=0, max_value=9 * 86_400),
)
def test_so_many_is_so_many_wherever_it_ends(timeframe: str, count: int, back_s: int) -> None:
    to_ns = NOW - back_s * NS_PER_S
    bars = Finder([Broker()], CALENDAR).find(request(timeframe, to_ns=to_ns, count=count), NOW).bars

    assert len(bars) == count
    assert [bar.start_ns for bar in bars] == sorted({bar.start_ns for bar in bars})
    session = CALENDAR.session("NSE", ist_date(bars[-1].start_ns))
    assert session is not None
    assert end_of(bars[-1].start_ns, timeframe, session) <= to_ns


@pytest.mark.parametrize("to_ns", [NOW + 10**15, 1 << 61])
def test_the_future_is_never_told(to_ns: UnixNs) -> None:
    assert Finder([Broker()], CALENDAR).find(request(count=5, to_ns=to_ns), NOW) == Finder(
        [Broker()], CALENDAR
    ).find(request(count=5), NOW)


def test_from_one_instant_to_another() -> None:
    session = CALENDAR.session("NSE", date(2026, 11, 27))
    assert session is not None
    asked = request(from_ns=session.open_ns + 5 * MINUTE, to_ns=session.open_ns + 8 * MINUTE + 1)
    answer = Finder([Broker()], CALENDAR).find(asked, NOW)

    assert [bar.start_ns for bar in answer.bars] == [session.open_ns + n * MINUTE for n in (5, 6, 7)]


def test_who_is_asked_first_is_believed_and_the_next_fills_the_rest() -> None:
    session = CALENDAR.session("NSE", date(2026, 11, 27))
    assert session is not None
    own, broker = Desk([session.open_ns, session.open_ns + 3 * MINUTE]), Broker()
    asked = request(from_ns=session.open_ns, to_ns=session.close_ns)
    answer = Finder([own, broker], CALENDAR).find(asked, NOW)

    assert len(answer.bars) == 375
    assert [number for number, bar in enumerate(answer.bars) if bar.close == 7] == [0, 3]
    assert answer.sources == ["archive", "broker"]


def test_what_the_broker_told_is_kept_and_not_asked_again(tmp_path: Path) -> None:
    store, broker = HistoryStore(tmp_path, "real"), Broker()
    finder = Finder([StoredPast(store), broker], CALENDAR, keeper=store)
    first = finder.find(request(count=2_000), NOW)
    calls = len(broker.asked)
    again = finder.find(request(count=2_000), NOW)
    fives = finder.find(request("5m", count=300), NOW)

    assert (again.bars, again.sources) == (first.bars, ["store"])
    assert len(fives.bars) == 300
    assert len(broker.asked) == calls
    # Ten minutes later today's rest is asked for, and nothing else.
    later = finder.find(request(count=50, to_ns=NOW + 10 * MINUTE), NOW + 10 * MINUTE)
    assert broker.asked[calls:] == [(date(2026, 11, 30), date(2026, 11, 30))]
    assert later.bars[-1].start_ns == first.bars[-1].start_ns + 10 * MINUTE


def test_a_contract_that_was_not_listed_ends_the_search() -> None:
    broker = Broker(first_day=date(2026, 11, 23))
    answer = Finder([broker], CALENDAR).find(request("1d", count=300), NOW)

    # The 24th was a holiday, and today is not over.
    assert len(answer.bars) == 4
    assert answer.problems == ["4 of 300 bars: nothing is known before 2026-11-23 09:15"]
    assert len(broker.asked) <= 2


def test_days_without_bars_are_named() -> None:
    broker = Broker()
    broker.fails = {date(2026, 11, 26)}
    session = CALENDAR.session("NSE", date(2026, 11, 25))
    assert session is not None
    answer = Finder([broker], CALENDAR).find(request(from_ns=session.open_ns), NOW)

    assert answer.problems == ["broker: it stumbled", "no bars on 2026-11-26"]
    assert len(answer.bars) == 375 + 375 + 20


def test_an_answer_has_an_end() -> None:
    broker = Broker()
    answer = Finder([broker], CALENDAR).find(request(from_ns=0), NOW)
    assert MOST_BARS <= len(answer.bars) < MOST_BARS + 2_000
    assert "ask for the earlier ones apart" in answer.problems[-1]

    nobody = Broker(first_day=date(2030, 1, 1))
    assert Finder([nobody], CALENDAR).find(request(count=10**6), NOW).bars == []
    assert len(nobody.asked) <= BARREN


class Failing:
    def __init__(self, error: Exception, name: str = "broker") -> None:
        self.error = error
        self.name = name

    def look(self, wanted: Wanted) -> Found:
        raise self.error


@pytest.mark.parametrize("error", [NotKnownError("it knows nothing"), TransientError("it is away")])
def test_one_who_fails_costs_no_answer_of_the_others(error: Exception) -> None:
    told: list[str] = []
    desk = Desk([NOW // (MINUTE) * MINUTE - 5 * MINUTE])
    finder = Finder([desk, Failing(error)], CALENDAR, complain=lambda event, _why: told.append(event))
    answer = finder.find(request(count=1), NOW)

    assert len(answer.bars) == 1
    assert str(error) in answer.problems[0]
    assert told == ([] if isinstance(error, NotKnownError) else ["broker_does_not_answer"])


def test_who_could_not_be_asked_is_not_told_where_another_knew_it_all() -> None:
    finder = Finder([Failing(TransientError("it is away"), "archive"), Broker()], CALENDAR)

    assert finder.find(request(count=400), NOW).problems == []
    assert finder.find(request(count=400), NOW).sources == ["broker"]


def test_a_store_that_is_full_costs_no_answer() -> None:
    class Full:
        def add(self, *_: object) -> None:
            raise HistoryStoreError("no space left")

    told: list[str] = []
    finder = Finder([Broker()], CALENDAR, keeper=Full(), complain=lambda _event, why: told.append(why))

    assert len(finder.find(request(count=400), NOW).bars) == 400
    assert told
    assert set(told) == {"no space left"}


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (request("7m", count=1), "no bars of '7m'"),
        (request(), "asks for no beginning and no number"),
        (HistoryRequest("q", "t", "XXX:A", "1m", NOW, NOW, count=1), "unknown exchange"),
    ],
)
def test_a_question_that_makes_no_sense_is_told_so(asked: HistoryRequest, why: str) -> None:
    answer = Finder([Broker()], CALENDAR).find(asked, NOW)
    assert answer.bars == []
    assert why in answer.problems[0]
