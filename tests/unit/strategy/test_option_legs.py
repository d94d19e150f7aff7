"""Strangles, flies and condors: which legs, in what order, and what closes them."""

import itertools
from typing import Any

import pytest

from sauda.contracts import (
    ChangeRules,
    Fill,
    ModifyOrder,
    OrderKind,
    PlaceOrder,
    RejectReason,
    Right,
    Side,
    Signal,
    SquareOff,
    Start,
    Stop,
    Subscribe,
)
from sauda.testing.builders import LOT, a_clock, a_tick, at
from sauda_strategy.rule_values import plain_rules
from tests.unit.strategy.option_desk import (
    CALL,
    CALL_WING,
    PUT,
    PUT_WING,
    codes,
    index,
    morning,
    name,
    opened,
    placed,
    rules,
    seller,
    ticks,
)
from tests.unit.strategy.tiny_desk import TinyDesk

FLY = {CALL_WING: LOT, PUT_WING: LOT, CALL: -LOT, PUT: -LOT}


def held(desk: TinyDesk) -> dict[str, int]:
    return {leg: qty for leg, qty in desk.exchange.held.items() if qty}


def test_a_strangle_by_points_and_by_percent() -> None:
    by_points, by_percent = (
        opened("short_strangle"),
        opened("short_strangle", sotm_points=0, sotm_percentage=1),
    )

    assert held(by_points) == {name(24_600, Right.CALL): -LOT, name(24_400, Right.PUT): -LOT}
    # 1 % of 24,510 is 245.10: the nearest strikes to 24,745.10 and 24,254.90.
    assert held(by_percent) == {name(24_750, Right.CALL): -LOT, name(24_250, Right.PUT): -LOT}


def test_wings_are_bought_first_and_sold_last() -> None:
    desk = opened("iron_fly")
    assert held(desk) == FLY
    assert placed(desk) == ["CEW-entry", "PEW-entry", "CE-entry", "PE-entry"]

    desk.play([a_clock(at("15:15:00"))])

    assert held(desk) == {}
    assert placed(desk)[4:] == ["CE-exit", "PE-exit", "CEW-exit", "PEW-exit"]


def test_the_legs_of_a_condor() -> None:
    legs = held(opened("iron_condor"))

    assert legs == {
        name(24_700, Right.CALL): LOT,
        name(24_300, Right.PUT): LOT,
        name(24_600, Right.CALL): -LOT,
        name(24_400, Right.PUT): -LOT,
    }


def test_nothing_is_sold_until_the_wings_are_held_whole() -> None:
    desk = TinyDesk(seller("iron_fly"))
    desk.exchange.appetite = itertools.chain([LOT, 25, 0, 40], itertools.repeat(LOT))
    desk.play([*morning(), a_clock(at("09:20:00"))])
    assert held(desk) == {CALL_WING: LOT, PUT_WING: 25}

    desk.play(ticks("09:20:02", PEW=50_00))
    assert held(desk) == {CALL_WING: LOT, PUT_WING: 25}
    desk.play(ticks("09:20:03", PEW=50_00))

    assert held(desk) == FLY


@pytest.mark.parametrize("leg", ["CEW", "PEW"])
def test_without_a_wing_nothing_is_sold_and_the_other_is_let_go(leg: str) -> None:
    desk = TinyDesk(seller("iron_fly"))
    desk.exchange.refuse = {f"one-20261123-{leg}-entry": RejectReason.MARGIN}
    desk.play([*morning(), a_clock(at("09:20:00")), a_clock(at("15:15:00"))])

    assert held(desk) == {}
    assert codes(desk) == ["ENTRY_REFUSED"]
    assert all(fill.instrument in (CALL_WING, PUT_WING) for fill in fills(desk))


def fills(desk: TinyDesk) -> list[PlaceOrder]:
    return [order for order in desk.heard(PlaceOrder) if desk.exchange.filled.get(order.order_id)]


def test_when_a_short_is_refused_the_other_is_bought_back_before_the_wings_are_sold() -> None:
    desk = TinyDesk(seller("iron_fly"))
    desk.exchange.refuse = {"one-20261123-PE-entry": RejectReason.MARGIN}
    desk.play([*morning(), a_clock(at("09:20:00"))])

    assert held(desk) == {}
    assert placed(desk)[4:] == ["CE-exit", "CEW-exit", "PEW-exit"]


