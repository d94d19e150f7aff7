"""A TCP proxy that breaks what goes through it: real sockets, one loop in a thread of its own for all proxies of a run.

It does not know what it carries, but for one thing: which bytes mark a commit, so that a commit's request or answer can be lost.
"""

import asyncio
import random
import socket
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from chaos.link import Link

LOOPBACK: Final = "127.0.0.1"
T = TypeVar("T")


@dataclass(slots=True)
class Faults:
    """How a proxy treats what it carries."""

    latency_s: float = 0.0
    jitter_s: float = 0.0
    bytes_per_s: float = 0.0
    """0: as many as there are."""
    held_until_s: float = 0.0
    """Nothing arrives before this instant of the loop's clock; it is late, not lost."""
    hang: bool = False
    """New connections are accepted and never answered."""
    lose_request: int = 0
    """So many of the next commits never reach the server."""
    lose_answer: int = 0
    """So many of the next commits are done, and nobody hears of it."""


class Proxy:
    """One listening port in front of one server port. Its methods may be called from any thread."""

    def __init__(self, loop: "Loop", port: int, upstream: int, mark: bytes, seed: str) -> None:
        """*mark* is in the bytes of every request that commits something, and in no other."""
        self.port = port
        self.upstream = upstream
        self.mark = mark
        self.faults = Faults()
        self.carried = 0
        """Bytes carried so far, both ways."""
        self.lost: dict[str, int] = {"requests": 0, "answers": 0}
        """Commits whose request or whose answer was lost."""
        self.dice = random.Random(seed)  # noqa: S311  (jitter needs no secrets)
        self.links: set[Link] = set()
        self._loop = loop
        self._listener: socket.socket | None = None
        self._arriving: set[asyncio.Task[Any]] = set()

    @property
    def listens(self) -> bool:
        """Whether it takes connections."""
        return self._listener is not None

    def listen(self) -> None:
        """Take connections."""
        self._loop.do(self._listen())

    def refuse(self) -> None:
        """Reset what is open and refuse what comes, until `listen`."""
        self._loop.do(self._refuse())

    def cut(self) -> None:
        """Reset every connection, as a router does that lost its table."""
        self._loop.do(self._each("reset"))

    def half_open(self) -> None:
        """Swallow what the open connections carry from now on, both ways, and leave them open."""
        self._loop.do(self._each("go_dead"))

    def hang(self) -> None:
        """Reset what is open; take what comes and never answer it."""
        self.faults.hang = True
        self.cut()

    def unhang(self) -> None:
        """Answer what comes from now on, and reset what was left hanging."""
        self.faults.hang = False
        self.cut()

    def slow(self, latency_s: float, jitter_s: float, bytes_per_s: float) -> None:
        """Delay everything, each way."""
        self.faults.latency_s, self.faults.jitter_s, self.faults.bytes_per_s = (
            latency_s,
            jitter_s,
            bytes_per_s,
        )

    def hold(self, seconds: float) -> None:
        """Deliver what comes in the next *seconds*, and what the other side says, after them."""
        self.faults.held_until_s = self._loop.now_s() + seconds

    def heal(self) -> None:
        """Carry everything as it is. Connections that went dead stay dead: their ends have to find out."""
        self.faults = Faults(held_until_s=self.faults.held_until_s)
        self.listen()

    def close(self) -> None:
        """End everything."""
        self._loop.do(self._refuse())

    async def _listen(self) -> None:
        if self._listener is None:
            self._listener = socket.create_server((LOOPBACK, self.port), backlog=512)
            self._listener.setblocking(False)
            asyncio.get_running_loop().add_reader(self._listener, self._accept, self._listener)

    def _accept(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except OSError:
            return  # its client has left again
        loop = asyncio.get_running_loop()
        task = loop.create_task(loop.connect_accepted_socket(lambda: Link(self).near, connection))
        self._arriving.add(task)
        task.add_done_callback(self._arriving.discard)

    async def _refuse(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            asyncio.get_running_loop().remove_reader(listener)
            listener.close()
        await self._each("reset")

    async def _each(self, deed: str) -> None:
        for link in list(self.links):
            getattr(link, deed)()


@dataclass(slots=True)
class Loop:
    """The thread in which all proxies live."""

    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self.thread = threading.Thread(target=self.loop.run_forever, name="proxies", daemon=True)
        self.thread.start()

    def do(self, work: "Coroutine[Any, Any, T]") -> T:
        """Do *work* in the loop and return what it gives."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def now_s(self) -> float:
        """Return the loop's time."""
        return self.loop.time()

    def close(self) -> None:
        """End the thread; proxies should be closed before."""
        if self.thread is None:
            return
        # One more turn, so that sockets that were reset are let go.
        self.do(asyncio.sleep(0.05))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        self.loop.close()
        self.thread = None
