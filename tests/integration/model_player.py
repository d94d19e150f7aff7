"""Plays commands on a log so that two logs can be compared: entries by their number in the stream, not by their ids.

A command is written once (`model_commands`); ids are translated on the way in and back. Leases end by a clock that the
test owns: the memory log's is set, the server's time to live is shortened by the same amount.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sauda.clock import NS_PER_MS, ManualClock, SystemClock
from sauda.errors import SaudaError
from sauda.log import BEGINNING, EntryId, Lease, Log, Move, Output, Position, Step
from sauda.memory_log import MemoryLog
from sauda.merge import id_parts
from sauda.redis_log import RedisLog
from tests.integration.model_commands import STREAMS, UNITS, WRITTEN, Command

_ID = re.compile(r"\d+-\d+")


class Side(Protocol):
    """A log and the clock that ends its leases."""

    log: Log

    def pass_time(self, milliseconds: int) -> None:
        """Let every lease grow older."""

    def next_instant(self) -> None:
        """Make sure that the next entry gets a later millisecond."""

    def positions_of(self, unit: str) -> dict[str, Position]:
        """Return what is committed, for whoever asks."""


class InMemory:
    """The model."""

    def __init__(self, log_class: Callable[..., MemoryLog] = MemoryLog) -> None:
        self._clock = ManualClock(NS_PER_MS)
        self.memory = log_class("model", self._clock, one_count=False)
        self.log: Log = self.memory

    def pass_time(self, milliseconds: int) -> None:
        """See `Side`."""
        self._clock.advance_to(self._clock.now_ns() + milliseconds * NS_PER_MS)

    def next_instant(self) -> None:
        """See `Side`."""
        self.pass_time(1)

    def positions_of(self, unit: str) -> dict[str, Position]:
        """See `Side`."""
        return self.memory.positions_of(unit)


class OnServer:
    """The real thing."""

    def __init__(self, url: str, desk: str) -> None:
        self.redis = RedisLog(url, desk)
        self.log: Log = self.redis

    def pass_time(self, milliseconds: int) -> None:
        """See `Side`."""
        client, keys = self.redis._client, self.redis.keys
        for unit in UNITS:
            left = int(client.pttl(keys.lease(unit)))
            if left > 0:
                client.pexpire(keys.lease(unit), left - milliseconds)

    def next_instant(self) -> None:
        """See `Side`."""
        client: Any = self.redis._client
        seconds, micros = client.time()
        SystemClock().sleep((1_000 - micros % 1_000) / 1e6)
        while client.time() < (seconds, micros - micros % 1_000 + 1_000):
            pass

    def positions_of(self, unit: str) -> dict[str, Position]:
        """See `Side`."""
        client: Any = self.redis._client
        found = client.hgetall(self.redis.keys.unit(unit))
        return {
            name: Position(found[b"@" + name.encode()], int(found[b"#" + name.encode()]))
            for name in STREAMS
            if b"@" + name.encode() in found
        }


@dataclass
class _Held:
    lease: Lease
    positions: dict[str, Position]


class Player:
    """Plays commands on one side and tells what came, with numbers for ids."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self._ids: dict[str, list[EntryId]] = {name: [] for name in WRITTEN}
        self._numbers: dict[tuple[str, EntryId], int] = {}
        self._leases: list[Lease] = []

    def play(self, command: Command) -> Any:
        """Do *command*; return its result or error, comparable with that of the other side."""
        name, facts = command
        self.side.next_instant()
        try:
            result = getattr(self, f"_{name}")(**facts)
        except SaudaError as error:
            result = (type(error).__name__, self._said(str(error)))
        self._learn()
        return result

    def everything(self) -> Any:
        """Return all streams, states and positions."""
        streams = {name: self._entries(self.side.log.entries(name)) for name in WRITTEN}
        states = {unit: self.side.log.state_of(unit) for unit in UNITS}
        positions = {unit: self._numbered(self.side.positions_of(unit)) for unit in UNITS}
        return streams, states, positions

    # The commands.

    def _acquire(self, unit: str, ttl_ms: int) -> Any:
        lease = self.side.log.acquire(unit, "test", ttl_ms)
        if lease is not None:
            self._leases.append(lease)
        return lease

    def _renew(self, lease: int) -> Any:
        return self.side.log.renew(self._lease(lease))

    def _release(self, lease: int) -> Any:
        return self.side.log.release(self._lease(lease))

    def _load(self, lease: int, inputs: Sequence[str]) -> Any:
        loaded = self.side.log.load(self._lease(lease), inputs)
        return self._numbered(loaded.positions), loaded.state

    def _read(self, behind: dict[str, int], count: int) -> Any:
        positions = {name: Position(self._id(name, number), 0) for name, number in behind.items()}
        return self._entries(self.side.log.read(positions, count, 0))

    def _commit(self, lease: int, behind: dict[str, int], **terms: Any) -> Any:
        step, after = self._step(lease, **terms)
        if not behind:
            return self.side.log.commit(self._lease(lease), step)
        positions = {name: Position(self._id(name, number), 0) for name, number in behind.items()}
        return self._entries(
            self.side.log.commit_and_read(self._lease(lease), step, {**positions, **after}, 5, 0)
        )

    def _append(self, outputs: Sequence[Output]) -> Any:
        return len(self.side.log.append(outputs))

    def _range(self, stream: str, ends: tuple[str, str], numbers: tuple[int, int], count: int | None) -> Any:
        start, end = (self._end(stream, *pair) for pair in zip(ends, numbers, strict=True))
        return self._entries(self.side.log.entries(stream, start, end, count))

    def _left(self, unit: str) -> Any:
        # To ten seconds: the test's own milliseconds pass on one side only.
        return (self.side.log.left_ms(unit) + 5_000) // 10_000

    def _state(self, unit: str) -> Any:
        return self.side.log.state_of(unit)

    def _pass(self, milliseconds: int) -> Any:
        self.side.pass_time(milliseconds)

    # Numbers to ids and back.

    def _step(
        self, lease: int, moves: dict[str, tuple[int, int, int]], changes: Any, outputs: Any, last: bool
    ) -> tuple[Step, dict[str, Position]]:
        committed = self.side.positions_of(self._lease(lease).unit)
        made = {}
        for name, (shift, skip, length) in moves.items():
            at = self._number(name, committed[name].id) if name in committed else 0
            before = max(0, at + shift)
            passed = (committed[name].passed if name in committed else 0) + length
            after = Position(self._id(name, before + max(1, length)), passed)
            made[name] = Move(Position(self._id(name, before), 0), self._id(name, before + 1 + skip), after)
        return Step(made, changes, outputs, last), {name: move.after for name, move in made.items()}

    def _lease(self, back: int) -> Lease:
        known = back < len(self._leases)
        return self._leases[-1 - back] if known else Lease("unit.nobody", 99, 30_000)

    def _id(self, stream: str, number: int) -> EntryId:
        ids = self._ids[stream]
        if number <= 0:
            return BEGINNING
        # Behind the end: an id that nobody has.
        return ids[number - 1] if number <= len(ids) else b"%d-7" % (id_parts(ids[-1]).ms if ids else 1)

    def _end(self, stream: str, kind: str, number: int) -> bytes:
        if kind in ("-", "+"):
            return kind.encode()
        entry_id = self._id(stream, number)
        if kind.endswith("ms"):
            entry_id = b"%d" % id_parts(entry_id).ms
        return b"(" + entry_id if kind.startswith("(") else entry_id

    def _number(self, stream: str, entry_id: EntryId) -> int:
        if entry_id == BEGINNING:
            return 0
        return self._numbers.get((stream, entry_id), -1)

    def _numbered(self, positions: dict[str, Position]) -> dict[str, tuple[int, int]]:
        return {name: (self._number(name, at.id), at.passed) for name, at in positions.items()}

    def _learn(self) -> None:
        for name, ids in self._ids.items():
            start = b"(" + ids[-1] if ids else b"-"
            for entry in self.side.log.entries(name, start):
                ids.append(entry.id)
                self._numbers[name, entry.id] = len(ids)

    def _entries(self, entries: Sequence[Any]) -> list[Any]:
        self._learn()
        return [
            (e.stream, self._number(e.stream, e.id), self._record(e.data), e.cause, e.raw) for e in entries
        ]

    def _record(self, data: bytes) -> Any:
        """Return a journal's line with numbers for ids; everything else is compared as it stands."""
        if not data.startswith(b'{"type":"commit"'):
            return data
        record = json.loads(data)
        for ends in (record["before"], record["after"]):
            ends.update({name: self._number(name, at.encode()) for name, at in ends.items()})
        return record

    def _said(self, text: str) -> str:
        words = text.removeprefix("ERR ").split(" ")
        return _ID.sub(lambda found: str(self._number(words[1], found[0].encode())), " ".join(words))
