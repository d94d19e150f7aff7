"""Rules about orders and money: stops, refusals, the day's loss beside its limit, drawdown, margin."""

from datetime import date

import pytest

from sauda.contracts import Level, RejectReason
from sauda.testing.builders import a_clock, a_tick
from sauda_alerts.desk import Desk
from sauda_alerts.rules import Amount, Limits, Rule, Rules, Share, Steps
from tests.unit.alerts.made import (
    OPTION,
    SESSIONS,
    a_desk,
    account,
    at,
    codes,
    desk_point,
    fill,
    refused,
    say,
    strategy_point,
    triggered,
)

RS = 100


def test_what_was_before_the_desk_was_watched_is_said_to_nobody_but_known() -> None:
    new = Desk(Rules(), Limits(desk=1_000), SESSIONS, 1.0)
    past = say(new, triggered(), refused("10:00"), fill(-65), desk_point(-600 * RS), account(90, 10))
    said = say(
        new, a_tick(instrument="NFO:B", at_ns=at("10:02")), a_clock(at("10:02")), desk_point(-600 * RS)
    )

    assert past == []
    assert codes(said) == ["STALE_QUOTE", "DAILY_LOSS_50"]


def test_every_stop_that_is_hit_is_said() -> None:
    first, second = say(a_desk(), triggered("o-7"), triggered("o-8"))

    assert first.text == f"straddle: the stop o-7 on {OPTION} was hit at Rs 125.05"
    assert (second.code, second.level) == ("STOP_HIT", Level.WARNING)


def test_refusals_of_one_strategy_for_one_reason_are_counted_within_the_debounce() -> None:
    desk = a_desk()
    said = say(
        desk,
        refused("10:00:00"),
        refused("10:01:00"),
        refused("10:02:00", reason=RejectReason.HALTED),
        refused("10:03:00", "other"),
        refused("10:04:59"),
        refused("10:05:00"),
    )

    assert [one.event_ns for one in said] == [at("10:00"), at("10:02"), at("10:03"), at("10:05")]
    assert "was refused, MARGIN: too little" in said[0].text
    assert said[-1].text.endswith("too little (2 more since 10:00:00)")


def test_a_change_that_comes_too_late_is_no_refused_order() -> None:
    desk = a_desk()
    late = (RejectReason.ORDER_DONE, RejectReason.UNKNOWN_ORDER)

    assert say(desk, *(refused("10:00", reason=reason) for reason in late)) == []


def test_a_days_loss_is_said_at_each_share_of_the_limit_once() -> None:
    desk = a_desk(limits=Limits(desk=1_000))
    said = []
    for rupees in (499, 500, 520, 400, 500, 749, 750, 999, 1000, 1500, 900, 1000):
        said += say(desk, desk_point(-rupees * RS))

    assert codes(said) == ["DAILY_LOSS_50", "DAILY_LOSS_75", "DAILY_LOSS_100"]
    assert [one.level for one in said] == [Level.WARNING, Level.WARNING, Level.CRITICAL]
    assert (
        said[0].text == "the desk has lost Rs 500.00 today, 50 % of the limit of Rs 1,000.00 (max_daily_loss)"
    )


def test_a_loss_that_jumps_is_said_at_the_highest_share_alone() -> None:
    assert codes(say(a_desk(limits=Limits(desk=1_000)), desk_point(-800 * RS))) == ["DAILY_LOSS_75"]


def test_the_next_day_begins_anew_and_a_late_point_of_the_day_before_says_nothing() -> None:
    desk = a_desk(limits=Limits(desk=1_000))
    tuesday = date(2026, 11, 24)
    said = say(
        desk,
        desk_point(-600 * RS),
        desk_point(-600 * RS, day=tuesday),
        desk_point(-900 * RS),
    )

    assert codes(said) == ["DAILY_LOSS_50", "DAILY_LOSS_50"]


def test_a_strategy_has_its_own_limit_or_that_of_each_or_none() -> None:
    limits = Limits(desk=None, each_strategy=1_000, strategies={"small": 100, "free": None})
    said = say(
        a_desk(limits=limits),
        strategy_point(-60 * RS, "small"),
        strategy_point(-60 * RS, "any"),
        strategy_point(-5_000 * RS, "free"),
        strategy_point(-500 * RS, "any"),
        desk_point(-9_000 * RS),
    )

    assert [one.text.split()[0] for one in said] == ["small", "any"]


def test_where_nothing_may_be_lost_any_loss_is_all_of_it() -> None:
    desk = a_desk(limits=Limits(desk=0))

    assert say(desk, desk_point(0)) == []
    assert codes(say(desk, desk_point(-1))) == ["DAILY_LOSS_100"]


def test_shares_may_be_others() -> None:
    rules = Rules(daily_loss=Steps(percents="90, 20"))
    said = say(a_desk(rules, Limits(desk=100)), desk_point(-20 * RS), desk_point(-95 * RS))

    assert codes(said) == ["DAILY_LOSS_20", "DAILY_LOSS_90"]


def test_what_was_given_back_is_said_at_each_multiple_and_again_after_a_recovery() -> None:
    desk = a_desk(Rules(drawdown=Amount(rupees=100)))
    said = []
    for rupees in (99, 100, 150, 230, 180, 200, 49, 100):
        said += say(desk, desk_point(0, drawdown=rupees * RS))

    assert codes(said) == ["DRAWDOWN"] * 3
    assert [one.text.split(" below")[0] for one in said] == [
        "the desk is Rs 100.00",
        "the desk is Rs 230.00",
        "the desk is Rs 100.00",
    ]


def test_margin_is_said_above_its_mark_and_again_only_when_it_was_well_below() -> None:
    desk = a_desk(Rules(margin=Share(percent=80, debounce_s=0)))
    said = []
    for blocked in (79, 80, 85, 78, 81, 76, 75, 90, 74, 80):
        said += say(desk, account(blocked * RS, (100 - blocked) * RS))

    assert [one.text.partition(" of")[0] for one in said] == ["Rs 80.00", "Rs 80.00"]
    assert "80 % of Rs 100.00" in said[0].text


@pytest.mark.parametrize("available", [0, -100_00, -50_00])
def test_margin_beyond_all_there_is_is_said(available: int) -> None:
    (alert,) = say(a_desk(), account(100_00, available))

    assert alert.code == "MARGIN_HIGH"


def test_an_account_that_blocks_nothing_is_not_tight_whatever_it_owes() -> None:
    assert say(a_desk(), account(0, 0), account(0, -5)) == []


def test_a_rule_that_is_off_says_nothing() -> None:
    rules = Rules(
        stop_hit=Rule(enabled=False),
        order_rejected=Rule(enabled=False),
        daily_loss=Steps(enabled=False),
        drawdown=Amount(rupees=1, enabled=False),
        margin=Share(percent=80, enabled=False),
    )
    desk = a_desk(rules, Limits(desk=1))

    assert say(desk, triggered(), refused("10:00"), desk_point(-500, drawdown=9_000), account(9, 0)) == []


def test_margin_that_the_debounce_held_back_is_said_if_it_stays_high() -> None:
    desk = a_desk()
    said = []
    for blocked, clock in (
        (80, "10:00"),
        (70, "10:01"),
        (85, "10:02"),
        (86, "10:04"),
        (87, "10:05"),
        (88, "10:06"),
    ):
        said += say(desk, account(blocked * RS, (100 - blocked) * RS, clock))

    assert [one.event_ns for one in said] == [at("10:00"), at("10:05")]
    assert said[1].text.startswith("Rs 87.00 of margin")
