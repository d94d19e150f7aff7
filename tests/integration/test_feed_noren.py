"""The feed on the unmodified broker library, against the simulator: whatever goes wrong, never a wrong price."""

import gc
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest

from sauda.calendar import load_calendar
from sauda.clock import NS_PER_S, SystemClock
from sauda.codec import decode, encode
from sauda.contracts import ClockTick, FeedGap, Instrument, InstrumentKind, Message, Subscribe, Tick
from sauda.log import Output
from sauda.redis_log import RedisLog
from sauda.redis_view import RedisView
from sauda.settings import Settings
from sauda_feed.desk import Desk
from sauda_feed.feed import Feed
from sauda_feed.market_clock import MarketClock
from sauda_feed.noren import NorenSource
from sauda_feed.noren_login import account_from
from sauda_feed.noren_masters import Masters
from sauda_feed.noren_session import NorenSession
from sauda_feed.source import time_of
from sauda_simulator.market.day import MarketDay, trading_day
from tests.integration.noren_simulator import (
    API_SECRET,
    CONFIG,
    PASSWORD,
    SEED,
    TOTP_SECRET,
    USER,
    VENDOR,
    Simulator,
    running,
    wait_until,
)

pytestmark = [
    pytest.mark.integration,
    # The library leaves the socket of a lost connection to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
CALENDAR = load_calendar(CONFIG / "market")
NIFTY = "NSE:Nifty 50"


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with running(tmp_path_factory.mktemp("simulator")) as found:
        yield found
    gc.collect()


@pytest.fixture(autouse=True)
def fair_weather(simulator: Simulator) -> Iterator[None]:
    yield
    simulator.fault("clear")


class LiveFeed:
    """A feed in a thread, and everything that it said."""

    def __init__(self, simulator: Simulator, url: str, desk: str, **changed: Any) -> None:
        self.log = RedisView(url, desk)
        self.events: list[tuple[str, dict[str, object]]] = []
        right: dict[str, Any] = {
            "noren_user": USER,
            "noren_password": PASSWORD,
            "noren_totp_secret": TOTP_SECRET,
            "noren_vendor_code": VENDOR,
            "noren_api_secret": API_SECRET,
            "sim_port": simulator.port,
        }
        self._account = account_from(Settings(**{**right, **changed}))
        self.feed = Feed([Desk(RedisLog(url, desk), "test", 1500)], self._source, on_event=self._tell)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.feed.run, args=(self._stop,))

    def _source(self) -> NorenSource:
        clock = MarketClock(SystemClock())
        masters = Masters(self._account.masters, ["NIFTY", "BANKNIFTY"])
        return NorenSource(
            lambda inbox: NorenSession(
                self._account,
                masters=masters,
                clock=clock,
                hours=CALENDAR,
                inbox=inbox,
                on_event=self._tell,
                silence_s=1.0,
            ),
            clock,
        )

    def _tell(self, event: str, facts: dict[str, object]) -> None:
        self.events.append((event, facts))

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(10)
        assert not self._thread.is_alive()

    def said(self, since: int = 0) -> list[Message]:
        return [decode(entry.data) for entry in self.log.entries("ticks")[since:]]

    def told(self, event: str) -> list[dict[str, object]]:
        return [facts for name, facts in self.events if name == event]

    def instruments(self) -> list[Instrument]:
        found = [decode(entry.data) for entry in self.log.entries("instruments")]
        return [one for one in found if isinstance(one, Instrument)]

    def subscribe(self, *names: str) -> None:
        self.log.append([Output("subscriptions", encode(Subscribe("test", names, 0)))])

    def wait_for_ticks(self, names: set[str], since: int = 0) -> None:
        def all_there() -> bool:
            return names <= {m.instrument for m in self.said(since) if isinstance(m, Tick)}

        wait_until(all_there, lambda: f"ticks of {names}; the log: {self.events}")


@contextmanager
def live(simulator: Simulator, url: str, desk: str, **changed: Any) -> Iterator[LiveFeed]:
    feed = LiveFeed(simulator, url, desk, **changed)
    feed.start()
    try:
        yield feed
    finally:
        feed.stop()


