"""Tables and JSON as they leave the program."""

import json
import os
import pty
import subprocess
import sys

import pytest

from sauda.cli import screen

TERMINAL = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")} | {
    "TERM": "xterm"
}
"""An environment in which a program may use colour."""


def test_columns_are_aligned_and_numbers_to_the_right() -> None:
    lines = screen.plain_table(("NAME", ">QTY"), [("a", "65"), ("bcdef", "-130")])

    assert lines == ["NAME    QTY", "a        65", "bcdef  -130"]


def test_a_list_is_one_document_and_one_element_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    screen.json_list([{"a": 1}, {"a": 2}])

    out = capsys.readouterr().out
    assert json.loads(out) == [{"a": 1}, {"a": 2}]
    assert len(out.splitlines()) == 2


def test_an_empty_list_is_still_a_document(capsys: pytest.CaptureFixture[str]) -> None:
    screen.json_list([])

    assert json.loads(capsys.readouterr().out) == []


def test_an_empty_answer_says_so_beside_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    screen.answer(("A",), [], "nothing here")

    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "nothing here\n")


def test_money_is_shown_as_indians_group_it_and_nothing_as_a_dash() -> None:
    assert (screen.rupees(1_23_456_50), screen.rupees(None)) == ("1,23,456.50", "-")


def test_a_terminal_gets_colour_and_square_brackets_stay_text() -> None:
    script = "from sauda.cli import screen; screen.table(('SIDE', '>QTY'), [('SELL', '[65]')])"
    ours, theirs = pty.openpty()
    done = subprocess.run([sys.executable, "-c", script], stdout=theirs, check=True, env=TERMINAL)
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)

    assert done.returncode == 0
    assert "\x1b[31mSELL" in shown
    assert "[65]" in shown


def test_a_narrow_terminal_breaks_names_and_never_a_number() -> None:
    script = (
        "from sauda.cli import screen; "
        "screen.table(('STRATEGY', '>NET', '>REALISED'), [('a strategy of many words', '-1,553.50', '12,34,868.50')])"
    )
    ours, theirs = pty.openpty()
    subprocess.run(
        [sys.executable, "-c", script], stdout=theirs, check=True, env=TERMINAL | {"COLUMNS": "36"}
    )
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)

    assert "-1,553.50" in shown
    assert "12,34,868.50" in shown
    assert "a strategy of many words" not in shown


def test_long_sentences_are_folded_and_paths_stay_whole() -> None:
    path = "/a/path/that/is/long-and/whole.yaml"

    rows = screen.folded(
        [("rules", "BAD", "a sentence that goes on", f"correct {path}"), ("disk", "ok", "", "")], 12
    )

    assert rows == [
        ["rules", "BAD", "a sentence", "correct"],
        ["", "", "that goes on", path],
        ["disk", "ok", "", ""],
    ]
