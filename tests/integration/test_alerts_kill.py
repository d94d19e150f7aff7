"""What becomes of a delivery when its courier is killed, when two of them run, and when Redis goes away behind it."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import pytest
import redis

from sauda.clock import NS_PER_S, SystemClock
from sauda.codec import encode
from sauda.contracts import Alert, Level
from sauda.log import Output
from sauda.metrics.records import RECONNECTS
from sauda.redis_log import RedisLog
from sauda_alerts.courier import Courier
from sauda_alerts.destinations import Delivery, Handling, Policy
from sauda_alerts.rules import Rules
from tests.integration.alert_endpoints import Hook, a_hook
from tests.integration.alert_service import eventually
from tests.integration.courier_process import a_courier

Begin = Callable[[Hook], "subprocess.Popen[bytes]"]


class Server(Protocol):
    """What the fixtures of a server give."""

    @property
    def url(self) -> str: ...

    def kill(self) -> None: ...

    def start(self) -> None: ...


def cry(log: RedisLog, text: str, code: str = "MADE_UP") -> None:
    log.append([Output("alerts", encode(Alert("test", Level.CRITICAL, code, text, 0)))])


@contextmanager
def at_work(*couriers: Courier) -> Iterator[None]:
    stop = threading.Event()
    threads = [threading.Thread(target=one.run, args=(stop,), daemon=True) for one in couriers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(10)


@pytest.fixture
def a_process(any_redis: Server, desk: str) -> Iterator[Callable[[Hook], "subprocess.Popen[bytes]"]]:
    """Begin a courier in a process of its own; none outlives the test."""
    begun = []

    def begin(hook: Hook) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.integration.courier_process", any_redis.url, desk, hook.url]
        begun.append(subprocess.Popen(command))
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()
        process.wait(10)


def test_killed_between_delivery_and_commit_it_is_delivered_once_more_and_never_again(
    any_redis: Server, desk: str, a_process: Begin
) -> None:
    log = RedisLog(any_redis.url, desk)
    with a_hook() as hook:
        first = a_process(hook)
        hook.before = lambda: first.send_signal(signal.SIGKILL) if len(hook.took) == 1 else None
        cry(log, "the only one")
        assert first.wait(30) == -signal.SIGKILL
        assert len(hook.took) == 1

        second = a_process(hook)
        eventually(lambda: len(hook.took) == 2)
        cry(log, "the last one")
        eventually(lambda: "the last one" in hook.text)
        second.terminate()
        assert second.wait(30) == 0

        assert hook.text.count("the only one") == 2
        assert hook.text.count("the last one") == 1
        with at_work(a_courier(any_redis.url, desk, hook.url)):
            cry(log, "a third")
            eventually(lambda: "a third" in hook.text)
        assert hook.asked == 4
    log.close()


def is_settled(server: Server, desk: str) -> bool:
    with redis.Redis.from_url(server.url) as client:
        (group,) = client.xinfo_groups(f"{{{desk}}}:alerts")
    return bool(group["pending"] == 0 and group["lag"] == 0)


def test_of_two_replicas_one_delivers_and_the_other_takes_over(
    any_redis: Server, desk: str, a_process: Begin
) -> None:
    log = RedisLog(any_redis.url, desk)
    with a_hook() as hook:
        here = a_courier(any_redis.url, desk, hook.url)
        there = a_process(hook)
        eventually(lambda: log.left_ms("alerts.to.hook") > 0)
        with at_work(here):
            eventually(lambda: here.phase == "standby")
            for number in range(5):
                cry(log, f"number-{number}")
            eventually(lambda: "number-4" in hook.text)
            # Settled, too: what is being committed at a kill comes twice.
            eventually(lambda: is_settled(any_redis, desk))
            there.kill()
            there.wait(10)
            eventually(lambda: here.phase == "holding")
            cry(log, "to the other")
            eventually(lambda: "to the other" in hook.text)

        assert [hook.text.count(f"number-{number}") for number in range(5)] == [1] * 5
        assert hook.text.count("to the other") == 1
    log.close()


def test_redis_that_dies_behind_a_delivery_makes_nobody_hear_it_twice(own_redis: Server, desk: str) -> None:
    log = RedisLog(own_redis.url, desk)
    events: list[str] = []
    with a_hook() as hook:
        courier = a_courier(
            own_redis.url,
            desk,
            hook.url,
            on_event=lambda event, _: events.append(event),
        )
        hook.before = lambda: own_redis.kill() if len(hook.took) == 1 else None
        with at_work(courier):
            eventually(lambda: courier.phase == "holding")
            cry(log, "behind which Redis dies")
            eventually(lambda: courier.phase == "away")
            own_redis.start()
            eventually(lambda: courier.phase == "holding")
            cry(log, "afterwards")
            eventually(lambda: "afterwards" in hook.text)

        assert hook.text.count("behind which Redis dies") == 1
        assert hook.text.count("afterwards") == 1
    assert [event for event in events if event in RECONNECTS] == ["redis_back"]
    log.close()


def test_a_trouble_that_comes_back_and_lasts_is_called_when_its_debounce_has_passed_whoever_delivers_then(
    any_redis: Server, desk: str
) -> None:
    log, taken_ns, debounce_s = RedisLog(any_redis.url, desk), list[int](), 2
    handling = Handling(rules=Rules(), delivery=Delivery(debounce_s=debounce_s), policy=Policy())
    with a_hook() as hook:
        hook.before = lambda: taken_ns.append(SystemClock().now_ns())
        with at_work(a_courier(any_redis.url, desk, hook.url, handling=handling)):
            # It takes the first one slowly: the debounce is that between two messages as they are received.
            hook.answers.clear()
            cry(log, "the line is down")
            eventually(lambda: hook.asked == 1)
            SystemClock().sleep(1)
            hook.answers.set()
            eventually(lambda: len(hook.took) == 1)
            cry(log, "over after 0.1 minutes: the line is down", "MADE_UP_OVER")
            cry(log, "the line is down")
            eventually(lambda: len(hook.took) == 2 and is_settled(any_redis, desk))
        with at_work(a_courier(any_redis.url, desk, hook.url, handling=handling)):
            eventually(lambda: len(hook.took) == 3)

    codes = [one["title"].split()[-1] for one in hook.took]
    assert codes == ["MADE_UP", "MADE_UP_OVER", "MADE_UP"]
    assert taken_ns[2] - taken_ns[0] >= debounce_s * NS_PER_S
    log.close()