def near_the_money(feed: LiveFeed) -> set[str]:
    """Return the ten calls and puts of the nearest expiry whose strikes are nearest the index."""
    feed.wait_for_ticks({NIFTY})
    spot = next(m.ltp for m in feed.said() if isinstance(m, Tick) and m.instrument == NIFTY)
    options = [i for i in feed.instruments() if i.underlying == "NIFTY" and i.kind is InstrumentKind.OPTION]
    expiry = min(option.expiry or "" for option in options)
    near = sorted(
        (option for option in options if option.expiry == expiry),
        key=lambda one: abs((one.strike or 0) - spot),
    )
    return {option.instrument for option in near[:10]}


class Truth:
    """The simulator's market, computed again without the simulator."""

    def __init__(self) -> None:
        self._day = MarketDay(
            SEED, trading_day(CALENDAR, date(2026, 11, 30)), ("NIFTY", "BANKNIFTY"), CALENDAR
        )

    def was_quoted(self, tick: Tick, window_s: int) -> bool:
        """Whether price, bid and ask were each in the market within *window_s* before the tick's second ended."""
        exchange, symbol = tick.instrument.split(":")
        pricer = self._day.pricer(self._day.by_symbol[exchange, symbol])
        last = self._day.quarter_at(tick.event_ns + NS_PER_S)
        if last is None:
            return False
        moments = range(max(0, last - 4 * (window_s + 1)), last + 1)
        quotes = [quote for quote in map(pricer.quote, moments) if quote is not None]
        return (
            tick.ltp in {pricer.trade(moment).ltp for moment in moments}
            and (tick.bid is None or tick.bid in {quote.bid for quote in quotes})
            and (tick.ask is None or tick.ask in {quote.ask for quote in quotes})
        )


@pytest.fixture(scope="module")
def truth() -> Truth:
    return Truth()


