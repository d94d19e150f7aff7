"""The service starts whatever its rules files look like, and says what is wrong with them."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from sauda.contracts import Alert, Signal
from sauda.errors import ConfigError, TransientError
from sauda.log import EntryId, Output
from sauda.memory_log import MemoryLog
from sauda.runner import Stop
from sauda.settings import Settings, load_settings
from sauda.testing.lockstep import LockStep
from sauda_strategy.__main__ import notice_role, notices, wire
from sauda_strategy.kinds import INPUTS, strategy_unit
from sauda_strategy.rules import RuleBook, Rules, ShortStraddleRules, load_rules

REPOSITORY = Path(__file__).parents[3]


def settings_with(folder: Path, **files: str) -> Settings:
    (folder / "config/strategies").mkdir(parents=True)
    (folder / "config/market").symlink_to(REPOSITORY / "config/market")
    for name, text in files.items():
        (folder / "config/strategies" / f"{name}.yaml").write_text(text)
    return load_settings(folder, {})


GOOD = 'kind: short_straddle\ntsymbol: NIFTY\nentry_time: "09:20"\nexit_time: "15:15"\n'


def test_each_instance_is_a_unit_of_its_own(tmp_path: Path) -> None:
    roles = wire(settings_with(tmp_path, one=GOOD, two=GOOD, bad="kind: nonsense"))

    assert [role.name for role in roles] == ["rules", "strategy.one", "strategy.two"]
    assert roles[0].facts() == {"strategies": ["one", "two"], "broken": ["bad"]}


def test_without_any_rules_the_service_is_idle_and_healthy(tmp_path: Path) -> None:
    (role,) = wire(settings_with(tmp_path))

    assert role.ready()


def test_a_broken_file_is_a_signal_and_an_alert() -> None:
    signal, alert = notices(RuleBook({}, {"bad": ConfigError("bad.yaml: kind: is missing")}))

    assert isinstance(signal, Signal)
    assert isinstance(alert, Alert)
    assert (alert.code, alert.source) == ("BROKEN_RULES", "strategy.bad")
    assert signal.reason == alert.text == "not started: bad.yaml: kind: is missing"


class LogThatIsAwayOnce(MemoryLog):
    """As Redis may be when the service starts."""

    def __init__(self) -> None:
        super().__init__()
        self._away = True

    def append(self, outputs: Sequence[Output]) -> list[EntryId]:
        if self._away:
            self._away = False
            raise TransientError("not there yet")
        return super().append(outputs)


class ShortStop(threading.Event):
    """Time passes quickly."""

    def wait(self, timeout: float | None = None) -> bool:
        return super().wait(0.001)


def test_the_notice_waits_until_redis_is_there() -> None:
    log = LogThatIsAwayOnce()
    role = notice_role(RuleBook({}, {"bad": ConfigError("wrong")}), log)
    stop: Stop = ShortStop()
    worker = threading.Thread(target=role.run, args=(stop,))
    worker.start()
    for _ in range(2_000):
        if log.entries("alerts"):
            break
        time.sleep(0.001)
    assert isinstance(stop, ShortStop)
    stop.set()
    worker.join(timeout=5)

    assert not worker.is_alive()
    assert len(log.entries("alerts")) == len(log.entries("signals")) == 1


def test_a_unit_is_named_after_its_instance_and_reads_control_before_executions() -> None:
    rules = load_rules(REPOSITORY / "config/strategies").rules["nifty_straddle"]
    unit = strategy_unit("nifty_straddle", rules)

    assert unit.name == "strategy.nifty_straddle"
    assert INPUTS.index("control") < INPUTS.index("executions")
    LockStep([unit]).settle()


def test_rules_of_a_kind_without_a_class_are_refused() -> None:
    with pytest.raises(ValueError, match="no strategy class for rules of kind 'other'"):
        strategy_unit("one", Rules(kind="other"))


def test_the_rules_of_the_straddle_make_a_straddle() -> None:
    rules = load_rules(REPOSITORY / "config/strategies").rules["nifty_straddle"]

    assert isinstance(rules, ShortStraddleRules)
    assert strategy_unit("one", rules).build().state is not strategy_unit("one", rules).build().state
