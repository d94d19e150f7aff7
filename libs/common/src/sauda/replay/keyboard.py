"""Single keys of a terminal, without Enter; the terminal is left as it was found, whatever happens."""

import os
import select
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager

_SAME: dict[str, str] = {"\r": "\n", "=": "+", "_": "-", "\x1b[C": "n", "Q": "q", "N": "n"}
"""What a key is taken for: `+` without Shift, the arrow to the right."""


def has_keys() -> bool:
    """Return whether a person sits at both ends: keys come in, and what is shown is seen."""
    return sys.stdin.isatty() and sys.stdout.isatty()


@contextmanager
def keyboard() -> Iterator["Keyboard"]:
    """Take keys one by one; Ctrl-C still interrupts."""
    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    try:
        tty.setcbreak(number, termios.TCSADRAIN)
        ours = termios.tcgetattr(number)
        # A replay that Ctrl-Z stopped would leave its modes to the shell, and lose its desk's lease; space pauses it.
        ours[6][termios.VSUSP] = os.fpathconf(number, "PC_VDISABLE").to_bytes(1, "little")
        termios.tcsetattr(number, termios.TCSADRAIN, ours)
        yield Keyboard(number)
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)


class Keyboard:
    """The keys that were pressed."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._pressed: list[str] = []

    def key(self, wait_s: float) -> str:
        """Wait so long at the most for a key; return it, or nothing."""
        if not self._pressed and select.select([self._number], [], [], wait_s)[0]:
            self._pressed = _keys(os.read(self._number, 64).decode(errors="replace"))
        return self._pressed.pop(0) if self._pressed else ""


def _keys(text: str) -> list[str]:
    """Split what came into keys; a sequence such as an arrow's is one."""
    keys: list[str] = []
    while text:
        size = 3 if text.startswith("\x1b[") else 1
        keys.append(_SAME.get(text[:size], text[:size]))
        text = text[size:]
    return keys
