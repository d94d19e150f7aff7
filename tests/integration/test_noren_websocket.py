"""The unmodified broker library's WebSocket against the simulator, in fair weather and foul."""

import gc
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from NorenRestApiPy.NorenApi import FeedType

from tests.integration.noren_simulator import Client, Simulator, connected, running, trading, wait_until

pytestmark = [
    pytest.mark.integration,
    # The library leaves the socket of a lost connection to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

INDEX = "NSE|26000"


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with trading(tmp_path_factory.mktemp("simulator")) as found:
        yield found
    # Here, where it is expected, rather than in somebody else's test.
    gc.collect()


@pytest.fixture
def client(simulator: Simulator) -> Iterator[Client]:
    with connected(simulator) as found:
        yield found


@pytest.fixture
def option(client: Client) -> str:
    """The token of a liquid call: at the money, nearest expiry."""
    centre = float(client.api.get_quotes("NSE", "26000")["lp"])
    nearest = client.api.searchscrip("NFO", "NIFTY 01DEC CE")["values"][0]["tsym"]
    chain = client.api.get_option_chain("NFO", nearest, centre, 1)
    return str(next(row["token"] for row in chain["values"] if row["optt"] == "CE"))


def test_a_subscription_is_acknowledged_and_then_updated(client: Client, option: str) -> None:
    client.api.subscribe([INDEX, f"NFO|{option}"])
    wait_until(lambda: len(client.of("tf", option)) > 20 and len(client.of("tf", "26000")) > 20, "updates")

    (ack,) = client.of("tk", option)
    assert ack["ts"].startswith("NIFTY01DEC26C")
    assert {"lp", "bp1", "sp1", "c", "v", "oi"} <= ack.keys()
    assert client.frames.index(ack) < client.frames.index(client.of("tf", option)[0])
    seconds = [int(frame["ft"]) for frame in client.of("tf", option) if "ft" in frame]
    assert all(earlier <= later for earlier, later in pairwise(seconds))
    assert not client.errors


def test_depth_is_acknowledged_and_updated_with_five_levels(client: Client, option: str) -> None:
    client.api.subscribe(f"NFO|{option}", feed_type=FeedType.SNAPQUOTE)
    wait_until(lambda: len(client.of("df", option)) > 5, "depth updates")

    assert {"bp5", "sp5", "bo5", "so5", "tbq", "ltt"} <= client.of("dk", option)[0].keys()


def test_after_unsubscribing_the_updates_stop(simulator: Simulator, client: Client, option: str) -> None:
    client.api.subscribe([INDEX, f"NFO|{option}"])
    wait_until(lambda: client.of("tf", option), "updates")
    client.api.unsubscribe(f"NFO|{option}")
    wait_until(
        lambda: simulator.get("/admin/state")["sockets"][0]["subscriptions"] == ["t NSE|26000"], "it is gone"
    )

    seen, others = len(client.of("tf", option)), len(client.of("tf", "26000"))
    wait_until(lambda: len(client.of("tf", "26000")) > others + 20, "a second passes")
    assert len(client.of("tf", option)) <= seen + 1


def test_order_updates_can_be_subscribed_to(client: Client) -> None:
    client.api.subscribe_orders()
    client.api.subscribe(INDEX)

    wait_until(lambda: client.of("tk", "26000"), "the socket answers")
    assert not client.errors
    assert not client.orders


@pytest.mark.parametrize(
    "fault", [{"kind": "drop"}, {"kind": "drop", "code": 1001}, {"kind": "kick"}], ids=str
)
def test_after_a_cut_the_open_callback_comes_again_and_subscriptions_are_forgotten(
    simulator: Simulator, client: Client, fault: dict[str, object]
) -> None:
    client.api.subscribe(INDEX)
    wait_until(lambda: client.of("tk", "26000"), "the subscription")

    simulator.fault(**fault)  # type: ignore[arg-type]  # one of them is the kind
    wait_until(lambda: client.opened == 2, "it opens again")

    assert client.closed >= 1
    assert simulator.get("/admin/state")["sockets"][0]["subscriptions"] == []
    client.api.subscribe(INDEX)
    wait_until(lambda: len(client.of("tk", "26000")) == 2, "the second subscription")


def test_a_malformed_frame_is_an_error_and_the_socket_stays_open(
    simulator: Simulator, client: Client
) -> None:
    client.api.subscribe(INDEX)
    wait_until(lambda: client.of("tf", "26000"), "updates")

    simulator.fault("malformed")
    wait_until(lambda: client.errors, "an error")

    assert isinstance(client.errors[0], ValueError)
    seen = len(client.of("tf", "26000"))
    wait_until(lambda: len(client.of("tf", "26000")) > seen, "more updates")
    assert (client.opened, client.closed) == (1, 0)


def test_an_expired_session_is_refused_on_reconnecting(simulator: Simulator, client: Client) -> None:
    simulator.fault("expire_session")

    def refused() -> bool:
        return any(isinstance(error, dict) and error["s"] == "Not_Ok" for error in client.errors)

    wait_until(refused, "the refusal")
    assert client.opened == 1


def test_a_mute_socket_stays_open_and_silent(simulator: Simulator, client: Client) -> None:
    client.api.subscribe(INDEX)
    wait_until(lambda: client.of("tf", "26000"), "updates")

    simulator.fault("mute")
    wait_until(lambda: simulator.get("/admin/state")["sockets"][0]["muted"], "it is mute")
    seen = len(client.frames)
    market = simulator.get("/admin/state")["market_ns"]
    wait_until(
        lambda: simulator.get("/admin/state")["market_ns"] > market + 90 * 10**9, "a market minute passes"
    )

    assert len(client.frames) <= seen + 1
    assert (client.opened, client.closed, client.errors) == (1, 0, [])


def test_upgrades_can_be_refused_with_a_502(simulator: Simulator, client: Client) -> None:
    simulator.fault("ws_502", requests=2)
    simulator.fault("drop")

    wait_until(lambda: client.opened == 2, "it gets in at the third try")
    assert any("502" in str(error) for error in client.errors)


def test_above_the_cap_subscriptions_are_silently_dead(
    simulator: Simulator, client: Client, option: str
) -> None:
    simulator.fault("token_cap", limit=1)
    client.api.subscribe([INDEX, f"NFO|{option}"])
    wait_until(lambda: len(client.of("tf", "26000")) > 20, "index updates")

    assert not [frame for frame in client.frames if frame["tk"] == option]
    assert len(simulator.get("/admin/state")["sockets"][0]["subscriptions"]) == 2


def test_a_second_socket_kicks_the_first_unless_allowed(simulator: Simulator, client: Client) -> None:
    token = client.api._NorenApi__susertoken
    other = simulator.client()
    other.api.set_session("FA00001", "", token)
    simulator.fault("second_socket")
    other.connect()
    wait_until(lambda: other.opened, "the second opens")
    assert (client.opened, client.closed) == (1, 0)

    simulator.fault("second_socket", allow=False)
    simulator.fault("drop")
    # Each one that comes back kicks the other, for as long as both want in.
    wait_until(lambda: client.closed + other.closed > 3, "they fight")

    other.leave()


def test_the_day_ends_and_the_next_one_begins(tmp_path: Path) -> None:
    with running(tmp_path, speed=6000) as simulator, connected(simulator) as client:
        client.api.subscribe(INDEX)
        wait_until(lambda: sum("c" in frame for frame in client.frames) > 1, "the next day opens")

    closes = [frame["c"] for frame in client.frames if "c" in frame]
    seconds = [int(frame["ft"]) for frame in client.frames if "ft" in frame]
    assert len(set(closes)) >= 2
    assert all(earlier <= later for earlier, later in pairwise(seconds))
    last_price = next(
        frame["lp"] for frame in reversed(client.frames[: _first_of_day_two(client)]) if "lp" in frame
    )
    assert closes[1] == last_price


def _first_of_day_two(client: Client) -> int:
    closes = [place for place, frame in enumerate(client.frames) if "c" in frame]
    return closes[1]