def test_a_short_whose_wing_a_trader_sells_is_bought_back() -> None:
    desk = opened("iron_fly")
    by_hand = PlaceOrder("hand-1", "one", CALL_WING, Side.SELL, LOT, OrderKind.MARKET, at("10:00:00"))
    desk.play(desk.exchange.take(by_hand))

    assert held(desk) == {}


def test_a_square_off_by_the_exchange_is_not_doubled() -> None:
    desk = opened("iron_condor", stop_loss_percentage=50)
    orders = len(placed(desk))
    desk.play([SquareOff("one", "test", at("10:00:00")), *ticks("10:00:01", CE=90_00)])

    assert held(desk) == {}
    assert len(placed(desk)) == orders


@pytest.mark.parametrize("wings_first", [True, False])
def test_what_mis_squares_off_is_not_doubled(wings_first: bool) -> None:
    desk = opened("iron_fly")
    desk.exchange.held = dict(sorted(desk.exchange.held.items(), key=lambda leg: leg[1], reverse=wings_first))
    closed = desk.exchange.flatten("one", at("15:10:00"))
    desk.exchange.halted = False  # It would refuse what the strategy sends too much.
    desk.hear(closed)
    desk.play([*ticks("15:10:01", CE=90_00, CEW=40_00), a_clock(at("15:15:00"))])

    assert held(desk) == {}
    assert len(placed(desk)) == 4
    assert not desk.exchange.working


def test_half_a_wing_that_the_exchange_closes_is_not_sold_twice() -> None:
    desk = TinyDesk(seller("iron_fly"))
    desk.exchange.appetite = itertools.chain([1, 1], itertools.repeat(LOT))
    desk.play([*morning(), a_clock(at("09:20:00"))])
    assert held(desk) == {CALL_WING: 1, PUT_WING: 1}

    closed = desk.exchange.flatten("one", at("09:20:00"))
    desk.exchange.halted = False
    desk.hear(closed)

    assert held(desk) == {}
    assert placed(desk) == ["CEW-entry", "PEW-entry"]


def test_wings_are_let_go_when_both_shorts_were_stopped() -> None:
    desk = opened("iron_fly", stop_loss_percentage=25)
    desk.play(ticks("10:00:00", CE=125_00))
    assert held(desk) == {CALL_WING: LOT, PUT_WING: LOT, PUT: -LOT}

    desk.play(ticks("11:00:00", PE=125_00))

    assert held(desk) == {}


# Targets and what all legs make together.


def test_a_leg_reaches_its_target_at_the_offer_and_not_at_the_last_price() -> None:
    desk = opened("short_straddle", target_percentage=40)
    desk.play([a_tick(59_00, instrument=CALL, bid=58_00, ask=60_05, at_ns=at("10:00:00"))])
    assert held(desk) == {CALL: -LOT, PUT: -LOT}

    desk.play([a_tick(61_00, instrument=CALL, bid=58_00, ask=60_00, at_ns=at("10:00:01"))])

    assert held(desk) == {PUT: -LOT}


@pytest.mark.parametrize(
    ("rule", "call", "put"),
    [
        # 200 were received: 100 and 100. A fifth of it is 40 points, as are 2,600 rupees for 65 units.
        ({"combined_stop_percentage": 20}, (120_00, 119_95), (120_00, 120_00)),
        ({"combined_stop_rupees": 2600}, (120_00, 119_95), (120_00, 120_00)),
        ({"combined_target_percentage": 20}, (80_00, 80_05), (80_00, 80_00)),
        ({"combined_target_rupees": 2600}, (80_00, 80_05), (80_00, 80_00)),
    ],
)
def test_all_legs_are_closed_when_together_they_have_lost_or_made_enough(
    rule: dict[str, Any], call: tuple[int, int], put: tuple[int, int]
) -> None:
    desk = opened("short_straddle", stop_loss_percentage=100, **rule)
    desk.play(ticks("10:00:00", CE=call[0], PE=call[1]))
    assert held(desk) == {CALL: -LOT, PUT: -LOT}

    desk.play(ticks("10:00:01", CE=put[0], PE=put[1]))

    assert held(desk) == {}
    assert next(iter(rule)) in desk.heard(Signal)[-1].reason


