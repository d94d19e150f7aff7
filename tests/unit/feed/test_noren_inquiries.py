"""A broker that hangs costs a bounded number of threads, and nobody's time but its own."""

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from sauda.clock import SystemClock, monotonic_s
from sauda.contracts import Instrument, InstrumentKind, MarginLeg, MarginReply, MarginRequest
from sauda.testing.builders import an_index
from sauda_feed.market_clock import MarketClock
from sauda_feed.noren_inquiries import FREEZE_EVERY_S, MOST_HANGING, Inquiries
from sauda_feed.noren_login import INQUIRY, LIBRARY_LOGGER, ReplyTap, ask
from sauda_feed.terms import Terms, TermsNews

FUTURE = Instrument("NFO:NIFTY29DEC26F", "NFO", "7", "NIFTY", InstrumentKind.FUTURE, 65, 10, "2026-12-29")
OTHER = Instrument("NFO:NIFTY26JAN27F", "NFO", "8", "NIFTY", InstrumentKind.FUTURE, 65, 10, "2027-01-26")
GOOD = {"stat": "Ok", "span": "1.00", "expo": "2.00", "span_trade": "1.00", "expo_trade": "2.00"}


class Broker:
    """The library in front of a broker that can hang, for ever if need be."""

    def __init__(self) -> None:
        self.flows = threading.Event()
        self.flows.set()
        self.asked: list[str] = []
        self.freeze: object = {"stat": "Ok", "frzqty": "1755"}

    def span_calculator(self, _: object, positions: list[dict[str, str]]) -> Any:
        self.asked.append(positions[0]["netqty"])
        self.flows.wait(30)
        return GOOD

    def get_security_info(self, exchange: str, token: str) -> Any:
        self.asked.append(f"{exchange}|{token}")
        return self.freeze


class Stage:
    def __init__(self) -> None:
        clock = MarketClock(SystemClock())
        clock.follow(None)
        self.broker, self.terms = Broker(), TermsNews()
        self.complaints: list[tuple[str, str]] = []
        self.answered = threading.Event()
        self.inquiries = Inquiries(
            "http://nowhere/",
            clock,
            self.terms,
            complain=lambda event, why: self.complaints.append((event, why)),
            expired=lambda: None,
            wake=self.answered.set,
            deadline_s=0.05,
        )
        self.inquiries.define([FUTURE, OTHER, an_index()])
        self.inquiries.start(self.broker)

    def margin(self, number: int) -> MarginReply:
        """Ask, and wait for the answer as long as it takes."""
        request = MarginRequest(f"m-{number}", "test", (MarginLeg(FUTURE.instrument, -number),), 0)
        for _ in range(500):
            self.answered.clear()
            reply = self.inquiries.margin(request)
            if reply is not None:
                return reply
            self.answered.wait(0.02)
        raise AssertionError(f"{request.request_id} was never answered")

    def learned(self, count: int) -> dict[str, Terms]:
        """Return the terms once *count* contracts have some."""
        found: dict[str, Terms] = {}
        for _ in range(500):
            found |= self.terms.take()
            if len(found) >= count:
                return found
            self.answered.wait(0.02)
        raise AssertionError(f"only {found}")


@pytest.fixture
def stage() -> Iterator[Stage]:
    found = Stage()
    yield found
    found.broker.flows.set()
    found.inquiries.close()


def test_an_answer_is_given_once(stage: Stage) -> None:
    assert stage.margin(1).span == 1_00
    assert stage.margin(1).span == 1_00
    assert stage.broker.asked == ["-1", "-1"]


def test_hanging_calls_are_left_behind_and_bounded(stage: Stage) -> None:
    stage.broker.flows.clear()
    late = [stage.margin(number).error or "" for number in range(MOST_HANGING)]
    refused = [stage.margin(number).error or "" for number in range(100, 105)]

    assert all("has not answered for" in error for error in late)
    assert all(f"{MOST_HANGING} earlier questions" in error for error in refused)
    assert len(stage.broker.asked) == MOST_HANGING
    assert sum(thread.name == INQUIRY for thread in threading.enumerate()) == MOST_HANGING

    stage.broker.flows.set()
    for thread in [one for one in threading.enumerate() if one.name == INQUIRY]:
        thread.join(5)
    assert stage.margin(7).error is None


def test_no_legs_need_no_broker(stage: Stage) -> None:
    request = MarginRequest("m-0", "test", (), 0)
    while (reply := stage.inquiries.margin(request)) is None:
        stage.answered.wait(0.02)

    assert (reply.span, reply.error) == (0, None)
    assert stage.broker.asked == []


def test_each_contract_is_asked_once_and_not_in_haste(stage: Stage) -> None:
    began_s = monotonic_s()
    for _ in range(3):
        stage.inquiries.describe([FUTURE.instrument, OTHER.instrument, an_index().instrument, "NFO:NOBODY"])

    assert stage.learned(2) == dict.fromkeys((FUTURE.instrument, OTHER.instrument), Terms(1755))
    assert monotonic_s() - began_s >= FREEZE_EVERY_S
    assert stage.broker.asked == ["NFO|8", "NFO|7"]
    # Defined anew, as every morning: asked anew.
    stage.inquiries.define([FUTURE])
    stage.inquiries.describe([FUTURE.instrument])
    assert stage.learned(1) == {FUTURE.instrument: Terms(1755)}


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"frzqty": "0"},
        {"frzqty": "NA"},
        {"frzqty": "-5"},
        {"frzqty": "1e9"},
        {"frzqty": "9" * 30},
    ],
)
def test_what_is_no_freeze_quantity_is_complained_of(stage: Stage, answer: object) -> None:
    stage.broker.freeze = answer
    stage.inquiries.describe([FUTURE.instrument])
    while not stage.complaints:
        stage.answered.wait(0.02)

    [(event, why)] = stage.complaints
    assert event == "freeze_quantity_not_known"
    assert FUTURE.instrument in why
    assert stage.terms.take() == {}


def test_an_inquirys_reply_does_not_hide_why_a_login_was_refused() -> None:
    tap = ReplyTap()
    tap.install()
    library = logging.getLogger(LIBRARY_LOGGER)
    try:
        library.debug('Reply:{"stat":"Not_Ok","emsg":"Invalid Input : Wrong Password"}')
        ask(lambda: library.debug('Reply:{"stat":"Ok","span":"0.00"}'), "nowhere", 5, thread=INQUIRY)
        assert tap.reason == "Invalid Input : Wrong Password"
        ask(lambda: library.debug('Reply:{"stat":"Ok"}'), "nowhere", 5)
        assert tap.reason is None
    finally:
        tap.remove()
