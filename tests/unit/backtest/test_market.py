"""The market of a backtest hands a strategy, message by message, what the feed would have published from the same file."""

from collections.abc import Sequence
from operator import itemgetter
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sauda.backtest.data import MarketData
from sauda.backtest.desk import Desk
from sauda.backtest.market import Market
from sauda.backtest.told import Told
from sauda.clock import NS_PER_S
from sauda.contracts import Message, Subscribe, Tick, Unsubscribe
from sauda.recordings.timeline import Recording
from sauda.state import State
from sauda.subscriptions import Subscriptions
from sauda.unit import Unit
from sauda_feed.pace import Unpaced
from sauda_feed.recording import RecordingSource
from sauda_feed.source import Resume
from tests.unit.backtest.made_up import CALENDAR, written
from tests.unit.feed.recordings import CALL, PUT, row

SYMBOLS = ("Nifty 50", CALL, PUT)
HEARD = 60
"""Messages after which nobody listens any more: a day has 22,500 beats."""


class Ear:
    """Subscribes and unsubscribes as planned, and notes what it hears."""

    def __init__(self, wishes: dict[int, tuple[str, ...]]) -> None:
        self.state = State()
        self.heard: list[Message] = []
        self._wishes = wishes

    def handle(self, message: Message) -> Sequence[Message]:
        self.heard.append(message)
        wanted = self._wishes.get(len(self.heard))
        if wanted is None:
            return ()
        names = tuple(f"NFO:{one}" for one in wanted)
        rest = tuple(f"NFO:{one}" for one in (CALL, PUT) if one not in wanted)
        return [Subscribe("ear", names, 0), Unsubscribe("ear", rest, 0)]

    def restored(self) -> None:
        """It has no state."""


def from_the_feed(path: Path, ear: Ear) -> list[Message]:
    """Let *ear* hear what a recording played by the feed publishes, an instant at a time."""
    source = RecordingSource(Recording(path, frozenset({"NIFTY"}), CALENDAR), Unpaced())
    source.start(Resume(row=0, market_ns=None, wanted=frozenset()))
    wishes = Subscriptions()
    source.poll(1, 0)
    while len(ear.heard) < HEARD:
        for message in source.poll(1, 0).messages:
            for wish in ear.handle(message):
                assert isinstance(wish, Subscribe | Unsubscribe)
                wishes.apply(wish)
        source.subscribe(wishes.wanted)
    return ear.heard[:HEARD]


def from_the_market(path: Path, ear: Ear) -> list[Message]:
    data = MarketData([path], CALENDAR)
    market = Market(data.instruments, data.close_ns, lambda _request, _now_ns: (), every_second=True)
    desk = Desk([Unit("strategy.ear", ("ticks",), lambda: ear)], Told(market.ask).take)
    market.play(data.ticks(), desk, lambda _at_ns, _ticks: None)
    return ear.heard[:HEARD]


moments = st.integers(0, 40).map(lambda quarters: quarters / 4)
some_rows = st.lists(st.tuples(moments, st.sampled_from(SYMBOLS)), min_size=1, max_size=40)
some_wishes = st.dictionaries(st.integers(1, 40), st.sets(st.sampled_from((CALL, PUT))).map(sorted).map(tuple), max_size=4)  # fmt: skip


@given(some_rows, some_wishes)
@example([(0.25, "Nifty 50"), (0.5, CALL)], {3: (CALL,)})  # its first price comes before the next second
@example([(1.0, "Nifty 50"), (1.0, CALL)], {3: (CALL,)})  # and behind the instant at which it was asked for
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_says_what_the_feed_says(
    tmp_path: Path, some: list[tuple[float, str]], wishes: dict[int, tuple[str, ...]]
) -> None:
    some = sorted([(0.0, CALL), (0.0, PUT), (0.0, "Nifty 50"), *some], key=itemgetter(0))
    rows = [row(second, symbol, ltp=100 + number) for number, (second, symbol) in enumerate(some)]
    path = written(tmp_path / "recording.parquet", [dict(one) for one in rows])

    assert from_the_market(path, Ear(wishes)) == from_the_feed(path, Ear(wishes))


def test_yesterdays_price_is_none(tmp_path: Path) -> None:
    late, monday = 6 * 3600 + 14 * 60 + 50, 3 * 86_400
    rows = [row(late, "Nifty 50", ltp=100), row(late, CALL, ltp=50), row(monday, "Nifty 50", ltp=101)]
    rows.append(row(monday + 5, CALL, ltp=20))
    path = written(tmp_path / "recording.parquet", [dict(one) for one in rows])
    wishes: dict[int, tuple[str, ...]] = {15: (CALL,)}

    heard = from_the_market(path, Ear(wishes))

    assert heard == from_the_feed(path, Ear(wishes))
    first = next(at for at, one in enumerate(heard) if isinstance(one, Tick) and one.ltp == 101_00)
    assert first < 14  # What is asked for on Monday morning,
    called = [one for one in heard if isinstance(one, Tick) and one.instrument == f"NFO:{CALL}"]
    assert [(one.ltp, one.recv_ns) for one in called] == [
        (20_00, called[0].event_ns)
    ]  # begins with Monday's.


def test_the_clock_rests_between_the_days_and_goes_on_until_the_close(tmp_path: Path) -> None:
    rows = [row(day * 86_400 * 3 + 60, "Nifty 50", ltp=100) for day in (0, 1)]
    path = written(tmp_path / "recording.parquet", [dict(one) for one in rows])
    data = MarketData([path], CALENDAR)
    ear = Ear({})
    market = Market(data.instruments, data.close_ns, lambda _request, _now_ns: (), every_second=True)

    market.play(
        data.ticks(), Desk([Unit("strategy.ear", ("ticks",), lambda: ear)], Told().take), lambda *_: None
    )

    # A Friday and a Monday: each from its only tick, a minute after the opening, to 15:30.
    seconds = 6 * 3600 + 14 * 60
    assert len(ear.heard) == 2 * (1 + seconds + 1)
    assert [(last - first) // NS_PER_S for first, last in market.sessions] == [0, 0]
