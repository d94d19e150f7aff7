"""Desks on a real Redis Cluster: three masters, a replica for each. What a single server promises holds; what a failover takes is the end, for all units alike."""

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from signal import SIGCONT, SIGSTOP

import pytest

from sauda.access.declared import declared
from sauda.access.grants import rule_of
from sauda.cli.__main__ import run
from sauda.clock import SystemClock, monotonic_s
from sauda.contracts import Message
from sauda.errors import ForbiddenError, LeaseLostError, PositionError, TransientError
from sauda.log import Entry, Output, Step
from sauda.redis_consumer import RedisConsumer
from sauda.redis_log import RedisLog
from sauda.redis_replicated import log_at
from sauda.redis_view import desks
from sauda.testing.redis_nodes import Cluster, Server, cluster, until
from tests.integration.lockstep_desk import ROW, SOURCE, Desk, contradictions, ending, market, taken

ROWS = 160
PATIENCE_S = 30


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster"), masters=3, replicas=1) as started:
        yield started


@pytest.fixture(scope="module")
def rows() -> list[Message]:
    return market(ROWS)


@pytest.fixture(scope="module")
def undisturbed(nodes: Cluster, rows: list[Message]) -> dict[str, object]:
    """What a desk ends as that nobody troubled."""
    with closing(RedisLog(nodes.url, "quiet")) as log:
        carried_on(log, rows, len(rows))
    return ending(nodes.url, "quiet")


def carried_on(
    log: RedisLog, rows: list[Message], row: int, meanwhile: Callable[[Desk], object] = id
) -> Desk:
    """Let the desk play up to *row*, forgetting everything and beginning again whenever the server is not there."""
    deadline_s = monotonic_s() + PATIENCE_S
    while True:
        try:
            desk = Desk(log, rows)
            desk.play(row, partial(meanwhile, desk))
        except (TransientError, LeaseLostError, PositionError):
            assert monotonic_s() < deadline_s, "the desk does not come back"
            SystemClock().sleep(0.05)
        else:
            return desk


def committed_row(url: str, name: str) -> int:
    with closing(RedisLog(url, name)) as log:
        return int(log.state_of(SOURCE).get(ROW, b"0"))


def test_desks_on_all_nodes_end_as_one_on_its_own(
    nodes: Cluster, rows: list[Message], undisturbed: dict[str, object]
) -> None:
    names = nodes.desks_on_each()
    assert len({nodes.owner(name).port for name in names}) == 3

    for name in names:
        with closing(RedisLog(nodes.url, name)) as log:
            carried_on(log, rows, len(rows))

        assert ending(nodes.url, name) == undisturbed
        assert contradictions(nodes.url, name) == []
    assert set(names) <= set(desks(nodes.url))


def test_a_slot_that_moves_under_a_desk_takes_it_along(
    nodes: Cluster, rows: list[Message], undisturbed: dict[str, object]
) -> None:
    name = nodes.desks_on_each("moved")[0]
    source = nodes.owner(name)
    target = next(node for node in nodes.masters if node is not source)
    moved: list[Server] = []

    def move(desk: Desk) -> None:
        if desk.row == 60 and not moved:
            moved.append(target)
            move_slot(source, target, name)

    with closing(RedisLog(nodes.url, name)) as log:
        carried_on(log, rows, len(rows), move)

    assert nodes.owner(name) is target
    assert ending(nodes.url, name) == undisturbed
    assert contradictions(nodes.url, name) == []


def test_a_service_of_a_cluster_logs_in_as_its_own_user_on_whatever_node_its_desk_is(nodes: Cluster) -> None:
    for name in nodes.desks_on_each("users"):
        for node in nodes.nodes:
            rule = rule_of(declared()["strategy"], name).split()
            node.say("ACL", "SETUSER", "a-strategy", "reset", "on", ">pw", *rule)
        with closing(RedisLog(nodes.url.replace("://", "://a-strategy:pw@"), name)) as log:
            lease = log.acquire("strategy.one", "tests", 60_000)
            assert lease is not None
            log.load(lease, ("ticks",))
            log.commit(lease, Step(outputs=[Output("orders", b"order")]))
            with pytest.raises(ForbiddenError):
                log.commit(lease, Step(outputs=[Output("executions", b"fill")]))
            assert [entry.data for entry in log.entries("orders")] == [b"order"]


