"""The topics of events of one desk: what is remembered of each, and who follows it from where."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from sauda.archive.span import before
from sauda.clock import NS_PER_MS, SystemClock
from sauda.contracts import Bar, Message
from sauda.errors import ContractError, SaudaError
from sauda.logs import Channel, logger
from sauda.merge import IdParts
from sauda.record import Record
from sauda_gateway.stream import frames
from sauda_gateway.stream.client import Client
from sauda_gateway.stream.cursor import Cursor, EventTopic, Past
from sauda_gateway.stream.past import read_past
from sauda_gateway.stream.positions import parts_of, read_position
from sauda_gateway.stream.topics import EVENTS, Name, read_name

_READING_AT_ONCE: Final = 2
_CLOCKS_DIFFER_MS: Final = 60_000
"""By how much the clocks of this machine and of Redis may."""


class Events:
    """All topics of events; those of bars only while somebody follows them."""

    def __init__(self, open_record: Callable[[], Record]) -> None:
        """*open_record* opens the desk's record, for clients that were away long."""
        self._open_record = open_record
        self._at: dict[str, str] = {}
        self._topics: dict[str, EventTopic] = {}
        self._followers: dict[str, set[Client]] = {}
        self._reading = asyncio.Semaphore(_READING_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    def forget(self, gone: Mapping[str, str]) -> None:
        """Begin with nothing; *gone* names the last entry of each stream that stands in the archive alone."""
        self._at.clear()
        self._at.update(gone)
        self._topics = {name: EventTopic(read_name(name), self._at) for name in EVENTS}

    def take(self, stream: str, entry_id: str, message: Message) -> None:
        """Take an entry of any stream."""
        is_first = stream not in self._at
        self._at[stream] = entry_id
        for topic in self._topics_of(stream, message):
            if is_first:
                topic.cover(stream, before(parts_of(entry_id)))
            if topic.name.holds(message):
                topic.add(stream, entry_id, message)

    def wake(self) -> None:
        """Tell those who follow what has come."""
        for text, topic in self._topics.items():
            if topic.take_fresh():
                for client in self._followers.get(text, ()):
                    client.wake.set()

    def follow(self, name: Name, client: Client, after: str | None) -> None:
        """Let *client* follow *name* from behind *after*, or from now on.

        Raises:
            ContractError: *after* is no place in it.
        """
        resumed = None if after is None else read_position(after, name.streams)
        if resumed is not None:
            _insist_on_past(resumed)
        topic = self._topic(name)
        cursor = client.cursors[name.text] = Cursor(topic)
        self._followers.setdefault(name.text, set()).add(client)
        client.note(frames.begun(name.text, topic.position if after is None else after))
        if after is not None and resumed is not None and cursor.resume(after, resumed):
            until = {stream: topic.covers_until(stream) for stream in name.streams}
            task = asyncio.create_task(self._read_back(client, cursor, resumed, until))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def leave(self, text: str, client: Client) -> None:
        """Let *client* follow it no more."""
        client.cursors.pop(text, None)
        followers = self._followers.get(text)
        if followers is None:
            return
        followers.discard(client)
        if not followers:
            del self._followers[text]
            if text not in EVENTS:
                self._topics.pop(text, None)

    def begin_anew(self, client: Client) -> None:
        """Tell *client* that all it followed is another book's, and let it follow that from now on."""
        for text, old in list(client.cursors.items()):
            client.cursors[text] = cursor = Cursor(self._topic(read_name(text)))
            cursor.lose(old.last)

    def close(self) -> None:
        """Stop reading for anybody."""
        for task in self._tasks:
            task.cancel()

    def _topic(self, name: Name) -> EventTopic:
        found = self._topics.get(name.text)
        if found is None:
            found = self._topics[name.text] = EventTopic(name, self._at)
        return found

    def _topics_of(self, stream: str, message: Message) -> list[EventTopic]:
        if isinstance(message, Bar):
            topic = self._topics.get(f"bars:{message.instrument}:{message.timeframe}")
            return [] if topic is None else [topic]
        return [self._topics[name] for name, kind in EVENTS.items() if stream in kind.streams]

    async def _read_back(
        self,
        client: Client,
        cursor: Cursor,
        after: Mapping[str, IdParts],
        until: Mapping[str, IdParts | None],
    ) -> None:
        past: list[Past] | None = None
        async with self._reading:
            if client.cursors.get(cursor.topic.name.text) is not cursor:
                return  # It has left while others' was read.
            try:
                past = await asyncio.to_thread(read_past, self._open_record, cursor.topic.name, after, until)
            except SaudaError as error:
                # It is told of a gap, and asks over REST, where it is told why.
                logger(Channel.APP).warning("past_not_read", topic=cursor.topic.name.text, why=str(error))
        cursor.remember(past)
        client.wake.set()


def _insist_on_past(after: Mapping[str, IdParts]) -> None:
    """Refuse a place of tomorrow: whoever went on from there would hear nothing, and never learn why."""
    latest_ms = SystemClock().now_ns() // NS_PER_MS + _CLOCKS_DIFFER_MS
    if any(parts.ms > latest_ms for parts in after.values()):
        raise ContractError(
            "the place to go on from lies in the future: give the `id` of a message that came"
        )
