"""A session that ends of something nobody expected takes the feed with it, and leaves the library's logger as it was."""

import logging
import time
from collections.abc import Callable

import pytest

from sauda.clock import SystemClock, UnixNs
from sauda.errors import ConfigError, InvariantError
from sauda.testing.builders import an_index
from sauda_feed.inbox import Inbox
from sauda_feed.market_clock import MarketClock
from sauda_feed.noren import NorenSource
from sauda_feed.noren_login import LIBRARY_LOGGER, Account, ReplyTap
from sauda_feed.noren_masters import Masters
from sauda_feed.noren_session import NorenSession
from sauda_feed.source import Resume

NOWHERE = "127.0.0.1:1"
ACCOUNT = Account(
    f"http://{NOWHERE}/",
    f"ws://{NOWHERE}/",
    f"http://{NOWHERE}/",
    "U",
    "p",
    "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    "v",
    "s",
    "i",
)


class NeverOpen:
    """A market without hours."""

    def is_open(self, exchange: str, instant_ns: UnixNs) -> bool:
        return False


def source(on_event: Callable[[str, dict[str, object]], None]) -> NorenSource:
    clock = MarketClock(SystemClock())
    return NorenSource(
        lambda inbox: NorenSession(
            ACCOUNT,
            masters=Masters(ACCOUNT.masters, ["NIFTY"]),
            clock=clock,
            hours=NeverOpen(),
            inbox=inbox,
            on_event=on_event,
        ),
        clock,
    )


def poll_until_it_raises(polled: NorenSource) -> None:
    for _ in range(500):
        polled.poll(10, 0.01)
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("failure", "raised"),
    [(AttributeError("of None"), InvariantError), (ConfigError("SAUDA_NOREN_HOST is wrong"), ConfigError)],
    ids=["unexpected", "settings"],
)
def test_a_session_that_has_failed_fails_whoever_polls_it(
    failure: Exception, raised: type[Exception]
) -> None:
    told: list[str] = []

    def on_event(event: str, _: dict[str, object]) -> None:
        told.append(event)
        if event == "broker_not_ready":
            raise failure

    polled = source(on_event)
    polled.start(Resume())
    try:
        with pytest.raises(raised, match=str(failure)):
            poll_until_it_raises(polled)
        with pytest.raises(raised):
            polled.poll(10, 0.01)
    finally:
        polled.close()

    assert told == ["broker_not_ready", "session_failed"]
    assert polled.condition() == f"failed: {failure}"


def test_a_broker_that_is_not_there_is_waited_for() -> None:
    told: list[str] = []
    polled = source(lambda event, _: told.append(event))
    polled.start(Resume())
    try:
        for _ in range(200):
            assert polled.poll(10, 0.01).messages == []
            if told:
                break
    finally:
        polled.close()

    assert told[0] == "broker_not_ready"


def test_a_closed_session_leaves_the_librarys_logger_quiet() -> None:
    library = logging.getLogger(LIBRARY_LOGGER)
    polled = source(lambda _event, _facts: None)
    polled.start(Resume())
    assert library.isEnabledFor(logging.DEBUG)
    polled.close()

    assert not library.isEnabledFor(logging.INFO)
    assert not [one for one in library.filters if isinstance(one, ReplyTap)]


def test_an_earlier_tap_does_not_silence_a_later_one() -> None:
    earlier, later = ReplyTap(), ReplyTap()
    earlier.install()
    later.install()
    try:
        earlier.remove()
        logging.getLogger(LIBRARY_LOGGER).debug('Reply:{"emsg":"no"}')
        assert later.reason == "no"
    finally:
        later.remove()


class Hours:
    """A market that opens when it is told to."""

    def __init__(self) -> None:
        self.open = False

    def is_open(self, exchange: str, instant_ns: UnixNs) -> bool:
        return self.open


def test_the_silence_of_the_night_is_not_held_against_the_morning() -> None:
    told: list[str] = []
    clock, hours = MarketClock(SystemClock()), Hours()
    clock.follow(None)
    session = NorenSession(
        ACCOUNT,
        masters=Masters(ACCOUNT.masters, ["NIFTY"]),
        clock=clock,
        hours=hours,
        inbox=Inbox(),
        on_event=lambda event, _: told.append(event),
        silence_s=0.05,
    )
    session._socket.define([an_index()])
    time.sleep(0.1)

    session._watch()
    hours.open = True
    session._watch()
    assert told == []

    time.sleep(0.1)
    session._watch()
    assert told == ["broker_silent"]
