"""Each service's user on a real server: it does its work, and nothing more. Every server that this machine has is asked."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from sauda.access.declared import COMMON, PEOPLE, Access, Duty, declared
from sauda.access.grants import rule_of
from sauda.archive.finding import open_store
from sauda.codec import encode
from sauda.contracts import STREAMS, DeadLetter
from sauda.errors import ForbiddenError
from sauda.keys import Keys
from sauda.log import Lease, Move, Output, Position, Step
from sauda.redis_book import RedisBook
from sauda.redis_consumer import RedisConsumer
from sauda.redis_log import RedisLog
from sauda.redis_shelf import RedisShelf
from sauda.redis_view import RedisView, desks, server_facts
from sauda.settings import Settings
from sauda.testing.builders import a_tick
from sauda_alerts.measuring import Measuring
from sauda_archive.archiver import Archiver
from sauda_archive.settings import Limits

SERVICES = declared()
STEPPING = sorted(name for name, one in SERVICES.items() if one.units and one.reads)
COMPETING = sorted(name for name, one in SERVICES.items() if one.groups)
BY_DUTY = {"feed": Duty.PUT_ASIDE, "alerts": Duty.WATCH, "archive": Duty.ARCHIVE, "gateway": Duty.SERVE}
"""Whose own work has a test of its own here."""
A_LETTER = DeadLetter("unit", "orders", "1-0", {}, "a test")

Login = Callable[[str], str]
"""user -> the address with that user's login, on a desk of the test's own"""


@pytest.fixture
def as_user(redis_url: str, desk: str) -> Iterator[Login]:
    """Every user of the desk on the shared server, under names that no other test has."""
    everyone = {**SERVICES, PEOPLE.user: PEOPLE}
    with redis.Redis.from_url(redis_url) as server:
        for name, access in everyone.items():
            server.execute_command(
                "ACL", "SETUSER", f"{desk}-{name}", "reset", "on", ">pw", *rule_of(access, desk).split()
            )
        yield lambda name: redis_url.replace("://", f"://{desk}-{name}:pw@")
        server.execute_command("ACL", "DELUSER", *(f"{desk}-{name}" for name in everyone))


def a_unit_of(access: Access) -> str:
    return access.units[0].replace("*", "one")


def held(log: RedisLog, unit: str) -> Lease:
    lease = log.acquire(unit, "tests", 60_000)
    assert lease is not None
    return lease


_IN_A_SCRIPT = ("The user executing the script can't", "ACL failure in script")
"""How Redis 7.0 and its heirs begin a script's NOPERM, which they do not call so; any other error of a script is none."""


def refused(client: redis.Redis, *command: str) -> bool:
    """Return whether the server says that this user may not do so (NOPERM); any other error is the test's own."""
    try:
        client.execute_command(*command)  # type: ignore[no-untyped-call]
    except redis.exceptions.NoPermissionError:
        return True
    except redis.exceptions.ResponseError as error:
        if str(error).startswith(_IN_A_SCRIPT):
            return True
        raise
    return False


def test_no_services_work_is_forgotten_here() -> None:
    assert {*STEPPING, *COMPETING, *BY_DUTY} == SERVICES.keys()
    assert {name: one.duty for name, one in SERVICES.items() if one.duty is not Duty.CARRY} == BY_DUTY


def test_what_is_wrong_with_a_command_or_a_script_is_no_refusal(as_user: Login, desk: str) -> None:
    ticks, script = Keys(desk).stream("ticks"), "return redis.call('XADD', KEYS[1], '*', 'd', 'x')"
    with redis.Redis.from_url(as_user("strategy")) as client:
        assert refused(client, "XADD", ticks, "*", "d", "x")
        assert refused(client, "EVAL", script, "1", ticks)
        for words in (
            script.replace("'XADD'", "'XNONSENSE'"),
            "return nothing.at_all",
            "error('executing')",
            "(",
        ):
            with pytest.raises(redis.exceptions.ResponseError):
                refused(client, "EVAL", words, "1", ticks)


