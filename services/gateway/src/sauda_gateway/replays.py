"""Replays of a day into desks of their own, to watch it again: begun, listed, ended. Which there are, Redis knows.

Everything that stands on the streams is played, the strategies' orders and the fills among it: nothing is decided anew.
"""

import subprocess
import sys
import tempfile
import threading
from typing import IO, Any, Final

import msgspec

from sauda.clock import SystemClock, monotonic_s
from sauda.errors import SaudaError
from sauda.keys import Keys
from sauda.redis_book import RedisBook
from sauda.redis_log import server_errors
from sauda.redis_view import desks
from sauda.replay.course import Course
from sauda.replay.target import UNIT
from sauda.settings import Settings
from sauda_gateway.problems import ProblemError

PREFIX: Final = "replay-"
"""Of the desks that the gateway may fill, and delete."""
MOST: Final = 8
_ROWS: Final = (b"replay/course", b"replay/played", b"replay/finished")
_BEGINNING_S: Final = 5.0
_ENDING_S: Final = 8.0


class ShownReplay(msgspec.Struct, frozen=True):
    """A replay; its desk is looked at with `?desk=ID`."""

    id: str
    """The name of its desk."""
    state: str
    """`starting`, `running`, `finished`, or `stopped` before its end."""
    source: str
    """The desk that is played."""
    asked: str
    played: int
    """Entries so far."""
    first_ns: int | None
    last_ns: int | None
    """The market times that it goes from and to."""


class Replays:
    """The replays on one Redis."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()

    def begin(self, name: str, *, since: str, until: str, day: str, speed: float) -> ShownReplay:
        """Begin a replay into the desk *name*; what stands there already is that replay, and goes on if it was stopped.

        Args:
            name: Of the desk that is filled.
            since: From when of the market's day, `09:15`; empty: its beginning.
            until: To when.
            day: Which trading date.
            speed: Market seconds in a second.

        Raises:
            ProblemError: 409 if there are too many, 422 if there is nothing to play.
        """
        with self._lock:
            if self._plays(name):
                return self._find(name) or self._starting(name)
            there = self._find(name)
            if there is not None and there.state != "stopped":
                return there
            if there is None and len(self.all()) >= MOST:
                raise ProblemError(409, f"there are {MOST} replays already: delete one first")
            words = (self._settings.desk, name, since, until, day, f"{speed:g}", "resume" if there else "")
            # A file and no pipe: nobody reads what a replay says once it has begun.
            with tempfile.TemporaryFile() as said:
                self._children[name] = child = subprocess.Popen(
                    [sys.executable, "-m", "sauda_gateway.replaying", *words],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=said,
                )
                return self._wait(name, child, said)

    def _plays(self, name: str) -> bool:
        child = self._children.get(name)
        return child is not None and child.poll() is None

    def all(self) -> list[ShownReplay]:
        """Return all replays, those among them that have not written anything yet."""
        names = [name for name in desks(self._settings.redis_url) if name.startswith(PREFIX)]
        found = [one for one in map(self._find, names) if one is not None and "@" not in one.id]
        there = {one.id for one in found}
        # A copy: another request may begin or end one meanwhile.
        starting = [name for name, child in list(self._children.items()) if child.poll() is None]
        return found + [self._starting(name) for name in starting if name not in there]

    def end(self, name: str) -> None:
        """End a replay and delete its desk.

        Raises:
            ProblemError: 404 if there is none, 409 if another gateway plays it.
        """
        if not name.startswith(PREFIX) or (name not in self._children and self._find(name) is None):
            raise ProblemError(404, f"there is no replay {name!r}", "replay_id")
        child = self._children.pop(name, None)
        if child is not None:
            child.terminate()
            try:
                child.wait(_ENDING_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        with RedisBookOf(self._settings, name) as book:
            if child is None and book.number(book.keys.lease(UNIT)):
                raise ProblemError(409, f"another gateway plays {name} now", "replay_id")
            keys = book.key_names()
            with server_errors(book.where):
                for key in keys:
                    book.line.say("DEL", key)

    def close(self) -> None:
        """End the processes; what they have written stays."""
        for child in list(self._children.values()):
            child.terminate()

    def _wait(self, name: str, child: subprocess.Popen[bytes], said: IO[bytes]) -> ShownReplay:
        """Wait a while until the replay has begun, or said why not."""
        deadline_s = monotonic_s() + _BEGINNING_S
        while child.poll() is None and monotonic_s() < deadline_s:
            if (found := self._find(name)) is not None and found.state != "stopped":
                return found
            SystemClock().sleep(0.1)
        if child.poll() is None:
            return self._starting(name)
        if (found := self._find(name)) is not None:
            return found
        self._children.pop(name, None)
        said.seek(0)
        lines = said.read().decode(errors="replace").strip().splitlines()
        raise ProblemError(422, lines[-1] if lines else "the replay ended at once", "date")

    def _starting(self, name: str) -> ShownReplay:
        return ShownReplay(name, "starting", self._settings.desk, "", 0, None, None)

    def _find(self, name: str) -> ShownReplay | None:
        with RedisBookOf(self._settings, name) as book:
            rows = book.rows_of(UNIT, _ROWS)
            if _ROWS[0] not in rows:
                return None
            course = msgspec.json.decode(rows[_ROWS[0]], type=Course)
            held = bool(book.number(book.keys.lease(UNIT)))
        is_over = _ROWS[2] in rows
        return ShownReplay(
            id=name,
            state="finished" if is_over else "running" if held else "stopped",
            source=course.source,
            asked=course.asked,
            played=int(rows.get(_ROWS[1], b"0")),
            first_ns=course.first_ns,
            last_ns=course.last_ns,
        )


class RedisBookOf:
    """A book that is closed behind itself."""

    def __init__(self, settings: Settings, name: str) -> None:
        Keys(name)
        self._book = RedisBook(settings.redis_url, name)

    def __enter__(self) -> RedisBook:
        return self._book

    def __exit__(self, *_: Any) -> None:
        try:
            self._book.close()
        except SaudaError:
            return
