"""The service starts whatever its rules files look like, and says what is wrong with them."""

from pathlib import Path

import pytest

from sauda.clock import NS_PER_S, ManualClock, SystemClock
from sauda.codec import decode
from sauda.contracts import Alert, ChangeRules, Signal
from sauda.errors import ConfigError
from sauda.memory_log import MemoryLog
from sauda.settings import Settings, load_settings
from sauda.testing.builders import DAY, NOW, at
from sauda.testing.lockstep import LockStep
from sauda_strategy.__main__ import wire
from sauda_strategy.access import INPUTS
from sauda_strategy.kinds import ALWAYS, strategy_unit
from sauda_strategy.notices import TOLD_AGAIN_AFTER_S, broken_rules, tell_once_a_day
from sauda_strategy.option_kinds import ShortStraddleRules
from sauda_strategy.rule_files import load_rules
from sauda_strategy.rule_values import plain_rules
from sauda_strategy.rules import Rules

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
    assert roles[0].facts() == {"strategies": ["one", "two"], "broken": ["bad"], "heeds_control": False}


def test_without_any_rules_the_service_is_idle_and_healthy(tmp_path: Path) -> None:
    (role,) = wire(settings_with(tmp_path))

    assert role.ready()


def test_a_broken_file_is_a_signal_and_an_alert() -> None:
    signal, alert = broken_rules({"bad": ConfigError("bad.yaml: kind: is missing")})

    assert isinstance(signal, Signal)
    assert isinstance(alert, Alert)
    assert (alert.code, alert.source) == ("BROKEN_RULES", "strategy.bad")
    assert signal.reason == alert.text == "not started: bad.yaml: kind: is missing"


def told(log: MemoryLog, **broken: str) -> list[str]:
    """Let a replica have these broken files; return the alerts that the desk has then."""
    tell_once_a_day(log, broken_rules({name: ConfigError(text) for name, text in broken.items()}))
    alerts = [decode(entry.data) for entry in log.entries("alerts")]
    return [alert.text for alert in alerts if isinstance(alert, Alert)]


def test_other_replicas_and_later_starts_do_not_say_it_again() -> None:
    log = MemoryLog(clock=SystemClock())

    for _ in range(3):
        assert told(log, bad="wrong") == ["not started: wrong"]
    assert len(log.entries("signals")) == 1


def test_another_problem_of_the_same_file_and_the_same_one_of_another_are_told() -> None:
    log = MemoryLog(clock=SystemClock())
    told(log, bad="wrong")

    assert told(log, bad="wrong", worse="wrong") == ["not started: wrong"] * 2
    assert told(log, bad="still wrong")[2:] == ["not started: still wrong"]


def test_a_problem_that_was_told_long_ago_is_told_again() -> None:
    clock = ManualClock(SystemClock().now_ns() - 2 * TOLD_AGAIN_AFTER_S * NS_PER_S)
    log = MemoryLog(clock=clock)
    told(log, bad="wrong")

    assert len(told(log, bad="wrong")) == 2


def test_a_unit_is_named_after_its_instance_and_reads_control_before_executions() -> None:
    rules = load_rules(REPOSITORY / "config/strategies").rules["nifty_straddle"]
    unit = strategy_unit("nifty_straddle", rules)

    assert unit.name == "strategy.nifty_straddle"
    assert INPUTS.index("control") < INPUTS.index("executions")
    LockStep([unit]).settle()


def test_rules_of_a_kind_without_a_class_are_refused() -> None:
    with pytest.raises(ConfigError, match="'other' is no kind of strategy"):
        strategy_unit("one", Rules(kind="other"))


def test_the_rules_of_the_straddle_make_a_straddle() -> None:
    rules = load_rules(REPOSITORY / "config/strategies").rules["nifty_straddle"]

    assert isinstance(rules, ShortStraddleRules)
    assert strategy_unit("one", rules).build().state is not strategy_unit("one", rules).build().state


def test_rules_are_changed_before_the_first_market_time() -> None:
    rules = load_rules(REPOSITORY / "config/strategies").rules["nifty_straddle"]
    one = strategy_unit("one", rules).build()

    told = one.handle(ChangeRules("one", {**plain_rules(rules), "quantity": 2}, "me", NOW))

    assert [message.code for message in told if isinstance(message, Alert)] == ["RULES_CHANGED"]
    assert {message.event_ns for message in told if isinstance(message, Alert | Signal)} == {NOW}


def test_one_that_is_begun_by_a_message_has_nothing_to_change_and_refuses_at_its_time() -> None:
    rules = load_rules(REPOSITORY / "config/strategies").rules["nifty_straddle"]
    one = strategy_unit("one", rules).build()

    assert list(one.handle(ChangeRules("one", plain_rules(rules), "me", NOW))) == []
    refused = one.handle(ChangeRules("one", {**plain_rules(rules), "quantity": 0}, "me", NOW))
    assert [(alert.code, alert.event_ns) for alert in refused if isinstance(alert, Alert)] == [
        ("RULES_REFUSED", NOW)
    ]


def test_without_a_calendar_every_day_has_the_usual_hours() -> None:
    hours = ALWAYS.sessions("NSE", DAY)

    assert hours is not None
    assert (hours.open_ns, hours.close_ns) == (at("09:15:00"), at("15:30:00"))
    assert hours.contains(NOW)
