"""Rules that a message has changed outlive a restart, and give way to a file that is changed."""

import pytest

from sauda.contracts import ChangeRules, Plain
from sauda.errors import ConfigError
from sauda.state import State
from sauda_strategy.in_force import InForce
from sauda_strategy.option_kinds import ShortStraddleRules
from sauda_strategy.rule_values import plain_rules, rules_by

FILE: dict[str, Plain] = {
    "kind": "short_straddle",
    "tsymbol": "NIFTY",
    "entry_time": "09:20",
    "exit_time": "15:15",
}


def of(**changes: Plain) -> ShortStraddleRules:
    return rules_by("here", {**FILE, **changes}, ShortStraddleRules)


def begun(
    kept: dict[bytes, bytes | None], built: ShortStraddleRules
) -> tuple[InForce[ShortStraddleRules], State]:
    """Start the process on what was committed."""
    state = State()
    in_force = InForce(state, "one", built)
    state.load({key: value for key, value in kept.items() if value is not None})
    in_force.restored()
    return in_force, state


def say(in_force: InForce[ShortStraddleRules], **rules: Plain) -> dict[str, tuple[Plain, Plain]]:
    return in_force.change(ChangeRules("one", {**FILE, **rules}, "me", 1))


def test_a_change_is_told_key_by_key_and_outlives_a_restart() -> None:
    in_force, state = begun({}, of())

    assert say(in_force, quantity=2, exit_time="15:10") == {
        "quantity": (1, 2),
        "exit_time": ("15:15", "15:10"),
    }
    again, _ = begun(state.take_changes(), of())

    assert again.rules == of(quantity=2, exit_time="15:10")


def test_a_file_that_was_changed_since_wins() -> None:
    in_force, state = begun({}, of())
    say(in_force, quantity=2)

    again, _ = begun(state.take_changes(), of(exit_time="15:00"))

    assert again.rules == of(exit_time="15:00")


def test_a_file_that_is_put_back_stands_as_it_is() -> None:
    in_force, state = begun({}, of())
    say(in_force, quantity=2)
    kept = state.take_changes()
    _, state = begun(kept, of(exit_time="15:00"))
    kept |= state.take_changes()

    assert begun(kept, of())[0].rules == of()


def test_what_the_file_says_anyway_is_not_kept() -> None:
    in_force, state = begun({}, of())
    say(in_force, quantity=2)
    kept = state.take_changes()
    again, state = begun(kept, of())

    assert say(again) == {"quantity": (2, 1)}
    assert state.take_changes() == {b"rules/changed": None}


@pytest.mark.parametrize(("key", "value"), [("quantity", 0), ("kind", "other"), ("nonsense", 1)])
def test_rules_that_cannot_be_used_change_nothing(key: str, value: Plain) -> None:
    in_force, state = begun({}, of())

    with pytest.raises(ConfigError, match=f"rules of strategy.one: {key}"):
        say(in_force, **{key: value})

    assert in_force.rules == of()
    assert not state.take_changes()


def test_rules_that_this_release_does_not_know_any_more_give_way_to_the_file() -> None:
    in_force, state = begun({}, of())
    say(in_force, quantity=2)
    kept = state.take_changes()
    text = kept[b"rules/changed"]
    assert text is not None
    kept[b"rules/changed"] = text.replace(b'"quantity":2', b'"quantity":-2')

    assert begun(kept, of())[0].rules == of()


def test_the_kept_rules_are_plain() -> None:
    in_force, state = begun({}, of())
    say(in_force, quantity=2)

    assert plain_rules(in_force.rules)["entry_time"] == "09:20"
    assert b'"entry_time":"09:20"' in (state.take_changes()[b"rules/changed"] or b"")
