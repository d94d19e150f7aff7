"""The newest events of a topic, kept once for all clients: each has a place in it, and none has a queue of its own.

A client that is slower than the events falls out at the old end. That is noticed by its place, costs nothing, and disturbs nobody.
"""

from collections import deque
from typing import Final, NamedTuple

MOST_EVENTS: Final = 2_000
MOST_BYTES: Final = 2_000_000


class Event(NamedTuple):
    """One event, ready to be sent."""

    at: int
    """Its number in this process, from 0 on, without a hole."""
    position: str
    """Where a client stands that has got it: resumes from here."""
    stream: str
    entry_id: str
    text: str


class Ring:
    """The newest events of one topic."""

    def __init__(self, most_events: int = MOST_EVENTS, most_bytes: int = MOST_BYTES) -> None:
        self._most_events = most_events
        self._most_bytes = most_bytes
        self._events: deque[Event] = deque()
        self._bytes = 0
        self._next = 0

    @property
    def next(self) -> int:
        """Return the number that the next event gets."""
        return self._next

    @property
    def first(self) -> int:
        """Return the number of the oldest event that is still here."""
        return self._next - len(self._events)

    def add(self, position: str, stream: str, entry_id: str, text: str) -> list[Event]:
        """Add an event; let go of the oldest ones if there are too many, and return those."""
        event = Event(self._next, position, stream, entry_id, text)
        self._events.append(event)
        self._next += 1
        self._bytes += len(text)
        gone: list[Event] = []
        while len(self._events) > self._most_events or self._bytes > self._most_bytes:
            gone.append(self._events.popleft())
            self._bytes -= len(gone[-1].text)
        return gone

    def get(self, at: int) -> Event | None:
        """Return the event of that number; None: it is not here yet, or not any more."""
        place = at - self.first
        return self._events[place] if 0 <= place < len(self._events) else None

    def __len__(self) -> int:
        return len(self._events)
