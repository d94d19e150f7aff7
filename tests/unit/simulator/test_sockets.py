"""What a client is told over the WebSocket: everything once, then only what changed."""

import asyncio
import json
from dataclasses import dataclass, field

import pytest

from sauda.errors import ConfigError
from sauda_simulator.fault_kinds import parse_fault
from sauda_simulator.faults import Faults
from sauda_simulator.market.day import MarketDay
from sauda_simulator.publisher import round_s
from sauda_simulator.sockets import Connection

INDEX_KEYS = {"t", "e", "tk", "ts", "pp", "ls", "ti", "c", "lp", "pc", "o", "h", "l", "ft"}
QUOTE_KEYS = {"ml", "poi", "toi", "ap", "v", "oi", "bp1", "sp1", "bq1", "sq1"}


@dataclass
class Wire:
    """Catches what is sent."""

    frames: list[dict[str, str]] = field(default_factory=list)

    async def send_str(self, data: str) -> None:
        self.frames.append(json.loads(data))

    async def close(self, *, code: int = 1000, message: bytes = b"") -> bool:
        return True


@dataclass
class Market:
    """A market whose clock is turned by hand."""

    today: MarketDay
    now: int | None = 400

    def moment(self, late_ms: int = 0) -> tuple[MarketDay, int | None]:
        return self.today, self.now


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def market(market_day: MarketDay) -> Market:
    return Market(market_day)


@pytest.fixture
def connection(wire: Wire, market: Market, faults: Faults) -> Connection:
    return Connection(wire, market, faults)


@pytest.fixture
def option(market_day: MarketDay) -> str:
    """A liquid option, looked at every round."""
    return next(c.key for c in market_day.contracts if c.strike and market_day.pricer(c).gap == 1)


def subscribe(connection: Connection, key: str, *, deep: bool = False) -> dict[str, str] | None:
    wanted = connection.subscribe(key, deep=deep)
    frame = connection.acknowledgement(wanted) if wanted else None
    return json.loads(frame) if frame else None


def run_rounds(connection: Connection, market: Market, quarters: range) -> None:
    for quarter in quarters:
        market.now = quarter
        asyncio.run(connection.tell())


def test_a_subscription_is_acknowledged_with_everything(connection: Connection, option: str) -> None:
    ack = subscribe(connection, option)

    assert ack is not None
    assert all(isinstance(value, str) for value in ack.values())
    assert set(ack) == INDEX_KEYS | QUOTE_KEYS
    assert ack["t"] == "tk"


def test_an_index_has_neither_quotes_nor_volume(connection: Connection) -> None:
    ack = subscribe(connection, "NSE|26000")

    assert ack is not None
    assert set(ack) == INDEX_KEYS
    assert ack["ts"] == "Nifty 50"


def test_depth_shows_five_levels_best_first(connection: Connection, option: str) -> None:
    ack = subscribe(connection, option, deep=True)

    assert ack is not None
    assert ack["t"] == "dk"
    asks = [float(ack[f"sp{level}"]) for level in range(1, 6)]
    bids = [float(ack[f"bp{level}"]) for level in range(1, 6)]
    assert asks == sorted(asks)
    assert bids == sorted(bids, reverse=True)
    assert bids[0] < asks[0]
    assert {"so5", "bo5", "ltq", "ltt", "tbq", "tsq", "uc", "lc", "52h", "52l"} <= set(ack)


def test_levels_that_are_gone_are_told_as_zeros(connection: Connection, market: Market) -> None:
    """A client that is told only changes would show a level for ever that merely is not mentioned."""
    day = market.today
    market.now = last = day.hours.seconds * 4 - 8
    cheap = next(
        one for one in day.contracts if (quote := day.pricer(one).quote(last)) and quote.bid == one.tick_size
    )
    ack = subscribe(connection, cheap.key, deep=True)

    assert ack is not None
    assert [ack[f"bp{level}"] for level in range(1, 6)] == ["0.05", "0.00", "0.00", "0.00", "0.00"]
    assert [ack[f"b{what}5"] for what in "qo"] == ["0", "0"]


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({"kind": "slow_span", "ms": 700}, {"slow_span": 700}),
        ({"kind": "failing_span", "requests": 3, "text": "{}"}, {"failing_span": 3}),
    ],
)
def test_faults_of_span_calc_last_until_they_are_cleared(
    faults: Faults, asked: dict[str, object], shown: dict[str, int]
) -> None:
    faults.set(parse_fault(asked))
    assert faults.shown().items() >= shown.items()

    faults.set(parse_fault({"kind": "clear"}))
    assert {faults.shown()[name] for name in shown} == {0}


def test_before_the_open_there_is_a_previous_close_and_no_last_price(
    connection: Connection, market: Market, option: str
) -> None:
    market.now = None
    ack = subscribe(connection, option)

    assert ack is not None
    assert "c" in ack
    assert "lp" not in ack


@pytest.mark.parametrize("deep", [False, True])
def test_updates_carry_changed_keys_only_and_add_up_to_the_snapshot(
    connection: Connection, market: Market, wire: Wire, option: str, deep: bool
) -> None:
    state = subscribe(connection, option, deep=deep) or {}
    run_rounds(connection, market, range(401, 481))

    assert len(wire.frames) > 40
    for frame in wire.frames:
        assert frame.pop("t") == ("df" if deep else "tf")
        assert (frame.pop("e"), frame.pop("tk")) == (state["e"], state["tk"])
        assert frame
        assert all(state.get(key) != value for key, value in frame.items())
        assert "ts" not in frame
        state.update(frame)
    assert state | {"ft": ""} == (subscribe(connection, option, deep=deep) or {}) | {"ft": ""}


