"""What the doctor makes of what it sees."""

from collections.abc import Sequence

import msgspec
import pytest

from sauda.cli.checks import (
    Finding,
    Verdict,
    judge_letters,
    judge_replicas,
    judge_server,
    judge_streams,
    judge_units,
)
from sauda.clock import NS_PER_S
from sauda.redis_view import GroupLag, ServerFacts, StreamLag, UnitHolding

NOW = 1_795_400_000 * NS_PER_S


def a_server(
    *,
    version: str = "7.0.15",
    append_only: bool = True,
    policy: str = "noeviction",
    used: int = 10,
    limit: int = 0,
    now_ns: int = NOW,
) -> ServerFacts:
    return ServerFacts("redis", version, append_only, policy, used, limit, now_ns)


def verdicts(findings: Sequence[Finding]) -> dict[str, Verdict]:
    return {finding.check: finding.verdict for finding in findings if finding.verdict is not Verdict.OK}


def test_a_server_that_keeps_the_promises_is_well() -> None:
    assert verdicts(judge_server(a_server(), NOW)) == {}


@pytest.mark.parametrize(
    ("server", "found"),
    [
        pytest.param(a_server(version="6.2.14"), {"redis version": Verdict.BAD}, id="too old"),
        pytest.param(a_server(version="?"), {"redis version": Verdict.BAD}, id="no version"),
        pytest.param(a_server(append_only=False), {"redis keeps its data": Verdict.BAD}, id="forgets"),
        pytest.param(a_server(policy="volatile-lru"), {"redis evicts nothing": Verdict.BAD}, id="evicts"),
        pytest.param(a_server(used=85, limit=100), {"redis memory": Verdict.WARN}, id="fills up"),
        pytest.param(a_server(used=96, limit=100), {"redis memory": Verdict.BAD}, id="is full"),
        pytest.param(a_server(now_ns=NOW + 3 * NS_PER_S), {"clock": Verdict.WARN}, id="another time"),
    ],
)
def test_a_server_that_does_not_is_named(server: ServerFacts, found: dict[str, Verdict]) -> None:
    assert verdicts(judge_server(server, NOW)) == found


def test_every_trouble_says_what_to_do() -> None:
    troubled = a_server(version="6.0", append_only=False, policy="allkeys-lru", used=99, limit=100, now_ns=0)

    findings = judge_server(troubled, NOW)

    assert all(finding.advice for finding in findings if finding.verdict is not Verdict.OK)


@pytest.mark.parametrize(
    ("there", "asked", "may_fail_over", "found"),
    [
        (0, 0, False, []),
        (1, 0, True, [Verdict.OK]),
        (0, 0, True, [Verdict.WARN]),
        (1, 2, True, [Verdict.BAD]),
        (0, 1, False, [Verdict.BAD]),
        (2, 2, False, [Verdict.OK]),
    ],
)
def test_replicas_are_missed_where_they_are_asked_for_or_must_take_over(
    there: int, asked: int, may_fail_over: bool, found: list[Verdict]
) -> None:
    assert [one.verdict for one in judge_replicas(there, asked, may_fail_over=may_fail_over)] == found


def a_stream(name: str = "ticks", length: int = 5, lag: int = 0) -> StreamLag:
    return StreamLag(name, length, "1-1", [GroupLag("pnl.valuation", "1-1", lag, 0, 0)])


@pytest.mark.parametrize(
    ("streams", "newest_tick_ns", "found"),
    [
        pytest.param([a_stream()], NOW, {}, id="all well"),
        pytest.param([a_stream()], None, {"ticks": Verdict.WARN}, id="no tick yet"),
        pytest.param([a_stream()], NOW - 60 * NS_PER_S, {"ticks": Verdict.WARN}, id="silent feed"),
        pytest.param([a_stream(lag=20_000)], NOW, {"readers": Verdict.WARN}, id="a reader far behind"),
    ],
)
def test_streams_are_worth_a_look(
    streams: list[StreamLag], newest_tick_ns: int | None, found: dict[str, Verdict]
) -> None:
    assert verdicts(judge_streams(streams, newest_tick_ns, NOW)) == found


def a_holding(*, held: bool) -> UnitHolding:
    return UnitHolding("strategy.nifty", held, "here:1", 3, 900 if held else None, {})


def test_a_unit_without_a_holder_is_bad() -> None:
    assert verdicts(judge_units([a_holding(held=False)])) == {"unit strategy.nifty": Verdict.BAD}


def test_a_destination_of_alerts_may_have_been_taken_away() -> None:
    gone = msgspec.structs.replace(a_holding(held=False), unit="alerts.to.pager")

    assert verdicts(judge_units([gone])) == {"unit alerts.to.pager": Verdict.WARN}


def test_a_unit_with_a_holder_is_well() -> None:
    assert verdicts(judge_units([a_holding(held=True)])) == {}


def test_only_open_dead_letters_are_worth_a_look() -> None:
    assert judge_letters(unsettled=2, settled=7).verdict is Verdict.WARN
    assert judge_letters(unsettled=0, settled=7).verdict is Verdict.OK
    assert judge_letters(unsettled=0, settled=0).verdict is Verdict.OK
