"""The library's own loop is replaced by one that does the same and asks for bytes; nothing else of it is touched."""

import threading
from typing import Any

import pytest
from NorenRestApiPy.NorenApi import NorenApi

from sauda.clock import ManualClock
from sauda.codec import decode, encode
from sauda.contracts import BrokerUpdate
from sauda.testing.builders import NOW
from sauda_feed.inbox import Inbox
from sauda_feed.market_clock import MarketClock
from sauda_feed.noren_line import NorenLine
from sauda_feed.noren_socket import NorenSocket
from sauda_feed.terms import TermsNews


class Line:
    """Stands for the library's WebSocketApp: notes what it is asked for, fails once, and ends the loop."""

    def __init__(self, stop: threading.Event) -> None:
        self.asked: list[dict[str, Any]] = []
        self._stop = stop

    def run_forever(self, **asked: Any) -> None:
        self.asked.append(asked)
        if len(self.asked) == 1:
            raise OSError("the line is broken")
        self._stop.set()


def test_the_loop_asks_as_the_library_does_and_for_bytes() -> None:
    # Were the method called otherwise in a new version, the library's own loop would run: right, and half as fast.
    assert "_NorenApi__ws_run_forever" in vars(NorenApi)
    api: Any = NorenLine("http://127.0.0.1:1/", "ws://127.0.0.1:1/")
    api._NorenApi__stop_event = stop = threading.Event()
    api._NorenApi__websocket = line = Line(stop)

    api._NorenApi__ws_run_forever()

    wanted = {"ping_interval": 3, "ping_payload": '{"t":"h"}', "skip_utf8_validation": True}
    assert line.asked == [wanted, wanted]


def test_half_a_character_in_an_order_update_can_be_written() -> None:
    inbox = Inbox()
    clock = MarketClock(ManualClock(NOW))
    socket = NorenSocket(clock, inbox, lambda _event, _facts: None, threading.Event(), TermsNews())

    socket._on_order({"t": "om", "remarks": "\ud800"})

    [update] = inbox.take(10, 0, NOW)
    assert decode(encode(update)) == BrokerUpdate({"t": "om", "remarks": "?"}, NOW)


@pytest.mark.parametrize("arrives", [NorenSocket._on_quote, NorenSocket._on_order])
def test_a_frame_is_seen_arriving_before_its_time_is_read(arrives: Any) -> None:
    inbox, idle = Inbox(), []

    class Wall(ManualClock):
        def now_ns(self) -> int:
            idle.append(inbox.idle())
            return super().now_ns()

    clock = MarketClock(Wall(NOW))
    socket = NorenSocket(clock, inbox, lambda _event, _facts: None, threading.Event(), TermsNews())

    arrives(socket, {"t": "om", "e": "NSE", "tk": "1"})

    assert idle
    assert not any(idle), "a heartbeat struck now would stand before what arrived before it"
    inbox.take(10, 0, NOW)
    assert inbox.idle()
