"""A process's connection to the server, and the log as the process has it."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from sauda.errors import TransientError
from sauda.log import Entry, EntryId, Lease, Loaded, Output, Position, Step
from simulation.line import Line
from simulation.server import Server

T = TypeVar("T")


class Connection:
    """A line to the server, which ends with the server's life."""

    def __init__(self, line: Line, server: Server) -> None:
        self.server = server
        self._line = line
        self._life = server.lives

    def call(
        self,
        name: str,
        action: Callable[[], T],
        *,
        needs_memory: bool = False,
        late: Callable[[], object] | None = None,
        about: str = "",
    ) -> T:
        """See `Line.call`; what comes late comes over this connection, if it still stands."""
        life = self._life

        def refuse() -> None:
            self.server.refuse(needs_memory=needs_memory)
            if self._life != self.server.lives:
                # Whoever was connected to a server that died learns it at the next call.
                self._life = self.server.lives
                raise TransientError("the connection was closed by the server")

        def arrive() -> None:
            self.server.refuse(needs_memory=needs_memory)
            if life == self.server.lives:
                (late or action)()

        return self._line.call(name, action, refuse=refuse, late=arrive, about=about)


class LineLog:
    """The log as one process has it: `sauda.log.Log` over a connection of its own."""

    def __init__(self, line: Line, server: Server) -> None:
        self.desk = server.log.desk
        self._server = server
        self._call = Connection(line, server).call

    def acquire(self, unit: str, holder: str, ttl_ms: int) -> Lease | None:
        """See `sauda.log.Log`."""

        def take() -> Lease | None:
            lease = self._server.log.acquire(unit, holder, ttl_ms)
            if lease is not None:
                self._server.took(lease)
            return lease

        return self._call("acquire", take, needs_memory=True)

    def left_ms(self, unit: str) -> int:
        """See `sauda.log.Log`."""
        return self._call("left", lambda: self._server.log.left_ms(unit))

    def renew(self, lease: Lease) -> None:
        """See `sauda.log.Log`."""
        self._call("renew", lambda: self._server.log.renew(lease))

    def release(self, lease: Lease) -> None:
        """See `sauda.log.Log`."""
        self._call("release", lambda: self._server.log.release(lease))

    def load(self, lease: Lease, inputs: Sequence[str]) -> Loaded:
        """See `sauda.log.Log`."""
        return self._call("load", lambda: self._server.log.load(lease, inputs))

    def read(self, positions: Mapping[str, Position], count: int, block_ms: int) -> list[Entry]:
        """See `sauda.log.Log`."""
        return self._call("read", lambda: self._read(positions, count, block_ms), late=lambda: None)

    def read_after_rest(
        self, urgent: Mapping[str, Position], rest_ms: int, positions: Mapping[str, Position], count: int
    ) -> list[Entry]:
        """See `sauda.log.Log`; when a unit has rested the scheduler decides."""
        return self.read(positions, count, 0)

    def commit(self, lease: Lease, step: Step) -> None:
        """See `sauda.log.Log`."""
        self._call("commit", lambda: self._commit(lease, step), needs_memory=True, about=_about(step))

    def commit_and_read(
        self, lease: Lease, step: Step, positions: Mapping[str, Position], count: int, block_ms: int
    ) -> list[Entry]:
        """See `sauda.log.Log`."""

        def both() -> list[Entry]:
            self._commit(lease, step)
            return self._read(positions, count, block_ms)

        def commit() -> None:
            self._commit(lease, step)

        return self._call("commit", both, needs_memory=True, late=commit, about=_about(step))

    def state_of(self, unit: str) -> dict[bytes, bytes]:
        """See `sauda.log.Log`."""
        return self._call("state", lambda: self._server.log.state_of(unit))

    def append(self, outputs: Sequence[Output]) -> list[EntryId]:
        """See `sauda.log.Log`."""

        def write() -> list[EntryId]:
            ids = self._server.log.append(outputs)
            self._server.wrote([output.stream for output in outputs])
            return ids

        return self._call("append", write, needs_memory=True)

    def entries(
        self, stream: str, start: bytes = b"-", end: bytes = b"+", count: int | None = None
    ) -> list[Entry]:
        """See `sauda.log.Log`."""
        return self._call("entries", lambda: self._server.log.entries(stream, start, end, count))

    def _commit(self, lease: Lease, step: Step) -> None:
        self._server.log.commit(lease, step)
        self._server.did(lease, step)

    def _read(self, positions: Mapping[str, Position], count: int, block_ms: int) -> list[Entry]:
        found = self._server.log.read(positions, count, 0)
        return found if found or not block_ms else self._server.wait(positions, count, block_ms)


def _about(step: Step) -> str:
    moved = " ".join(f"{name}..{move.after.id.decode()[-9:]}" for name, move in step.moves.items())
    return f" {moved} +{len(step.outputs)}"
