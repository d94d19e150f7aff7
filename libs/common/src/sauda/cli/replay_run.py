"""Runs one replay: opens what it needs, plays, says what came of it, and lets everything go."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sauda.cli import screen
from sauda.cli.replay_course import Asked, course_of, items_of
from sauda.cli.replay_made import Made
from sauda.cli.replay_outlets import Shown, Written
from sauda.cli.replay_stop import Stop
from sauda.clock import NS_PER_S, clock_text
from sauda.errors import SaudaError
from sauda.replay.bar import Bar, bar, duration, speed_text
from sauda.replay.course import Course
from sauda.replay.crew import Crew
from sauda.replay.keyboard import has_keys
from sauda.replay.pace import Pace
from sauda.replay.player import Board, Item, Nobody, Outlet, Player, SteadyClock
from sauda.replay.target import Target, TargetError
from sauda.settings import load_settings
from sauda.settings_sources import find_root

if TYPE_CHECKING:
    from sauda.record import Record

NOTHING: Final = 1
_TO_RESUME: Final = "not complete: the same command with --resume goes on exactly there"


@dataclass(frozen=True, slots=True)
class Wish:
    """All that was asked for."""

    asked: Asked
    speed: float | None
    longest_gap_s: float | None
    step: bool
    into: str | None
    services: tuple[str, ...]
    how: str
    """`resume`, `append`, `new-book`, or nothing."""
    as_json: bool


def run_replay(view: "Record", wish: Wish, folder: Path) -> int:
    """Replay; return the exit code.

    Args:
        view: The desk that is read.
        wish: What was asked for.
        folder: Where the program was started; logs of services go to the project that it lies in.
    """
    with ExitStack() as opened:
        run = _Run(view, wish, opened.enter_context(Stop()))
        return run.show() if wish.into is None else run.write(wish.into, opened, folder)


class _Run:
    """One replay, from finding what to play to saying what came of it."""

    def __init__(self, view: "Record", wish: Wish, stop: Stop) -> None:
        self._view = view
        self._wish = wish
        self._stop = stop
        self._pace = Pace(
            wish.speed, longest_gap_s=wish.longest_gap_s, may_speed_up=not wish.services or wish.speed is None
        )

    def show(self) -> int:
        """Replay on the screen."""
        course = course_of(self._view, self._wish.asked)
        if course is None:
            return self._nothing()
        with self._board(course, course.source) as board:
            shown = Shown(as_json=self._wish.as_json, above=board if isinstance(board, Bar) else None)
            player = self._play(shown, board, items_of(self._view, course, {}))
        if not player.progress.played and not player.stopped:
            return self._nothing()
        if self._on_terminal():
            screen.note(_summary(player, player.progress.played, f"of desk {course.source} shown"))
        return self._stop.code

    def write(self, into: str, opened: ExitStack, folder: Path) -> int:
        """Replay into the desk *into*."""
        target = Target(load_settings().redis_url, into, self._view.desk)
        resumed = self._wish.how == "resume"
        course = None if resumed else course_of(self._view, self._wish.asked)
        if course is None and not resumed:
            return self._nothing()
        opened.callback(target.close)
        target.take(screen.note)
        course = self._resumed(target) if course is None else self._begun(target, course)
        if target.finished:
            screen.note(f"that replay is complete: {target.played:,} entries in desk {target.desk}")
            return 0
        crew = self._crew(target, opened, folder)
        return self._write(course, target, crew)

    def _begun(self, target: Target, course: Course) -> Course:
        if self._wish.how == "new-book":
            screen.note(f"what desk {target.desk} held is now {target.new_book()}")
        target.begin(course, append=self._wish.how == "append")
        return course

    def _resumed(self, target: Target) -> Course:
        """Return the course as an earlier run fixed it."""
        known = target.course
        if known is None:
            raise TargetError(f"desk {target.desk!r} has no replay to resume: leave --resume out")
        if (known.source, known.asked) != (self._view.desk, self._wish.asked.text):
            raise TargetError(
                f"desk {target.desk!r} has another replay, of desk {known.source}: `sauda replay {known.asked}`; "
                f"give --resume the same streams and bounds"
            )
        return known

    def _crew(self, target: Target, opened: ExitStack, folder: Path) -> Crew | None:
        services = self._wish.services
        if not services:
            return None
        logs = find_root(folder) / "var" / "replay" / target.desk
        crew = Crew(load_settings(), target.log, self._wish.speed, logs=logs, keep=target.idle)
        opened.callback(crew.stop)
        screen.note(f"starting {', '.join(services)} on desk {target.desk}; logs: {logs}")
        crew.start(services)
        return crew

    def _write(self, course: Course, target: Target, crew: Crew | None) -> int:
        made, before = Made(target.log), target.played
        try:
            player = self._written(course, target, crew)
        except SaudaError as error:
            raise type(error)(f"{error}\n{_TO_RESUME}") from error
        what = f"from desk {course.source} into desk {target.desk}"
        screen.note(_summary(player, target.played - before, what))
        if player.stopped:
            screen.note(_TO_RESUME)
        if crew is not None:
            made.tell()
        return self._stop.code or (0 if target.played or player.stopped else NOTHING)

    def _written(self, course: Course, target: Target, crew: Crew | None) -> Player:
        if crew is not None:
            # What an earlier run wrote last may still be unworked.
            crew.settle()
        if course.definitions_until:
            screen.note("the services need to know what trades: definitions come first")
        written = Written(target, crew, self._pace)
        with self._board(course, f"{course.source} → {target.desk}") as board:
            player = self._play(written, board, items_of(self._view, course, target.at))
            if not player.stopped:
                written.finish()
                target.finish()
        if crew is not None and not player.stopped:
            crew.settle()
        return player

    def _play(self, outlet: Outlet, board: Board, items: Iterator[Item]) -> Player:
        player = Player(self._pace, outlet, board, SteadyClock())
        self._stop.player = player
        player.play(items, step=self._wish.step)
        return player

    @contextmanager
    def _board(self, course: Course, route: str) -> Iterator[Board]:
        if not self._on_terminal():
            yield Nobody(SteadyClock())
            return
        with bar(route, course.first_ns, course.last_ns) as shown:
            yield shown

    def _on_terminal(self) -> bool:
        return has_keys() and not self._wish.as_json

    def _nothing(self) -> int:
        screen.note(f"nothing to replay: desk {self._view.desk} has no entries for `{self._wish.asked.text}`")
        return NOTHING


def _summary(player: Player, count: int, what: str) -> str:
    done = player.progress
    seconds = done.elapsed_ns / NS_PER_S
    reached = "" if done.time_ns is None else f", up to {clock_text(done.time_ns)}"
    rate = f", {count / seconds:,.0f}/s" if seconds >= 1 else ""
    return (
        f"{done.played:,} entries {what}{reached}, in {duration(seconds)} at {speed_text(done.speed)}{rate}"
    )
