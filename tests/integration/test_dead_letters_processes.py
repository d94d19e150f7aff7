"""Dead letters of real processes: parked, mended, sent back to one of them, worked exactly once, whatever is killed meanwhile."""

import random
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from sauda.codec import decode, encode
from sauda.contracts import Alert, DeadLetter, Fill
from sauda.log import Output
from sauda.redis_log import RedisLog
from sauda.redis_view import RedisView
from sauda.rerun.verify import verify
from sauda.testing.builders import a_fill, a_tick
from tests.integration.desk_processes import Replica, start_replicas, wait_until
from tests.integration.letter_process import UNLUCKY, sum_unit

Sauda: TypeAlias = Callable[..., Any]
UNREADABLE = b'{"type":"tick","ltp":\xff}'
ROOT = Path(__file__).parents[2]


class Processes:
    """Replicas of units that add up prices."""

    def __init__(self, redis_url: str, desk: str) -> None:
        self._where = (redis_url, desk)
        self._view = RedisView(redis_url, desk)
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, unit: str, code: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.integration.letter_process", *self._where, unit, code]
        process = subprocess.Popen(command, cwd=ROOT)
        self.running.append(process)
        return process

    def begun(self) -> int:
        """Return how many units have found where they start to read."""
        return sum("ticks" in unit.positions for unit in self._view.units())

    def taken(self, unit: str) -> int:
        """Return how often *unit* was taken by a holder."""
        return next(one.epoch for one in self._view.units() if one.unit == unit)

    def kill(self, process: "subprocess.Popen[bytes]") -> None:
        """End it as `kill -9` does."""
        process.kill()
        process.wait(10)
        self.running.remove(process)

    def kill_all(self) -> None:
        for process in list(self.running):
            self.kill(process)

    def end(self) -> None:
        self.kill_all()
        self._view.close()


@pytest.fixture
def processes(redis_url: str, desk: str) -> Iterator[Processes]:
    started = Processes(redis_url, desk)
    yield started
    started.end()


def sums(log: RedisLog, unit: str) -> list[int]:
    """Return all that *unit* said of its sum, in order."""
    messages = [decode(entry.data) for entry in log.entries("alerts")]
    return [int(m.text) for m in messages if isinstance(m, Alert) and (m.source, m.code) == (unit, "SUM")]


def has_worked(log: RedisLog, count: int) -> bool:
    return len(sums(log, "sum.a")) >= count


def letters(log: RedisLog) -> list[DeadLetter]:
    messages = [decode(entry.data) for entry in log.entries("dead_letters")]
    return [message for message in messages if isinstance(message, DeadLetter)]


def test_what_was_mended_is_worked_by_the_one_it_was_sent_to(
    sauda: Sauda, desk_log: RedisLog, processes: Processes
) -> None:
    for unit in ("sum.a", "sum.b"):
        processes.start(unit, "old")
    wait_until(lambda: processes.begun() == 2, 20, "both units begin")
    for data in (encode(a_tick(10)), encode(a_tick(UNLUCKY)), UNREADABLE, encode(a_tick(20))):
        desk_log.append([Output("ticks", data)])
    wait_until(lambda: len(letters(desk_log)) == 4, 20, "both units park both entries")
    assert Counter(letter.unit for letter in letters(desk_log)) == {"sum.a": 2, "sum.b": 2}
    processes.kill_all()

    for unit in ("sum.a", "sum.b"):
        processes.start(unit, "mended")
    assert sauda("dead-letters", "requeue", "--all-of", "sum.a", "--reason", "13 is a price").code == 0
    wait_until(lambda: len(letters(desk_log)) == 5, 20, "what nobody can read is parked once more")
    desk_log.append([Output("ticks", encode(a_tick(100)))])
    wait_until(
        lambda: len(sums(desk_log, "sum.a")) == 4 and len(sums(desk_log, "sum.b")) == 3, 20, "the last tick"
    )

    assert sums(desk_log, "sum.a") == [10, 30, 43, 143]
    assert sums(desk_log, "sum.b") == [10, 30, 130]
    listed = sauda("dead-letters", "list", "--json").document
    assert Counter(one["unit"] for one in listed) == {"sum.a": 1, "sum.b": 2}
    (again,) = [one for one in listed if one["unit"] == "sum.a"]
    assert again["came_from"] is not None