def require_truth(truth: Truth, messages: list[Message], window_s: int) -> None:
    ticks = [m for m in messages if isinstance(m, Tick)]
    wrong = [tick for tick in ticks[:: max(1, len(ticks) // 300)] if not truth.was_quoted(tick, window_s)]
    assert not wrong, wrong[:3]
    times = [time_of(m) for m in messages if isinstance(m, Tick | ClockTick | FeedGap)]
    assert times == sorted(times)


def test_a_desk_gets_definitions_and_the_simulators_own_prices(
    simulator: Simulator, own_redis: Any, desk: str, truth: Truth
) -> None:
    with live(simulator, own_redis.url, desk) as feed:
        names = near_the_money(feed)
        feed.subscribe(*names)
        feed.wait_for_ticks(names)
        wait_until(lambda: feed.log.length("ticks") > 600, "600 messages")

    defined = feed.instruments()
    assert {(i.underlying, i.lot_size) for i in defined if i.kind is InstrumentKind.OPTION} == {
        ("NIFTY", 65),
        ("BANKNIFTY", 30),
    }
    assert {m.instrument for m in feed.said() if isinstance(m, Tick)} == {*names, NIFTY, "NSE:Nifty Bank"}
    require_truth(truth, feed.said(), window_s=0)
    assert sum(isinstance(m, ClockTick) for m in feed.said()) > 60
    assert [m.reason for m in feed.said() if isinstance(m, FeedGap)] == []


@pytest.mark.parametrize(
    ("fault", "gap"),
    [
        ({"kind": "drop"}, "the connection was lost"),
        ({"kind": "kick"}, "the connection was lost"),
        ({"kind": "mute"}, "nothing was heard"),
        ({"kind": "expire_session"}, "the connection was lost"),
        ({"kind": "malformed"}, None),
        ({"kind": "malformed", "text": '{"t":"tf","e":"NSE","tk":"26000","lp":"garbage"}'}, None),
        ({"kind": "malformed", "text": "[1,2,3]"}, None),
        ({"kind": "duplicate", "frames": 200}, None),
        ({"kind": "out_of_order", "frames": 200}, None),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
def test_a_fault_ends_in_a_gap_or_in_nothing(  # noqa: PLR0917  (fixtures)
    simulator: Simulator, own_redis: Any, desk: str, truth: Truth, fault: dict[str, Any], gap: str | None
) -> None:
    with live(simulator, own_redis.url, desk) as feed:
        names = near_the_money(feed)
        feed.subscribe(*names)
        feed.wait_for_ticks(names)
        before = feed.log.length("ticks")
        simulator.fault(**fault)
        if gap:
            wait_until(lambda: any(isinstance(m, FeedGap) for m in feed.said(before)), "the gap is told")
            before = len(feed.said()) - 1
        feed.wait_for_ticks({*names, NIFTY}, since=before)

    gaps = [m.reason for m in feed.said() if isinstance(m, FeedGap)]
    assert len(gaps) == (1 if gap else 0)
    assert all(gap in reason for reason in gaps if gap)
    # Frames that overtook one another leave the older part of a quote in place until the late one is there.
    require_truth(truth, feed.said(), window_s=60 if fault["kind"] == "out_of_order" else 0)


def test_a_contract_without_a_price_is_silent_and_the_others_go_on(
    simulator: Simulator, own_redis: Any, desk: str
) -> None:
    with live(simulator, own_redis.url, desk) as feed:
        silent, *others = sorted(near_the_money(feed))
        simulator.fault("missing_lp", instrument=silent)
        feed.subscribe(silent, *others)
        feed.wait_for_ticks(set(others))
        wait_until(lambda: feed.log.length("ticks") > 400, "400 messages")

        assert not [m for m in feed.said() if isinstance(m, Tick) and m.instrument == silent]
        simulator.fault("missing_lp", instrument=silent, on=False)
        feed.wait_for_ticks({silent})


@pytest.mark.parametrize(
    ("changed", "setting"),
    [
        ({"noren_password": "wrong-hush"}, "SAUDA_NOREN_PASSWORD"),
        ({"noren_totp_secret": "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU"}, "SAUDA_NOREN_TOTP_SECRET"),
        ({"noren_vendor_code": "WRONG"}, "SAUDA_NOREN_VENDOR_CODE"),
    ],
)
def test_a_refused_login_names_the_setting_and_is_tried_again_slowly(
    simulator: Simulator, own_redis: Any, desk: str, changed: dict[str, str], setting: str
) -> None:
    with live(simulator, own_redis.url, desk, **changed) as feed:
        wait_until(lambda: feed.told("login_refused"), "the refusal is told")
        assert not feed.feed.ready
        wait_until(lambda: feed.log.length("alerts") > 0, "an alert is raised")

    [refusal] = feed.told("login_refused")
    assert setting in str(refusal["why"])
    assert float(str(refusal["again_in_s"])) >= 5
    assert "hush" not in str(feed.events)
    assert feed.log.length("ticks") == 0


def test_a_502_page_is_waited_out(simulator: Simulator, own_redis: Any, desk: str) -> None:
    simulator.fault("http_502", requests=2)

    with live(simulator, own_redis.url, desk) as feed:
        feed.wait_for_ticks({NIFTY})

    assert ["502 page" in str(facts["why"]) for facts in feed.told("broker_not_ready")] == [True, True]


def test_a_feed_that_starts_again_tells_what_it_missed(
    simulator: Simulator, own_redis: Any, desk: str
) -> None:
    with live(simulator, own_redis.url, desk) as first:
        first.wait_for_ticks({NIFTY})
    before = first.log.length("ticks")
    with live(simulator, own_redis.url, desk) as second:
        second.wait_for_ticks({NIFTY}, since=before)

    [gap] = [m for m in second.said() if isinstance(m, FeedGap)]
    assert gap.reason == "the feed was not running"
    assert second.log.length("instruments") == len({i.instrument for i in second.instruments()})


def test_of_two_feeds_one_logs_in_and_the_other_waits(
    simulator: Simulator, own_redis: Any, desk: str
) -> None:
    logins = simulator.get("/admin/state")["logins"]

    with live(simulator, own_redis.url, desk) as first:
        first.wait_for_ticks({NIFTY})
        with live(simulator, own_redis.url, desk) as second:
            wait_until(lambda: second.feed.phase == "standby", "the second one waits")
            assert second.feed.ready
            assert simulator.get("/admin/state")["logins"] == logins + 1
            first.stop()
            before = second.log.length("ticks")
            second.wait_for_ticks({NIFTY}, since=before)
