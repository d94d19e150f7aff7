"""Plays entries when they are due, and does what the keys say.

Entries that are due together go out together: at full speed that is what makes it fast.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from sauda.clock import NS_PER_MS, NS_PER_S, Clock, SystemClock, UnixNs, monotonic_s
from sauda.log import Entry
from sauda.replay.pace import Pace, SteadyNs

TOGETHER: Final = 500
"""Entries handed over at once at the most."""

_LOOK_EVERY_NS: Final = 50 * NS_PER_MS
"""Keys, the bar and the lease are seen to so often, however many entries flow."""

_RATE_OVER_NS: Final = NS_PER_S


class Item(NamedTuple):
    """An entry and where it lies on the replay's timeline."""

    entry: Entry
    time_ns: UnixNs | None
    """None: it comes along with the one before it."""


class Outlet(Protocol):
    """Where entries go: the screen, or a desk."""

    def play(self, items: Sequence[Item]) -> None:
        """Let *items* out, in this order."""

    def idle(self) -> None:
        """Called several times a second while nothing is due."""


class Board(Protocol):
    """The person: keys, and what is shown between entries."""

    def key(self, wait_s: float) -> str:
        """Wait so long at the most for a key; return it, or nothing."""

    def show(self, progress: "Progress") -> None:
        """Show how far it has come."""


class SteadyClock:
    """Time that never steps back, whatever is done to the machine's clock."""

    def now_ns(self) -> SteadyNs:
        """Return nanoseconds since some instant."""
        return round(monotonic_s() * NS_PER_S)

    def sleep(self, seconds: float) -> None:
        """Block the thread for *seconds*."""
        SystemClock().sleep(seconds)


class Nobody:
    """The board where there is no terminal: no keys, nothing shown, time passes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def key(self, wait_s: float) -> str:
        """Let the time pass."""
        if wait_s:
            self._clock.sleep(wait_s)
        return ""

    def show(self, progress: "Progress") -> None:
        """There is nobody to see it."""


@dataclass(slots=True)
class Progress:
    """How far a replay has come."""

    played: int = 0
    time_ns: UnixNs | None = None
    """Market time of the last entry that has one."""
    per_s: float = 0.0
    """Entries in the last second."""
    speed: float | None = None
    paused: bool = False
    left_ns: int = 0
    """How long until the next entry."""
    gap_ns: int = 0
    """The market time that passes until then."""
    elapsed_ns: int = 0


class Player:
    """One replay, from its first entry to its last or to the key that ends it."""

    def __init__(self, pace: Pace, outlet: Outlet, board: Board, clock: Clock) -> None:
        self.progress = Progress(speed=pace.speed)
        self.stopped = False
        """Set it, from a signal's handler for example, and the replay ends behind the entry in hand."""
        self._pace = pace
        self._outlet = outlet
        self._board = board
        self._clock = clock
        self._ready: list[Item] = []
        self._step = False
        self._looked: SteadyNs = 0
        self._counted: tuple[SteadyNs, int] = (0, 0)

    def play(self, items: Iterable[Item], *, step: bool = False) -> bool:
        """Play *items*; return whether the last of them was played.

        Args:
            items: In the order in which they shall come.
            step: Begin with time standing still.
        """
        began = self._looked = self._clock.now_ns()
        self._counted = (began, 0)
        if step:
            self._pace.pause(began)
        for item in items:
            self._pace.offer(item.time_ns, self._clock.now_ns())
            self._wait(began)
            if self.stopped:
                break
            self._take(item)
        self._flush()
        self._look(0.0, began)
        return not self.stopped

    def _wait(self, began: SteadyNs) -> None:
        """Return when the entry that was offered is due, or nothing is to be played any more."""
        while not self.stopped:
            now = self._clock.now_ns()
            left = self._pace.left_ns(now)
            if self._step or left == 0:
                if now - self._looked < _LOOK_EVERY_NS:
                    return
                wait_ns = 0
            else:
                self._flush()
                wait_ns = _LOOK_EVERY_NS if left is None else min(left, _LOOK_EVERY_NS)
            self._look(wait_ns / NS_PER_S, began)

    def _look(self, wait_s: float, began: SteadyNs) -> None:
        """Show, listen, keep what must be kept."""
        now = self._clock.now_ns()
        shown = self._progress_at(now, began)
        self._board.show(shown)
        self._outlet.idle()
        self._obey(self._board.key(wait_s))
        self._looked = self._clock.now_ns()

    def _obey(self, key: str) -> None:
        now = self._clock.now_ns()
        match key:
            case " ":
                (self._pace.resume if self._pace.paused else self._pace.pause)(now)
            case "n":
                self._pace.pause(now)
                self._pace.jump(now)
                self._step = True
            case "\n":
                self._pace.jump(now)
            case "+":
                self._pace.faster(now)
            case "-":
                self._pace.slower(now)
            case "q":
                self.stopped = True

    def _take(self, item: Item) -> None:
        self._step = False
        self._pace.played()
        self._ready.append(item)
        if len(self._ready) >= TOGETHER:
            self._flush()

    def _flush(self) -> None:
        if not self._ready:
            return
        ready, self._ready = self._ready, []
        self._outlet.play(ready)
        progress = self.progress
        progress.played += len(ready)
        last = next((item.time_ns for item in reversed(ready) if item.time_ns is not None), None)
        progress.time_ns = progress.time_ns if last is None else last

    def _progress_at(self, now: SteadyNs, began: SteadyNs) -> Progress:
        progress, pace = self.progress, self._pace
        since, counted = self._counted
        if now - since >= _RATE_OVER_NS:
            progress.per_s = (progress.played - counted) * NS_PER_S / (now - since)
            self._counted = (now, progress.played)
        progress.speed, progress.paused = pace.speed, pace.paused
        progress.left_ns, progress.gap_ns = pace.left_ns(now) or 0, pace.gap_ns
        progress.elapsed_ns = now - began
        return progress
