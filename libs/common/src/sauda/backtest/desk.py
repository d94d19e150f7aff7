"""A desk in lock step: each message is worked by all units, and all that follows from it, before the next one comes.

So speed cannot make orders and ticks race: it is the desk that is fast enough. Message objects go straight from unit to unit;
nothing is encoded, nothing is kept but the units' states.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol, cast

from sauda.backtest.player import Player
from sauda.backtest.walk import Walked, Walker, walk, walkers
from sauda.clock import UnixNs
from sauda.contracts import STREAM_OF, ClockTick, Message
from sauda.errors import SaudaError
from sauda.recordings.bar_path import WholeBar
from sauda.stretch import Stretch
from sauda.unit import Unit

CHECKPOINT: Final = 5000
"""Messages of the market after which states are put down, to come back to where one raises."""

_OUTSIDE: Final = frozenset({"ticks", "instruments", "control", "replies"})
"""Streams that are none of the units' own: what stands on them is for the market to say."""

_MOST_FOLLOWING: Final = 100_000
"""Messages that may follow from one: units that answer each other for ever would never see the next price."""


_Handle = Callable[[Message], Sequence[Message]]


class _Timed(Protocol):
    """A processor that says when it is due."""

    @property
    def due_ns(self) -> UnixNs:
        """Return the first instant at which the clock alone can make it do something."""


class _Gliding(_Timed, Protocol):
    """A processor that can take prices in one piece where it has nothing to do between them."""

    def is_calm(self, stretch: Stretch) -> bool:
        """Would all its ticks be prices and nothing else, whatever the clock shows until the last? Must change nothing."""

    def glide(self, stretch: Stretch) -> None:
        """Be as `handle` of all its ticks leaves it."""


class _Always(NamedTuple):
    """Stands for a processor that cannot say."""

    due_ns: UnixNs = 0


class _Ear(NamedTuple):
    """One that hears ticks."""

    player: Player
    handle: _Handle
    remember: Callable[[Message | Stretch], None]
    """Notes that something was worked."""
    timed: _Timed


_ALWAYS: Final = _Always()
_NEVER: Final[UnixNs] = 2**63


class RestlessError(SaudaError):
    """The units answer each other without end."""