def test_stale_quotes_decide_nothing() -> None:
    desk = opened("short_straddle", stop_loss_percentage=100, combined_stop_percentage=20)
    desk.play([*ticks("10:00:00", PE=150_00), *ticks("10:01:01", CE=150_00)])
    assert held(desk) == {CALL: -LOT, PUT: -LOT}

    desk.play(ticks("10:01:02", PE=150_00))

    assert held(desk) == {}


def test_profit_is_locked_in_step_by_step() -> None:
    desk = opened("short_straddle", trail_profit_rupees=650)  # Ten points.
    desk.play([*ticks("10:00:00", CE=90_05, PE=100_00), *ticks("10:00:01", CE=105_00)])
    assert held(desk) == {CALL: -LOT, PUT: -LOT}

    desk.play([*ticks("10:00:02", CE=90_00), *ticks("10:00:03", CE=75_00)])
    assert held(desk) == {CALL: -LOT, PUT: -LOT}
    desk.play(ticks("10:00:04", CE=90_00))  # 20 points were reached: 10 are locked in.

    assert held(desk) == {}


def test_a_wing_counts_at_its_bid() -> None:
    """The fly took in 200 and paid 100; a stop of a fifth is 20 points."""
    desk = opened("iron_fly", combined_stop_percentage=20)
    desk.play(ticks("10:00:00", CE=110_00, PE=110_00, PEW=50_00))
    desk.play([a_tick(60_00, instrument=CALL_WING, bid=50_05, ask=60_00, at_ns=at("10:00:01"))])
    assert held(desk) == FLY

    desk.play([a_tick(60_00, instrument=CALL_WING, bid=50_00, ask=60_00, at_ns=at("10:00:02"))])

    assert held(desk) == {}
    assert placed(desk)[4:] == ["CE-exit", "PE-exit", "CEW-exit", "PEW-exit"]


# Stops that move, and selling again.


def test_stops_trail_at_the_exchange() -> None:
    points = opened("short_straddle", trail_points=20).heard(PlaceOrder)[2]
    percent = opened("short_straddle", trail_percentage=12.5).heard(PlaceOrder)[2]
    too_far = opened("short_straddle", trail_points=100).heard(PlaceOrder)[2]

    assert (points.trigger_price, points.trail_points, points.trail_bps) == (125_00, 20_00, None)
    assert (percent.trail_points, percent.trail_bps) == (None, 1250)
    assert (too_far.trail_points, too_far.trail_bps) == (None, None)


def test_when_one_leg_is_stopped_the_others_stop_goes_to_its_cost() -> None:
    desk = opened("short_straddle", move_stop_to_cost=True)
    desk.play(ticks("10:00:00", PE=80_00, CE=125_00))
    (change,) = desk.heard(ModifyOrder)
    assert (change.order_id, change.trigger_price) == ("one-20261123-PE-stop", 100_00)

    desk.play(ticks("10:00:01", PE=100_00))

    assert held(desk) == {}


def test_a_stop_that_cannot_be_moved_stays_and_says_so() -> None:
    desk = opened("short_straddle", move_stop_to_cost=True)
    desk.exchange.refuse = {"one-20261123-PE-stop": RejectReason.OFF_TICK}
    desk.play(ticks("10:00:00", CE=125_00))

    assert codes(desk) == ["STOP_NOT_MOVED"]
    assert held(desk) == {PUT: -LOT}


