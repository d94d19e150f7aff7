"""Somebody trades by hand on a whole desk: subscribed on the way, filled, charged, carried, squared off."""

import json
from typing import Any

import pytest

from tests.e2e.conftest import Project, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def far_option(running: Project) -> dict[str, Any]:
    """Return a BANKNIFTY call that no strategy listens to, near the money."""
    listed = running.sauda("tail", "instruments", "--from", "-", "--where", "underlying=BANKNIFTY", "--json")
    calls = [one for one in map(_parsed, listed.stdout.splitlines()) if one.get("right") == "CE"]
    expiry = min(one["expiry"] for one in calls)
    near = sorted((one for one in calls if one["expiry"] == expiry), key=lambda one: int(one["strike"]))
    return near[len(near) // 2]


def _parsed(line: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(line)
    return found


def test_an_order_by_hand_is_filled_charged_held_and_squared_off(running: Project) -> None:
    eventually(running.fills, within_s=120)  # The market is open.
    option = far_option(running)

    bought = running.asked("order", "buy", option["instrument"], str(option["lot_size"]))

    assert bought["status"] == "filled", bought
    assert bought["charges"] > 0
    assert bought["available"] <= bought["cash"]
    held = [one for one in running.asked("positions", "--strategy", "hand") if one["qty"]]
    assert [(one["instrument"], one["qty"]) for one in held] == [(option["instrument"], option["lot_size"])]
    told = running.sauda("why", bought["order_id"])
    assert "by hand" in told.stdout

    closed = running.asked("square-off", "--strategy", "hand", "--wait", "30")

    assert [one["status"] for one in closed] == ["filled"]
    assert not [one for one in running.asked("positions", "--strategy", "hand") if one["qty"]]


def test_an_order_beyond_the_means_is_refused_with_the_shortfall(running: Project) -> None:
    eventually(running.fills, within_s=120)
    option = far_option(running)

    refused = running.sauda("order", "sell", option["instrument"], str(20 * option["lot_size"]), "--json")

    assert refused.returncode == 1
    assert '"reason":"MARGIN"' in refused.stdout
    assert "short by Rs" in refused.stdout
