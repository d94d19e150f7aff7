"""`mode` in a rules file is edited while legs are open: they are closed in the mode in which they were opened."""

import pytest

from sauda.contracts import Signal
from sauda.testing.builders import a_clock, at
from sauda_strategy.option_seller import OptionSeller
from tests.unit.strategy.option_desk import DISTANCES, codes, index, opened, placed, seller, ticks
from tests.unit.strategy.tiny_desk import TinyDesk


def restarted(desk: TinyDesk, new: OptionSeller) -> None:
    """Let *new* go on from what the desk's strategy has written."""
    rows = desk.strategy.state.take_changes()
    new.state.load({row: value for row, value in rows.items() if value is not None})
    new.restored()
    desk.strategy = new


@pytest.mark.parametrize("kind", DISTANCES)
def test_what_exists_is_closed_at_the_exchange_though_the_file_says_dry_run(kind: str) -> None:
    desk = opened(kind)
    restarted(desk, seller(kind, mode="dry_run"))
    desk.play([*ticks("09:30:00", CE=100_00), a_clock(at("09:30:01"))])
    assert codes(desk) == ["MODE_WAITS"]

    desk.play([*ticks("15:14:59", CE=90_00, PE=90_00, CEW=9_00, PEW=9_00), a_clock(at("15:15:00"))])

    assert not any(desk.exchange.held.values())
    assert not desk.exchange.working
    assert not [one for one in desk.heard(Signal) if one.would_place is not None]


@pytest.mark.parametrize("kind", DISTANCES)
def test_what_was_assumed_is_never_traded_though_the_file_says_paper(kind: str) -> None:
    desk = opened(kind, mode="dry_run")
    restarted(desk, seller(kind, entry_time="09:20"))
    desk.play([*ticks("09:30:00", CE=100_00), a_clock(at("15:15:00"))])
    assert codes(desk) == ["MODE_WAITS"]
    assert not placed(desk)

    # The next day begins in the mode of the file.
    restarted(desk, seller(kind))
    assert not desk.strategy._my.mode_waits  # type: ignore[attr-defined]
    desk.play([index(24_510_00, "15:20:00")])
    assert not placed(desk)
