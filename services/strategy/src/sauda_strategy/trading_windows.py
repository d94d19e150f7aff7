"""Hours and days as a rules file writes them in one line: `12:00-13:30, 13:45-15:15` and `mon,thu`. Pure."""

import re
from datetime import time
from typing import Final, NamedTuple

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-3]):([0-5]\d)")


class Window(NamedTuple):
    """When legs are opened, and when they are closed."""

    entry: time
    exit: time

    def __str__(self) -> str:
        """Read like `09:20 to 15:15`."""
        return f"{self.entry:%H:%M} to {self.exit:%H:%M}"


def windows_of(text: str) -> tuple[Window, ...]:
    """Return the windows in *text*, in its order; none in an empty one.

    Raises:
        ValueError: it cannot be read, or a window ends before it begins.
    """
    return tuple(_window(part.strip()) for part in text.split(",")) if text.strip() else ()


def _window(text: str) -> Window:
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise ValueError(f"further_windows: write {text!r} as an entry and an exit: `12:00-13:30`")
    entry, leave = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if leave <= entry:
        raise ValueError(f"further_windows: {text} ends before it begins")
    return Window(entry, leave)


def days_of(text: str) -> frozenset[int]:
    """Return the weekdays in *text*, Monday is 0; all in an empty one.

    Raises:
        ValueError: a word names no day.
    """
    if not text.strip():
        return frozenset(range(7))
    words = [word.strip().lower() for word in text.split(",")]
    unknown = [word for word in words if word not in WEEKDAYS]
    if unknown:
        raise ValueError(f"weekdays: {unknown[0]!r} is no day: write {', '.join(WEEKDAYS)}, as in `mon,thu`")
    return frozenset(WEEKDAYS.index(word) for word in words)
