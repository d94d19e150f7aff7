"""The feed asks the broker for margins: with the unmodified library, the simulator, Redis and `kill -9`.

Each question gets one reply, and whatever SpanCalc does, the ticks go on.
"""

import random
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from itertools import count

import pytest

from sauda.codec import decode, encode
from sauda.contracts import FeedGap, MarginLeg, MarginReply, MarginRequest, OrderKind, PlaceOrder, Side, Tick
from sauda.log import Entry, Output
from sauda.merge import id_parts
from tests.integration.fed_desk import Gate, fed
from tests.integration.noren_simulator import wait_until

pytestmark = pytest.mark.integration
_numbers = count(1)
LOT = 65


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with fed(tmp_path_factory.mktemp("margin")) as gate:
        gate.open()
        yield gate


@pytest.fixture
def gate(opened: Gate) -> Iterator[Gate]:
    opened.begin()
    yield opened
    opened.fault("clear")


def straddle(gate: Gate) -> tuple[str, str]:
    """Return call and put of the strike nearest the money."""
    call = min(name for name in gate.names if re.search(r"C\d+$", name))
    return call, re.sub(r"C(\d+)$", r"P\1", call)


def ask(gate: Gate, *legs: MarginLeg, by: str = "test") -> str:
    """Put one question; return its name."""
    name = f"m-{next(_numbers)}"
    gate.view.append([Output("subscriptions", encode(MarginRequest(name, by, legs, gate.now_ns())))])
    return name


def replies_to(gate: Gate, name: str) -> list[tuple[Entry, MarginReply]]:
    found = [(entry, decode(entry.data)) for entry in gate.view.forwards("replies")]
    return [(e, one) for e, one in found if isinstance(one, MarginReply) and one.request_id == name]


def reply_to(gate: Gate, name: str) -> MarginReply:
    wait_until(lambda: replies_to(gate, name), lambda: f"{name} is answered\n{gate._logs()}")
    [(_, reply)] = replies_to(gate, name)
    return reply


def calls(gate: Gate) -> int:
    """Return how often the broker was asked."""
    return int(gate.simulator.get("/admin/state")["calls"].get("SpanCalc", 0))


def test_a_margin_is_the_brokers_own_figure(gate: Gate) -> None:
    call, put = straddle(gate)
    alone = reply_to(gate, ask(gate, MarginLeg(call, -LOT)))
    both = reply_to(gate, ask(gate, MarginLeg(call, -LOT), MarginLeg(put, 0, selling=LOT)))

    assert alone.error is None
    assert both.error is None
    assert alone.span == alone.span_trade > 5_000_000
    # What still works in the market is part of the first pair alone; each short leg has its exposure, in whole rupees.
    assert both.exposure == pytest.approx(2 * both.exposure_trade, abs=1_00)
    assert both.exposure_trade == pytest.approx(alone.exposure, rel=0.01)
    assert both.span < 2 * alone.span
    assert 0 < alone.event_ns < both.event_ns <= gate.now_ns()


def test_a_reply_names_its_question_as_its_cause(gate: Gate) -> None:
    name = ask(gate, MarginLeg(straddle(gate)[0], -LOT))
    reply_to(gate, name)

    [(entry, _)] = replies_to(gate, name)
    asked = [one for one in gate.view.forwards("subscriptions") if f'"{name}"'.encode() in one.data]
    assert entry.cause == b"subscriptions " + asked[0].id


def test_ticks_flow_while_the_broker_is_slow(gate: Gate) -> None:
    gate.fault("slow_span", ms=2_000)
    before = gate.view.length("ticks")
    name = ask(gate, MarginLeg(straddle(gate)[0], -LOT))
    reply = reply_to(gate, name)

    assert reply.error is None
    [(entry, _)] = replies_to(gate, name)
    meanwhile = [
        decode(one.data)
        for one in list(gate.view.forwards("ticks"))[before:]
        if id_parts(one.id) < id_parts(entry.id)
    ]
    # Ten instruments at four looks a second: a feed that waited would have written none at all.
    assert sum(isinstance(one, Tick) for one in meanwhile) >= 10
    assert gate.gaps() == []


def test_a_broker_that_stalls_is_an_error_in_the_end_and_the_next_call_works(gate: Gate) -> None:
    gate.fault("slow_span", ms=30_000)
    leg = MarginLeg(straddle(gate)[0], -LOT)
    reply = reply_to(gate, ask(gate, leg))
    gate.fault("slow_span", ms=0)

    assert "has not answered for 5 s" in (reply.error or "")
    assert (reply.span, reply.exposure) == (0, 0)
    assert reply_to(gate, ask(gate, leg)).error is None
    assert gate.gaps() == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "502 page"),
        ("", "not Noren's"),
        ("[1,2,3]", "no object"),
        ('{"stat":"Ok"}', "without a figure span"),
        ('{"stat":"Ok","span":"-1.00","expo":"0.00"}', "no amount"),
        ('{"stat":"Ok","span":"NaN","expo":"0.00"}', "not a finite number"),
        ('{"stat":"Ok","span":"0.00","expo":"0.00","span_trade":"0.00","expo_trade":"0.00"}', "recognises"),
        ('{"stat":"Not_Ok","emsg":"Server Timeout :  "}', "Server Timeout"),
    ],
)
def test_an_answer_that_makes_no_sense_is_an_error(gate: Gate, text: str | None, why: str) -> None:
    gate.fault("failing_span", **({} if text is None else {"text": text}))
    leg = MarginLeg(straddle(gate)[0], -LOT)

    assert why in (reply_to(gate, ask(gate, leg)).error or "")
    assert reply_to(gate, ask(gate, leg)).error is None


