"""What only the kernel can do for a client that takes nothing: end its connection, with what lies in the buffers for it."""

import socket
from typing import Final

TAKEN_WITHIN_MS: Final = 30_000
"""Milliseconds that sent data may lie untaken; connections that a socket accepts have it from that socket."""


def end_stuck(listening: socket.socket, after_ms: int = TAKEN_WITHIN_MS) -> None:
    """Let the kernel end connections of *listening* whose other end takes nothing, where it can (Linux).

    Closing such a connection would wait for its buffers to empty, which they never do: it would stay for as long as the other end lives.
    """
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None:
        listening.setsockopt(socket.IPPROTO_TCP, option, after_ms)