@pytest.mark.parametrize("service", STEPPING)
def test_a_unit_is_carried_by_its_services_user(
    service: str, as_user: Login, redis_url: str, desk: str
) -> None:
    access = SERVICES[service]
    unit, inputs = a_unit_of(access), (*access.reads, "requeued")
    log, anybody = RedisLog(as_user(service), desk), RedisLog(redis_url, desk)
    lease = held(log, unit)
    before = log.load(lease, inputs).positions
    [first] = anybody.append([Output(inputs[0], b"in")])
    assert [entry.id for entry in log.read(before, 10, 0)] == [first]

    moves = {inputs[0]: Move(before[inputs[0]], first, Position(first, before[inputs[0]].passed + 1))}
    outputs = [Output(stream, b"out") for stream in (*access.writes, *COMMON)]
    step = Step(moves, {b"t/a": b"1", b"t/b": None}, outputs)
    after = {**before, inputs[0]: Position(first, 1)}
    log.commit_and_read(lease, step, after, 10, 0)
    log.renew(lease)

    # What a unit writes and reads (a service that is to read its own answers) is still there for everybody.
    written = {stream for stream in STREAMS for entry in anybody.entries(stream) if entry.data == b"out"}
    assert written == {*access.writes, *COMMON}
    assert log.state_of(unit) == {b"t/a": b"1"}
    assert log.left_ms(unit) > 0
    log.append([Output("alerts", b"cried out")])
    log.release(lease)
    log.close()
    anybody.close()


@pytest.mark.parametrize("service", [*sorted(SERVICES)])
def test_a_services_user_writes_its_own_streams_and_no_other(service: str, as_user: Login, desk: str) -> None:
    access, keys = SERVICES[service], Keys(desk)
    may = {*access.writes, *(COMMON if access.units or access.groups else ())}
    with redis.Redis.from_url(as_user(service)) as client:
        written = {
            name for name in STREAMS if not refused(client, "XADD", keys.stream(name), "*", "d", "x", "c", "")
        }
        in_a_script = {
            name
            for name in STREAMS
            if not refused(
                client,
                "EVAL",
                "return redis.call('XADD', KEYS[1], '*', 'd', 'x', 'c', '')",
                "1",
                keys.stream(name),
            )
        }
        other = Keys(f"{desk}-other")
        assert all(refused(client, "XADD", other.stream(name), "*", "d", "x") for name in STREAMS)
        assert all(refused(client, "DEL", keys.stream(name)) for name in STREAMS)
        if access.duty is not Duty.ARCHIVE:
            assert all(refused(client, "XTRIM", keys.stream(name), "MAXLEN", "0") for name in STREAMS)
        assert all(refused(client, "XGROUP", "DESTROY", keys.stream(name), "g") for name in STREAMS)
    assert written == may
    assert in_a_script <= may


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_a_services_user_touches_no_unit_of_another(service: str, as_user: Login, desk: str) -> None:
    keys = Keys(desk)
    others = [a_unit_of(one) for name, one in SERVICES.items() if name != service and one.units]
    with redis.Redis.from_url(as_user(service)) as client:
        for unit in others:
            assert refused(client, "HSET", keys.unit(unit), "orders/x", "1"), unit
            assert refused(client, "SET", keys.lease(unit), "99"), unit
            assert refused(client, "INCR", keys.epoch(unit)), unit
            assert refused(client, "SET", keys.holder(unit), "me"), unit


def test_a_strategy_cannot_write_a_fill_however_it_asks(as_user: Login, desk: str) -> None:
    log = RedisLog(as_user("strategy"), desk)
    lease = held(log, "strategy.one")
    log.load(lease, ("executions",))

    with pytest.raises(ForbiddenError):
        log.commit(
            lease,
            Step(changes={b"t/a": b"1"}, outputs=[Output("orders", b"no"), Output("executions", b"fill")]),
        )
    with pytest.raises(ForbiddenError):
        log.append([Output("executions", b"fill")])

    # All of a step, or nothing: what it may write is not written either.
    assert (log.entries("executions"), log.entries("orders"), log.state_of("strategy.one")) == ([], [], {})
    log.commit(lease, Step(outputs=[Output("orders", b"order")]))
    assert [entry.data for entry in log.entries("orders")] == [b"order"]
    log.close()


