"""What can be set for the kinds that sell options: contradictions are named by key, and the pages name every key."""

from datetime import time
from pathlib import Path

import pytest
from pydantic import ValidationError

from sauda.contracts import Right, Side
from sauda_strategy.option_kinds import OPTION_KINDS, IronCondorRules, ShortStrangleRules
from sauda_strategy.option_rules import OptionRules, Wanted
from sauda_strategy.rule_files import load_rules
from sauda_strategy.trading_windows import Window
from tests.unit.strategy.option_desk import rules

REPOSITORY = Path(__file__).parents[3]
EXAMPLES = REPOSITORY / "config/strategies/examples"
PAGES = REPOSITORY / "docs/strategies"


@pytest.mark.parametrize(
    ("kind", "changes", "said"),
    [
        ("short_straddle", {"trail_points": 5, "trail_percentage": 5}, "trail_points and trail_percentage"),
        ("short_straddle", {"entry_until": "09:20"}, "entry_until 09:20"),
        ("short_straddle", {"entry_until": "15:16"}, "entry_until 15:16"),
        ("short_straddle", {"reentry_pause_minutes": 5}, "reentry_pause_minutes: nothing is sold again"),
        ("short_straddle", {"reentry_at": "atm"}, "reentry_at: nothing is sold again"),
        ("short_straddle", {"weekdays": "mon,someday"}, "weekdays: 'someday'"),
        ("short_straddle", {"days_to_expiry_min": 2, "days_to_expiry_max": 1}, "days_to_expiry_min 2"),
        ("short_straddle", {"further_windows": "15:00-15:20"}, "further_windows: 15:00 to 15:20"),
        ("short_straddle", {"further_windows": "16:00-15:20"}, "further_windows: 16:00-15:20"),
        ("short_straddle", {"further_windows": "from 3"}, "further_windows: write"),
        ("short_straddle", {"target_percentage": 100}, "target_percentage"),
        ("short_straddle", {"stop_loss_percentage": None}, "stop_loss_percentage"),
        ("short_straddle", {"wing_points": 100}, "wing_points"),
        ("short_strangle", {"sotm_points": 0}, "sotm_points and sotm_percentage"),
        ("short_strangle", {"sotm_percentage": 1}, "sotm_points and sotm_percentage"),
        ("iron_fly", {"sotm_points": 50}, "sotm_points: an iron fly"),
        ("iron_fly", {"wing_points": 0}, "wing_points"),
        ("iron_fly", {"move_stop_to_cost": True}, "move_stop_to_cost speaks of stops"),
        ("iron_fly", {"trail_points": 5}, "trail_points speaks of stops"),
        ("iron_fly", {"reentries": 1}, "reentries speaks of stops"),
        (
            "iron_condor",
            {"stop_loss_percentage": 50, "reentries": 1, "reentry_at": "atm"},
            "reentry_at: atm would move",
        ),
    ],
)
def test_what_contradicts_itself_is_refused_by_key(kind: str, changes: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        rules(kind, **changes)


def test_rules_read_from_their_own_plain_values_are_the_same() -> None:
    for kind in OPTION_KINDS:
        mine = rules(kind, further_windows="15:15-15:20", entry_until="15:16")
        assert type(mine).model_validate(mine.model_dump(mode="json")) == mine


def test_windows_and_days_are_read() -> None:
    mine = rules("short_straddle", exit_time="10:00", further_windows="10:00-11:00, 12:30 - 15:15")

    assert mine.windows == (
        Window(time(9, 20), time(10)),
        Window(time(10), time(11)),
        Window(time(12, 30), time(15, 15)),
    )
    assert rules("short_straddle", weekdays=" MON, fri").days == {0, 4}
    assert rules("short_straddle").days == set(range(7))


def test_the_legs_of_each_kind() -> None:
    condor, strangle = rules("iron_condor", bias_points=50), rules("short_strangle")
    assert isinstance(condor, IronCondorRules)
    assert isinstance(strangle, ShortStrangleRules)

    assert condor.wanted(24_500_00) == (
        Wanted("CEW", Right.CALL, 250_00, Side.BUY),
        Wanted("PEW", Right.PUT, -150_00, Side.BUY),
        Wanted("CE", Right.CALL, 150_00),
        Wanted("PE", Right.PUT, -50_00),
    )
    assert [leg.offset for leg in strangle.wanted(24_500_00)] == [100_00, -100_00]


def test_the_examples_can_be_used_and_are_not_traded() -> None:
    found = load_rules(EXAMPLES).rules

    assert {type(one) for one in found.values() if isinstance(one, OptionRules)} == set(OPTION_KINDS.values())
    assert not set(found) & set(load_rules(EXAMPLES.parent).rules)


@pytest.mark.parametrize("kind", OPTION_KINDS)
def test_the_pages_name_every_key(kind: str) -> None:
    text = (PAGES / "options.md").read_text() + (PAGES / f"{kind}.md").read_text()
    named = {cell for line in text.splitlines() if line.startswith("| `") for cell in line.split("`")[1::2]}

    assert set(OPTION_KINDS[kind].model_fields) <= named
