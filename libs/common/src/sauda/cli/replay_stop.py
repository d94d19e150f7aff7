"""Ctrl-C and SIGTERM while a replay runs: nothing is torn, and what was started is ended."""

import signal
from functools import partial
from typing import Any, Final

from sauda.clock import SystemClock
from sauda.replay.player import Player

INTERRUPTED: Final = 130
TERMINATED: Final = 143
"""128 + the signal's number, as shells count."""


class Stop:
    """Ctrl-C and SIGTERM as a word that is heard between two entries; the second Ctrl-C interrupts at once."""

    def __init__(self) -> None:
        self.code = 0
        self.player: Player | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Stop":
        for number, code in ((signal.SIGINT, INTERRUPTED), (signal.SIGTERM, TERMINATED)):
            self._before[number] = signal.signal(number, partial(self._heard, code))
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def wait(self, seconds: float) -> bool:
        """Wait; return whether the word has come."""
        SystemClock().sleep(seconds)
        return bool(self.code)

    def _heard(self, code: int, *_: object) -> None:
        if self.code == INTERRUPTED == code:
            raise KeyboardInterrupt
        self.code = code
        if self.player is not None:
            self.player.stopped = True
