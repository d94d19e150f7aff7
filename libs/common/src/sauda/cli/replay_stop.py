"""Ctrl-C and SIGTERM while a replay runs: nothing is torn, and what was started is ended."""

import signal
from functools import partial
from typing import Any, Final

from sauda.replay.player import Player

INTERRUPTED: Final = 130
TERMINATED: Final = 143
"""128 + the signal's number, as shells count."""


class Stop:
    """Ctrl-C and SIGTERM as a word that is heard between two entries, once a replay has begun."""

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

    def _heard(self, code: int, *_: object) -> None:
        """End the replay behind the entry in hand; at once if it has not begun, or if a person insists."""
        if self.player is None or self.code == INTERRUPTED == code:
            raise KeyboardInterrupt if code == INTERRUPTED else SystemExit(code)
        self.code = code
        self.player.stopped = True
