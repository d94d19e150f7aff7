"""`sauda strategies` against the strategy service as a real process: begin, stop, change and break strategies while it runs."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chaos.replica import Replica
from sauda.clock import NS_PER_S
from sauda.codec import encode
from sauda.contracts import ClockTick
from sauda.log import Output
from sauda.redis_view import RedisView
from sauda.testing.builders import NOW
from tests.integration.conftest import Outcome
from tests.integration.desk_processes import start_replicas, wait_until

REPOSITORY = Path(__file__).parents[2]
STRADDLE = 'kind: short_straddle\ntsymbol: NIFTY\nentry_time: "09:20"\nexit_time: "15:15"\n'


MINE = '''"""Says with how many lots it begins."""

from sauda_strategy.api import Intents, Opinion, Strategy, TradingRules


class Mine(Strategy):
    class Rules(TradingRules):
        instrument: str = "NSE:Nifty 50"

    def setup(self) -> None:
        self.watch(self.rules.instrument)
        pass  # here

    def on_start(self) -> Intents:
        return Opinion(self.rules.instrument, None, f"it begins with {self.rules.lots} lots")
'''


class Desk:
    """A strategy service of one replica or two, on folders of its own."""

    def __init__(self, folder: Path, view: RedisView, sauda: Callable[..., Outcome]) -> None:
        self._sauda = sauda
        self.folder = folder
        self.view = view
        self.replicas: list[Replica] = []

    def write(self, name: str, text: str = STRADDLE) -> Path:
        path = self.folder / "config/strategies" / f"{name}.yaml"
        path.write_text(text)
        return path

    def kind(self, name: str, source: str) -> None:
        (self.folder / "strategies" / f"{name}.py").write_text(source)

    def holder(self, name: str) -> str | None:
        held = (unit.holder for unit in self.view.units() if unit.unit == f"strategy.{name}" and unit.held)
        return next(held, None)

    def wait_for(self, *names: str) -> None:
        """Wait until each is carried by a replica that lives."""
        living = [one.holder for one in self.replicas if one.pid is not None]
        for name in names:
            wait_until(lambda name=name: self.holder(name) in living, 20, f"{name} is carried: {self.folder}")  # type: ignore[misc]

    def tick(self) -> None:
        """Let market time pass."""
        self.view.append([Output("ticks", encode(ClockTick(NOW + second * NS_PER_S))) for second in (1, 2)])

    def restart(self) -> None:
        """Kill all replicas and start them again."""
        for replica in self.replicas:
            replica.kill()
            replica.start()
        self.wait_for("old")

    def wait_until_all_heed(self) -> None:
        """Wait until each replica has read its files and waits for messages: later files are begun by those alone."""
        for number in range(1, len(self.replicas) + 1):
            path = self.folder / f"strategy-{number}.json"
            wait_until(lambda path=path: '"heeds_control": true' in _text(path), 20, f"it heeds: {path}")  # type: ignore[misc]

    def alerts(self, code: str) -> list[str]:
        found = [json.loads(entry.data) for entry in self.view.entries("alerts")]
        return [one["source"] for one in found if one["code"] == code]

    def sauda(self, *arguments: str) -> Outcome:
        return self._sauda("strategies", *arguments)

    def listed(self) -> dict[str, dict[str, Any]]:
        done = self.sauda("list", "--json")
        assert done.out, done.err
        return {one["strategy"]: one for one in json.loads(done.out)["strategies"]}


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


@pytest.fixture
def start(
    redis_url: str, desk: str, tmp_path: Path, sauda: Callable[..., Outcome]
) -> Iterator[Callable[[int], Desk]]:
    """Start so many replicas of the service, on a desk with one strategy."""
    (tmp_path / "config/strategies").mkdir(parents=True)
    (tmp_path / "config/market").symlink_to(REPOSITORY / "config/market")
    (tmp_path / "strategies").mkdir()
    view = RedisView(redis_url, desk)
    view.append([Output("ticks", encode(ClockTick(NOW)))])
    started = Desk(tmp_path, view, sauda)
    started.write("old")

    def begin(replicas: int) -> Desk:
        environ = {"SAUDA_REDIS_URL": redis_url, "SAUDA_DESK": desk}
        environ["SAUDA_CONFIG"] = str(tmp_path / "config")
        environ["SAUDA_STRATEGIES"] = str(tmp_path / "strategies")
        started.replicas = start_replicas(tmp_path, environ, {"strategy": replicas})
        if replicas:
            started.wait_for("old")
            started.wait_until_all_heed()
        return started

    yield begin
    for replica in started.replicas:
        replica.kill()
    view.close()


def test_a_new_file_begins_stops_and_is_there_after_kill_9(start: Callable[[int], Desk]) -> None:
    desk = start(2)
    desk.write("new", STRADDLE + "enabled: false\n")
    assert desk.listed()["new"]["state"] == "not carried"

    begun = desk.sauda("reload")
    assert (begun.code, begun.out) == (
        0,
        "new: begun, follows its file\nold: nothing changed\n",
    ), begun.err
    assert desk.listed()["new"]["state"] == "stopped"
    assert desk.sauda("start", "new").out == "new: trades\n"
    assert desk.sauda("stop", "old").out == "old: opens nothing new\n"

    for replica in desk.replicas:
        replica.kill()
    desk.replicas[0].start()
    desk.wait_for("old", "new")

    listed = desk.listed()
    assert (listed["new"]["state"], listed["old"]["state"]) == ("trading", "stopped")
    assert listed["new"]["held_by"] == desk.replicas[0].holder
    assert not desk.alerts("UNIT_STOPPED")


def test_a_replica_that_was_there_takes_over_what_began_while_it_waited(start: Callable[[int], Desk]) -> None:
    desk = start(2)
    desk.write("new")
    assert desk.sauda("start", "new").code == 0

    first = desk.holder("new")
    next(one for one in desk.replicas if one.holder == first).kill()
    desk.wait_for("new")

    assert desk.holder("new") not in (None, first)


def test_a_rule_that_is_set_survives_kill_9_and_gives_way_to_the_file(start: Callable[[int], Desk]) -> None:
    desk = start(1)
    assert desk.sauda("set", "old", "quantity=2", "exit_time=15:10").code == 0
    assert desk.sauda("set", "old", "quantity=2").out == "old: nothing changed\n"
    told = desk.sauda("set", "old", "quantity=4")
    assert told.out.startswith("old: quantity: 2 -> 4\n")

    desk.restart()
    old = desk.listed()["old"]
    assert (old["rules"]["quantity"], old["rules"]["exit_time"]) == (4, "15:10")
    assert old["differs_from_file"] == ["exit_time", "quantity"]

    desk.write("old", STRADDLE + "quantity: 3\n")
    reloaded = desk.sauda("reload", "old")
    assert (reloaded.code, reloaded.out.splitlines()[:2]) == (
        0,
        ["old: quantity: 4 -> 3", "old: exit_time: 15:10 -> 15:15"],
    )
    desk.restart()
    old = desk.listed()["old"]
    assert (old["rules"]["quantity"], old["differs_from_file"]) == (3, [])


def test_a_strategy_of_the_user_trades_and_one_that_breaks_stops_alone(start: Callable[[int], Desk]) -> None:
    desk = start(1)
    desk.kind("mine", MINE)
    desk.kind("bad", MINE.replace("pass  # here", "raise ValueError('no luck')"))
    for name in ("mine", "bad"):
        desk.write(name, f"kind: {name}\nlots: 2\n")
    desk.sauda("reload")
    desk.wait_for("old", "mine", "bad")
    desk.tick()
    wait_until(lambda: "strategy.bad" in desk.alerts("STRATEGY_STOPPED"), 20, "bad is stopped")

    listed = desk.listed()
    assert {name: one["state"] for name, one in listed.items()} == {
        "old": "trading",
        "mine": "trading",
        "bad": "broken",
    }
    assert "ValueError: no luck" in listed["bad"]["why"]
    assert desk.alerts("STRATEGY_STOPPED") == ["strategy.bad"]
    assert listed["mine"]["last_signal"]["reason"] == "it begins with 2 lots"

    assert desk.sauda("set", "mine", "lots=3").code == 0
    desk.restart()
    assert desk.listed()["mine"]["rules"]["lots"] == 3


def test_a_broken_strategy_stops_alone_and_begins_when_it_is_mended(start: Callable[[int], Desk]) -> None:
    desk = start(1)
    desk.kind("mine", "1 / 0\n")
    desk.write("mine", "kind: mine\n")

    refused = desk.sauda("start", "mine")
    assert refused.code == 2
    assert "mine.py, line 1: ZeroDivisionError" in refused.err
    listed = desk.sauda("list")
    assert listed.code == 1
    assert "mine.py, line 1: ZeroDivisionError" in listed.err
    assert desk.holder("old")
    desk.write("new")
    both = desk.sauda("reload")
    assert both.code == 1
    assert both.out == "new: begun, follows its file\nold: nothing changed\n"
    assert "mine.py, line 1: ZeroDivisionError" in both.err

    desk.write("mine")
    assert desk.sauda("reload", "mine").code == 0
    desk.wait_for("mine")


def test_wrong_use_is_one_line_and_exit_2(start: Callable[[int], Desk]) -> None:
    desk = start(1)
    for arguments, said in {
        ("start", "odl"): "did you mean old?",
        ("stop",): "or say --all",
        ("stop", "old", "--all"): "or say --all",
        ("set", "old", "quantity"): "'quantity' is not key=value",
        ("set", "old", "quantitee=2"): "did you mean quantity?",
        ("set", "old", "quantity=0"): "quantity: ",
        ("set", "old", "kind=other"): "needs a rules file of its own",
    }.items():
        done = desk.sauda(*arguments)
        assert (done.code, done.out) == (2, ""), arguments
        assert said in done.err
        assert len(done.err.splitlines()) == 1


def test_without_a_service_it_is_said_that_nobody_answers(start: Callable[[int], Desk]) -> None:
    desk = start(0)
    done = desk.sauda("start", "old", "--wait", "0.3")

    assert done.code == 1
    assert "nobody has taken it up yet" in done.err
