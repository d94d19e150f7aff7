"""The alerts service on a real Redis: every rule fires, and is delivered to a real web server and a real mail server."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest
import redis

from sauda.codec import decode, encode
from sauda.contracts import (
    STREAM_OF,
    Account,
    Alert,
    DeadLetter,
    DeskPnl,
    Fill,
    Level,
    Message,
    OrderRejected,
    OrderTriggered,
    RejectReason,
    Side,
)
from sauda.errors import ConfigError
from sauda.log import Output
from sauda.metrics.tally import Distribution
from sauda.redis_log import RedisLog
from sauda.service import Role
from sauda.testing.builders import OPTION, a_clock, a_gap, a_tick, at
from sauda_alerts.destinations import RULE_OF
from sauda_alerts.sending import AppriseSender
from tests.integration.alert_endpoints import TOKEN, Hook, Mailbox, a_hook, a_mailbox
from tests.integration.alert_service import IMPATIENT, eventually, running, settings_of

Captured = pytest.CaptureFixture[str]
OTHER = "NFO:NIFTY01DEC26P24500"
CODES = {
    *("FEED_MUTE", "FEED_BACK", "FEED_GAP", "FEED_DOWN", "STALE_QUOTE", "STOP_HIT", "ORDER_REJECTED"),
    *("DAILY_LOSS_50", "DAILY_LOSS_75", "DAILY_LOSS_100", "DRAWDOWN", "MARGIN_HIGH"),
    *("UNIT_WITHOUT_HOLDER", "LAG", "DEAD_LETTERS", "WRITER_BEHIND"),
    *("DISK_FULL", "REDIS_MEMORY", "REDIS_DISK"),
}
"""Written down here once more: a rule that is taken out of the service's own table must be missed."""


class Server(Protocol):
    """What the fixture `own_redis` gives."""

    folder: Path

    @property
    def url(self) -> str: ...


@pytest.fixture
def hook() -> Iterator[Hook]:
    with a_hook() as served:
        yield served


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with a_mailbox() as served:
        yield served


def append(log: RedisLog, *messages: Message) -> None:
    for message in messages:
        log.append([Output(STREAM_OF[type(message)], encode(message))])


def alerts_on(log: RedisLog) -> list[Alert]:
    return [one for entry in log.entries("alerts") if isinstance(one := decode(entry.data), Alert)]


def open_the_market(log: RedisLog) -> None:
    """Let the unit hear a clock: what was before is said to nobody."""
    append(log, a_tick(at_ns=at("10:00:00")), a_clock(at("10:00:00")))
    eventually(lambda: log.state_of("alerts.desk"))


def a_bad_morning() -> Sequence[Message]:
    """Return a market and a book in which every rule about them is broken."""
    ten, later = at("10:00:00"), at("10:01:10")
    return [
        a_tick(instrument=OTHER, at_ns=ten),
        Fill("f-1", "o-1", "straddle", OPTION, Side.SELL, 65, 100_00, 0, ten),
        OrderRejected("o-2", "straddle", OPTION, ten, RejectReason.MARGIN, "too little"),
        OrderTriggered("o-3", "straddle", OPTION, ten, 125_05),
        Account(ten, 0, 0, 0, 0, 100_00, 90_00, 10_00),
        *(
            DeskPnl(0, 0, 0, -rupees * 100, None, None, ten, drawdown=6_000_000, day_net=-rupees * 100)
            for rupees in (500, 800, 1_000)
        ),
        a_gap(ten, at("10:00:09")),
        a_tick(instrument=OTHER, at_ns=later),
        a_clock(later),  # STALE_QUOTE
        a_clock(at("10:01:30")),  # FEED_MUTE
        a_tick(at_ns=at("10:01:31")),  # FEED_BACK
    ]


def break_the_machinery(server: Server, log: RedisLog, desk: str) -> None:
    """Let a unit be without a holder, one lag, a writer hang, a letter wait, and Redis be full and unable to write."""
    assert log.acquire("execution.paper", "tests", 100) is not None
    lagging = log.acquire("pnl.valuation", "tests", 600_000)
    assert lagging is not None
    log.load(lagging, ("signals",))
    log.append([Output("signals", b"{}"), Output("orders", b"{}")])
    append(log, DeadLetter("unit", "orders", "1-0", {}, "a test"))
    with redis.Redis.from_url(server.url) as client:
        orders = f"{{{desk}}}:orders"
        client.xgroup_create(orders, "writer.sql", "0")
        client.xreadgroup("writer.sql", "gone", {orders: ">"})
        client.config_set("maxmemory", "20mb")
        shutil.rmtree(server.folder / "appendonlydir")
        (server.folder / "appendonlydir").touch()
        with pytest.raises(redis.ResponseError):
            client.execute_command("BGREWRITEAOF")


