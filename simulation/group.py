"""A consumer group in memory, and a database: what a writer works between.

The group keeps three lists as the server does: the stream, the cursor, and what was handed out and not acknowledged.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from sauda.batch import Record, Refusal
from sauda.clock import NS_PER_MS, UnixNs
from sauda.codec import encode
from sauda.contracts import DeskPnl, Fill, Message, PlaceOrder, PositionPnl, StrategyPnl
from sauda.errors import TransientError
from sauda.log import BEGINNING, Entry, EntryId, Output, Position
from simulation.connection import Connection
from simulation.line import Line
from simulation.server import Server
from simulation.world import World


@dataclass(slots=True)
class _Pending:
    entry: Entry
    consumer: str
    since_ns: UnixNs


@dataclass(slots=True)
class Group:
    """The server's side of a group; see `simulation.server.Keeps`."""

    name: str
    streams: tuple[str, ...]
    cursors: dict[str, EntryId] = field(default_factory=dict)
    pending: dict[tuple[str, EntryId], _Pending] = field(default_factory=dict)

    def remember(self) -> Callable[[], None]:
        """Return what brings this moment back."""
        cursors, pending = dict(self.cursors), dict(self.pending)

        def bring_back() -> None:
            self.cursors, self.pending = cursors, pending

        return bring_back


class GroupConsumer:
    """See `sauda.writer.GroupReader`; `sauda.redis_consumer` is its like on a real server."""

    def __init__(self, line: Line, server: Server, group: Group, name: str) -> None:
        self.group = group.name
        self._name = name
        self._world = line.world
        self._server = server
        # A server without memory still acknowledges and hands out.
        self._call = partial(Connection(line, server).call, about=" of a group")
        self._kept = group

    def open(self) -> None:
        """See `GroupReader`."""
        self._call("open", self._open)

    def mine(self, count: int) -> list[Entry]:
        """See `GroupReader`."""
        return self._call("fresh", partial(self._mine, count))

    def abandoned(self, min_idle_ms: int, count: int) -> list[Entry]:
        """See `GroupReader`."""
        return self._call("fresh", partial(self._claim, min_idle_ms, count))

    def fresh(self, count: int, block_ms: int) -> list[Entry]:
        """See `GroupReader`."""
        return self._call("fresh", partial(self._fresh, count, block_ms), late=partial(self._fresh, count, 0))

    def settle(self, written: Sequence[Entry], letters: Sequence[tuple[Entry, Output]]) -> None:
        """See `GroupReader`."""
        self._call("settle", partial(self._settle, written, letters))

    def close(self) -> None:
        """See `GroupReader`; nothing is struck off a list."""

    def _open(self) -> None:
        for stream in self._kept.streams:
            self._kept.cursors.setdefault(stream, BEGINNING)

    def _must_exist(self) -> None:
        if not self._kept.cursors:
            # The server came back without it.
            raise TransientError("NOGROUP no such consumer group")

    def _mine(self, count: int) -> list[Entry]:
        self._must_exist()
        own = [one.entry for one in self._kept.pending.values() if one.consumer == self._name]
        return own[:count]

    def _claim(self, min_idle_ms: int, count: int) -> list[Entry]:
        self._must_exist()
        before_ns = self._server.clock.now_ns() - min_idle_ms * NS_PER_MS
        found = [one for one in self._kept.pending.values() if one.since_ns <= before_ns][:count]
        if any(one.consumer != self._name for one in found):
            self._world.seen["entries taken over from a dead writer"] += 1
        return self._handed_out([one.entry for one in found])

    def _fresh(self, count: int, block_ms: int) -> list[Entry]:
        self._must_exist()
        found = self._behind(count)
        if not found and block_ms:
            positions = {name: Position(at, 0) for name, at in self._kept.cursors.items()}
            self._server.wait(positions, count, block_ms)
            # A peer of the group may have been quicker.
            found = self._behind(count)
        for entry in found:
            self._kept.cursors[entry.stream] = entry.id
        return self._handed_out(found)

    def _behind(self, count: int) -> list[Entry]:
        log = self._server.log
        return [
            entry
            for name, at in self._kept.cursors.items()
            for entry in log.entries(name, b"(" + at, count=count)
        ]

    def _handed_out(self, entries: list[Entry]) -> list[Entry]:
        now_ns = self._server.clock.now_ns()
        for entry in entries:
            self._kept.pending[entry.stream, entry.id] = _Pending(entry, self._name, now_ns)
        return entries

    def _settle(self, written: Sequence[Entry], letters: Sequence[tuple[Entry, Output]]) -> None:
        for entry in written:
            self._kept.pending.pop((entry.stream, entry.id), None)
        said = [letter for entry, letter in letters if self._kept.pending.pop((entry.stream, entry.id), None)]
        self._server.log.append(said)
        self._server.wrote([letter.stream for letter in said])


class Database:
    """What every writer's sink writes into."""

    def __init__(self, world: World) -> None:
        self.rows: dict[tuple[object, ...], Message] = {}
        self._world = world
        self._away_until_ns: UnixNs = 0

    def go_away(self, ms: int) -> None:
        """Take nothing for *ms*."""
        self._away_until_ns = self._world.now_ns + ms * NS_PER_MS

    def heal(self) -> None:
        """Take everything from now on."""
        self._away_until_ns = 0

    def refuse(self) -> None:
        """Raise what a sink would."""
        if self._world.now_ns < self._away_until_ns:
            self._world.seen["writes while the database was away"] += 1
            raise TransientError("the database does not answer")


class MemorySink:
    """One writer's connection to the database; see `sauda.writer.Sink`."""

    where = "memory"

    def __init__(self, line: Line, database: Database) -> None:
        self._line = line
        self._database = database

    def open(self) -> None:
        """See `Sink`."""
        self._line.call("open", lambda: None, refuse=self._database.refuse)

    def write(self, records: Sequence[Record]) -> Sequence[Refusal]:
        """See `Sink`."""
        rows = {row_of(record.message): record.message for record in records}

        def put() -> None:
            self._database.rows.update(rows)

        self._line.call("write", put, refuse=self._database.refuse, about=f" {len(rows)} rows")
        return ()

    def close(self) -> None:
        """See `Sink`."""


def row_of(message: Message) -> tuple[object, ...]:
    """Return what identifies a message in the database, derived from it alone."""
    match message:
        case PositionPnl():
            return "position", message.strategy, message.instrument, message.event_ns
        case StrategyPnl():
            return "strategy", message.strategy, message.event_ns
        case DeskPnl():
            return "desk", message.event_ns
        case Fill():
            return "fill", message.fill_id
        case PlaceOrder():
            return "order", message.order_id
        case _:
            return "word", encode(message)
