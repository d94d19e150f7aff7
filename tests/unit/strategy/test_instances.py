"""Strategies begin and come back without a restart; one that cannot is told of, and stops nobody else."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sauda.clock import SystemClock
from sauda.codec import decode, encode
from sauda.contracts import Alert, ChangeRules, Plain
from sauda.errors import TransientError
from sauda.log import Entry, Output, Step
from sauda.memory_log import MemoryLog
from sauda.service import Role
from sauda.settings import Settings, load_settings
from sauda.unit import Unit
from sauda_strategy.instances import Instances

REPOSITORY = Path(__file__).parents[3]
GOOD: dict[str, Plain] = {
    "kind": "short_straddle",
    "tsymbol": "NIFTY",
    "entry_time": "09:20",
    "exit_time": "15:15",
}
GOOD_FILE = "\n".join(f'{key}: "{value}"' for key, value in GOOD.items())


class Turns(threading.Event):
    """Time passes at once; ends after so many waits, doing something at each."""

    def __init__(self, *between: Callable[[], object]) -> None:
        super().__init__()
        self._between = list(between)

    def wait(self, timeout: float | None = None) -> bool:
        if self._between:
            self._between.pop(0)()
        else:
            self.set()
        return self.is_set()


class Replica:
    """One process of the service on a desk in memory; no unit runs, what begins is noted."""

    def __init__(self, folder: Path, log: MemoryLog) -> None:
        self.log = log
        self.instances = Instances(settings_in(folder), log, idle)
        self.first = [role.name for role in self.instances.begin()]

    def look_after(self, *between: Callable[[], object]) -> list[str]:
        """Run the role, doing *between* its turns; return the units that have joined."""
        self.instances.role.run(Turns(*between, lambda: None))
        return [role.name for role in self.instances.role.joining()]


def idle(unit: Unit) -> Role:
    return Role(unit.name, lambda _stop: None, lambda: True)


def settings_in(folder: Path) -> Settings:
    if not (folder / "config").exists():
        (folder / "config/strategies").mkdir(parents=True)
        (folder / "config/market").symlink_to(REPOSITORY / "config/market")
        (folder / "strategies").mkdir()
    return load_settings(folder, {})


def write(folder: Path, name: str, text: str = GOOD_FILE) -> None:
    settings_in(folder)
    (folder / "config/strategies" / f"{name}.yaml").write_text(text)


def desk() -> MemoryLog:
    return MemoryLog(clock=SystemClock())


def ask(log: MemoryLog, name: str, **changes: Plain) -> None:
    log.append([Output("control", encode(ChangeRules(name, {**GOOD, **changes}, "me", 1)))])


def alerts(log: MemoryLog) -> list[tuple[str, str]]:
    found = [decode(entry.data) for entry in log.entries("alerts")]
    return [(one.source, one.code) for one in found if isinstance(one, Alert)]


def test_a_message_begins_a_strategy_that_has_come_since(tmp_path: Path) -> None:
    write(tmp_path, "old")
    log = desk()
    replica = Replica(tmp_path, log)

    def add() -> None:
        write(tmp_path, "new")
        ask(log, "new")

    assert replica.first == ["strategy.old"]
    assert replica.look_after(add) == ["strategy.new"]
    assert replica.instances.role.facts() == {
        "strategies": ["new", "old"],
        "broken": [],
        "heeds_control": True,
    }
    assert not alerts(log)


def test_every_replica_begins_it(tmp_path: Path) -> None:
    log = desk()
    one, two = Replica(tmp_path, log), Replica(tmp_path, log)
    write(tmp_path, "new")

    assert one.look_after(lambda: ask(log, "new")) == ["strategy.new"]
    # The second comes to it later: the message lies before its first look, and the file is there.
    assert two.look_after() == ["strategy.new"]


def test_a_later_start_finds_its_file_and_reads_no_old_message(tmp_path: Path) -> None:
    log = desk()
    write(tmp_path, "new")
    ask(log, "new")
    ask(log, "gone")

    replica = Replica(tmp_path, log)

    assert replica.first == ["strategy.new"]
    assert replica.look_after() == []


def test_a_strategy_that_is_carried_is_left_to_its_unit(tmp_path: Path) -> None:
    write(tmp_path, "old")
    replica = Replica(tmp_path, log := desk())

    assert replica.look_after(lambda: ask(log, "old", quantity=2)) == []


def test_one_that_has_failed_is_begun_anew(tmp_path: Path) -> None:
    log, made = desk(), list[Role]()
    write(tmp_path, "old")

    def failing(unit: Unit) -> Role:
        made.append(idle(unit))
        return made[-1]

    instances = Instances(settings_in(tmp_path), log, failing)
    (role,) = instances.begin()
    role.failure = "its state is impossible"
    instances.role.run(Turns(lambda: ask(log, "old"), lambda: None))

    assert instances.role.joining() == [made[1]]


def test_rules_that_cannot_be_used_are_answered_every_time_once_for_all_replicas(tmp_path: Path) -> None:
    log = desk()
    one, two = Replica(tmp_path, log), Replica(tmp_path, log)

    def wrong() -> None:
        ask(log, "new", quantity=0)

    def look_too() -> None:
        # As if the second had been waiting all the while.
        for entry in log.entries("control"):
            two.instances._heed(entry)

    assert one.look_after(wrong, look_too) == []
    assert alerts(log) == [("strategy.new", "BROKEN_RULES")]
    assert one.instances.role.facts()["broken"] == ["new"]
    one.look_after(wrong)
    assert len(alerts(log)) == 2


def test_a_message_without_a_file_is_obeyed_and_said_to_be_lost_at_the_next_start(tmp_path: Path) -> None:
    replica = Replica(tmp_path, log := desk())

    assert replica.look_after(lambda: ask(log, "loose")) == ["strategy.loose"]
    assert alerts(log) == [("strategy.loose", "NO_RULES_FILE")]


def test_a_name_that_no_order_id_can_hold_is_refused(tmp_path: Path) -> None:
    replica = Replica(tmp_path, log := desk())

    assert replica.look_after(lambda: ask(log, "no-good")) == []
    assert alerts(log) == [("strategy.no-good", "BROKEN_RULES")]


def test_what_a_strategy_holds_whose_file_is_gone_is_cried_out(tmp_path: Path) -> None:
    log = desk()
    carry(log, "strategy.gone", {b"switch/on": b"true"})
    held: dict[bytes, bytes | None] = {
        b"held/%s" % name: b'{"strategy":"%s"}' % name for name in (b"gone", b"hand", b"here")
    }
    carry(log, "execution.paper", held)
    write(tmp_path, "here")

    Replica(tmp_path, log).look_after()

    assert alerts(log) == [("strategy.gone", "NO_RULES_FILE")]  # what was traded by hand never had a file


def carry(log: MemoryLog, unit: str, state: dict[bytes, bytes | None]) -> None:
    lease = log.acquire(unit, "test", 1000)
    assert lease is not None
    log.load(lease, ("control",))
    log.commit(lease, Step(changes=state))


class AwayTwice(MemoryLog):
    """As Redis may be while the service starts and while it runs."""

    def __init__(self) -> None:
        super().__init__(clock=SystemClock())
        self._left = {"entries": 1, "read": 1}

    def _fail(self, what: str) -> None:
        if self._left[what]:
            self._left[what] -= 1
            raise TransientError("away")

    def entries(
        self, stream: str, start: bytes = b"-", end: bytes = b"+", count: int | None = None
    ) -> list[Entry]:
        self._fail("entries")
        return super().entries(stream, start, end, count)

    def read(self, positions: Any, count: int, block_ms: int = 0) -> list[Entry]:
        self._fail("read")
        return super().read(positions, count, block_ms)


def test_redis_may_be_away_at_the_start_and_later(tmp_path: Path) -> None:
    log = AwayTwice()
    write(tmp_path, "bad", "kind: nonsense\n")
    replica = Replica(tmp_path, log)

    def nothing() -> None: ...

    assert replica.look_after(nothing, nothing, lambda: ask(log, "new")) == ["strategy.new"]
    assert ("strategy.bad", "BROKEN_RULES") in alerts(log)