def move_slot(source: Server, target: Server, desk: str) -> None:
    """Move the desk's slot as `redis-cli --cluster reshard` does; half of the keys first, so that the desk is in both places."""
    slot = source.say("CLUSTER", "KEYSLOT", f"{{{desk}}}")
    names = {node: node.say("CLUSTER", "MYID").decode() for node in (source, target)}
    target.say("CLUSTER", "SETSLOT", slot, "IMPORTING", names[source])
    source.say("CLUSTER", "SETSLOT", slot, "MIGRATING", names[target])
    keys = source.say("CLUSTER", "GETKEYSINSLOT", slot, 1000)
    source.say("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *(key.decode() for key in keys[::2]))
    url = f"redis+cluster://127.0.0.1:{source.port}"
    with closing(RedisLog(url, desk)) as between, pytest.raises(TransientError, match=r"ASK|TRYAGAIN"):
        Desk(between, [])
    source.say(
        "MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *(key.decode() for key in keys[1::2])
    )
    for node in (target, source):
        node.say("CLUSTER", "SETSLOT", slot, "NODE", names[target])


def test_a_master_that_steps_down_and_one_that_is_killed_leave_no_trace(
    nodes: Cluster, rows: list[Message], undisturbed: dict[str, object]
) -> None:
    name = nodes.desks_on_each("killed")[0]
    first, second = nodes.owner(name), nodes.replica_of(name)
    stepped_down: list[Server] = []

    def trouble(desk: Desk) -> None:
        if desk.row >= 40 and not stepped_down:
            # Nobody dies: clients stay connected to a server that has become a replica.
            stepped_down.append(first)
            second.say("CLUSTER", "FAILOVER")
            until(
                lambda: nodes.owner(name) is second and b"slave" in first.say("ROLE"), "it does not step down"
            )
            until(lambda: b"connected" in first.say("ROLE"), "it does not follow its successor")
        elif desk.row >= 90 and second.process:
            second.kill()

    with closing(RedisLog(nodes.url, name)) as log:
        carried_on(log, rows, len(rows), trouble)

    assert nodes.owner(name) is first, "there and back again"
    assert ending(nodes.url, name) == undisturbed
    assert contradictions(nodes.url, name) == []


def test_what_no_replica_had_is_lost_for_all_units_alike(
    nodes: Cluster, rows: list[Message], undisturbed: dict[str, object]
) -> None:
    name = nodes.desks_on_each("lost")[1]
    master, replica = nodes.owner(name), nodes.replica_of(name)
    with closing(RedisLog(nodes.url, name)) as log, closing(writer(nodes.url, name)) as reader:
        desk = carried_on(log, rows, 60)
        reader.open()
        acknowledged = reader.fresh(10_000, 0)
        reader.settle(acknowledged, ())
        cut_off(master, replica)
        desk.play(90)
        reader.settle(reader.fresh(10_000, 0), ())
        master.kill()
        replica.send(SIGCONT)

        until(lambda: nodes.owner(name) is replica, "the replica does not take over")
        assert committed_row(nodes.url, name) == 60, "30 rows were acknowledged and are gone"
        assert contradictions(nodes.url, name) == []

        carried_on(log, rows, len(rows))
        again = patient(lambda: [*reader.mine(10_000), *reader.fresh(10_000, 0)])
    assert ending(nodes.url, name) == undisturbed
    assert contradictions(nodes.url, name) == []
    with closing(RedisLog(nodes.url, name)) as log:
        assert [*acknowledged, *again] == log.entries("ticks"), (
            "the writer goes on where its acknowledgements end"
        )


def test_with_replicas_asked_for_nothing_acknowledged_is_lost(
    nodes: Cluster, rows: list[Message], undisturbed: dict[str, object]
) -> None:
    name = nodes.desks_on_each("kept")[2]
    master, replica = nodes.owner(name), nodes.replica_of(name)
    url = nodes.url + "?replicas=1"
    with closing(log_at(url, name)) as log, closing(writer(url, name)) as reader:
        desk = carried_on(log, rows, 60)
        reader.open()
        reader.settle(reader.fresh(10_000, 0), ())
        cut_off(master, replica)
        with pytest.raises(TransientError, match="0 of 1 replicas"):
            desk.play(90)
        probe = taken(log, "probe")
        with pytest.raises(TransientError, match="0 of 1 replicas"):
            log.load(probe, ())
        assert committed_row(nodes.url, name) == 61, "one step ahead of the replica, and no more"
        with pytest.raises(TransientError, match="0 of 1 replicas"):
            reader.fresh(10_000, 0)
        master.kill()
        replica.send(SIGCONT)

        until(lambda: nodes.owner(name) is replica, "the replica does not take over")
        assert committed_row(nodes.url, name) == desk.row == 60, "no row that was acknowledged is gone"
        # Nobody is there now to be the replica's replica: without the demand the desk goes on.
    with closing(RedisLog(nodes.url, name)) as log:
        carried_on(log, rows, len(rows))
    assert ending(nodes.url, name) == undisturbed
    assert contradictions(nodes.url, name) == []


def writer(url: str, desk: str) -> RedisConsumer:
    return RedisConsumer(url, desk, "writer.test", "test:1", ["ticks"])


def cut_off(master: Server, replica: Server) -> None:
    """Let *replica* have nothing more of what *master* does, as if a cable had been cut."""
    replica.send(SIGSTOP)
    master.say("CLIENT", "KILL", "TYPE", "replica")


def patient(ask: Callable[[], list[Entry]]) -> list[Entry]:
    """Ask again while the server is another one than before."""
    for _ in range(20):
        try:
            return ask()
        except TransientError:
            SystemClock().sleep(0.05)
    return ask()


def test_a_master_with_too_few_replicas_refuses_a_step_whole(nodes: Cluster, rows: list[Message]) -> None:
    name = nodes.desks_on_each("refused")[1]
    with closing(RedisLog(nodes.url, name)) as log:
        desk = carried_on(log, rows, 40)
        master = nodes.owner(name)
        master.say("CONFIG", "SET", "min-replicas-to-write", 5)
        with pytest.raises(TransientError, match="NOREPLICAS"):
            desk.play(41)
        master.say("CONFIG", "SET", "min-replicas-to-write", 0)

        assert committed_row(nodes.url, name) == 40
        carried_on(log, rows, 50)
    assert contradictions(nodes.url, name) == []


def test_a_desk_is_replayed_into_one_on_another_node(
    nodes: Cluster,
    rows: list[Message],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    here, there = nodes.desks_on_each("replay")[:2]
    with closing(RedisLog(nodes.url, here)) as log:
        carried_on(log, rows, len(rows))
        ticks = [entry.data for entry in log.entries("ticks")]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAUDA_REDIS_URL", nodes.url)
    monkeypatch.setenv("SAUDA_DESK", here)

    words = ["replay", "ticks", "--speed", "max", "--into", there]
    codes = [run(words), run(words), run([*words, "--new-book"]), run(["lag", "--desk", f"{there}@1"])]

    assert codes == [0, 2, 0, 0], capsys.readouterr().err
    assert {here, there, f"{there}@1"} <= set(desks(nodes.url))
    for name in (there, f"{there}@1"):
        with closing(RedisLog(nodes.url, name)) as log:
            assert [entry.data for entry in log.entries("ticks")] == ticks