def test_a_stopped_leg_is_sold_again_after_its_pause_and_no_more_often_than_said() -> None:
    desk = opened("short_straddle", reentries=2, reentry_pause_minutes=5)
    desk.play([*ticks("10:00:00", CE=125_00), a_clock(at("10:04:59"))])
    assert held(desk) == {PUT: -LOT}

    desk.play([a_clock(at("10:05:00"))])
    assert held(desk) == {CALL: -LOT, PUT: -LOT}
    assert placed(desk)[4:] == ["CE2-entry", "CE2-stop"]
    for minute in (10, 20, 30):
        desk.play([*ticks(f"10:{minute}:00", CE=400_00), *ticks(f"10:{minute}:01", CE=100_00)])
        desk.play([a_clock(at(f"10:{minute + 6}:00"))])

    assert [one for one in placed(desk) if one.endswith("entry")] == [
        "CE-entry",
        "PE-entry",
        "CE2-entry",
        "CE3-entry",
    ]


def test_sold_again_at_the_money_of_that_moment() -> None:
    desk = opened("short_straddle", reentries=1, reentry_at="atm")
    desk.play([index(24_600_00, "09:59:00"), *ticks("10:00:00", CE=125_00)])
    desk.play([a_tick(90_00, instrument=name(24_600, Right.CALL), at_ns=at("10:00:01"))])

    assert held(desk) == {name(24_600, Right.CALL): -LOT, PUT: -LOT}


@pytest.mark.parametrize("ended", ["square off", "stop", "combined", "until"])
def test_nothing_is_sold_again_once_the_window_is_over(ended: str) -> None:
    desk = opened(
        "short_straddle",
        reentries=3,
        reentry_pause_minutes=1,
        combined_stop_rupees=5000,
        entry_until="10:30",
    )
    desk.play(ticks("10:00:00", CE=125_00, PE=100_00))
    match ended:
        case "square off":
            desk.play([SquareOff("one", "test", at("10:00:01"))])
        case "stop":
            desk.play([Stop("one", "test", at("10:00:01"))])
        case "combined":
            desk.exchange.appetite = itertools.chain([0], itertools.repeat(LOT))
            desk.play(ticks("10:00:01", PE=160_00))
        case _:
            desk.play([a_clock(at("10:00:30")), a_clock(at("10:30:00"))])
    desk.play([a_clock(at("10:31:00")), *ticks("10:31:01", CE=100_00), a_clock(at("10:40:00"))])

    assert "CE2-entry" not in placed(desk)


def test_a_leg_between_its_wings_is_sold_again_as_long_as_they_are_held() -> None:
    desk = opened("iron_fly", stop_loss_percentage=25, reentries=1, reentry_pause_minutes=5)
    desk.play([*ticks("10:00:00", CE=125_00), *ticks("10:00:01", PE=125_00)])
    assert held(desk) == {CALL_WING: LOT, PUT_WING: LOT}

    desk.play([*ticks("10:01:00", CE=100_00, PE=100_00), a_clock(at("10:05:01"))])
    assert held(desk) == FLY
    desk.play([*ticks("10:10:00", CE=125_00), *ticks("10:10:01", PE=125_00)])

    assert held(desk) == {}


# Hours and days.


def test_several_windows_a_day_each_with_its_own_legs() -> None:
    desk = TinyDesk(seller("short_straddle", exit_time="10:00", further_windows="10:00-11:00, 12:00-13:00"))
    desk.play([*morning(), a_clock(at("09:20:00")), a_clock(at("10:00:00"))])
    assert held(desk) == {}
    for clock in ("10:00:01", "10:00:02"):
        desk.play([index(24_510_00, clock), *ticks(clock, CE=90_00, PE=95_00)])
    assert held(desk) == {CALL: -LOT, PUT: -LOT}

    desk.play([a_clock(at("11:00:00")), a_clock(at("11:59:59"))])
    assert held(desk) == {}
    desk.play([index(24_510_00, "12:00:00"), *ticks("12:00:01", CE=90_00, PE=95_00), a_clock(at("13:00:00"))])

    assert held(desk) == {}
    entries = [one.order_id for one in desk.heard(PlaceOrder) if one.order_id.endswith("CE-entry")]
    assert entries == ["one-20261123-CE-entry", "one-20261123w2-CE-entry", "one-20261123w3-CE-entry"]


def test_after_entry_until_nothing_is_sold() -> None:
    desk = TinyDesk(seller("short_straddle", entry_until="09:30"))
    desk.play([*morning()[:-20], a_clock(at("09:15:01")), a_clock(at("09:30:00"))])
    desk.play(ticks("09:30:01", CE=90_00, PE=90_00))

    assert codes(desk)[-1:] == ["NOT_ENTERED"]
    assert not placed(desk)


