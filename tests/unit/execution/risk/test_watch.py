"""A broken loss limit halts, withdraws and closes in one step; it lasts until somebody resets it."""

from typing import Any

import pytest

from sauda.contracts import Alert, Level, Message, OrderKind, RejectReason, ResetRisk, Side
from sauda.testing.builders import LOT, a_tick, after, an_order
from sauda.testing.restart import play, play_with_restarts
from sauda_execution.exchange import PaperExchange
from tests.unit.execution.risk.limited import (
    a_house,
    accepted,
    cancelled,
    codes,
    desk_pnl,
    filled,
    limited,
    only,
    opening,
    reasons,
    strategy_pnl,
)

SELL, BUY = Side.SELL, Side.BUY
DAY_S = 24 * 3600.0


def short_of(*strategies: str, **limits: Any) -> PaperExchange:
    """Return an exchange on which each strategy is short one lot, with a stop behind it."""
    exchange = limited(**limits)
    for name in strategies:
        stop = an_order(
            BUY, order_id=f"{name}-stop", strategy=name, kind=OrderKind.SL_M, trigger_price=150_00
        )
        play(exchange, [an_order(SELL, order_id=f"{name}-entry", strategy=name), stop])
    return exchange


def test_a_strategys_daily_loss_closes_that_strategy_in_one_step_and_no_other() -> None:
    exchange = short_of("a", "b", each_strategy={"max_daily_loss": 1_000})

    held = play(exchange, [strategy_pnl(-999_99, strategy="a")])
    broken = play(exchange, [strategy_pnl(-1_000_00, strategy="a")])

    assert held == []
    assert cancelled(broken) == ["a-stop"]
    assert list(filled(broken).values()) == [LOT]
    assert codes(broken) == ["DAILY_LOSS", "FLAT"]
    assert "the day's loss is Rs 1,000.00, the limit Rs 1,000.00" in next(
        alert.text for alert in broken if isinstance(alert, Alert) and alert.level is Level.CRITICAL
    )
    entries = play(exchange, [an_order(SELL, order_id=f"{who}-more", strategy=who) for who in "ab"])
    assert (accepted(entries), reasons(entries)) == (["b-more"], [RejectReason.DAILY_LOSS])


def test_the_desks_daily_loss_closes_everybody() -> None:
    exchange = short_of("a", "b", max_daily_loss=1_000)

    broken = play(exchange, [desk_pnl(-1_500_00)])
    entries = play(exchange, [an_order(SELL, order_id=f"{who}-more", strategy=who) for who in "ab"])

    assert cancelled(broken) == ["a-stop", "b-stop"]
    assert sorted(filled(broken).values()) == [LOT, LOT]
    assert reasons(entries) == [RejectReason.DAILY_LOSS] * 2


def test_the_loss_is_counted_from_where_the_day_began() -> None:
    exchange = short_of("a", max_daily_loss=1_000)

    said = play(exchange, [desk_pnl(-5_000_00, day_net=-500_00), desk_pnl(-5_499_99), desk_pnl(-5_500_00)])

    assert codes(said) == ["DAILY_LOSS", "FLAT"]


def test_a_drawdown_is_counted_from_the_days_best() -> None:
    exchange = short_of("a", max_drawdown=1_000)

    fine = play(exchange, [desk_pnl(0), desk_pnl(5_000_00), desk_pnl(4_000_01)])
    broken = play(exchange, [desk_pnl(4_000_00)])

    assert fine == []
    assert codes(broken) == ["DRAWDOWN", "FLAT"]
    assert reasons(play(exchange, [an_order(SELL, strategy="a", order_id="more")])) == [RejectReason.DRAWDOWN]


