"""`sauda backtest`: what it prints and writes, and one line with exit 2 for everything that is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from sauda.cli.__main__ import run
from tests.unit.backtest.made_up import CONFIG, STRADDLE, rows, written

LAME = """
from sauda_strategy.api import Strategy

class Lame(Strategy):
    def setup(self):
        raise ValueError("no such thing")
"""


class Program:
    """The program in a project's folder, and what it said."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.rules = folder / "tight.yaml"
        self.data = folder / "day.parquet"
        self._capsys = capsys

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        code = run(["backtest", *map(str, arguments)])
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def document(self, *arguments: object) -> Any:
        code, out, _ = self(self.rules, "--data", self.data, "--json", *arguments)
        assert code == 0
        return json.loads(out)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAUDA_CONFIG", str(CONFIG))
    (tmp_path / "tight.yaml").write_text(yaml.safe_dump(STRADDLE))
    written(tmp_path / "day.parquet", rows(1_500))
    return Program(tmp_path, capsys)


def test_a_table_says_what_each_strategy_made(program: Program) -> None:
    code, out, _ = program(program.rules, "--data", program.folder)

    assert code == 0
    assert out.splitlines()[0] == "day.parquet: 2026-11-23 09:15 to 2026-11-23 09:23 IST, 1 day, 1,500 ticks"
    titles, values = (line.split() for line in out.splitlines()[1:3])
    assert titles[:3] == ["strategy", "orders", "fills"]
    assert values[0] == "tight"
    assert int(values[2]) >= 4


def test_json_is_one_document_and_its_sums_agree(program: Program) -> None:
    found = program.document()

    tight = found["strategies"]["tight"]
    assert tight["net"] == tight["gross"] - tight["charges"] != 0
    # The desk's margin can be higher: it blocks for all that is held together.
    assert {**found["strategies"]["ALL"], "peak_margin": 0} == {**tight, "peak_margin": 0}
    assert found["capital"] == 1_000_000_00


def test_a_rule_a_setting_and_the_capital_can_be_set(program: Program) -> None:
    found = program.document("--set", "quantity=2", "--set", "order_latency_ms=500", "--capital", "2500000")

    assert found["rules"]["tight"]["quantity"] == 2
    assert found["settings"]["order_latency_ms"] == 500
    assert found["capital"] == 2_500_000_00


def test_a_rule_can_be_set_for_one_of_two(program: Program) -> None:
    other = program.folder / "other.yaml"
    other.write_text(yaml.safe_dump(STRADDLE))

    found = program.document(other, "--set", "tight.quantity=2")

    assert {name: found["rules"][name]["quantity"] for name in ("tight", "other")} == {"tight": 2, "other": 1}


def test_the_whole_of_it_is_written_where_it_is_asked_for(program: Program) -> None:
    program.document("-o", program.folder / "out")

    whole = json.loads((program.folder / "out/outcome.json").read_bytes())
    assert len(whole["fills"]) >= 4
    assert (program.folder / "out/report.html").exists()


def test_a_strategy_that_stopped_alone_is_a_negative_finding_and_the_last_line_says_so(
    program: Program,
) -> None:
    (program.folder / "strategies").mkdir()
    (program.folder / "strategies/lame.py").write_text(LAME)
    rules = program.folder / "limping.yaml"
    rules.write_text("kind: lame\n")

    code, _, err = program(rules, program.rules, "--data", program.data, "-o", program.folder / "out")

    assert code == 1
    assert err.strip().splitlines()[-1] == "exit 1: strategy.limping stopped"
    assert "no such thing" in (program.folder / "out/report.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("{rules}", "--data", "nowhere.parquet"), "nowhere.parquet: there is no such file or folder"),
        (("{rules}", "--data", "empty"), "empty: the folder holds no file that ends with"),
        (("{rules}", "--data", "torn.parquet"), "torn.parquet"),
        (("{rules}", "--data", "columns.parquet"), "has no column ts_utc_ns"),
        (("{rules}", "--data", "{data}", "--from", "2027-01-04"), "has no price in the interval"),
        (("{rules}", "--data", "{data}", "--from", "2026-11-23", "--to", "2026-11-20"), "lies before"),
        (("{rules}", "--data", "{data}", "--set", "quanity=2"), "did you mean quantity"),
        (("{rules}", "--data", "{data}", "--set", "other.quantity=2"), "--set other.quantity"),
        (("{rules}", "--data", "{data}", "--set", "quantity=many"), "quantity"),
        (("{rules}", "--data", "{data}", "--capital", "much"), "capital"),
        (("{rules}", "{rules}", "--data", "{data}"), "two rules files are called tight"),
        (("nowhere.yaml", "--data", "{data}"), "nowhere.yaml: cannot be read: there is no such file"),
        (("{folder}", "--data", "{data}"), "cannot be read: Is a directory"),
        (("unknown.yaml", "--data", "{data}"), "'flying' is no kind of strategy"),
        (("typing.yaml", "--data", "{data}"), "quanity: unknown key: did you mean quantity?"),
        (("nested.yaml", "--data", "{data}"), "is no rules file"),
        (("{rules}",), "--data PATH, or --desk NAME"),
        (("{rules}", "--desk", "live"), "leave out RULES"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(program: Program, arguments: tuple[str, ...], said: str) -> None:
    folder = program.folder
    (folder / "empty").mkdir()
    (folder / "torn.parquet").write_bytes(program.data.read_bytes()[:-400])
    written(folder / "columns.parquet", [{"time": 1, "price": 2}])
    (folder / "unknown.yaml").write_text("kind: flying\n")
    (folder / "typing.yaml").write_text(yaml.safe_dump({**STRADDLE, "quanity": 1}))
    (folder / "nested.yaml").write_text("kind: short_straddle\nlegs:\n  - call\n")
    filled = [one.format(rules=program.rules, data=program.data, folder=folder) for one in arguments]

    code, out, err = program(*filled)

    assert (code, out) == (2, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1


def test_a_file_that_is_damaged_in_the_middle_is_named(program: Program) -> None:
    whole = bytearray(program.data.read_bytes())
    whole[60:400] = bytes(340)
    program.data.write_bytes(whole)

    code, _, err = program(program.rules, "--data", program.data)

    assert (code, len(err.strip().splitlines())) == (2, 1)
    assert "day.parquet is damaged" in err