def test_a_contract_that_nobody_defines_is_named_without_a_call(gate: Gate) -> None:
    before = calls(gate)
    reply = reply_to(gate, ask(gate, MarginLeg("NFO:NIFTY01DEC26C99999", -LOT)))

    assert "NFO:NIFTY01DEC26C99999" in (reply.error or "")
    assert calls(gate) == before


def test_a_session_that_ended_is_renewed_and_costs_no_quotes(gate: Gate) -> None:
    gate.fault("expire_session", drop=False)
    leg = MarginLeg(straddle(gate)[0], -LOT)
    reply = reply_to(gate, ask(gate, leg))
    assert "session" in (reply.error or "").lower()

    logins = gate.simulator.get("/admin/state")["logins"]
    wait_until(lambda: gate.simulator.get("/admin/state")["logged_in"], "the feed logs in again")
    assert reply_to(gate, ask(gate, leg)).error is None
    assert gate.simulator.get("/admin/state")["logins"] <= logins + 1
    assert [m.reason for m in gate.said() if isinstance(m, FeedGap)] == []


def test_the_exchanges_own_questions_are_answered(gate: Gate) -> None:
    """A fill changes what is held: the paper exchange asks what the broker would block for it."""
    name = straddle(gate)[0]
    environ = gate.feed.environ | {
        "SAUDA_MARGIN_SOURCE": "broker",
        "SAUDA_HEALTH_FILE": str(gate.feed.folder / "e.json"),
    }
    with (gate.feed.folder / "execution.log").open("ab") as log:
        execution = subprocess.Popen(
            [sys.executable, "-m", "sauda_execution"], env=environ, stdout=log, stderr=log
        )
    try:
        wait_until(lambda: gate.view.length("executions"), "the exchange tells its account")
        order = PlaceOrder("o-1", "hand", name, Side.SELL, LOT, OrderKind.MARKET, gate.now_ns())
        gate.view.append([Output("orders", encode(order))])
        wait_until(lambda: questions_of(gate, "execution.paper"), "the exchange asks")
        [question] = questions_of(gate, "execution.paper")
        reply = reply_to(gate, question.request_id)
    finally:
        execution.kill()
        execution.wait(10)

    assert question.legs == (MarginLeg(name, -LOT),)
    assert reply.error is None
    assert reply.span_trade > 5_000_000


def questions_of(gate: Gate, by: str) -> list[MarginRequest]:
    found = [decode(entry.data) for entry in gate.view.forwards("subscriptions")]
    return [one for one in found if isinstance(one, MarginRequest) and one.by == by]


def test_who_asks_faster_than_the_broker_answers_gets_its_newest_answer(gate: Gate) -> None:
    gate.fault("slow_span", ms=500)
    leg, before = MarginLeg(straddle(gate)[0], -LOT), calls(gate)
    first = ask(gate, leg)
    wait_until(lambda: calls(gate) == before + 1, "the first call is under way")
    later = [ask(gate, leg) for _ in range(5)]

    newest = reply_to(gate, later[-1])
    errors = [reply_to(gate, name).error for name in (first, *later)]
    assert newest.error is None
    assert errors[0] is None
    assert ["overtaken" in (error or "") for error in errors[1:-1]] == [True] * 4
    assert calls(gate) == before + 2


def test_a_feed_that_is_killed_over_a_question_asks_again_and_answers_once(gate: Gate) -> None:
    gate.fault("slow_span", ms=1_500)
    leg, before = MarginLeg(straddle(gate)[0], -LOT), calls(gate)
    name = ask(gate, leg)
    wait_until(lambda: calls(gate) == before + 1, "the broker is being asked")
    gate.restart_feed()

    assert reply_to(gate, name).error is None
    assert calls(gate) == before + 2
    gate.restart_feed()
    gate.recovers("the second kill")
    # Asked behind it, and answered in turn: the first one has had every chance to be answered again.
    assert reply_to(gate, ask(gate, leg)).error is None
    assert len(replies_to(gate, name)) == 1


def test_each_question_has_one_reply_whenever_the_feed_is_killed(gate: Gate) -> None:
    dice = random.Random(4)
    gate.fault("slow_span", ms=60)
    leg = MarginLeg(straddle(gate)[0], -LOT)
    asked: list[str] = []
    for _ in range(4):
        asked += [ask(gate, leg, by=f"asker-{next(_numbers)}") for _ in range(dice.randint(1, 8))]
        one = asked[dice.randrange(len(asked))]
        wait_until(partial(replies_to, gate, one), f"{one} is answered")
        gate.restart_feed()
    answered = [reply_to(gate, name) for name in asked]

    assert [reply.error for reply in answered] == [None] * len(asked)
    assert [len(replies_to(gate, name)) for name in asked] == [1] * len(asked)
