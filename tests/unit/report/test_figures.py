"""Figures of made-up runs that can be worked out by hand."""

import pytest

from sauda.contracts import Against, PlaceOrder, Side
from sauda.contracts.orders import OrderKind
from sauda.report import figures
from sauda.report.days import Window, split_at
from sauda.report.days import days_of as played
from tests.unit.report.made_up import a_fill, a_run, at, hours, points

BUY, SELL = Side.BUY, Side.SELL


def test_a_settlement_is_a_fill_and_ends_a_trade_but_is_no_turnover() -> None:
    fills = [
        a_fill(SELL, 10, 100_00, at("10:00")),
        a_fill(BUY, 10, 40_00, at("15:00"), against=Against.SETTLEMENT),
    ]

    trading = figures(a_run(fills=fills, sessions=hours(0)))["scalper"].trading

    assert (trading.fills, trading.trades, trading.turnover) == (2, 1, 1000_00)
    assert (trading.hit_rate, trading.profit_factor, trading.average_loss) == (1.0, None, None)
    assert trading.expectancy == trading.average_win == 600_00


def test_a_drawdown_is_a_share_of_the_capital_and_the_profit_at_its_height() -> None:
    run = a_run(
        equity=points([(at("10:00"), 3000_00), (at("11:00"), 1000_00), (at("12:00"), 2500_00)]),
        capital=5000_00,
    )

    worth = figures(run)["ALL"].worth

    assert (worth.max_drawdown, worth.max_drawdown_percent) == (2000_00, 25.0)
    assert (worth.drawdown_from_ns, worth.drawdown_to_ns, worth.recovered_ns) == (
        at("10:00"),
        at("11:00"),
        None,
    )
    assert worth.return_on_capital == 0.5


def test_wins_losses_and_exposure_of_a_day() -> None:
    fills = [
        a_fill(BUY, 10, 100_00, at("10:00"), charges=10_00),
        a_fill(SELL, 10, 140_00, at("12:00"), charges=10_00),
        a_fill(BUY, 10, 100_00, at("14:00"), charges=10_00),
        a_fill(SELL, 10, 92_00, at("15:00"), charges=10_00),
    ]

    trading = figures(a_run(fills=fills, sessions=hours(0, 1)))["scalper"].trading

    # 400 - 20 and -80 - 20; three of twenty hours.
    assert (trading.average_win, trading.average_loss) == (380_00, -100_00)
    assert (trading.profit_factor, trading.hit_rate, trading.expectancy) == (3.8, 0.5, 140_00)
    assert trading.exposure == pytest.approx(0.15)
    assert (trading.days, trading.trades_a_day) == (2, 1.0)


def test_what_is_still_held_at_the_end_was_held_until_then() -> None:
    fills = [a_fill(BUY, 10, 100_00, at("14:00", 1))]

    trading = figures(a_run(fills=fills, sessions=hours(0, 1)))["scalper"].trading

    assert trading.exposure == pytest.approx(5 / 20)
    assert (trading.trades, trading.open_trades) == (0, 1)


def test_strategies_stay_apart_and_the_desk_has_all() -> None:
    fills = [
        a_fill(BUY, 10, 100_00, at("10:00"), charges=3),
        a_fill(SELL, 10, 100_00, at("10:30"), charges=5, strategy="other"),
    ]
    order = PlaceOrder("o-1", "other", "NFO:A", SELL, 10, OrderKind.MARKET, at("10:30"))

    found = figures(a_run(fills=fills, orders=[order], sessions=hours(0)))

    assert list(found) == ["scalper", "other", "ALL"]
    assert [one.worth.charges for one in found.values()] == [3, 5, 8]
    assert [one.trading.orders for one in found.values()] == [0, 1, 1]
    # Against each other they are flat, but each holds something: the desk is exposed.
    assert [one.trading.open_trades for one in found.values()] == [1, 1, 2]


def test_two_parts_of_a_run_share_it_without_overlap() -> None:
    run = a_run(
        fills=[
            a_fill(BUY, 1, 100_00, at("10:00"), charges=1),
            a_fill(SELL, 1, 150_00, at("11:00", 2), charges=2),
            a_fill(BUY, 1, 100_00, at("12:00", 2), charges=4),
            a_fill(SELL, 1, 90_00, at("13:00", 3), charges=8),
        ],
        equity=points(
            [(at("18:00"), 20_00), (at("18:00", 1), 30_00), (at("18:00", 2), 50_00), (at("18:00", 3), 39_85)]
        ),
        sessions=hours(0, 1, 2, 3),
    )
    border = split_at(played(run), 0.5)

    first, second = (figures(run, part)["ALL"] for part in (Window(until_ns=border), Window(from_ns=border)))

    assert border == at("00:00", 2)
    assert (first.worth.net, second.worth.net) == (30_00, 9_85)
    assert (first.worth.charges, second.worth.charges) == (1, 14)
    # The trade over the border is open in the first part and belongs to the second.
    assert (first.trading.trades, first.trading.open_trades) == (0, 1)
    assert (second.trading.trades, second.trading.open_trades) == (2, 0)
    assert first.trading.exposure == pytest.approx(19 / 20)
    assert second.trading.exposure == pytest.approx((2 + 7 + 4) / 20)


@pytest.mark.parametrize("split", [0.01, 0.99])
def test_a_part_without_a_day_is_no_part(split: float) -> None:
    with pytest.raises(ValueError, match="of 4 days empty"):
        split_at(played(a_run(sessions=hours(0, 1, 2, 3))), split)
