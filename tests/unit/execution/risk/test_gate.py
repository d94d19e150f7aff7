"""Each limit refuses the entry that breaks it, with the figures, and lets every exit out."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from sauda.contracts import (
    Fill,
    LegFailure,
    Message,
    ModifyOrder,
    OrderKind,
    OrderModified,
    PlaceBasket,
    PlaceOrder,
    RejectReason,
    Side,
)
from sauda.testing.builders import LOT, NOW, Weekdays, a_change, a_clock, a_tick, after, an_order, at
from sauda.testing.restart import play
from sauda_execution.acts import Act, Place
from sauda_execution.exchange import PaperExchange
from sauda_execution.house import House
from sauda_execution.parts import Part
from tests.unit.execution.risk.limited import PUT, accepted, detail, limited, opening, reasons

SELL, BUY = Side.SELL, Side.BUY


def resting(order_id: str = "rests", side: Side = BUY, price: int = 90_00, **terms: Any) -> PlaceOrder:
    """Build a limit order that finds nobody at its price."""
    return an_order(side, order_id=order_id, kind=OrderKind.LIMIT, limit_price=price, **terms)


def test_an_order_of_too_many_units_is_refused_with_both_figures() -> None:
    exchange = limited(max_order_quantity=2 * LOT)

    said = play(exchange, [an_order(qty=2 * LOT, order_id="fits"), an_order(qty=3 * LOT, order_id="large")])

    assert (accepted(said), reasons(said)) == (["fits"], [RejectReason.ORDER_QUANTITY])
    assert detail(said) == "195 units in one order, the limit of the desk is 130 (max_order_quantity)"


def test_an_order_of_too_much_value_is_refused_at_its_limit_or_the_last_price() -> None:
    exchange = limited(max_order_value=6_500)

    said = play(exchange, [an_order(order_id="at the last price"), resting("dearer", price=100_05)])

    assert accepted(said) == ["at the last price"]
    assert detail(said) == "an order of Rs 6,503.25, the limit of the desk is Rs 6,500.00 (max_order_value)"


@pytest.mark.parametrize(
    ("order", "is_away"),
    [
        (resting(price=90_00), False),
        (resting(price=89_95), True),
        (resting(side=SELL, price=110_00), False),
        (resting(side=SELL, price=110_05), True),
        (an_order(kind=OrderKind.SL_M, trigger_price=110_05), True),
        (an_order(kind=OrderKind.SL, trigger_price=110_00, limit_price=120_00), False),
    ],
)
def test_a_price_too_far_from_the_last_is_a_mistake(order: PlaceOrder, is_away: bool) -> None:
    said = play(limited(max_price_away_percent=10, price_away_ticks=0), [order])

    assert reasons(said) == ([RejectReason.PRICE_AWAY] if is_away else [])


def test_a_few_ticks_are_never_away_however_cheap_the_option_is() -> None:
    exchange = limited(max_price_away_percent=10, price_away_ticks=20)
    cheap = a_tick(20, bid=15, ask=20, at_ns=after(1))

    said = play(exchange, [cheap, resting("near", SELL, 1_20), resting("far", SELL, 1_25)])

    assert (accepted(said), reasons(said)) == (["near"], [RejectReason.PRICE_AWAY])
    assert "525.0 % away from the last price 0.20" in detail(said)


def test_a_position_counts_what_waits_on_the_same_side_as_if_it_had_traded() -> None:
    exchange = limited(max_position_quantity=2 * LOT)

    said = play(exchange, [an_order(order_id="held"), resting("waits"), an_order(order_id="more")])

    assert (accepted(said), reasons(said)) == (["held", "waits"], [RejectReason.POSITION_LIMIT])
    assert "would hold up to 195 units of NFO:NIFTY01DEC26C24500, the limit is 130" in detail(said)


def test_a_stop_behind_a_position_adds_nothing_to_it() -> None:
    exchange = limited(max_position_quantity=2 * LOT)
    stop = an_order(BUY, order_id="stop", kind=OrderKind.SL_M, trigger_price=125_00)

    said = play(exchange, [an_order(SELL, order_id="short"), stop, an_order(SELL, order_id="another")])

    assert accepted(said) == ["short", "stop", "another"]


def test_positions_of_two_strategies_do_not_net_for_the_desk() -> None:
    exchange = limited(max_position_quantity=LOT)

    said = play(
        exchange, [an_order(SELL, order_id="a", strategy="a"), an_order(BUY, order_id="b", strategy="b")]
    )

    assert (accepted(said), reasons(said)) == (["a"], [RejectReason.POSITION_LIMIT])


def test_the_value_of_a_position_and_of_all_of_them_is_limited() -> None:
    one = play(
        limited(max_position_value=13_000), [an_order(qty=2 * LOT, order_id="a"), an_order(order_id="b")]
    )
    orders = [
        an_order(order_id="a"),
        an_order(order_id="b", instrument=PUT),
        an_order(order_id="c", instrument=PUT),
    ]
    all_of_them = play(limited(max_total_value=13_000), orders)
    units = play(limited(max_total_quantity=2 * LOT), orders)

    assert (accepted(one), reasons(one)) == (["a"], [RejectReason.POSITION_LIMIT])
    assert (accepted(all_of_them), reasons(all_of_them)) == (["a", "b"], [RejectReason.POSITION_LIMIT])
    assert "Rs 19,500.00 in all, the limit is Rs 13,000.00 (max_total_value)" in detail(all_of_them)
    assert (accepted(units), reasons(units)) == (["a", "b"], [RejectReason.POSITION_LIMIT])


def test_a_change_that_would_hold_too_much_is_refused_and_the_order_stands() -> None:
    exchange = limited(max_position_quantity=2 * LOT)

    said = play(exchange, [resting(), a_change("rests", qty=2 * LOT), a_change("rests", qty=3 * LOT)])

    assert [message.qty for message in said if isinstance(message, OrderModified)] == [2 * LOT]
    assert reasons(said) == [RejectReason.POSITION_LIMIT]


def test_waiting_orders_are_limited_in_one_instrument_and_in_all() -> None:
    symbol = play(
        limited(max_open_orders_per_symbol=1), [resting("a"), resting("b"), resting("c", instrument=PUT)]
    )
    everywhere = play(limited(max_open_orders=1), [resting("a"), resting("b", instrument=PUT)])

    assert (accepted(symbol), reasons(symbol)) == (["a", "c"], [RejectReason.OPEN_ORDERS])
    assert (accepted(everywhere), reasons(everywhere)) == (["a"], [RejectReason.OPEN_ORDERS])


def test_an_order_that_filled_or_was_cancelled_makes_room() -> None:
    exchange = limited(max_open_orders=1)
    come = a_tick(90_00, bid=89_00, ask=89_50, at_ns=after(1))

    said = play(exchange, [resting("a"), come, resting("b", price=80_00), resting("c", price=80_00)])

    assert (accepted(said), reasons(said)) == (["a", "b"], [RejectReason.OPEN_ORDERS])


def test_the_rate_is_counted_over_a_second_that_slides_in_market_time() -> None:
    exchange = limited(max_orders_per_second=2)
    half: list[Message] = [
        resting("a"),
        a_clock(after(0.5)),
        resting("b", event_ns=after(0.5)),
        resting("c", event_ns=after(0.5)),
    ]
    later: list[Message] = [
        a_clock(after(1)),
        resting("d", event_ns=after(1)),
        resting("e", event_ns=after(1)),
    ]

    said = play(exchange, half)
    again = play(exchange, later)

    assert (accepted(said), reasons(said)) == (["a", "b"], [RejectReason.ORDER_RATE])
    assert detail(said) == (
        "2 orders of the desk went out in the last second and this one would come on top,"
        " the limit is 2 (max_orders_per_second)"
    )
    assert (accepted(again), reasons(again)) == (["d"], [RejectReason.ORDER_RATE])


def test_exits_and_changes_count_in_the_rate_and_exits_pass() -> None:
    exchange = limited(max_orders_per_second=3)
    exits = [resting(f"exit-{number}", SELL, 150_00 + 5 * number) for number in range(3)]

    said = play(exchange, [an_order(order_id="entry"), *exits, resting("late")])
    changed = play(
        exchange, [a_clock(after(1)), ModifyOrder("exit-0", "straddle", after(1), limit_price=160_00)]
    )

    assert accepted(said) == ["entry", "exit-0", "exit-1", "exit-2"]
    assert reasons(said) == [RejectReason.ORDER_RATE]
    assert [type(message) for message in changed] == [OrderModified]


def test_one_strategy_may_have_a_slower_rate_than_the_desk() -> None:
    exchange = limited(max_orders_per_second=5, strategies={"a": {"max_orders_per_second": 1}})

    said = play(exchange, [resting(f"a-{n}", strategy="a") for n in range(2)] + [resting("b", strategy="b")])

    assert (accepted(said), reasons(said)) == (["a-0", "b"], [RejectReason.ORDER_RATE])


def test_the_same_order_again_within_the_window_is_a_mistake_and_later_another_order() -> None:
    exchange = limited(duplicate_ms=500)
    other = [resting("theirs", strategy="b"), resting("dearer", price=90_05), resting("put", instrument=PUT)]

    said = play(exchange, [resting("first"), resting("twin"), *other])
    later = play(exchange, [a_clock(after(0.5)), resting("again", event_ns=after(0.5))])

    assert accepted(said) == ["first", "theirs", "dearer", "put"]
    assert reasons(said) == [RejectReason.DUPLICATE]
    assert detail(said).startswith("the same as 'first', 0 ms before it")
    assert accepted(later) == ["again"]


def test_the_twin_of_a_working_exit_is_refused_only_where_both_would_open_the_other_side() -> None:
    exchange = limited(duplicate_ms=500)
    play(exchange, [an_order(SELL, order_id="short", qty=2 * LOT)])
    stops = [an_order(BUY, order_id=f"stop-{n}", kind=OrderKind.SL_M, trigger_price=125_00) for n in range(3)]

    said = play(exchange, stops)

    assert accepted(said) == ["stop-0", "stop-1"], "one for each lot that is held"
    assert reasons(said) == [RejectReason.DUPLICATE]


def test_who_turns_a_position_round_names_the_exit_and_is_no_twin_of_it() -> None:
    exchange = limited(duplicate_ms=500)
    play(exchange, [an_order(SELL, order_id="short")])

    said = play(
        exchange,
        [
            an_order(BUY, order_id="exit"),
            an_order(BUY, order_id="again"),
            an_order(BUY, order_id="turn", parent_id="exit"),
            an_order(BUY, order_id="turn-again", parent_id="exit"),
        ],
    )

    assert accepted(said) == ["exit", "turn"]
    assert reasons(said) == [RejectReason.DUPLICATE, RejectReason.DUPLICATE]


def test_entries_come_in_the_desks_hours_only() -> None:
    exchange = limited(entries_from="09:30", entries_until="15:20")
    play(exchange, [an_order(SELL, order_id="short")])

    said = play(
        exchange,
        [a_tick(100_00, at_ns=at("15:20")), an_order(order_id="more", side=SELL, event_ns=at("15:20"))],
    )
    out = play(exchange, [an_order(BUY, order_id="exit", event_ns=at("15:20"))])

    assert reasons(said) == [RejectReason.OUTSIDE_HOURS]
    assert "takes no entry, only from 09:30 until 15:20" in detail(said)
    assert accepted(out) == ["exit"]


def test_a_feed_that_is_mute_while_the_clock_goes_on_lets_no_entry_in_and_every_exit_out() -> None:
    exchange = limited(feed_mute_s=10)
    play(exchange, [an_order(SELL, order_id="short"), a_clock(after(10.001))])

    said = play(
        exchange,
        [
            an_order(SELL, order_id="entry", event_ns=after(10)),
            an_order(BUY, order_id="exit", event_ns=after(10)),
        ],
    )
    heard = play(
        exchange,
        [a_tick(100_00, instrument=PUT, at_ns=after(11)), an_order(SELL, order_id="e2", event_ns=after(11))],
    )

    assert (accepted(said), reasons(said)) == (["exit"], [RejectReason.FEED_MUTE])
    assert "no price of anything has come for 10.0 s of market time" in detail(said)
    assert accepted(heard) == ["e2"]


def test_an_instrument_says_otherwise_than_its_underlying_and_that_than_its_exchange() -> None:
    exchange = limited(
        max_order_quantity=LOT,
        instruments={
            "NFO": {"max_order_quantity": 2 * LOT},
            "NIFTY": {"max_order_quantity": 3 * LOT},
            PUT: {"max_order_quantity": 4 * LOT},
        },
    )

    said = play(exchange, [an_order(order_id=f"c{n}", qty=n * LOT) for n in (3, 4)])
    puts = play(exchange, [an_order(order_id=f"p{n}", qty=n * LOT, instrument=PUT) for n in (4, 5)])

    assert (accepted(said), accepted(puts)) == (["c3"], ["p4"])


def test_a_strategys_own_limit_holds_beside_the_instruments() -> None:
    exchange = limited(
        instruments={"NIFTY": {"max_order_quantity": 9 * LOT}},
        each_strategy={"max_order_quantity": LOT},
        strategies={"large": {"max_order_quantity": 2 * LOT}},
    )

    said = play(exchange, [an_order(order_id=who, strategy=who, qty=2 * LOT) for who in ("large", "small")])

    assert (accepted(said), reasons(said)) == (["large"], [RejectReason.ORDER_QUANTITY])
    assert "the limit of small is 65" in detail(said)


EXITS = [
    {"max_order_quantity": 0, "max_order_value": 0},
    {"max_position_quantity": 0, "max_position_value": 0, "max_total_quantity": 0, "max_total_value": 0},
    {"max_open_orders": 0, "max_open_orders_per_symbol": 0},
    {"max_orders_per_second": 0},
    {"max_position_value": 0, "max_price_away_percent": 0.01, "price_away_ticks": 0},
    {"entries_from": "15:00"},
    {"feed_mute_s": 1},
]


@pytest.mark.parametrize("limits", EXITS)
def test_no_limit_stands_in_the_way_of_an_exit(limits: dict[str, Any]) -> None:
    """What was bought before the limits came is held under them."""
    free, strict = limited(), limited(**limits)
    play(free, [an_order(order_id="entry"), a_clock(after(5))])
    strict.state.load({row: value for row, value in free.state.take_changes().items() if value is not None})
    strict.restored()

    entry = play(strict, [an_order(order_id="more", event_ns=after(5))])
    out = play(
        strict, [an_order(SELL, order_id="exit", event_ns=after(5), kind=OrderKind.LIMIT, limit_price=200_00)]
    )

    assert len(reasons(entry)) == 1
    assert accepted(out) == ["exit"]


def test_a_house_without_rules_refuses_nothing() -> None:
    exchange = PaperExchange(House(Weekdays()))
    play(exchange, opening())

    said = play(exchange, [an_order(order_id=f"o{n}", qty=1000 * LOT) for n in range(20)])

    assert reasons(said) == []


def test_the_feed_is_not_mute_before_its_seconds_are_over() -> None:
    exchange = limited(feed_mute_s=10)

    said = play(exchange, [a_clock(after(10)), an_order(SELL, order_id="entry", event_ns=after(10))])

    assert accepted(said) == ["entry"]


def test_a_change_counts_as_an_order_of_its_second() -> None:
    exchange = limited(max_orders_per_second=2)

    said = play(exchange, [resting("a"), a_change("a", limit_price=90_05), resting("b")])

    assert (accepted(said), reasons(said)) == (["a"], [RejectReason.ORDER_RATE])


def test_a_trigger_that_the_exchange_moves_takes_nobodys_place_in_the_second() -> None:
    exchange = limited(max_orders_per_second=2)
    stop = an_order(SELL, order_id="trails", kind=OrderKind.SL_M, trigger_price=95_00)
    play(exchange, [msgspec.structs.replace(stop, trail_points=5_00)])

    moved = play(exchange, [a_tick(103_00, bid=102_95, ask=103_05, at_ns=after(2))])
    said = play(exchange, [resting("a", event_ns=after(2)), resting("b", price=90_05, event_ns=after(2))])

    assert [type(message) for message in moved] == [OrderModified]
    assert accepted(said) == ["a", "b"]


def test_a_basket_that_cannot_go_out_within_the_second_is_refused_whole() -> None:
    exchange = limited(max_orders_per_second=2)
    legs = tuple(resting(f"leg-{n}", price=90_00 + 5 * n) for n in range(3))

    said = play(exchange, [PlaceBasket("basket", "straddle", legs, NOW)])

    assert (accepted(said), set(reasons(said))) == ([], {RejectReason.ORDER_RATE})
    assert "0 orders of the desk went out in the last second and these 3 would come on top" in str(said[0])


@pytest.mark.parametrize(
    ("limits", "second", "is_refused"),
    [
        ({"max_position_quantity": 100}, resting("b", price=90_05), True),
        ({"max_position_quantity": 100}, resting("b", instrument=PUT), False),
        ({"max_position_quantity": 2 * LOT}, resting("b", price=90_05), False),
        ({"max_position_value": 12_999}, resting("b", price=90_05), True),
        ({"max_position_value": 13_000}, resting("b", price=90_05), False),
        ({"max_total_quantity": 100}, resting("b", instrument=PUT), True),
        ({"max_total_value": 12_999}, resting("b", instrument=PUT), True),
        ({"max_total_value": 13_000}, resting("b", instrument=PUT), False),
        ({"each_strategy": {"max_position_quantity": 100}}, resting("b", price=90_05), True),
        ({"each_strategy": {"max_total_quantity": 100}}, resting("b", instrument=PUT), True),
        # Of one buy and one sell only one can be the worst.
        ({"max_position_quantity": 100}, resting("b", SELL, 110_00), False),
    ],
)
@pytest.mark.parametrize("on_failure", LegFailure)
def test_the_legs_of_a_basket_are_judged_together(
    limits: dict[str, Any], second: PlaceOrder, is_refused: bool, on_failure: LegFailure
) -> None:
    exchange = limited(**limits)

    said = play(exchange, [PlaceBasket("basket", "straddle", (resting("a"), second), NOW, on_failure)])

    assert accepted(said) == ([] if is_refused else ["a", "b"])
    assert reasons(said) == ([RejectReason.POSITION_LIMIT] * 2 if is_refused else [])


def test_a_basket_of_exits_is_held_up_by_no_limit() -> None:
    exchange = limited(max_orders_per_second=3, max_position_quantity=3 * LOT)
    sells = tuple(an_order(SELL, order_id=f"out-{n}") for n in range(3))

    said = play(exchange, [an_order(qty=3 * LOT), PlaceBasket("basket", "straddle", sells, NOW)])

    assert accepted(said) == ["o-1", "out-0", "out-1", "out-2"]


def test_waiting_buys_do_not_help_waiting_sells() -> None:
    exchange = limited(max_position_quantity=2 * LOT)

    said = play(
        exchange, [resting("buy"), resting("sell", SELL, 110_00, qty=2 * LOT), resting("more", SELL, 110_05)]
    )

    assert (accepted(said), reasons(said)) == (["buy", "sell"], [RejectReason.POSITION_LIMIT])


def test_what_the_exchange_makes_itself_is_judged_by_no_limit() -> None:
    class Doubling(Part):
        """Places the same again behind each fill."""

        def on_fill(self, order: PlaceOrder, fill: Fill) -> Sequence[Act]:
            again = msgspec.structs.replace(order, order_id="made")
            return [Place(again)] if order.order_id == "sent" else ()

    exchange = limited(max_orders_per_second=1, max_position_quantity=LOT, duplicate_ms=500)
    exchange._parts.join([Doubling()])

    assert accepted(play(exchange, [an_order(order_id="sent")])) == ["sent", "made"]