def test_letters_that_come_back_are_worked_once_through_kills(
    sauda: Sauda, desk_log: RedisLog, processes: Processes
) -> None:
    entries = 120
    processes.start("sum.a", "old")
    wait_until(lambda: processes.begun() == 1, 20, "the unit begins")
    desk_log.append([Output("ticks", encode(a_tick(UNLUCKY))) for _ in range(entries)])
    wait_until(lambda: len(letters(desk_log)) == entries, 60, "all are parked")
    processes.kill_all()

    chance = random.Random(7)
    for _ in range(2):
        processes.start("sum.a", "mended")
    assert sauda("dead-letters", "requeue", "--all-of", "sum.a").code == 0
    for done in range(20, entries, 20):
        wait_until(partial(has_worked, desk_log, done), 20, "some are worked")
        processes.kill(chance.choice(processes.running))
        processes.start("sum.a", "mended")
    wait_until(lambda: len(sums(desk_log, "sum.a")) >= entries, 60, "all are worked")

    assert sums(desk_log, "sum.a") == [UNLUCKY * (number + 1) for number in range(entries)]
    assert processes.taken("sum.a") >= 3, "the one that held it was killed, time and again"
    refused = sauda("dead-letters", "requeue", "--all-of", "sum.a")
    assert refused.code == 1, "nothing is open any more"


def test_a_row_that_the_database_refused_is_written_when_it_comes_back(
    sauda: Sauda, redis_url: str, desk: str, desk_log: RedisLog, tmp_path: Path
) -> None:
    file = tmp_path / "desk.db"
    environ = {
        "SAUDA_REDIS_URL": redis_url,
        "SAUDA_DESK": desk,
        "SAUDA_SQL_URL": f"sqlite:///{file}",
        "SAUDA_CONFIG": str(ROOT / "config"),
    }
    desk_log.append([Output("executions", encode(a_fill(order_id="before")))])
    replicas = start_replicas(tmp_path, environ, {"pnl": 2})
    try:
        wait_until(lambda: fills(file) == ["before-1"], 40, "the writers begin")
        with sqlite3.connect(file) as database:
            database.execute(
                "CREATE TRIGGER odd BEFORE INSERT ON fills WHEN NEW.quantity = 13 "
                "BEGIN SELECT RAISE(ABORT, 'an odd lot'); END"
            )
        odd: list[Fill] = [a_fill(order_id=f"odd{number}", qty=13) for number in range(3)]
        desk_log.append([Output("executions", encode(fill)) for fill in (*odd, a_fill(order_id="after"))])
        wait_until(lambda: len(letters(desk_log)) == 3, 40, "the refused rows are parked")
        wait_until(lambda: fills(file) == ["after-1", "before-1"], 40, "the row behind them is written")
        with sqlite3.connect(file) as database:
            database.execute("DROP TRIGGER odd")

        first = sauda("dead-letters", "list", "--json").document[0]["id"]
        assert sauda("dead-letters", "requeue", first).code == 0
        wait_until(lambda: len(fills(file)) == 3, 40, "the first row is written")
        kill_and_restart(replicas[0])
        assert sauda("dead-letters", "requeue", "--all-of", "writer.sql").code == 0
        wait_until(lambda: len(fills(file)) == 5, 40, "all rows are written")
    finally:
        for replica in replicas:
            replica.stop()

    assert fills(file) == ["after-1", "before-1", "odd0-1", "odd1-1", "odd2-1"]
    assert Counter(letter.unit for letter in letters(desk_log)) == {"writer.sql": 3}
    assert sauda("dead-letters", "list", "--json").document == []


def kill_and_restart(replica: Replica) -> None:
    replica.kill()
    replica.start()


def fills(file: Path) -> list[str]:
    """Return the ids of the rows in the table of fills."""
    try:
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
            return sorted(row[0] for row in database.execute("SELECT fill_id FROM fills"))
    except sqlite3.OperationalError:
        return []  # not there yet


def test_a_desk_whose_letters_came_back_runs_again_as_it_was(
    desk_log: RedisLog, processes: Processes, sauda: Sauda
) -> None:
    processes.start("sum.a", "old")
    wait_until(lambda: processes.begun() == 1, 20, "the unit begins")
    for ltp in (10, UNLUCKY, 20):
        desk_log.append([Output("ticks", encode(a_tick(ltp)))])
    wait_until(lambda: len(letters(desk_log)) == 1, 20, "one is parked")
    assert sauda("dead-letters", "requeue", "--all-of", "sum.a").code == 0
    wait_until(lambda: len(letters(desk_log)) == 2, 20, "the same code parks it again")
    processes.kill_all()

    verdict = verify(desk_log, [sum_unit("sum.a", can_work_all=False)])

    assert verdict.differences == []
    assert verdict.steps["sum.a"] >= 2