@pytest.mark.parametrize(
    ("rule", "trades"),
    [
        ({"weekdays": "tue,Thu"}, False),
        ({"weekdays": "mon"}, True),
        ({"days_to_expiry_max": 7}, False),
        ({"days_to_expiry_max": 8}, True),
        ({"days_to_expiry_min": 9}, False),
        ({"days_to_expiry_min": 8, "days_to_expiry_max": 8}, True),
    ],
)
def test_it_trades_on_its_days_only(rule: dict[str, Any], trades: bool) -> None:
    """Monday, eight days before the expiry."""
    desk = opened("short_straddle", **rule)

    assert bool(placed(desk)) is trades
    assert codes(desk) == ([] if trades else ["NOT_TODAY"])


# A dry run, and other rules.


def test_a_dry_run_places_nothing_and_says_what_it_would() -> None:
    desk = opened("iron_fly", mode="dry_run", stop_loss_percentage=25)
    desk.play([*ticks("10:00:00", CE=125_00), a_clock(at("15:15:00"))])

    assert not placed(desk)
    would = [one.would_place for one in desk.heard(Signal) if one.would_place is not None]
    assert [order.order_id.removeprefix("one-20261123-") for order in would] == [
        "CEW-entry",
        "PEW-entry",
        "CE-entry",
        "PE-entry",
        "CE-stop",
        "PE-stop",
        "PE-exit",
        "CEW-exit",
        "PEW-exit",
    ]


def test_a_dry_run_closes_by_square_off_and_trades_again_on_start() -> None:
    desk = opened("short_straddle", mode="dry_run")
    desk.play([SquareOff("one", "test", at("10:00:00")), Start("one", "test", at("10:00:01"))])
    desk.play([index(24_510_00, "10:00:02"), *ticks("10:00:03", CE=100_00, PE=100_00)])

    would = [one.would_place.order_id for one in desk.heard(Signal) if one.would_place is not None]
    assert would[4:8] == [
        "one-20261123-CE-exit",
        "one-20261123-PE-exit",
        "one-20261123-CE-entry-2",
        "one-20261123-PE-entry-2",
    ]


def changed(kind: str, **changes: object) -> ChangeRules:
    return ChangeRules("one", plain_rules(rules(kind, **changes)), "asha", at("09:30:00"))


def test_rules_change_while_it_runs() -> None:
    desk = opened("short_straddle")
    desk.play([changed("short_straddle", exit_time="11:00", target_percentage=40)])
    assert "exit_time 15:15 -> 11:00" in desk.heard(Signal)[-1].reason

    desk.play([*ticks("10:00:00", CE=60_00), a_clock(at("11:00:00"))])

    assert held(desk) == {}
    assert "CE-exit" in placed(desk)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (changed("iron_fly"), "kind: "),
        (changed("short_straddle", tsymbol="BANKNIFTY"), "tsymbol: "),
        (changed("short_straddle", mode="dry_run"), "mode: cannot change while something is open"),
        (changed("short_straddle", product="MIS"), "product: cannot change while something is open"),
        (ChangeRules("one", {"kind": "short_straddle", "quantity": 0}, "asha", 0), "quantity: "),
    ],
)
def test_rules_that_cannot_be_followed_change_nothing(change: ChangeRules, said: str) -> None:
    desk = opened("short_straddle")
    desk.play([change, a_clock(at("15:15:00"))])

    assert codes(desk) == ["RULES_REFUSED"]
    assert said in desk.heard(Signal)[2].reason
    assert held(desk) == {}


def test_a_plain_straddle_writes_no_quotes() -> None:
    """What changes with every tick is not kept by those who do not need it."""
    desk = opened("short_straddle")
    desk.strategy.state.take_changes()
    desk.play(ticks("10:00:00", CE=99_00))

    assert {row.partition(b"/")[0] for row in desk.strategy.state.take_changes()} <= {b"clock"}
    assert not desk.heard(Fill)
    assert desk.heard(Subscribe)
