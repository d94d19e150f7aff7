"""A desk in lock step: each message is worked by all units, and all that follows from it, before the next one comes.

So speed cannot make orders and ticks race. Nothing is kept but the units' states and what they said about orders and money: a day of
any length fits. The units keep the runner's promise about entries that raise: their state is as if the entry had not been.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

from sauda.codec import decode
from sauda.contracts import STREAM_OF, Message
from sauda.errors import ContractError, InvariantError
from sauda.log import Entry
from sauda.merge import IdParts, id_parts
from sauda.redelivery import meant_for
from sauda.unit import REQUEUED, Processor, Unit
from sauda.whatif.told import Told

_CHECKPOINT: Final = 1000
"""Messages after which a state is put down, to come back to where one raises."""

_INSIDE: Final = frozenset({"orders", "executions"})
"""Streams that units write and units read."""


class Player:
    """One unit of the desk."""

    def __init__(self, unit: Unit, since: IdParts | None, state: Mapping[bytes, bytes] | None = None) -> None:
        """Begin behind the tick *since*, with *state* where the market is a slice of a longer one."""
        self.unit = unit
        self.reads = frozenset(unit.inputs)
        self.parked = 0
        """Messages that it could not work."""
        self.stopped = ""
        """Why it would not go on."""
        self.since = since
        """Ticks up to here it has not seen; None once they have passed."""
        self._state: dict[bytes, bytes] = dict(state or {})
        self._worked: list[Message] = []
        """Since the state was put down."""
        self._processor: Processor = self._built()

    def work(self, message: Message) -> Sequence[Message]:
        """Let the unit have *message*, and return what it says."""
        try:
            said = self._processor.handle(message)
        except InvariantError as error:
            self.stopped, self.reads = str(error), frozenset()
            return ()
        except Exception:  # noqa: BLE001  (as the runner: a strategy's error must not stop the desk)
            self.parked += 1
            self._go_back()
            return ()
        self._worked.append(message)
        if len(self._worked) >= _CHECKPOINT:
            self._put_down()
        return said

    def _put_down(self) -> None:
        for row, value in self._processor.state.take_changes().items():
            if value is None:
                self._state.pop(row, None)
            else:
                self._state[row] = value
        self._worked.clear()

    def _go_back(self) -> None:
        self._processor = self._built()
        for message in self._worked:
            self._processor.handle(message)

    def _built(self) -> Processor:
        processor = self.unit.build()
        processor.state.load(self._state)
        processor.restored()
        return processor


class LockStepDesk:
    """The units of a desk, and what came of them."""

    def __init__(
        self,
        units: Sequence[Unit],
        since: Mapping[str, IdParts | None],
        states: Mapping[str, Mapping[bytes, bytes]] | None = None,
    ) -> None:
        """Make the desk of *units*, each beginning behind its tick of *since*, with its state of *states* if it has one."""
        states = states or {}
        self.players = [Player(unit, since.get(unit.name), states.get(unit.name)) for unit in units]
        self.told = Told()
        self._late = [player for player in self.players if player.since is not None]
        """Those that do not read the ticks yet."""

    def take(self, entry: Entry, message: Message | None) -> None:
        """Let all units work *entry* and what follows from it; *message* is what it says, None if it cannot be read."""
        if entry.stream == REQUEUED:
            self._take_back(entry)
        elif message is not None:
            if self._late and entry.stream == "ticks":
                self._wake(id_parts(entry.id))
            self._settle(entry.stream, message)

    def _settle(self, stream: str, message: Message) -> None:
        answers: list[Message] = []
        is_tick = stream == "ticks"
        for player in self.players:
            if stream in player.reads and not (is_tick and player.since is not None):
                answers += player.work(message)
        if answers:  # Nearly no tick has any.
            self._follow(answers)

    def _follow(self, answers: Sequence[Message]) -> None:
        waiting = deque(answers)
        while waiting:
            said = waiting.popleft()
            self.told.take(said)
            stream = STREAM_OF[type(said)]
            if stream in _INSIDE:
                for player in self.players:
                    if stream in player.reads:
                        waiting.extend(player.work(said))

    def _wake(self, at: IdParts) -> None:
        for player in self._late:
            if player.since is not None and at > player.since:
                player.since = None
        self._late = [player for player in self._late if player.since is not None]

    def _take_back(self, entry: Entry) -> None:
        """Hand a requeued letter to its unit alone."""
        for player in self.players:
            try:
                if (meant := meant_for(player.unit.name, entry)) is not None:
                    self._follow(player.work(decode(meant.data)))
            except ContractError:
                continue
