"""The topics of state: made when they have changed, eleven times a second at the most, once for all who follow them.

One that has rested is made at once, with all that came in the same batch. The pace is one of the average (the generic cell rate
algorithm, ITU-T I.371, with room for one more), and a little faster than a source of ten a second: with just ten, one that was held up
once would be late by as much for ever. What takes long to make, a chain of hundreds of contracts, is made less often: all of its kind
together take no more than half of the loop, on which the kill switch comes as well.
"""

import asyncio
from collections.abc import Callable
from time import thread_time
from typing import Any, Final, NamedTuple

from sauda_gateway.stream import frames
from sauda_gateway.stream.client import Client, StateTopic
from sauda_gateway.stream.topics import Name

PACE_S: Final = 0.09
ROOM_S: Final = PACE_S
"""By how much a text may come before its turn."""
SHARE: Final = 0.5
"""Of the loop's processor time, for all topics of one family that take long."""
_LONG_S: Final = 0.001


class Made(NamedTuple):
    """What a topic is now."""

    position: str
    data: Any


class Board:
    """All topics of state that somebody follows."""

    def __init__(self, make: Callable[[Name], Made | None]) -> None:
        """*make* returns what a topic is now; None: there is nothing yet."""
        self._make = make
        self._topics: dict[str, tuple[Name, StateTopic]] = {}
        self.made = 0
        """Texts so far."""

    def names(self) -> list[Name]:
        """Return what is followed."""
        return [name for name, _ in self._topics.values()]

    def follow(self, name: Name, client: Client) -> None:
        """Let *client* follow a topic, beginning with what it is now."""
        found = self._topics.get(name.text)
        topic = found[1] if found is not None else StateTopic(name.text)
        self._topics[name.text] = (name, topic)
        client.follow_state(topic)
        if found is None:
            self._make_now(name, topic)

    def leave(self, text: str, client: Client) -> bool:
        """Let *client* follow it no more; return whether nobody does now."""
        found = self._topics.get(text)
        if found is None or text not in client.states:
            return False
        client.leave_state(found[1])
        if found[1].clients:
            return False
        del self._topics[text]
        return True

    def changed(self, text: str) -> None:
        """Take note that a topic is not what it was; nothing happens if nobody follows it."""
        found = self._topics.get(text)
        if found is None or found[1].due:
            return
        name, topic = found
        topic.due = True
        loop = asyncio.get_running_loop()
        wait_s = topic.turn_s - ROOM_S - loop.time()
        if wait_s > 0:
            loop.call_later(wait_s, self._make_now, name, topic)
        else:
            # Behind the batch that is being worked: what it changes else goes along.
            loop.call_soon(self._make_now, name, topic)

    def _make_now(self, name: Name, topic: StateTopic) -> None:
        topic.due = False
        if not topic.clients:
            return
        began_s = thread_time()
        made = self._make(name)
        text = None if made is None else frames.told(name.text, made.position, made.data)
        pace_s = self._pace_s(name, thread_time() - began_s)
        topic.turn_s = max(topic.turn_s, asyncio.get_running_loop().time()) + pace_s
        topic.text = text
        if made is None:
            return
        self.made += 1
        for client in topic.clients:
            client.newer(topic)

    def _pace_s(self, name: Name, took_s: float) -> float:
        """Return how long a topic rests that took *took_s* of the processor."""
        if took_s < _LONG_S:
            return PACE_S
        alike = sum(one.family == name.family for one, _ in self._topics.values())
        return max(PACE_S, alike * took_s / SHARE)
