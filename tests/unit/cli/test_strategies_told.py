"""What `sauda strategies` says of a wish: what was refused is never said to be followed."""

import pytest
import typer

from sauda.cli.strategies import _finish
from sauda.contracts import Alert, Level, Signal
from sauda.instances.outcome import Change, Outcome, by_strategy, differences, refused


def outcome(*alerts: Alert, taken: bool = True, new: bool = False, what: str = "reload") -> Outcome:
    signals = [Signal("one", None, None, alert.text, 0) for alert in alerts]
    changes = [Change("lots", 1, 2)] if what == "reload" else []
    return Outcome("one", what, taken=taken, new=new, changes=changes, alerts=list(alerts), signals=signals)


def alert(code: str, level: Level, text: str) -> Alert:
    return Alert("strategy.one", level, code, text, 0)


def told(one: Outcome, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = 0
    try:
        _finish([one], as_json=False)
    except typer.Exit as left:
        code = left.exit_code
    said = capsys.readouterr()
    return code, said.out, said.err


def test_what_was_taken_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    taken = outcome(alert("RULES_CHANGED", Level.INFO, "me changed lots"))

    assert told(taken, capsys) == (0, "one: lots: 1 -> 2\none: follows its file\n", "")


def test_what_the_strategy_refuses_is_not_followed(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(outcome(alert("RULES_REFUSED", Level.WARNING, "something is held")), capsys)

    assert code == 1
    assert "something is held" in out + err
    assert "follows" not in out


def test_what_was_not_sent_or_not_answered_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(refused("one", "reload", "one.yaml: broken"), capsys) == (1, "", "one: one.yaml: broken\n")
    code, _, err = told(outcome(taken=False), capsys)
    assert code == 1
    assert "nobody has taken it up yet" in err


def test_a_start_of_a_new_one_is_one_outcome_and_only_well_if_both_are() -> None:
    begun, started = outcome(new=True), outcome(taken=False, what="start")

    (both,) = by_strategy([begun, started])

    assert (both.what, both.taken, both.new, both.changes) == ("start", False, True, begun.changes)


def test_differences_stand_in_the_order_of_the_file_and_keys_that_went_come_last() -> None:
    assert differences({"gone": 1, "lots": 1, "same": 0}, {"new": 5, "same": 0, "lots": 2}) == [
        Change("new", None, 5),
        Change("lots", 1, 2),
        Change("gone", 1, None),
    ]