def test_doctor_says_that_the_user_is_another_ones_and_what_to_do(
    as_user: Login, redis_url: str, sauda: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def diagnosis(url: str) -> tuple[int, dict[str, str]]:
        monkeypatch.setenv("SAUDA_REDIS_URL", url)
        done = sauda("doctor", "--json")
        return done.code, next(one for one in done.document if one["check"].startswith("redis"))

    no_right = diagnosis(as_user("strategy"))
    no_user = diagnosis(redis_url.replace("://", "://strategy:wrong@"))

    for code, found in (no_right, no_user):
        assert (code, found["check"], found["verdict"]) == (1, "redis access", "BAD")
        assert "`cli`" in found["advice"]
        assert "var/run.env" in found["advice"]
    assert "does not let this user do that" in no_right[1]["text"]
    assert "does not know this user or its password" in no_user[1]["text"]


@pytest.mark.parametrize("service", ["gateway", "strategy"])
def test_the_program_in_a_container_shows_what_its_service_may_see_or_says_who_may(
    service: str, as_user: Login, desk: str, sauda: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    RedisLog(as_user("pnl"), desk).append([Output("pnl", b"{}")])
    monkeypatch.setenv("SAUDA_REDIS_URL", as_user(service))

    done = sauda("pnl", "--json")

    if service == "gateway":
        assert (done.code, done.document["positions"]) == (0, [])
    else:
        assert (done.code, done.out) == (2, "")
        assert "does not let this user do that" in done.err
        assert "ask in the gateway's" in done.err


@pytest.mark.parametrize(
    "command",
    [
        ("FLUSHALL",),
        ("FLUSHDB",),
        ("CONFIG", "GET", "*"),
        ("ACL", "LIST"),
        ("ACL", "SETUSER", "me", "+@all"),
        ("SHUTDOWN", "NOSAVE"),
        ("SCRIPT", "FLUSH"),
        ("FUNCTION", "FLUSH"),
        ("KEYS", "*"),
        ("MONITOR",),
        ("CLIENT", "LIST"),
        ("REPLICAOF", "NO", "ONE"),
        ("MIGRATE", "127.0.0.1", "1", "k", "0", "1"),
        ("SAVE",),
    ],
    ids=" ".join,
)
def test_nobody_of_the_desk_rules_the_server(command: tuple[str, ...], as_user: Login) -> None:
    for user in (*SERVICES, PEOPLE.user):
        with redis.Redis.from_url(as_user(user)) as client:
            assert refused(client, *command), user


@pytest.mark.parametrize("service", COMPETING)
def test_who_carries_to_the_outside_does_so_as_its_services_user(
    service: str, as_user: Login, redis_url: str, desk: str
) -> None:
    groups, anybody = SERVICES[service].groups, RedisLog(redis_url, desk)
    peer = RedisConsumer(as_user(service), desk, "writer.sql", "killed", groups)
    consumer = RedisConsumer(as_user(service), desk, "writer.sql", "one", groups)
    consumer.open()
    anybody.append([Output(stream, b"row") for stream in groups])
    peer.fresh(1, 0)

    found = [*consumer.fresh(10, 0), *consumer.abandoned(0, 10), *consumer.mine(10)]
    entries = list({(one.stream, one.id): one for one in found}.values())
    letters = [(entries[0], Output("dead_letters", b"letter"))]
    consumer.settle(entries[1:], letters)

    assert {one.stream for one in entries} == set(groups)
    assert [one.data for one in anybody.entries("dead_letters")] == [b"letter"]
    assert consumer.mine(10) == []
    consumer.close()
    anybody.close()


def test_the_alerts_user_looks_at_the_whole_desk(as_user: Login, redis_url: str, desk: str) -> None:
    anybody = RedisLog(redis_url, desk)
    anybody.append([Output("ticks", encode(a_tick())), Output("dead_letters", encode(A_LETTER))])
    lease = held(anybody, "execution.paper")
    anybody.load(lease, ("orders",))
    measuring = Measuring(Settings(redis_url=as_user("alerts"), desk=desk))

    look = measuring.look()

    assert [one.unit for one in look.units] == ["execution.paper"]
    assert look.newest is not None
    assert look.letters == 1
    assert look.server.used > 0
    measuring.close()
    anybody.close()


def test_the_feeds_user_begins_a_new_book(as_user: Login, redis_url: str, desk: str) -> None:
    shelf, log = RedisShelf(as_user("feed"), desk), RedisLog(as_user("feed"), desk)
    strategy = RedisLog(as_user("strategy"), desk)
    lease, theirs = held(log, "feed"), held(strategy, "strategy.one")
    strategy.load(theirs, ("ticks",))
    log.commit(lease, Step(outputs=[Output("ticks", b"old")], changes={b"feed/row": b"7"}))
    assert shelf.held() == {"feed", "strategy.one"}
    assert shelf.unread() == ["strategy.one on ticks: 1 entries"]

    assert shelf.put_aside(lease) == f"{desk}@1"

    old = RedisLog(redis_url, f"{desk}@1")
    assert [entry.data for entry in old.entries("ticks")] == [b"old"]
    assert log.entries("ticks") == []
    for one in (shelf, log, strategy, old):
        one.close()


def test_the_archives_user_archives_and_trims_the_present_book_and_the_old(
    as_user: Login, redis_url: str, desk: str, tmp_path: Path
) -> None:
    settings = Settings(redis_url=as_user("archive"), desk=desk, archive=str(tmp_path))
    anybody, shelf, feed = RedisLog(redis_url, desk), RedisShelf(redis_url, desk), RedisLog(redis_url, desk)
    anybody.append([Output("ticks", b"old")])
    shelf.put_aside(held(feed, "feed"))
    anybody.append([Output("ticks", b"%d" % n) for n in range(300)])
    told: list[tuple[str, dict[str, object]]] = []
    archiver = Archiver(
        RedisBook(settings.redis_url, desk),
        open_store(settings),
        Limits(every_s=0.000_001, keep_ms=0, settle_s=0),
        "tests",
        open_desk=lambda name: RedisBook(settings.redis_url, name),
        on_event=lambda event, facts: told.append((event, facts)),
    )

    pause = threading.Event()
    for _ in range(6):
        archiver.turn()
        pause.wait(0.002)

    # Redis takes off whole nodes of 100 entries.
    assert (archiver.away, archiver.entries, archiver.phase) == ("", 301, "holding"), told
    assert archiver.trimmed >= 200
    assert "book_closed" in [event for event, _ in told]
    for one in (anybody, shelf, feed):
        one.close()


def test_people_may_look_at_every_desk_and_steer_it(as_user: Login, desk: str) -> None:
    url = as_user(PEOPLE.user)
    view = RedisView(url, desk)
    view.append([Output("control", b"halt"), Output("orders", b"by hand")])
    lease = held(view, "replay")

    assert view.exists()
    assert view.length("control") == 1
    assert {one.stream for one in view.lag()} == {"control", "orders"}
    assert [one.unit for one in view.units()] == ["replay"]
    assert desk in desks(url)
    assert server_facts(url, desk).append_only
    view.release(lease)
    book = RedisBook(url, desk)
    assert book.forget("nobody") == 0
    for one in (view, book):
        one.close()


def test_the_gateways_user_reads_all_and_fills_desks_of_replays_alone(as_user: Login, desk: str) -> None:
    url = as_user("gateway")
    view, replay, other = (
        RedisView(url, desk),
        RedisLog(url, f"replay-{desk}"),
        RedisLog(url, f"{desk}-other"),
    )
    view.append([Output("audit", b"asha asked"), Output("orders", b"by hand")])
    assert view.length("audit") == 1
    assert view.units() == []

    lease = held(replay, "replay")
    replay.commit(lease, Step(outputs=[Output("executions", b"of the past")]))

    for log in (view, other):
        with pytest.raises(ForbiddenError):
            log.append([Output("executions", b"fill")])
    with pytest.raises(ForbiddenError):
        other.acquire("replay", "tests", 1000)
    for one in (view, replay, other):
        one.close()
