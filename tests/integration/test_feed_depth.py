"""Five levels of each book and the day's limits, with the unmodified library against the simulator, over `kill -9`."""

from collections.abc import Iterator

import pytest

from sauda.clock import NS_PER_S
from sauda.codec import decode, encode
from sauda.contracts import BookLevel, Depth, Instrument, Tick, Unsubscribe
from sauda.log import Output
from sauda.money import to_paise
from sauda_simulator.market.underlying import QUARTERS
from sauda_simulator.wire import depth
from tests.integration.fed_desk import NIFTY, Gate, fed, pause
from tests.integration.feed_gate import random_run
from tests.integration.noren_simulator import wait_until

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with fed(tmp_path_factory.mktemp("depth")) as gate:
        gate.feed.environ["SAUDA_FEED_DEPTH"] = "true"
        gate.open()
        yield gate


@pytest.fixture
def gate(opened: Gate) -> Iterator[Gate]:
    opened.begin()
    yield opened
    opened.fault("clear")


def books(gate: Gate) -> list[Tick]:
    return [one for one in gate.said() if isinstance(one, Tick) and one.instrument.startswith("NFO:")]


def shown(gate: Gate, tick: Tick) -> list[Depth]:
    """Return the books that the market had within the tick's second, computed without the feed."""
    day = gate.truth.day(tick.event_ns)
    exchange, symbol = tick.instrument.split(":")
    pricer = day.pricer(day.by_symbol[exchange, symbol])
    last = day.quarter_at(tick.event_ns + NS_PER_S - 1) or 0
    found = []
    for moment in range(max(0, last - QUARTERS + 1), last + 1):
        quote = pricer.quote(moment)
        assert quote is not None
        bids, asks = pricer.levels(quote, moment)
        sides = [tuple(BookLevel(one.price, one.qty, one.orders) for one in side) for side in (bids, asks)]
        found.append(Depth(*sides))
    return found


def definitions(gate: Gate) -> dict[str, list[Instrument]]:
    """Return how each contract was defined, one after the other."""
    found: dict[str, list[Instrument]] = {}
    for entry in gate.view.forwards("instruments"):
        one = decode(entry.data)
        if isinstance(one, Instrument):
            found.setdefault(one.instrument, []).append(one)
    return found


def test_each_tick_carries_a_book_that_the_market_had(gate: Gate) -> None:
    wait_until(lambda: len(books(gate)) > 150, "ticks come")
    ticks = books(gate)

    wrong = [tick for tick in ticks if tick.depth not in shown(gate, tick)]
    assert wrong == []
    assert {len(side) for tick in ticks if tick.depth for side in (tick.depth.bids, tick.depth.asks)} == {5}
    assert all(tick.depth and tick.depth.bids[0].price == tick.bid for tick in ticks)
    assert gate.verdict() == []


def test_books_are_asked_of_contracts_and_prices_of_indices(gate: Gate) -> None:
    [socket] = gate.simulator.get("/admin/state")["sockets"]
    asked = {
        (kind, key.partition("|")[0])
        for kind, _, key in (one.partition(" ") for one in socket["subscriptions"])
    }

    assert asked == {("d", "NFO"), ("t", "NSE")}


@pytest.mark.parametrize("fault", ["drop", "expire_session", "duplicate"])
def test_after_a_fault_books_are_whole_again(gate: Gate, fault: str) -> None:
    if fault == "duplicate":
        gate.fault(fault, frames=200)
    else:
        gate.costs_frames(fault, lambda: gate.fault(fault))
    gate.recovers(fault)
    wait_until(lambda: len(books(gate)) > 100, "ticks come")

    assert [tick for tick in books(gate) if tick.depth not in shown(gate, tick)] == []
    assert gate.verdict() == []


def test_a_desk_is_told_each_term_once_however_often_the_feed_is_killed(gate: Gate) -> None:
    options = gate.names - {NIFTY, "NSE:Nifty Bank"}
    for _ in range(3):
        gate.restart_feed()
        gate.recovers("kill -9")

    def all_told() -> bool:
        newest = {name: told[-1] for name, told in definitions(gate).items() if name in options}
        return all(one.freeze_qty and one.high_limit for one in newest.values())

    wait_until(all_told, "limits and freeze quantities are told")
    day = gate.truth.day(gate.now_ns())
    for name, told in definitions(gate).items():
        if name not in options:
            assert len(told) == 1, name
            continue
        exchange, symbol = name.split(":")
        values = depth(day, day.by_symbol[exchange, symbol], 100)
        assert len(set(told)) == len(told) <= 3, name
        assert (told[-1].low_limit, told[-1].high_limit) == (to_paise(values["lc"]), to_paise(values["uc"]))
        assert told[-1].freeze_qty == told[-1].lot_size * 27


def test_each_contract_is_asked_about_once(gate: Gate) -> None:
    def asked() -> int:
        return int(gate.simulator.get("/admin/state")["calls"].get("GetSecurityInfo", 0))

    gate.feed.kill()
    before, contracts = asked(), len(gate.names) - 2
    gate.feed.start()
    wait_until(lambda: asked() >= before + contracts, "all were asked about")
    gate.fault("drop")
    gate.recovers("all was subscribed anew")
    pause(1.0)

    assert asked() == before + contracts


@pytest.mark.slow
def test_faults_in_any_combination_leave_no_wrong_book(gate: Gate) -> None:
    random_run(gate, seed=3, seconds=12, tell=print)

    assert gate.verdict() == []
    assert [tick for tick in books(gate) if tick.depth] != []


def test_who_leaves_is_sent_no_book_any_more(gate: Gate) -> None:
    leaver = min(gate.names - {NIFTY, "NSE:Nifty Bank"})
    gate.view.append([Output("subscriptions", encode(Unsubscribe("gate", (leaver,), 0)))])

    def subscribed() -> int:
        return sum(len(one["subscriptions"]) for one in gate.simulator.get("/admin/state")["sockets"])

    wait_until(lambda: subscribed() == len(gate.names) - 1, "one book less is asked for")
    gate.names.remove(leaver)