def test_a_profit_lock_closes_only_after_the_profit_was_there() -> None:
    exchange = short_of("a", profit_lock_at=5_000, profit_lock_keep=3_000)

    before = play(exchange, [desk_pnl(0), desk_pnl(4_999_99), desk_pnl(1_000_00)])
    locked = play(exchange, [desk_pnl(5_000_00), desk_pnl(3_000_01)])
    broken = play(exchange, [desk_pnl(3_000_00)])

    assert before == locked == []
    assert codes(broken) == ["PROFIT_LOCK", "FLAT"]


def test_a_point_of_an_earlier_day_breaks_nothing() -> None:
    exchange = short_of("a", max_daily_loss=1_000)

    assert play(exchange, [desk_pnl(-9_000_00, at_ns=after(-DAY_S))]) == []


def test_a_loss_that_goes_on_is_cried_out_once() -> None:
    exchange = short_of("a", max_daily_loss=1_000)
    play(exchange, [desk_pnl(-1_000_00)])

    assert play(exchange, [desk_pnl(-2_000_00)]) == []


def test_a_reset_lets_in_again_and_counts_the_day_anew() -> None:
    exchange = short_of("a", max_daily_loss=1_000)
    play(exchange, [desk_pnl(-1_000_00)])

    reset = play(exchange, [ResetRisk(None, "me", "seen it", after(1))])
    entry = play(
        exchange, [an_order(SELL, strategy="a", order_id="more"), desk_pnl(-1_100_00), desk_pnl(-2_099_99)]
    )
    tick = a_tick(100_00, bid=99_95, ask=100_05, at_ns=after(2))
    broken = play(exchange, [tick, desk_pnl(-2_100_00)])

    assert [alert.text for alert in reset if isinstance(alert, Alert)] == [
        "the desk was reset by me: seen it"
    ]
    assert (accepted(entry), codes(entry)) == (["more"], [])
    assert codes(broken) == ["DAILY_LOSS", "FLAT"]


def test_a_reset_of_somebody_else_or_of_nobody_who_is_halted_changes_nothing() -> None:
    exchange = short_of("a", each_strategy={"max_daily_loss": 1_000})
    play(exchange, [strategy_pnl(-1_000_00, strategy="a")])

    said = play(exchange, [ResetRisk(None, "me", "?", after(1)), ResetRisk("b", "me", "?", after(1))])

    assert said == []
    assert reasons(play(exchange, [an_order(SELL, strategy="a", order_id="more")])) == [
        RejectReason.DAILY_LOSS
    ]


@pytest.mark.parametrize(("ends_with_day", "refused"), [(False, [RejectReason.DAILY_LOSS]), (True, [])])
def test_a_halt_lasts_over_the_night_unless_the_file_says_otherwise(
    ends_with_day: bool, refused: list[RejectReason]
) -> None:
    exchange = short_of("a", max_daily_loss=1_000, loss_halt_ends_with_day=ends_with_day)
    morning = after(DAY_S)
    play(exchange, [desk_pnl(-1_000_00), a_tick(100_00, bid=99_95, ask=100_05, at_ns=morning)])

    said = play(exchange, [an_order(SELL, strategy="a", order_id="more", event_ns=morning)])

    assert reasons(said) == refused


def test_a_restart_between_the_loss_and_the_fill_closes_all_the_same() -> None:
    """With a latency the orders are on their way when the process dies."""
    house = a_house(only(max_daily_loss=1_000), latency_ns=20_000_000)
    messages: list[Message] = [
        *opening(),
        an_order(SELL, order_id="entry"),
        a_tick(100_00, bid=99_95, ask=100_05, at_ns=after(1)),
        desk_pnl(-1_000_00),
        a_tick(101_00, bid=100_95, ask=101_05, at_ns=after(2)),
        an_order(SELL, order_id="more", event_ns=after(2)),
    ]

    def build() -> PaperExchange:
        return PaperExchange(house)

    straight = play_with_restarts(build, messages, ())
    restarted = play_with_restarts(build, messages, range(len(messages)))

    assert restarted == straight
    assert sorted(filled(straight).values()) == [-LOT, LOT]
    assert reasons(straight) == [RejectReason.DAILY_LOSS]
