"""A rules file says what is wrong with it, by file and key, and never stops the other instances."""

from datetime import time
from pathlib import Path

import pytest

from sauda.contracts import Product
from sauda_strategy.option_kinds import ShortStraddleRules
from sauda_strategy.rule_files import load_rules

GOOD = 'kind: short_straddle\ntsymbol: NIFTY\nentry_time: "09:20"\nexit_time: "15:15"\n'


def loaded(folder: Path, text: str) -> ShortStraddleRules:
    (folder / "one.yaml").write_text(text)
    rules = load_rules(folder).rules["one"]
    assert isinstance(rules, ShortStraddleRules)
    return rules


def complaint(folder: Path, text: str) -> str:
    (folder / "one.yaml").write_text(text)
    book = load_rules(folder)
    assert not book.rules
    return str(book.broken["one"])


def test_the_shipped_file_is_the_straddle_of_the_readme() -> None:
    book = load_rules(Path(__file__).parents[3] / "config" / "strategies")

    assert not book.broken
    assert book.rules["nifty_straddle"] == ShortStraddleRules(
        kind="short_straddle", tsymbol="NIFTY", entry_time=time(9, 20), exit_time=time(15, 15)
    )


def test_what_is_left_out_has_the_documented_value(tmp_path: Path) -> None:
    rules = loaded(tmp_path, GOOD)

    assert (rules.quantity, rules.call_offset, rules.put_offset) == (1, 0, 0)
    assert rules.stop_loss_percentage == 25
    assert rules.enabled


def test_the_product_is_overnight_unless_it_is_said(tmp_path: Path) -> None:
    assert loaded(tmp_path, GOOD).product is Product.NRML
    assert loaded(tmp_path, GOOD + "product: mis\n").product is Product.MIS
    assert "product: Input should be 'NRML' or 'MIS'" in complaint(tmp_path, GOOD + "product: CNC\n")


@pytest.mark.parametrize(
    ("name", "canonical"),
    [("Nifty 50", "NIFTY"), ("NIFTY", "NIFTY"), ("Nifty Bank", "BANKNIFTY"), ("CRUDEOILM", "CRUDEOILM")],
)
def test_an_underlying_is_understood_by_both_its_names(tmp_path: Path, name: str, canonical: str) -> None:
    assert loaded(tmp_path, GOOD.replace("NIFTY", name)).tsymbol == canonical


def test_older_names_of_keys_stay_valid(tmp_path: Path) -> None:
    rules = loaded(
        tmp_path,
        "kind: short_straddle\nsymbol: NIFTY\nlots: 2\nsotm: 50\nbias: -25.5\nsl_percentage: 30\n"
        "start_time: 09:20\nend_time: 15:15\n",
    )

    assert (rules.tsymbol, rules.quantity, rules.stop_loss_percentage) == ("NIFTY", 2, 30)
    assert (rules.call_offset, rules.put_offset) == (24_50, -75_50)


def test_a_time_without_quotes_is_a_time_and_not_a_number_to_the_base_of_sixty(tmp_path: Path) -> None:
    rules = loaded(tmp_path, "kind: short_straddle\ntsymbol: NIFTY\nentry_time: 9:20\nexit_time: 15:15\n")

    assert (rules.entry_time, rules.exit_time) == (time(9, 20), time(15, 15))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(
            ("tsymbol: NIFTY", "tsymbol: NIFTTY"), "tsymbol: unknown underlying 'NIFTTY'", id="underlying"
        ),
        pytest.param(
            ("kind: short_straddle", "kind: long"), "kind: 'long' is no kind of strategy", id="kind"
        ),
        pytest.param(("kind: short_straddle\n", ""), "kind: None is no kind of strategy", id="no kind"),
        pytest.param(('"15:15"', '"25:15"'), 'exit_time: write a time of day as "HH:MM"', id="time"),
        pytest.param(('"15:15"', '"09:20"'), "exit_time 09:20 must come after entry_time 09:20", id="order"),
        pytest.param(('exit_time: "15:15"\n', ""), "exit_time: is missing", id="missing"),
        pytest.param(("kind", "stop_loss: 3\nkind"), "did you mean stop_loss_percentage?", id="unknown key"),
        pytest.param(("kind", "stop_loss_percentage: 0\nkind"), "stop_loss_percentage: ", id="no stop"),
        pytest.param(("kind", "stop_loss_percentage: .nan\nkind"), "stop_loss_percentage: ", id="nan"),
        pytest.param(("kind", "quantity: 1.5\nkind"), "quantity: ", id="half a lot"),
        pytest.param(("kind", "sotm_points: -50\nkind"), "sotm_points: ", id="into the money"),
        pytest.param(("kind", "lots: 1\nquantity: 2\nkind"), "quantity is said twice", id="both names"),
        pytest.param(("kind", "quantity: 1\nquantity: 2\nkind"), "quantity stands twice", id="twice"),
        pytest.param(("kind:", "kind"), "expected lines such as", id="no mapping"),
        pytest.param(('"15:15"', '"15:15'), "cannot be read", id="no yaml"),
        pytest.param(('"15:15"', "2026-13-45"), "cannot be read", id="no date"),
    ],
)
def test_a_wrong_file_is_refused_by_file_and_key(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    text = complaint(tmp_path, GOOD.replace(*change) if change[0] != "kind:" else "short_straddle")

    assert text.startswith(str(tmp_path / "one.yaml"))
    assert said in text


def test_a_broken_file_leaves_the_others_alone(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("kind: nonsense\n")
    (tmp_path / "no-good.yaml").write_text(GOOD)
    (tmp_path / "good.yaml").write_text(GOOD)

    book = load_rules(tmp_path)

    assert list(book.rules) == ["good"]
    assert "bad.yaml: kind" in str(book.broken["bad"])
    assert "instance name 'no-good' is not usable" in str(book.broken["no-good"])


def test_two_files_of_one_name_are_one_instance_and_a_complaint(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(GOOD)
    (tmp_path / "one.yml").write_text(GOOD)

    book = load_rules(tmp_path)

    assert list(book.rules) == ["one"]
    assert "one.yaml exists too" in str(book.broken["one.yml"])


def test_a_folder_that_does_not_exist_holds_no_strategies(tmp_path: Path) -> None:
    assert load_rules(tmp_path / "none") == ({}, {})