def test_every_rule_fires_and_reaches_a_web_server_and_a_mail_server(
    own_redis: Server, desk: str, tmp_path: Path, hook: Hook, mailbox: Mailbox
) -> None:
    everything = {"level": "info"}
    document = {"rules": IMPATIENT, "destinations": {"hook": everything, "mail": everything}}
    log = RedisLog(own_redis.url, desk)
    assert {*RULE_OF, *(f"DAILY_LOSS_{share}" for share in (50, 75, 100))} == CODES

    addresses = {"hook": hook.address, "mail": mailbox.address}
    settings = settings_of(tmp_path, own_redis.url, desk, addresses, document)

    with running(settings.model_copy(update={"alerts_urls": None})):
        open_the_market(log)
        append(log, *a_bad_morning())
        break_the_machinery(own_redis, log, desk)
        eventually(lambda: {alert.code for alert in alerts_on(log)} >= CODES)
    said = [alert.code for alert in alerts_on(log)]
    # Two couriers that come later than the alerts: what a restart of the service finds.
    with running(settings):
        eventually(lambda: hook.took and mailbox.mails)

    for code in CODES:
        assert said.count(code) == 1, code
        assert hook.text.count(f" {code}: ") == mailbox.text.count(f" {code}: ") == 1, code
    log.close()


def an_alert(text: str, *, level: Level = Level.CRITICAL, code: str = "MADE_UP") -> Alert:
    return Alert("test", level, code, text, at("10:00"))


def figures_of(role: Role) -> dict[tuple[str, ...], float]:
    """Return what the page tells of *role*; of a histogram, of how many."""
    assert role.figures is not None
    return {
        (one.measure.name.removeprefix("sauda_"), *one.labels): sum(one.value.counts)
        if isinstance(one.value, Distribution)
        else one.value
        for one in role.figures.readings()
    }


def test_a_destination_that_hangs_or_refuses_is_tried_again_and_keeps_nobody_else_waiting(
    any_redis: Server, desk: str, *, tmp_path: Path, hook: Hook, capfd: Captured
) -> None:
    log = RedisLog(any_redis.url, desk)
    hook.status = 503
    hook.answers.clear()

    with a_hook() as other:
        addresses = {"hook": hook.address, "other": other.address}
        settings = settings_of(tmp_path, any_redis.url, desk, addresses, {})
        with running(settings.model_copy(update={"metrics_port": 0})) as roles:
            append(log, an_alert("first"))
            eventually(lambda: "first" in other.text and hook.asked == 1)
            # The desk is watched, and others are told, while one destination says nothing at all.
            open_the_market(log)
            append(log, OrderTriggered("o-3", "straddle", OPTION, at("10:00:00"), 125_05))
            eventually(lambda: "the stop o-3" in other.text)
            hook.answers.set()
            eventually(lambda: hook.asked >= 2)
            away = str(roles["alerts.to.hook"].facts()["away"])
            append(log, an_alert("second"))
            eventually(lambda: "second" in other.text)
            assert hook.took == []
            hook.status = 200
            eventually(lambda: "second" in hook.text)

        figures = figures_of(roles["alerts.to.hook"])
        assert figures["entries_total", "alerts.to.hook", "alerts"] == 3
        assert figures["hop_seconds", "alerts.to.hook", "alerts"] >= 1
        assert figures["write_failures_total", "alerts.to.hook"] >= 1
        assert figures["write_seconds", "alerts.to.hook"] == hook.asked
        assert figures["commit_seconds", "alerts.to.hook"] >= 2
        assert "503" in away
        for text in ("first", "the stop o-3", "second"):
            assert hook.text.count(text) == other.text.count(text) == 1
    told = capfd.readouterr()
    assert "503" in told.out + told.err
    assert TOKEN not in told.out + told.err + away
    assert TOKEN.encode() not in b"".join(log.state_of("alerts.to.hook").values())
    log.close()


def test_a_test_from_the_command_line_is_delivered_to_whom_it_is_meant_for(
    sauda: Callable[..., Any], redis_url: str, desk: str, tmp_path: Path, hook: Hook
) -> None:
    nobody = sauda("alerts", "test")
    with a_hook() as other:
        addresses = {"hook": hook.address, "other": other.address}
        deaf = {"destinations": {"hook": {"level": "critical", "quiet": "00:00-23:59"}}}
        with running(settings_of(tmp_path / "desk", redis_url, desk, addresses, deaf)):
            both = sauda("alerts", "test", "--json")
            one = sauda("alerts", "test", "--to", "hook")
            unknown = sauda("alerts", "test", "--to", "pager")
            other.status = 404
            failed = sauda("alerts", "test", "--to", "other", "--wait", "2")
        listed = sauda("alerts", "list", "--code", "TEST", "-n", "2", "--json")

        assert (len(hook.took), len(other.took)) == (2, 1)
    assert "a test by" in hook.text
    assert nobody.code == 1
    assert [(one["destination"], one["delivered"]) for one in both.document] == [
        ("hook", True),
        ("other", True),
    ]
    assert (one.code, one.out) == (0, "hook: delivered\n")
    assert unknown.code == 2
    assert "there are: hook, other" in unknown.err
    assert failed.code == 1
    assert "404" in failed.err
    assert TOKEN not in failed.err
    assert [one["source"] for one in listed.document] == ["alerts.to.hook", "alerts.to.other"]


def test_an_address_that_nobody_can_use_is_refused_without_its_secret() -> None:
    with pytest.raises(ConfigError) as refused:
        AppriseSender("pager", "nosuch://secretword/abcdefgh").open()

    assert "pager" in str(refused.value)
    assert "nosuch://***" in str(refused.value)
    assert "secretword" not in str(refused.value)
