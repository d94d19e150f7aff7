"""A host that dies takes the end of Redis' append-only file with it: what is left is the desk as it was a moment earlier.

The file is cut at random bytes, between commands and in the middle of commands. A server started on the rest must hold units whose
state, positions, outputs and journal agree with one another, and the desk must go on from there to the very same end.
The kinds of server share the cuts between them.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import redis

from sauda.contracts import STREAMS, Message
from sauda.journal import journal_record
from sauda.log import Lease, Step
from sauda.redis_log import RedisLog
from tests.integration.append_only_file import (
    Server,
    Transaction,
    commands,
    contents,
    crashed_copy,
    files,
    last_increment,
    mend,
    refusal_to_start,
    server_on,
    transactions,
    wait_for_rewrite,
)
from tests.integration.conftest import share
from tests.integration.lockstep_desk import ROW, SOURCE, Desk, contradictions, ending, market

pytestmark = pytest.mark.slow
TICKS = 1_500
DESK = "crash"
RANDOM_CUTS = 9
BORDER_CUTS = 4


@dataclass
class Recorded:
    """A desk's undisturbed run, and the files that it left."""

    kind: Server
    folder: Path
    rows: list[Message]
    end: dict[str, object]
    entries: dict[str, list[Any]]

    @property
    def increment(self) -> Path:
        return last_increment(self.folder)

    def done(self) -> list[Transaction]:
        return transactions(commands(self.increment))