class Desk:
    """Units, and what each message makes of them."""

    def __init__(
        self,
        units: Sequence[Unit],
        tell: Callable[[Message], None],
        states: Mapping[str, Mapping[bytes, bytes]] | None = None,
        *,
        checkpoint: int = CHECKPOINT,
    ) -> None:
        """Make the desk.

        Args:
            units: In the order in which they get a message.
            tell: Is given everything that a unit says, before other units work it.
            states: unit -> state with which it begins.
            checkpoint: Messages of the market between two states; nothing else may depend on it.
        """
        self.players = [Player(unit, (states or {}).get(unit.name)) for unit in units]
        self._tell = tell
        self._checkpoint = checkpoint
        self._since = 0
        self._deaf: set[str] = set()
        self._readers: dict[str, tuple[Player, ...]] = {}
        self._ticking: tuple[_Ear, ...] = ()
        self._gliding: tuple[tuple[_Gliding, _Ear], ...] = ()
        """All that hear ticks; none, if one of them cannot glide."""
        self._walkers: Sequence[Walker] = ()
        self._route()

    @property
    def due_ns(self) -> UnixNs:
        """Return the first instant at which the clock alone can make a unit do something; 0: one of them cannot say."""
        # A loop by hand: for bars this is asked at every tick.
        first_ns = _NEVER
        for ear in self._ticking:
            at_ns = ear.timed.due_ns
            if at_ns < first_ns:  # noqa: PLR1730  (a call of `min` costs as much as all the rest)
                first_ns = at_ns
        return first_ns

    def tick(self, message: Message) -> None:
        """Let all units work one message of the stream `ticks`, and what follows from it."""
        # The hot path of a backtest: a quiet tick costs the calls of the processors and little else.
        answers: Sequence[Message] = ()
        for player, handle, remember, _ in self._ticking:
            try:
                said = handle(message)
            except Exception as error:  # noqa: BLE001  (see `Player`)
                self._fail(player, message, error)
                continue
            remember(message)
            if said:
                answers = [*answers, *said]
        if answers:
            self._follow(answers)
        self._count()

    def beat(self, clock: ClockTick) -> None:
        """Let the units that are due hear the *clock*, and what follows from it; the others only if something follows."""
        # To who is not due the clock says nothing but the time, and of that nothing comes until somebody speaks.
        now_ns, answers = clock.event_ns, list[Message]()
        waiting: list[_Ear] = []
        for ear in self._ticking:
            if ear.timed.due_ns > now_ns:
                waiting.append(ear)
            elif said := self._hear(ear, clock):
                answers += said
        if answers:
            for ear in waiting:
                answers += self._hear(ear, clock)
            self._follow(answers)
        self._count()

    def glide(self, stretch: Stretch) -> bool:
        """Let all units take *stretch* in one piece; return False, and do nothing, if one has something to do on the way."""
        for processor, _ in self._gliding:
            if not processor.is_calm(stretch):
                return False
        for processor, ear in self._gliding:
            processor.glide(stretch)
            ear.remember(stretch)
        return bool(self._gliding)

    def walk(self, bars: Sequence[WholeBar], at: int, until_ns: UnixNs) -> Walked:
        """Let who acts on them take as many of *bars* from number *at* on as only he acts on, before *until_ns*.

        What he says at the beginning of the next is for `follow`.
        """
        walked = walk(self._walkers, bars, at, until_ns, self._checkpoint - self._since)
        self._since += walked.bars
        if walked.failed:
            self._route()
        return walked

    def follow(self, walked: Walked, clock: ClockTick) -> None:
        """Do what follows from what was said in a walk when the *clock* beat: the others hear it first, as in `beat`."""
        if walked.said:
            answers = list(walked.said)
            for ear in [one for one in self._ticking if one.player is not walked.actor]:
                answers += self._hear(ear, clock)
            self._follow(answers)
        self._count()

    def take(self, stream: str, message: Message) -> None:
        """Let all units work *message*, which stands on *stream*, and what follows from it."""
        if stream == "ticks":
            self.tick(message)
            return
        answers: list[Message] = []
        for player in self._readers.get(stream, ()):
            answers += self._work(player, message)
        self._follow(answers)

    def hand(self, player: Player, message: Message) -> None:
        """Let *player* alone work *message*, and all what follows from it."""
        self._follow(self._work(player, message))

    def deafen(self, names: frozenset[str]) -> None:
        """Let the units *names* hear no ticks for now."""
        self._deaf = set(names)
        self._route()

    def put_down(self) -> None:
        """Put down every unit's state."""
        self._since = 0
        for player in self.players:
            player.put_down()

    def _hear(self, ear: _Ear, clock: ClockTick) -> Sequence[Message]:
        try:
            said = ear.handle(clock)
        except Exception as error:  # noqa: BLE001  (see `Player`)
            self._fail(ear.player, clock, error)
            return ()
        ear.remember(clock)
        return said

    def _count(self) -> None:
        self._since += 1
        if self._since >= self._checkpoint:
            self.put_down()

    def _follow(self, answers: Sequence[Message]) -> None:
        waiting, followed = deque(answers), 0
        while waiting:
            said = waiting.popleft()
            self._tell(said)
            stream = STREAM_OF[type(said)]
            if stream not in _OUTSIDE:
                for player in self._readers.get(stream, ()):
                    waiting.extend(self._work(player, said))
            followed += 1
            if followed > _MOST_FOLLOWING:
                raise RestlessError(
                    f"more than {_MOST_FOLLOWING:,} messages follow from one of the market: units answer each "
                    f"other without end; the last was {said}"
                )

    def _work(self, player: Player, message: Message) -> Sequence[Message]:
        processor = player.processor
        said = player.work(message)
        if player.stopped or player.processor is not processor:
            self._route()
        return said

    def _fail(self, player: Player, message: Message, error: Exception) -> None:
        player.fail(message, error)
        self._route()

    def _route(self) -> None:
        streams = sorted({stream for player in self.players for stream in player.reads})
        self._readers = {
            stream: tuple(player for player in self.players if stream in player.reads) for stream in streams
        }
        self._ticking = tuple(
            _Ear(player, player.processor.handle, player.worked.append, _timed(player.processor))
            for player in self._readers.get("ticks", ())
            if player.unit.name not in self._deaf
        )
        self._walkers = walkers(ear.player for ear in self._ticking)
        able = [ear for ear in self._ticking if hasattr(ear.timed, "glide")]
        self._gliding = (
            tuple((cast("_Gliding", ear.timed), ear) for ear in able)
            if len(able) == len(self._ticking)
            else ()
        )


def _timed(processor: Any) -> _Timed:
    return processor if hasattr(processor, "due_ns") else _ALWAYS
