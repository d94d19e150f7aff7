"""Margin, return on it, the peak and what was given back since, and what the day made."""

from datetime import date

import pytest

from sauda.contracts import Account, DeskPnl, Message, Side, StrategyPnl
from sauda.testing.builders import a_clock, a_fill, a_tick, after, at
from sauda.testing.restart import play
from sauda_pnl.valuation import Valuation

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)


def account(blocked: int, **strategies: int) -> Account:
    """Build what the exchange says after an order; only margin matters here."""
    return Account(after(0), 10_00_000_00, 0, 0, 0, 0, blocked, 0, strategies=strategies)


def desk_at(points: list[Message]) -> DeskPnl:
    return [point for point in points if isinstance(point, DeskPnl)][-1]


def strategy_at(points: list[Message], name: str) -> StrategyPnl:
    return [point for point in points if isinstance(point, StrategyPnl) and point.strategy == name][-1]


def test_without_an_account_margin_and_return_are_unknown() -> None:
    point = desk_at(play(Valuation(), [a_fill()]))

    assert (point.margin, point.peak_margin, point.roi) == (None, None, None)


def test_the_return_is_measured_on_the_most_that_was_ever_blocked() -> None:
    valuation = Valuation()
    play(valuation, [account(2_00_000_00, straddle=1_50_000_00), a_fill(Side.SELL, price=100_00, qty=65)])
    play(valuation, [account(50_000_00, straddle=40_000_00), a_tick(90_00, at_ns=after(0.5))])

    points = play(valuation, [a_clock(after(1.5))])

    strategy, desk = strategy_at(points, "straddle"), desk_at(points)
    assert (strategy.margin, strategy.peak_margin) == (40_000_00, 1_50_000_00)
    assert (desk.margin, desk.peak_margin) == (50_000_00, 2_00_000_00)
    # 65 x 10.00 = 650 rupees on 1.5 and 2 lakh.
    assert strategy.roi == pytest.approx(0.4333, abs=1e-9)
    assert desk.roi == pytest.approx(0.325, abs=1e-9)


def test_a_strategy_that_the_account_names_no_more_needs_no_margin() -> None:
    valuation = Valuation()
    play(valuation, [account(100, a=100), a_fill(strategy="a"), a_fill(strategy="b"), account(0)])

    points = play(valuation, [a_clock(after(1.5))])

    assert (strategy_at(points, "a").margin, strategy_at(points, "a").peak_margin) == (0, 100)
    assert (strategy_at(points, "b").margin, strategy_at(points, "b").peak_margin) == (0, None)
    assert strategy_at(points, "b").roi is None


def test_what_was_given_back_is_measured_from_the_best_and_never_from_below_the_start() -> None:
    valuation = Valuation()
    play(valuation, [a_fill(Side.BUY, price=100_00, qty=10)])
    course = []
    for second, price in enumerate((95_00, 108_00, 103_00, 90_00)):
        play(valuation, [a_tick(price, at_ns=after(second + 0.5))])
        point = desk_at(play(valuation, [a_clock(after(second + 1.5))]))
        course.append((point.net, point.peak, point.drawdown))

    assert course == [
        (-50_00, 0, 50_00),
        (80_00, 80_00, 0),
        (30_00, 80_00, 50_00),
        (-100_00, 80_00, 180_00),
    ]


def test_a_day_is_measured_from_the_evening_before_so_the_gap_belongs_to_it() -> None:
    valuation = Valuation()
    play(valuation, [a_fill(Side.BUY, price=100_00, qty=10, charges=5_00, event_ns=at("10:00"))])
    evening = desk_at(play(valuation, [a_tick(110_00, at_ns=at("15:39")), a_clock(at("15:40"))]))

    play(valuation, [a_tick(90_00, at_ns=at("09:15", TUESDAY))])
    morning = desk_at(play(valuation, [a_clock(at("09:15:02", TUESDAY))]))

    assert (evening.net, evening.day_net) == (95_00, 95_00)
    assert (morning.net, morning.day_net) == (-105_00, -200_00)


def test_the_first_point_of_a_day_tells_nothing_of_the_day_before() -> None:
    valuation = Valuation()
    play(valuation, [a_fill(Side.BUY, price=100_00, qty=10, event_ns=at("10:00")), a_tick(50_00)])

    points = play(valuation, [a_tick(50_00, at_ns=at("09:15", TUESDAY) + 1)])

    first = desk_at(points)
    assert (first.event_ns, first.net, first.day_net) == (at("09:15", TUESDAY), -500_00, 0)


def test_a_strategys_first_trade_on_a_later_day_is_all_of_that_day() -> None:
    valuation = Valuation()
    play(valuation, [a_fill(Side.BUY, price=100_00, qty=10, strategy="a", event_ns=at("10:00"))])

    put = "NFO:NIFTY01DEC26P24500"
    new = a_fill(strategy="b", instrument=put, charges=3_00, event_ns=at("09:20", TUESDAY))
    points = play(valuation, [new])

    assert strategy_at(points, "b").day_net == -3_00
    assert desk_at(points).day_net == -3_00


def test_a_fill_may_be_the_first_thing_of_a_day() -> None:
    """Executions may be read before the tick that caused them: the day begins all the same."""
    valuation = Valuation()
    play(valuation, [a_fill(Side.BUY, price=100_00, qty=10, event_ns=at("10:00")), a_tick(107_00)])

    out = a_fill(Side.SELL, price=101_00, qty=10, order_id="o-2", event_ns=at("09:15", TUESDAY))
    point = desk_at(play(valuation, [out]))

    assert (point.net, point.day_net) == (10_00, -60_00)


def test_a_settlement_closes_the_position_at_its_price_and_nothing_is_lost() -> None:
    valuation = Valuation()
    play(valuation, [a_fill(Side.SELL, price=100_00, qty=65, charges=20_00), a_tick(3_00, at_ns=after(1))])

    worthless = a_fill(Side.BUY, price=0, qty=65, order_id="settle-x", event_ns=at("15:40"))
    point = desk_at(play(valuation, [worthless]))

    assert (point.realised, point.unrealised, point.net) == (65 * 100_00, 0, 65 * 100_00 - 20_00)


def test_the_margin_of_an_account_is_no_point_of_its_own() -> None:
    valuation = Valuation()
    play(valuation, [a_fill()])

    assert play(valuation, [account(5)]) == []
