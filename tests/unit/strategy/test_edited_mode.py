"""`mode`, `product` or `tsymbol` in a rules file is edited while legs are open: they are closed as they were opened."""

from datetime import date

import pytest

from sauda.contracts import Message, PlaceOrder, Product, Signal
from sauda.testing.builders import INDEX, a_clock, a_tick, at
from sauda_strategy.option_seller import OptionSeller
from tests.unit.strategy.option_desk import DISTANCES, OPTIONS, codes, index, opened, placed, seller, ticks
from tests.unit.strategy.tiny_desk import TinyDesk

DAY_AFTER = date(2026, 11, 24)


def tomorrow() -> list[Message]:
    """The next day up to just before the entry."""
    return [
        a_clock(at("09:15:00", DAY_AFTER)),
        a_tick(24_510_00, instrument=INDEX, at_ns=at("09:15:01", DAY_AFTER)),
        *(a_tick(50_00, instrument=name, at_ns=at("09:19:59", DAY_AFTER)) for name in OPTIONS),
    ]


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
    assert not desk.strategy._my.waiting  # type: ignore[attr-defined]
    desk.play([index(24_510_00, "15:20:00")])
    assert not placed(desk)


@pytest.mark.parametrize("kind", DISTANCES)
def test_what_was_opened_is_closed_in_the_product_of_its_opening(kind: str) -> None:
    desk = opened(kind)
    restarted(desk, seller(kind, product="MIS"))
    desk.play([*ticks("09:30:00", CE=100_00), a_clock(at("09:30:01"))])
    desk.play([*ticks("15:14:59", CE=90_00, PE=90_00, CEW=9_00, PEW=9_00), a_clock(at("15:15:00"))])

    assert codes(desk) == ["PRODUCT_WAITS"]
    assert not any(desk.exchange.held.values())
    assert {order.product for order in desk.heard(PlaceOrder)} == {Product.NRML}

    desk.play([*tomorrow(), a_clock(at("09:20:00", DAY_AFTER))])
    assert {order.product for order in desk.heard(PlaceOrder) if "20261124" in order.order_id} == {
        Product.MIS
    }


@pytest.mark.parametrize("kind", DISTANCES)
def test_another_underlying_waits_and_shares_no_strike_with_the_one_before(kind: str) -> None:
    desk = opened(kind, stop_loss_percentage=25, reentries=1)
    restarted(desk, seller(kind, tsymbol="BANKNIFTY", stop_loss_percentage=25, reentries=1))
    before = placed(desk)
    desk.play([*ticks("09:30:00", CE=100_00), a_clock(at("09:30:01"))])
    assert (codes(desk), placed(desk)) == (["TSYMBOL_WAITS"], before)

    desk.play([*ticks("15:14:59", CE=90_00, PE=90_00, CEW=9_00, PEW=9_00), a_clock(at("15:15:00"))])
    assert not any(desk.exchange.held.values())
    assert not desk.exchange.working

    # The next day nothing is known of the new one, and nothing of the old one is sold in its place.
    closed = placed(desk)
    desk.play([*tomorrow(), a_clock(at("09:20:00", DAY_AFTER)), a_clock(at("09:25:00", DAY_AFTER))])
    assert placed(desk) == closed
    assert codes(desk)[-1] == "NO_INSTRUMENTS"


def test_what_is_flat_and_waits_to_be_sold_anew_is_not_sold_in_another_underlying() -> None:
    desk = opened("short_straddle", reentries=1, reentry_pause_minutes=5)
    desk.play([*ticks("09:30:00", CE=200_00, PE=200_00), a_clock(at("09:30:01"))])
    assert not any(desk.exchange.held.values())
    before = placed(desk)

    restarted(desk, seller("short_straddle", tsymbol="BANKNIFTY", reentries=1, reentry_pause_minutes=5))
    desk.play([*ticks("09:40:00", CE=100_00, PE=100_00), a_clock(at("09:40:01")), a_clock(at("09:45:00"))])

    assert placed(desk) == before
    assert codes(desk) == []
