"""A desk gets the usual ports, others where those are taken, and the same again the next time."""

import socket
from collections.abc import Iterator

import pytest

from sauda.runtime.compose import Port, Service
from sauda.runtime.desk import DeskError
from sauda.runtime.ports import LOOPBACK, assign, choose, is_free


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as server:
        server.bind((LOOPBACK, choose([21_000])))
        server.listen()
        yield int(server.getsockname()[1])


@pytest.fixture
def free() -> int:
    """A port that nobody listens on."""
    return choose([20_000])


def redis(preferred: int) -> Service:
    return Service("redis", None, {}, (), (), (Port(preferred, 6379, "DESK_REDIS_PORT"),), (), 10)


def test_the_usual_port_is_taken_if_it_is_free(free: int) -> None:
    assert assign([redis(free)], {}, {}) == {"redis": free}


def test_a_taken_port_gives_way_to_a_free_one(taken: int) -> None:
    port = assign([redis(taken)], {}, {})["redis"]

    assert taken < port < taken + 300
    assert is_free(port)


def test_the_port_of_the_last_time_comes_first(free: int) -> None:
    assert assign([redis(6379)], {"redis": free}, {}) == {"redis": free}


def test_a_port_that_was_asked_for_comes_before_that(free: int) -> None:
    assert assign([redis(6379)], {"redis": 6380}, {"DESK_REDIS_PORT": str(free)}) == {"redis": free}


def test_a_running_service_keeps_the_port_it_listens_on(taken: int) -> None:
    assert assign([redis(6379)], {"redis": taken}, {}, ours=["redis"]) == {"redis": taken}


def test_without_any_free_port_the_range_is_named() -> None:
    with pytest.raises(DeskError, match="from 20001 to 20300"):
        choose([20_000], range(20_000, 20_400))


def test_no_port_is_given_twice(free: int) -> None:
    second = Service("simulator", "sauda_simulator", {}, (), (), (Port(free, 9200, None),), (), 10)

    ports = assign([redis(free), second], {}, {})

    assert len(set(ports.values())) == 2


def test_a_service_without_ports_gets_none() -> None:
    assert assign([Service("pnl", "sauda_pnl", {}, (), (), (), (), 10)], {}, {}) == {}
