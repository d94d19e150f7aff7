"""A replay on a real terminal: keys steer it, and the terminal is left as it was found."""

import os
import pty
import re
import select
import signal
import subprocess
import termios
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
import redis

from sauda.clock import monotonic_s
from sauda.redis_log import RedisLog
from sauda.redis_view import RedisView
from tests.integration.replay_desk import SAUDA, environment, record

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass
class Terminal:
    """A program on a terminal of 100 columns, and what it has shown."""

    process: "subprocess.Popen[bytes]"
    number: int
    """Of the end where a person sits."""
    other: int
    """Of the program's end, kept open to look at its modes."""
    before: list[object]
    shown: str = field(default="")

    def press(self, keys: str) -> None:
        os.write(self.number, keys.encode())

    def read(self, seconds: float) -> None:
        while select.select([self.number], [], [], seconds)[0]:
            try:
                came = os.read(self.number, 65536)
            except OSError:
                return
            if not came:
                return
            self.shown += _ESCAPES.sub("", came.decode(errors="replace"))
            seconds = 0.0

    def wait_for(self, condition: Callable[[str], bool], what: str) -> None:
        """Read until what was shown since the last wait meets *condition*."""
        until_s = monotonic_s() + 30
        while not condition(self.shown):
            assert monotonic_s() < until_s, f"not shown: {what}; but: {self.shown[-2000:]}"
            assert self.process.poll() is None or select.select([self.number], [], [], 0)[0], self.shown[
                -2000:
            ]
            self.read(0.1)

    def ends(self) -> int:
        until_s = monotonic_s() + 30
        while self.process.poll() is None:
            assert monotonic_s() < until_s, self.shown[-2000:]
            self.read(0.1)
        self.read(0.1)
        return self.process.returncode

    @property
    def modes(self) -> list[object]:
        return termios.tcgetattr(self.other)


def reaches(least: int, shown: str) -> bool:
    return lines(shown) >= least


def lines(shown: str) -> int:
    return len(re.findall(r" (?:tick|clock) ", shown))


@pytest.fixture
def terminal(
    redis_url: str, desk: str, desk_log: RedisLog, tmp_path: Path
) -> Iterator[Callable[..., Terminal]]:
    record(desk_log, 3_000)
    opened: list[Terminal] = []

    def open_one(*arguments: str) -> Terminal:
        number, other = pty.openpty()
        termios.tcsetwinsize(other, (30, 100))
        before = termios.tcgetattr(other)
        process = subprocess.Popen(
            [str(SAUDA), "replay", *arguments],
            env=environment(redis_url, desk, tmp_path, TERM="xterm"),
            cwd=tmp_path,
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
        )
        opened.append(Terminal(process, number, other, before))
        return opened[-1]

    yield open_one
    for one in opened:
        one.process.kill()
        one.process.wait()
        os.close(one.number)
        os.close(one.other)


def test_space_pauses_n_plays_one_entry_and_q_ends(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("ticks", "--step", "--speed", "20")
    screen.wait_for(lambda shown: "⏸" in shown, "that it stands still")
    assert lines(screen.shown) == 0
    assert screen.modes != screen.before

    for number in (1, 2, 3):
        screen.press("n")
        screen.wait_for(partial(reaches, number), f"entry {number}")
    screen.read(0.5)
    assert lines(screen.shown) == 3

    screen.press(" ")
    screen.wait_for(lambda shown: "▶" in shown and lines(shown) > 20, "that it goes on")
    screen.press("q")

    assert screen.ends() == 0
    assert "of desk" in screen.shown
    assert screen.modes == screen.before


def test_the_speed_is_changed_by_keys(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("ticks", "--speed", "10")
    screen.wait_for(lambda shown: " 10x" in shown, "its speed")
    screen.press("+")
    screen.wait_for(lambda shown: " 20x" in shown, "the next speed")
    screen.press("--")
    screen.wait_for(lambda shown: " 5x" in shown, "a lower one")
    screen.press("q")

    assert screen.ends() == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_the_terminal_as_it_was_and_says_how_to_go_on(
    terminal: Callable[..., Terminal], desk: str, *, number: int, code: int
) -> None:
    screen = terminal("ticks", "--into", f"{desk}-signal-{number}")
    screen.wait_for(lambda shown: "▶" in shown, "the bar")
    screen.process.send_signal(number)

    assert screen.ends() == code
    assert "--resume goes on exactly there" in screen.shown
    assert screen.modes == screen.before


def test_what_goes_wrong_leaves_the_terminal_as_it_was(
    terminal: Callable[..., Terminal], redis_url: str, desk: str
) -> None:
    copy = RedisView(redis_url, f"{desk}-wrong")
    screen = terminal("ticks", "--into", copy.desk)
    screen.wait_for(lambda shown: "▶" in shown, "the bar")
    with redis.Redis.from_url(redis_url) as client:
        # A rival holds the desk.
        client.set(copy.keys.lease("replay"), "999", px=60_000)

    assert screen.ends() == 1
    assert "taken over" in screen.shown
    assert screen.modes == screen.before
    copy.close()
