"""A recorded day traded in this process: the recording's ticks, a straddle, the paper exchange, the valuation.

Every message is worked by all units, and so is all that follows from it, before the next one comes: nothing races, two
plays of the same day are the same. The feed's part is played here: an instant is published whole, its heartbeat last;
whoever subscribes gets the newest earlier tick, then what follows.
"""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

from sauda.calendar import Calendar
from sauda.contracts import STREAM_OF, Instrument, InstrumentId, Message, Subscribe, Tick, Unsubscribe
from sauda.market_time import time_of
from sauda.recordings.timeline import Recording
from sauda.unit import Processor, Unit

Sight = Callable[[Tick], Tick]
"""What the desk sees of a tick."""


def whole(tick: Tick) -> Tick:
    """See all of it."""
    return tick


class RecordedDay:
    """A recording, read once, to be traded as often as is wanted."""

    def __init__(self, path: Path, underlying: str, calendar: Calendar) -> None:
        recording = Recording(path, frozenset({underlying}), calendar)
        self._instruments: Sequence[Instrument] = list(recording.instruments)
        self._always: frozenset[InstrumentId] = frozenset(recording.indices)
        self._instants = [list(group) for _, group in groupby(recording.messages(), key=time_of)]

    def trade(self, units: Sequence[Unit], sight: Sight = whole) -> list[Message]:
        """Let *units* trade the day; return all that they said, in order."""
        desk = _Desk(units, set(self._always), sight)
        for definition in self._instruments:
            desk.work(definition)
        for instant in self._instants:
            desk.publish(instant)
        return desk.said


class _Desk:
    """The units, and what a feed does with their subscriptions."""

    def __init__(self, units: Sequence[Unit], wanted: set[InstrumentId], sight: Sight) -> None:
        self._readers: dict[str, list[Processor]] = {}
        for unit in units:
            processor = unit.build()
            for stream in unit.inputs:
                self._readers.setdefault(stream, []).append(processor)
        self._wanted = wanted
        self._sight = sight
        self._latest: dict[InstrumentId, Tick] = {}
        self.said: list[Message] = []

    def publish(self, instant: Sequence[Message]) -> None:
        """Publish all messages of one instant, as far as they are wanted when it begins."""
        wanted = frozenset(self._wanted)
        for message in instant:
            if isinstance(message, Tick):
                self._latest[message.instrument] = message
        before = len(self.said)
        for message in instant:
            if not isinstance(message, Tick) or message.instrument in wanted:
                self.work(message)
        while before < len(self.said):
            wishes, before = self.said[before:], len(self.said)
            for wish in wishes:
                self._grant(wish)

    def work(self, message: Message) -> None:
        """Let all units work a message, and what follows from it."""
        waiting = deque([self._sight(message) if isinstance(message, Tick) else message])
        while waiting:
            one = waiting.popleft()
            for processor in self._readers.get(STREAM_OF[type(one)], ()):
                outputs = processor.handle(one)
                self.said += outputs
                waiting += outputs

    def _grant(self, wish: Message) -> None:
        match wish:
            case Subscribe():
                new = [name for name in wish.instruments if name not in self._wanted]
                self._wanted |= set(new)
                for name in new:
                    if name in self._latest:
                        self.work(self._latest[name])
            case Unsubscribe():
                self._wanted -= set(wish.instruments)
