"""One client, whatever the wire: what it follows, and what it is to be sent next. Never a queue that grows.

Of each state it remembers that there is something newer, not what; of each topic of events its place in the common ring.
"""

import asyncio
from collections import deque
from typing import Final

from sauda_gateway.stream.cursor import Cursor

MOST_TOPICS: Final = 300
MOST_NOTES: Final = 50
"""Answers to its own requests that it has not taken yet; until it takes some, none of its requests is read."""


class StateTopic:
    """A topic of which only the newest counts; its text is made once for all clients."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.text: str | None = None
        """The newest, ready to be sent; None: there is nothing yet."""
        self.position = ""
        self.clients: set[Client] = set()
        self.turn_s = float("-inf")
        """When it is its turn again, on the loop's clock."""
        self.due = False
        """Whether it will be made soon."""


class Client:
    """What somebody who listens is to be sent."""

    def __init__(self, token: str = "") -> None:
        self.token = token
        """The name of that with which it came."""
        self.states: dict[str, StateTopic] = {}
        self.cursors: dict[str, Cursor] = {}
        self.wake = asyncio.Event()
        """Set when there may be something to send."""
        self.room = asyncio.Event()
        """Set while it may ask for more."""
        self.room.set()
        self.sending_since_s: float | None = None
        """When the message now on the wire was begun; a client that stopped reading leaves it there."""
        self.dropped: str | None = None
        """Why it was given up."""
        self._notes: deque[str] = deque()
        self._pulse: str | None = None
        self._newer: dict[str, StateTopic] = {}

    def note(self, text: str) -> None:
        """Send *text* before all else."""
        self._notes.append(text)
        if len(self._notes) >= MOST_NOTES:
            self.room.clear()
        self.wake.set()

    def pulse(self, text: str) -> None:
        """Send a sign of life, in place of an older one that was not taken."""
        self._pulse = text
        self.wake.set()

    def follow_state(self, topic: StateTopic) -> None:
        """Follow *topic*, beginning with what it is now."""
        self.states[topic.name] = topic
        topic.clients.add(self)
        if topic.text is not None:
            self.newer(topic)

    def newer(self, topic: StateTopic) -> None:
        """Take note that *topic* has changed."""
        self._newer[topic.name] = topic
        self.wake.set()

    def leave_state(self, topic: StateTopic) -> None:
        """Follow it no more."""
        topic.clients.discard(self)
        del self.states[topic.name]
        self._newer.pop(topic.name, None)

    def next(self) -> str | None:
        """Return what is to be sent now; None: nothing."""
        if self._notes:
            text = self._notes.popleft()
            if len(self._notes) < MOST_NOTES:
                self.room.set()
            return text
        for cursor in self.cursors.values():
            if (event := cursor.next()) is not None:
                return event
        if self._pulse is not None:
            pulse, self._pulse = self._pulse, None
            return pulse
        while self._newer:
            # Whoever waited longest: a client that is too slow for all of them sees each in turn.
            topic = self._newer.pop(next(iter(self._newer)))
            if topic.text is not None:
                return topic.text
        return None

    def position(self) -> str:
        """Return where it stands in all topics of events, `fills=1795580105123-4;orders=…`."""
        return ";".join(f"{name}={cursor.last}" for name, cursor in self.cursors.items())

    def drop(self, why: str) -> None:
        """Give it up; whoever serves it closes the connection."""
        self.dropped = why
        self.wake.set()
