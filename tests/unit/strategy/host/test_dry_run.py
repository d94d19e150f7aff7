"""A dry run keeps stop and target by itself, at the very price, and as long as it holds anything."""

import pytest

from sauda.clock import NS_PER_S
from sauda.contracts import PlaceOrder
from sauda.testing.builders import LOT, OPTION, a_clock, an_option, at
from tests.unit.strategy.host.host_desk import Desk, Told, quoted

OPEN = at("09:30:00")


@pytest.mark.parametrize(("told", "sign"), [(1, 1), (2, -1)])
@pytest.mark.parametrize(("points", "what"), [(-10, "stop"), (30, "target")])
def test_stop_and_target_are_touched_at_their_very_price(
    told: int, sign: int, points: int, what: str
) -> None:
    rules = {"warmup_bars": 0, "mode": "dry_run", "stop_points": 10, "target_points": 30}
    on = Desk(Told.Rules.model_validate({"kind": "told", **rules}), Told)
    on.play([an_option(), a_clock(at("09:15:00")), quoted(100_00, at("09:29:59"))])
    on.work(quoted(100_00, OPEN, told=told))
    assert on.host.held(OPTION) == sign * LOT
    # It was entered at the other side of the quote, 10 paise away.
    limit = 100_00 + sign * 10 + sign * points * 100

    short_of_it = limit - 5 if sign * points > 0 else limit + 5
    on.work(quoted(short_of_it, OPEN + NS_PER_S))
    assert on.host.held(OPTION) == sign * LOT

    on.work(quoted(limit, OPEN + 2 * NS_PER_S))
    assert on.host.held(OPTION) == 0
    assert f"dry run: its {what} was touched" in on.reasons()
    assert not on.heard(PlaceOrder)