def test_nothing_new_is_not_worth_a_frame(connection: Connection, market: Market, wire: Wire) -> None:
    subscribe(connection, "NSE|26000")
    run_rounds(connection, market, range(401, 404))

    assert wire.frames == []


def test_unknown_tokens_are_passed_over_in_silence(
    connection: Connection, market: Market, wire: Wire
) -> None:
    assert subscribe(connection, "NFO|1") is None
    run_rounds(connection, market, range(401, 405))

    assert wire.frames == []


def test_after_unsubscribing_nothing_more_is_told(
    connection: Connection, market: Market, wire: Wire, option: str
) -> None:
    subscribe(connection, option)
    connection.unsubscribe(option, deep=False)
    run_rounds(connection, market, range(401, 420))

    assert wire.frames == []


def test_a_muted_socket_says_nothing(connection: Connection, market: Market, wire: Wire, option: str) -> None:
    subscribe(connection, option)
    connection.muted = True
    run_rounds(connection, market, range(401, 420))

    assert wire.frames == []


def test_above_the_silent_cap_nothing_is_delivered(
    connection: Connection, market: Market, wire: Wire, faults: Faults, option: str
) -> None:
    faults.set(parse_fault({"kind": "token_cap", "limit": 1}))

    assert subscribe(connection, "NSE|26000") is not None
    assert subscribe(connection, option) is None
    run_rounds(connection, market, range(401, 420))
    assert {frame["tk"] for frame in wire.frames} == {"26000"}


def test_lp_can_be_missing(
    connection: Connection, market: Market, wire: Wire, faults: Faults, option: str
) -> None:
    faults.set(parse_fault({"kind": "missing_lp", "instrument": option}))
    ack = subscribe(connection, option)
    run_rounds(connection, market, range(401, 420))

    assert ack is not None
    assert "bp1" in ack
    assert wire.frames
    assert not any("lp" in frame for frame in [ack, *wire.frames])


def test_updates_can_come_twice(
    connection: Connection, market: Market, wire: Wire, faults: Faults, option: str
) -> None:
    faults.set(parse_fault({"kind": "duplicate", "frames": 2}))
    subscribe(connection, option)
    run_rounds(connection, market, range(404, 440, 4))

    assert wire.frames[0] == wire.frames[1]
    assert wire.frames[2] == wire.frames[3]
    assert wire.frames[4] != wire.frames[5]


def test_updates_can_come_in_the_wrong_order(
    connection: Connection, market: Market, wire: Wire, faults: Faults, option: str
) -> None:
    faults.set(parse_fault({"kind": "out_of_order", "frames": 1}))
    subscribe(connection, option)
    run_rounds(connection, market, range(404, 440, 4))

    times = [int(frame["ft"]) for frame in wire.frames if "ft" in frame]
    assert times[0] > times[1]
    assert times[1:] == sorted(times[1:])


def test_what_waited_for_a_slow_client_is_fresh(
    market: Market, faults: Faults, market_day: MarketDay
) -> None:
    """A client that takes one frame a minute gets the state of that minute, not a queue of old ones."""

    class Slow(Wire):
        async def send_str(self, data: str) -> None:
            await super().send_str(data)
            market.now = (market.now or 0) + 240

    wire = Slow()
    connection = Connection(wire, market, faults)
    liquid = [c.key for c in market_day.contracts if c.strike and market_day.pricer(c).gap == 1][:3]
    for key in liquid:
        subscribe(connection, key)
    run_rounds(connection, market, range(410, 411))

    opens_s = market_day.hours.open_ns // 10**9
    assert [int(frame["ft"]) - opens_s for frame in wire.frames] == [102, 162, 222]


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"kind": "explode"}, "unknown fault 'explode'"),
        ({"kind": "http_502", "request": 3}, "request: http_502 has no such parameter"),
        ({"kind": "http_502", "requests": -1}, "requests: "),
        ({"kind": "token_cap"}, "limit: Field required"),
        ({}, "kind"),
        ([], "fault: "),
    ],
)
def test_a_fault_that_is_not_understood_is_named(asked: object, text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        parse_fault(asked)


def test_counted_faults_wear_off_and_clear_takes_all_back(faults: Faults) -> None:
    faults.set(parse_fault({"kind": "http_502", "requests": 2}))
    assert [faults.take("http_502") for _ in range(3)] == [True, True, False]

    untouched = faults.shown()
    for asked in (
        {"kind": "latency", "rest_ms": 5, "ws_ms": 6},
        {"kind": "second_socket"},
        {"kind": "missing_lp", "instrument": "NFO|1"},
    ):
        faults.set(parse_fault(asked))
    assert faults.shown() != untouched
    faults.set(parse_fault({"kind": "clear"}))
    assert faults.shown() == untouched


@pytest.mark.parametrize(
    ("speed", "seconds"), [(0.5, 0.25), (1, 0.25), (2, 0.125), (60, 0.05), (10_000, 0.05)]
)
def test_updates_are_bounded_in_wall_time_at_any_speed(speed: float, seconds: float) -> None:
    assert round_s(speed) == seconds
