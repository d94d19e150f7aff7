"""Ctrl-C and SIGTERM, which must not come between the start of a process and the note that it was started."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stopping:
    """Raises KeyboardInterrupt when somebody wants the end, but not inside `held`: then behind it."""

    def __init__(self) -> None:
        self._held = 0
        self._asked = False

    def install(self) -> None:
        """Listen to both signals from now on."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._heard)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let nothing interrupt what is done inside."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            if not self._held and self._asked:
                self._asked = False
                raise KeyboardInterrupt

    def _heard(self, _number: int, _frame: FrameType | None) -> None:
        if self._held:
            self._asked = True
        else:
            raise KeyboardInterrupt


STOPPING = Stopping()
"""Signals are the process's, so there is one."""
