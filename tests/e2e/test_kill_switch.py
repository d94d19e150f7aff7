"""The kill switch on the default desk, as a person throws it: from the word to nothing held within 200 ms of market time at 1x."""

import json
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Project, eventually, make_project

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
AT_MOST_MS = 200


@pytest.fixture
def at_1x(tmp_path: Path) -> Iterator[Project]:
    """A desk at 1x whose straddle is sold as soon as the market opens."""
    made = make_project(tmp_path / "desk")
    rules = made.root / "config/strategies/nifty_straddle.yaml"
    rules.write_text(rules.read_text().replace('"09:20"', '"09:15"'))
    made.up("--speed", "1")
    yield made
    made.sauda("down")


def drill(desk: Project) -> dict[str, Any]:
    """Throw the kill switch; return what it says."""
    done = desk.sauda("kill-switch", "on", "--reason", "drill", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_the_default_desk_is_flat_within_200_ms_of_market_time(at_1x: Project) -> None:
    eventually(lambda: len(at_1x.fills()) >= 2, within_s=120)
    call = at_1x.fills()[0]["instrument"]

    drills = [drill(at_1x)]
    for _ in range(2):
        assert at_1x.sauda("kill-switch", "off").returncode == 0
        bought = at_1x.sauda("order", "buy", call, "65")
        assert bought.returncode == 0, bought.stderr
        drills.append(drill(at_1x))

    assert [len(one["closed"]) for one in drills] == [2, 1, 1]
    assert [one["held"] for one in drills] == [[], [], []]
    # Stamps of the market, not of this machine; but a machine that stops for a while sees the market late: hence the median.
    assert statistics.median(one["market_ms"] for one in drills) <= AT_MOST_MS
