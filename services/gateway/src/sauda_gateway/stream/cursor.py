"""One client's place in one topic of events: what it has, what it still has to get, and when that is too much. Pure."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from sauda.archive.span import LOWEST
from sauda.merge import IdParts
from sauda_gateway.stream import frames
from sauda_gateway.stream.positions import parts_of, text_of
from sauda_gateway.stream.ring import Ring
from sauda_gateway.stream.topics import Name


class Past:
    """An event that was read back from the streams."""

    __slots__ = ("position", "text")

    def __init__(self, position: str, text: str) -> None:
        self.position = position
        self.text = text


class EventTopic:
    """A topic of events and what of it is remembered, for all clients."""

    def __init__(self, name: Name, at: Mapping[str, str]) -> None:
        """Begin empty: what has been stands in the streams alone.

        Args:
            name: Its name.
            at: stream -> last entry of it that the hub has seen; it moves on by itself.
        """
        self.name = name
        self.ring = Ring()
        self._at = at
        self._covered = {stream: parts_of(at[stream]) for stream in name.streams if stream in at}
        self._is_fresh = False

    @property
    def position(self) -> str:
        """Return where somebody stands who has got everything."""
        return text_of(self.name.streams, self._at)

    def cover(self, stream: str, until: IdParts) -> None:
        """Take note that what stands behind *until* will be here, and nothing before."""
        self._covered.setdefault(stream, until)

    def covers_until(self, stream: str) -> IdParts | None:
        """Return the last id of *stream* of which nothing is here."""
        return self._covered.get(stream)

    def add(self, stream: str, entry_id: str, data: object) -> None:
        """Take the event with which the hub has come to *entry_id*."""
        position = self.position
        gone = self.ring.add(position, stream, entry_id, frames.told(self.name.text, position, data))
        for event in gone:
            self._covered[event.stream] = parts_of(event.entry_id)
        self._is_fresh = True

    def take_fresh(self) -> bool:
        """Return whether events have come since this was asked last."""
        fresh, self._is_fresh = self._is_fresh, False
        return fresh

    def is_behind(self, after: Mapping[str, IdParts]) -> bool:
        """Return whether events behind *after* are not here any more, or *after* lies in a stream of which nothing ever came here."""
        return any(
            parts < self._covered[stream] if stream in self._covered else parts != LOWEST
            for stream, parts in after.items()
        )


class Cursor:
    """A client's place in a topic."""

    def __init__(self, topic: EventTopic) -> None:
        """Begin with what comes from now on."""
        self.topic = topic
        self.last = topic.position
        """Where the client stands."""
        self._at = topic.ring.next
        self._after: Mapping[str, IdParts] = {}
        self._past: deque[Past] = deque()
        self._gap = False
        self.waiting = False
        """Whether its past is being read."""

    def resume(self, text: str, after: Mapping[str, IdParts]) -> bool:
        """Begin behind *after* instead; return whether that is so far back that it must be read from the streams."""
        self.last, self._after = text, after
        # What it has may be ahead of what has come here: somebody else (REST) told it. Then that is passed over when it comes.
        self._at = self.topic.ring.first
        self.waiting = self.topic.is_behind(after)
        return self.waiting

    def remember(self, past: Iterable[Past] | None) -> None:
        """Take what was read; None: it was too much."""
        self.waiting = False
        self._gap = self._gap or past is None
        self._past.extend(past or ())

    def lose(self, last: str) -> None:
        """Take note that the client stood at *last*, of which nothing is known any more."""
        self.last, self._gap = last, True

    def next(self) -> str | None:
        """Return what the client is to be sent next; None: nothing for now."""
        if self.waiting:
            return None
        if self._gap:
            return self._leap()
        if self._past:
            return self._read_back()
        return self._from_ring()

    def _read_back(self) -> str:
        event = self._past.popleft()
        self.last = event.position
        self._after = _ahead_of(self._after, event.position, self.topic.name.streams)
        return event.text

    def _from_ring(self) -> str | None:
        ring = self.topic.ring
        while self._at < ring.next:
            event = ring.get(self._at)
            if event is None:
                return self._leap()
            self._at += 1
            has = self._after.get(event.stream)
            if has is None or parts_of(event.entry_id) > has:
                self.last = event.position
                return event.text
        return None

    def _leap(self) -> str:
        """Give up what was missed, say so, and go on with what comes from now on."""
        after, self.last = self.last, self.topic.position
        self._at, self._after, self._gap = self.topic.ring.next, {}, False
        self._past.clear()
        return frames.gap(self.topic.name.text, after, self.last)


def _ahead_of(has: Mapping[str, IdParts], position: str, streams: Sequence[str]) -> Mapping[str, IdParts]:
    found = {stream: parts_of(one) for stream, one in zip(streams, position.split("_"), strict=True)}
    return {stream: max(parts, has.get(stream, parts)) for stream, parts in found.items()}
