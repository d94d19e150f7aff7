"""Replays of a day into desks of their own, to watch it again: begun, listed, ended. Which there are, Redis knows.

Everything that stands on the streams is played, the strategies' orders and the fills among it: nothing is decided anew.
"""

import subprocess
import sys
import threading
from typing import Any, Final

import msgspec

from sauda.clock import SystemClock
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
_ENDING_S: Final = 8.0


class ShownReplay(msgspec.Struct, frozen=True):
    """A replay; its desk is looked at with `?desk=ID`."""

    id: str
    """The name of its desk."""
    state: str
    """`running`, `finished`, or `stopped` before its end."""
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
        """Begin a replay into the desk *name*; what stands there already is that replay.

        Args:
            name: Of the desk that is filled.
            since: From when of the market's day, `09:15`; empty: its beginning.
            until: To when.
            day: Which trading date; empty: the newest.
            speed: Market seconds in a second.

        Raises:
            ProblemError: 409 if there are too many.
        """
        with self._lock:
            there = self._find(name)
            if there is not None:
                return there
            if len(self.all()) >= MOST:
                raise ProblemError(409, f"there are {MOST} replays already: delete one first")
            bounds = (self._settings.desk, name, since, until, day, f"{speed:g}")
            self._children[name] = child = subprocess.Popen(
                [sys.executable, "-m", "sauda_gateway.replaying", *bounds],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            return self._wait(name, child)

    def all(self) -> list[ShownReplay]:
        """Return all replays."""
        names = [name for name in desks(self._settings.redis_url) if name.startswith(PREFIX)]
        found = (self._find(name) for name in names if "@" not in name)
        return [one for one in found if one is not None]

    def end(self, name: str) -> None:
        """End a replay and delete its desk.

        Raises:
            ProblemError: 404 if there is none, 409 if another gateway plays it.
        """
        if not name.startswith(PREFIX) or self._find(name) is None:
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
        for child in self._children.values():
            child.terminate()

    def _wait(self, name: str, child: subprocess.Popen[bytes]) -> ShownReplay:
        """Wait until the replay has begun, or said why not."""
        while child.poll() is None:
            found = self._find(name)
            if found is not None:
                return found
            SystemClock().sleep(0.1)
        said = (child.stderr.read() if child.stderr else b"").decode(errors="replace").strip()
        found = self._find(name)
        if found is not None and not child.returncode:
            return found
        del self._children[name]
        raise ProblemError(422, said.splitlines()[-1] if said else "the replay ended at once", "date")

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
