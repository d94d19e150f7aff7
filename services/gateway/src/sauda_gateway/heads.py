"""How long the first lines of a request may be: uvicorn's fast parser takes them without end, and keeps all of it in memory."""

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST: Final = 64 * 1024
"""Bytes of address and headers, as they come from the socket; the piece that ends them is not counted."""


class ShortHeads(HttpToolsProtocol):
    """One connection, ended where the head of a request is longer."""

    _head = 0
    """Bytes of the head that is not complete yet."""
    _in_head = True
    _ended = False
    """Whether the piece that is being read completed a head or a body: what stands behind that is not counted."""

    def data_received(self, data: bytes) -> None:
        """Take what the socket has brought."""
        self._ended = False
        super().data_received(data)
        self._head = self._head + len(data) if self._in_head and not self._ended else 0
        if self._head > LONGEST and not self.transport.is_closing():
            self.send_400_response("The headers are too long.")

    def on_headers_complete(self) -> None:
        """Begin with the body, or with the answer."""
        self._in_head, self._ended = False, True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Begin with the next request."""
        self._in_head = self._ended = True
        super().on_message_complete()
