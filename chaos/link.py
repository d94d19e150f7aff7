"""One connection through a proxy: two sockets, and what is done to the bytes between them."""

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from chaos.proxy import Proxy

_NO_LINGER: Final = struct.pack("ii", 1, 0)
"""A socket closed with it sends a reset, not an orderly end."""
_IN_TURN_S: Final = 1e-6
"""Between two deliveries that are due together: a loop does not say which of two equal timers comes first."""


class End(asyncio.Protocol):
    """One of the two sockets."""

    def __init__(self, link: "Link", *, is_near: bool) -> None:
        self.link = link
        self.is_near = is_near
        """Whether it is the one on the client's side."""
        self.transport: asyncio.Transport | None = None
        self.lost = False
        """Whether it was there and is closed."""
        self.due_s = 0.0
        """When the last bytes on their way out of here are due."""
        self.waiting: list[bytes] = []
        """What came before the connection stood."""
        self.delayed = 0
        """Deliveries that are on their way."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket; what waited for it goes out."""
        self.transport = cast("asyncio.Transport", transport)
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.is_near:
            self.link.begin()
            return
        if self.link.over:
            self.reset()
        waiting, self.waiting = self.waiting, []
        for data in waiting:
            self.transport.write(data)

    def data_received(self, data: bytes) -> None:
        """Hand on what came in."""
        if self.is_near:
            self.link.ask(data)
        else:
            self.link.answer(data)

    def connection_lost(self, error: Exception | None) -> None:
        """One side has hung up."""
        self.link.hung_up(self)

    def send(self, data: bytes) -> None:
        """Write out of this end, now or when the connection stands."""
        if self.transport is None:
            self.waiting.append(data)
        elif not self.transport.is_closing():
            self.transport.write(data)

    def reset(self) -> None:
        """Close with a reset."""
        if self.transport is None or self.lost:
            return
        sock = self.transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.transport.abort()


class Link:
    """A client's connection and the one that was made to the server for it."""

    def __init__(self, proxy: "Proxy") -> None:
        self.near = End(self, is_near=True)
        self.far = End(self, is_near=False)
        self.over = False
        self._proxy = proxy
        self._dead = False
        """Carries nothing any more, and closes nothing by itself."""
        self._doomed = False
        """A commit went through whose answer is not to come back."""
        self._connecting: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Connect to the server for the client that has come."""
        if not self._proxy.listens:
            # It came in the moment in which the proxy stopped to listen.
            self.reset()
            return
        self._proxy.links.add(self)
        if self._proxy.faults.hang:
            self._dead = True
            return
        self._connecting = asyncio.get_running_loop().create_task(self._connect())

    def ask(self, data: bytes) -> None:
        """Carry what the client says."""
        faults = self._proxy.faults
        if self._dead:
            return
        if (faults.lose_request or faults.lose_answer) and self._proxy.mark in data:
            if faults.lose_request:
                faults.lose_request -= 1
                self._proxy.lost["requests"] += 1
                self.reset()
                return
            faults.lose_answer -= 1
            self._doomed = True
        self._carry(data, self.far)

    def answer(self, data: bytes) -> None:
        """Carry what the server says."""
        if self._doomed:
            self._proxy.lost["answers"] += 1
            self.reset()
        elif not self._dead:
            self._carry(data, self.near)

    def go_dead(self) -> None:
        """Swallow everything from now on."""
        self._dead = True

    def reset(self) -> None:
        """Reset both sides."""
        self._proxy.links.discard(self)
        self._dead = self.over = True
        self.near.reset()
        self.far.reset()
        if self._connecting is not None:
            self._connecting.cancel()

    def hung_up(self, end: End) -> None:
        """Tell the other side, unless this connection is half open: then nothing is told."""
        other = self.far if end.is_near else self.near
        end.lost = True
        if other.lost:
            self._proxy.links.discard(self)
        if self._dead:
            return
        if other.transport is None:
            self.reset()
        elif not other.transport.is_closing():
            # Behind what is still on its way: a commit may be, whose maker was killed.
            delay_s = max(0.0, other.due_s - asyncio.get_running_loop().time())
            asyncio.get_running_loop().call_later(delay_s + 0.001, other.transport.close)

    async def _connect(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: self.far, "127.0.0.1", self._proxy.upstream
            )
        except OSError:
            self.reset()

    def _carry(self, data: bytes, end: End) -> None:
        self._proxy.carried += len(data)
        faults = self._proxy.faults
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        due_s = max(now_s + faults.latency_s, faults.held_until_s)
        if faults.jitter_s:
            due_s += self._proxy.dice.uniform(0, faults.jitter_s)
        if faults.bytes_per_s:
            due_s += len(data) / faults.bytes_per_s
        # TCP keeps the order: nothing overtakes what left before it.
        due_s = max(due_s, end.due_s + _IN_TURN_S)
        if due_s <= now_s and not end.delayed:
            end.send(data)
            return
        end.due_s = due_s
        end.delayed += 1
        loop.call_at(due_s, self._deliver, data, end)

    def _deliver(self, data: bytes, end: End) -> None:
        end.delayed -= 1
        if not self._dead:
            end.send(data)