@pytest.fixture(scope="module")
def recorded(redis_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Play the day on a server of each kind; a third of it is in the base file, the rest in the increment."""
    server = server_on(redis_server, tmp_path_factory.mktemp("recorded"))
    rows = market(TICKS)
    server.start()
    try:
        log = RedisLog(server.url, DESK)
        desk = Desk(log, rows)
        desk.play(len(rows) // 3)
        with redis.Redis.from_url(server.url) as client:
            client.bgrewriteaof()
            wait_for_rewrite(client)
        desk.play(len(rows))
        entries = {name: log.entries(name) for name in STREAMS}
        log.close()
        end = ending(server.url, DESK)
    finally:
        server.kill()
    return Recorded(redis_server, server.folder, rows, end, entries)


@dataclass
class Crash:
    """Hosts that died, each with its own rest of the recorded files."""

    recorded: Recorded
    folder: Path
    _numbers: Iterator[int]
    _running: list[Server]
    mends: bool = True
    """Whether the file's end is mended before the server starts, as the desk does."""

    def at(self, size: int) -> Server:
        """Return a server started on what is left: *size* bytes of the increment."""
        self.end()
        folder = crashed_copy(self.recorded.folder, self.folder / str(next(self._numbers)), size)
        return self.started(folder)

    def started(self, folder: Path) -> Server:
        server = server_on(self.recorded.kind, folder)
        if self.mends:
            mend(server)
        self._running.append(server)
        server.start()
        return server

    def end(self) -> None:
        while self._running:
            self._running.pop().kill()


@pytest.fixture
def crash(recorded: Recorded, tmp_path: Path) -> Iterator[Crash]:
    crash = Crash(recorded, tmp_path, count(1), [])
    yield crash
    crash.end()


def test_each_commit_is_one_transaction_in_the_file(recorded: Recorded) -> None:
    written = commands(recorded.increment)
    inside = {command.start for one in transactions(written) for command in one.commands}

    effects = [c for c in written if c.words and c.words[0].upper() in (b"HSET", b"HDEL", b"XADD", b"XGROUP")]
    assert len(effects) > 7_500
    assert [c for c in effects if c.start not in inside] == []
    records = [
        one
        for one in transactions(written)
        if any(c.words[1:2] == (b"{crash}:journal",) for c in one.commands)
    ]
    assert len(records) > 4_000
    for one in records:
        units = {c.words[1] for c in one.commands if c.words[0].upper() == b"HSET"}
        assert len(units) == 1, "a record, and the position of one unit"


def test_an_unfinished_transaction_at_the_end_is_taken_back_whole(recorded: Recorded, crash: Crash) -> None:
    crash.mends, done = False, recorded.done()
    largest = max(done, key=lambda one: len(one.commands))
    for one in (largest, random.Random(5).choice(done)):
        before = contents(crash.at(one.start).url)
        cuts = {c.start + offset for c in one.commands for offset in (0, (c.end - c.start) // 2)}
        for size in share(recorded.kind, sorted((cuts | {one.end - 1}) - {one.start})):
            server = crash.at(size)
            assert contents(server.url) == before, f"{size} of {one.start}..{one.end}"
        assert contents(crash.at(one.end).url) != before


def test_what_was_taken_back_does_not_return_with_the_next_restart(recorded: Recorded, crash: Crash) -> None:
    in_an_order = next(
        one for one in recorded.done() if any(c.words[1:2] == (b"{crash}:orders",) for c in one.commands)
    )
    for command in share(recorded.kind, in_an_order.commands[1:]):
        server = crash.at((command.start + command.end) // 2)
        row = played_on(server, recorded, rows=4)
        assert contradictions(server.url, DESK) == []
        server.kill()
        server.start()
        assert contradictions(server.url, DESK) == [], f"cut in {command.words[:3]!r}, then restarted"
        assert played_on(server, recorded, rows=0) == row


def test_wherever_the_file_ends_the_desk_agrees_with_itself(recorded: Recorded, crash: Crash) -> None:
    crash.mends, dice, size = False, random.Random(1), recorded.increment.stat().st_size
    borders = [command.end for command in commands(recorded.increment)]
    cuts = [dice.randrange(size) for _ in range(RANDOM_CUTS)] + dice.sample(borders, BORDER_CUTS)
    cuts = [*share(recorded.kind, cuts)]

    shorter = 0
    for cut in (0, *sorted(cuts), size):
        server = crash.at(cut)
        assert contradictions(server.url, DESK) == [], f"cut at {cut}"
        log = RedisLog(server.url, DESK)
        for name, whole in recorded.entries.items():
            left = log.entries(name)
            assert left == whole[: len(left)], f"{name}, cut at {cut}"
            shorter += len(left) < len(whole)
        log.close()
    assert shorter > len(cuts)


def test_the_desk_goes_on_from_there_and_ends_as_if_nothing_had_been(
    recorded: Recorded, crash: Crash
) -> None:
    dice = random.Random(2)
    size = recorded.increment.stat().st_size
    orders = [
        one for one in recorded.done() if any(c.words[1:2] == (b"{crash}:orders",) for c in one.commands)
    ]
    in_an_order = orders[len(orders) // 2].commands[2].start + 3
    for cut in share(recorded.kind, [in_an_order, *dice.sample(range(size), 2), size - 1]):
        server = crash.at(cut)
        played_on(server, recorded)
        assert ending(server.url, DESK) == recorded.end, f"cut at {cut}"
        assert contradictions(server.url, DESK) == []


def played_on(server: Server, recorded: Recorded, rows: int | None = None) -> int:
    """Let the desk go on for so many *rows* of the market, or to its end; return where it stands."""
    log = RedisLog(server.url, DESK)
    desk = Desk(log, recorded.rows)
    desk.play(len(recorded.rows) if rows is None else desk.row + rows)
    log.close()
    return desk.row


def test_a_crash_in_the_middle_of_a_rewrite_is_like_any_other(recorded: Recorded, crash: Crash) -> None:
    server = crash.at(recorded.increment.stat().st_size // 2)
    with redis.Redis.from_url(server.url) as client:
        # The child sleeps for so many microseconds a key: the rewrite outlasts what follows.
        client.config_set("rdb-key-save-delay", 1_000_000)
        client.bgrewriteaof()
        played_on(server, recorded, rows=200)
        facts: Any = client.info("persistence")
        assert facts["aof_rewrite_in_progress"], "the rewrite was over too soon"
    crash.end()
    older, newest = files(server.folder, "i")

    rest = crashed_copy(server.folder, crash.folder / "rest", newest.stat().st_size * 2 // 3)
    left = crash.started(rest)
    assert contradictions(left.url, DESK) == []
    played_on(left, recorded)
    assert ending(left.url, DESK) == recorded.end

    # Redis itself syncs the older increment when it begins a new one; should its end be missing all the same, it says so.
    torn = crashed_copy(server.folder, crash.folder / "torn", older.stat().st_size - 9, increment=0)
    assert "truncated" in refusal_to_start(server_on(recorded.kind, torn))


class TornLog(RedisLog):
    """What a desk without the commit script would do: the same effects, one command after the other."""

    def commit(self, lease: Lease, step: Step) -> None:
        keys, pipeline = self.keys, self._client.pipeline(transaction=False)
        unit = keys.unit(lease.unit)
        for name, move in step.moves.items():
            pipeline.hset(unit, mapping={f"@{name}": move.after.id, f"#{name}": move.after.passed})
            pipeline.xgroup_setid(keys.stream(name), lease.unit, move.after.id)
        for row, value in step.changes.items():
            pipeline.hdel(unit, row) if value is None else pipeline.hset(unit, row, value)
        for output in step.outputs:
            pipeline.xadd(keys.stream(output.stream), {"d": output.data, "c": output.cause})
        if record := journal_record(lease, step):
            pipeline.xadd(keys.stream("journal"), {"d": record, "c": b""})
        pipeline.pexpire(keys.lease(lease.unit), lease.ttl_ms)
        pipeline.execute()


def test_a_commit_of_separate_commands_would_be_caught(recorded: Recorded, tmp_path: Path) -> None:
    server = server_on(recorded.kind, tmp_path / "torn")
    server.start()
    try:
        log = TornLog(server.url, DESK)
        Desk(log, recorded.rows).play(300)
        log.close()
        assert contradictions(server.url, DESK) == [], "undisturbed, nobody could tell"
        assert (
            transactions(commands(last_increment(server.folder)))[-1].end
            < last_increment(server.folder).stat().st_size // 2
        )
    finally:
        server.kill()

    crash = Crash(Recorded(recorded.kind, server.folder, [], {}, {}), tmp_path, count(1), [])
    # The host dies between what a step remembers and what it says.
    ends = [c.end for c in commands(last_increment(server.folder)) if c.words[0].upper() == b"HSET"]
    cuts = random.Random(3).sample(ends[len(ends) // 2 :], 8)
    caught = [cut for cut in cuts if contradictions(crash.at(cut).url, DESK)]
    crash.end()
    assert caught == cuts


def test_under_always_what_was_acknowledged_is_there_after_a_kill(recorded: Recorded, tmp_path: Path) -> None:
    server = server_on(recorded.kind, tmp_path / "always")
    server.start()
    dice, row = random.Random(4), 0
    try:
        for _ in range(8):
            with redis.Redis.from_url(server.url) as client:
                client.config_set("appendfsync", "always")
            row += dice.randrange(40, 80)
            log = RedisLog(server.url, DESK)
            Desk(log, recorded.rows).play(row)
            server.kill()
            log.close()
            server.start()
            log = RedisLog(server.url, DESK)
            assert int(log.state_of(SOURCE)[ROW]) == row
            log.close()
            assert contradictions(server.url, DESK) == []
    finally:
        server.kill()
