"""The proof for a newcomer: a desk that traded does the same again, and one edited line of a strategy is found out."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import REPOSITORY, Project, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

UNITS = {"alerts.desk", "bars.desk", "execution.paper", "pnl.valuation", "strategy.nifty_straddle"}
LINE = "{choice.why}"
"""What the strategy says when it sells."""


def edited_strategy(folder: Path) -> Path:
    """Copy the strategy's package and change one line of it."""
    package = folder / "sauda_strategy"
    shutil.copytree(REPOSITORY / "services/strategy/src/sauda_strategy", package)
    source = package / "entries.py"
    before = source.read_text()
    assert before.count(LINE) == 1
    source.write_text(before.replace(LINE, "edited " + LINE))
    return folder


def test_a_recorded_desk_does_the_same_and_an_edited_line_is_named(project: Project, tmp_path: Path) -> None:
    project.up("--speed", "240")
    eventually(lambda: {one["side"] for one in project.fills()} >= {"SELL", "BUY"}, within_s=200)

    # The desk is at work meanwhile: compared is what is committed when the program asks.
    same = project.sauda("diff", "--json")
    edited = project.sauda(
        "diff", "strategy.nifty_straddle", "--json", PYTHONPATH=str(edited_strategy(tmp_path / "edited"))
    )
    others = project.sauda("diff", "execution.paper", "pnl.valuation", PYTHONPATH=str(tmp_path / "edited"))

    assert same.returncode == 0, same.stdout + same.stderr
    found = {one["unit"]: one for one in json.loads(same.stdout)}
    assert set(found) == UNITS
    assert all(one["same_version"] and one["outputs"] for one in found.values())
    assert edited.returncode == 1, edited.stdout + edited.stderr
    (changed,) = json.loads(edited.stdout)
    first: dict[str, Any] = changed["first"]
    assert not changed["same_version"]
    assert first["input"]["type"] in ("tick", "clock")
    assert "edited" in first["now"]
    assert first["recorded"] == first["now"].replace("edited ", "")
    assert others.returncode == 0, others.stdout + others.stderr
