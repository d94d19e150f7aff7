"""Tables and JSON as they leave the program."""

import json

import pytest

from sauda.cli import screen


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
