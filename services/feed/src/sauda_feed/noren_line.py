"""The broker's library as it is, but for one argument that it does not pass on: how text is checked.

Its WebSocket client looks at every byte of a frame in Python, to see whether it is UTF-8: 32 of the 57 µs that it spends on a
frame. With `skip_utf8_validation`, its own documented switch, the bytes come as they are; `json.loads` decodes them in C and
refuses what is no UTF-8 as it refuses what is no JSON.
"""

import logging
import threading
from typing import Any, Final

from NorenRestApiPy.NorenApi import NorenApi

RETRY_S: Final = 0.1
"""Seconds between two connections, as the library has it."""
_PING_S: Final = 3
_PING: Final = '{"t":"h"}'


class NorenLine(NorenApi):  # type: ignore[misc]
    """A session with the broker; only the loop of its socket's thread is ours; it has no types, hence the comment."""

    def _NorenApi__ws_run_forever(self) -> None:  # noqa: N802  (the library's private name: without it, its own loop runs)
        stop: threading.Event = self._NorenApi__stop_event
        while not stop.is_set():
            socket: Any = self._NorenApi__websocket
            try:
                socket.run_forever(ping_interval=_PING_S, ping_payload=_PING, skip_utf8_validation=True)
            except Exception as error:  # noqa: BLE001  (the library's loop survives everything, and so does this one)
                logging.getLogger(__name__).warning("websocket_ended: %s", error)
            stop.wait(RETRY_S)
