"""`sauda orders`, `fills`, `positions`, `pnl` and `dead-letters` against a desk on a real server."""

import time
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
import pytest
import redis

from sauda.codec import encode
from sauda.contracts import (
    STREAM_OF,
    ClockTick,
    DeskPnl,
    Fill,
    Message,
    OrderAccepted,
    OrderKind,
    PlaceOrder,
    PositionPnl,
    Side,
    StrategyPnl,
)
from sauda.log import Output
from sauda.parking import dead_letter
from sauda.redis_log import RedisLog
from sauda.testing.builders import LOT, OPTION, at

Sauda: TypeAlias = Callable[..., Any]
STRATEGY = "nifty_straddle"


def write(log: RedisLog, *messages: Message, cause: bytes = b"") -> list[bytes]:
    return log.append([Output(STREAM_OF[type(message)], encode(message), cause) for message in messages])


def an_entry(order_id: str, side: Side = Side.SELL, qty: int = LOT) -> PlaceOrder:
    return PlaceOrder(
        order_id=order_id,
        strategy=STRATEGY,
        instrument=OPTION,
        side=side,
        qty=qty,
        kind=OrderKind.MARKET,
        event_ns=at("09:20:00"),
    )


def accepted(order_id: str) -> OrderAccepted:
    return OrderAccepted(order_id=order_id, strategy=STRATEGY, instrument=OPTION, event_ns=at("09:20:00"))


def a_fill(order_id: str, price: int, side: Side = Side.SELL, clock: str = "09:20:00") -> Fill:
    return Fill(
        fill_id=f"{order_id}-0",
        order_id=order_id,
        strategy=STRATEGY,
        instrument=OPTION,
        side=side,
        qty=LOT,
        price=price,
        charges=0,
        event_ns=at(clock),
    )


def a_point(ltp: int, clock: str, qty: int = -LOT, cost: int = -LOT * 112_30) -> list[Message]:
    unrealised = qty * ltp - cost
    when = at(clock)
    return [
        PositionPnl(STRATEGY, OPTION, qty, cost, ltp, 0, unrealised, 0, when),
        StrategyPnl(STRATEGY, 0, unrealised, 0, unrealised, None, None, when),
        DeskPnl(0, unrealised, 0, unrealised, None, None, when),
    ]


def test_orders_show_what_became_of_them(sauda: Sauda, desk_log: RedisLog) -> None:
    write(desk_log, an_entry("o-1"), an_entry("o-2"), accepted("o-1"), a_fill("o-1", 112_30))

    shown = sauda("orders", "--json")

    assert [
        (one["order_id"], one["status"], one["filled_qty"], one["average_price"]) for one in shown.document
    ] == [
        ("o-1", "filled", LOT, 112_30),
        ("o-2", "sent", 0, None),
    ]


def test_fills_are_one_json_document_in_int_paise(sauda: Sauda, desk_log: RedisLog) -> None:
    write(desk_log, accepted("o-1"), a_fill("o-1", 112_30), a_fill("o-2", 98_05))

    shown = sauda("fills", "--json")

    assert shown.code == 0
    assert [(one["order_id"], one["side"], one["price"]) for one in shown.document] == [
        ("o-1", "SELL", 112_30),
        ("o-2", "SELL", 98_05),
    ]


def test_fills_of_another_strategy_or_date_are_left_out(sauda: Sauda, desk_log: RedisLog) -> None:
    write(desk_log, a_fill("o-1", 100))

    assert sauda("fills", "--strategy", "other", "--json").document == []
    assert sauda("fills", "--date", "2026-11-22", "--json").document == []
    assert len(sauda("fills", "--date", "2026-11-23", "--strategy", STRATEGY, "--json").document) == 1


@pytest.mark.parametrize("what", ["orders", "fills", "positions"])
def test_an_empty_answer_names_the_filter(sauda: Sauda, desk_log: RedisLog, what: str) -> None:
    write(desk_log, an_entry("o-1"), a_fill("o-1", 100))
    desk = f"on desk {desk_log.desk}\n"

    assert sauda(what, "--strategy", "nope").err == f"no {what} of strategy nope {desk}"
    assert sauda(what, "--date", "2026-11-20").err == f"no {what} on 2026-11-20 {desk}"


@pytest.mark.parametrize("text", ["2026-13-01", "yesterday"])
def test_what_is_no_date_is_wrong_usage(sauda: Sauda, text: str) -> None:
    refused = sauda("fills", "--date", text)

    assert refused.code == 2
    assert f"{text!r} is no date; write one such as 2026-11-23." in refused.err


def test_pnl_by_day_and_its_newest_figures(sauda: Sauda, desk_log: RedisLog) -> None:
    def of_day(day: int, net: int, day_net: int) -> DeskPnl:
        when = at("15:40:00") + day * 86_400 * 1_000_000_000
        return DeskPnl(net, 0, 0, net, 2_00_000_00, 0.5, when, 2_00_000_00, 10_00, 10_00 - net, day_net)

    write(desk_log, of_day(0, 10_00, 10_00), of_day(2, 4_00, -6_00))

    by_day = sauda("pnl", "--by-day", "--json").document
    assert [(one["date"], one["strategy"], one["net"], one["drawdown"]) for one in by_day] == [
        ("2026-11-23", None, 10_00, 0),
        ("2026-11-25", None, -6_00, 6_00),
    ]
    text = sauda("pnl", "--by-day", "--date", "2026-11-25").out
    assert text.splitlines()[-1].split() == [
        "2026-11-25",
        "ALL",
        "-6.00",
        "-6.00",
        "0.00",
        "0.00",
        "6.00",
        "2,00,000.00",
    ]
    newest = sauda("pnl").out.splitlines()[-1].split()
    assert newest[-4:] == ["2,00,000.00", "0.50", "6.00", "-6.00"]


def test_pnl_by_day_of_nothing_says_so(sauda: Sauda, desk_log: RedisLog) -> None:
    write(desk_log, a_fill("o-1", 100))

    assert sauda("pnl", "--by-day").err == f"no valuation on desk {desk_log.desk}\n"


def test_positions_follow_the_fills_and_the_newest_mark(sauda: Sauda, desk_log: RedisLog) -> None:
    write(desk_log, a_fill("o-1", 112_30), *a_point(111_20, "09:20:01"), *a_point(110_00, "09:20:02"))

    (held,) = sauda("positions", "--json").document

    assert (held["qty"], held["ltp"], held["unrealised"]) == (-LOT, 110_00, LOT * 2_30)


def test_positions_agree_with_a_fill_that_the_valuation_has_not_seen(
    sauda: Sauda, desk_log: RedisLog
) -> None:
    write(desk_log, a_fill("o-1", 112_30), *a_point(111_20, "09:20:01"))
    write(desk_log, a_fill("o-2", 110_00, Side.BUY, "09:25:00"))

    (held,) = sauda("positions", "--json").document

    assert (held["qty"], held["cost"], held["realised"], held["unrealised"]) == (0, 0, LOT * 2_30, 0)


def test_pnl_is_the_newest_valuation_and_moves_with_the_market(sauda: Sauda, desk_log: RedisLog) -> None:
    write(desk_log, a_fill("o-1", 112_30), *a_point(111_20, "09:20:01"))
    before = sauda("pnl", "--json").document
    write(desk_log, *a_point(110_00, "09:20:02"))

    after = sauda("pnl", "--json").document

    assert before["desk"]["net"] == LOT * 1_10
    assert after["desk"]["net"] == LOT * 2_30
    assert [one["strategy"] for one in after["strategies"]] == [STRATEGY]
    assert [one["ltp"] for one in after["positions"]] == [110_00]


def test_pnl_with_a_date_is_the_last_valuation_of_that_day(sauda: Sauda, desk_log: RedisLog) -> None:
    write(desk_log, a_fill("o-1", 112_30), *a_point(111_20, "15:29:59"))
    next_day = at("09:15:00") + 86_400 * 10**9
    later = [msgspec.structs.replace(point, event_ns=next_day) for point in a_point(100_00, "15:29:59")]
    write(desk_log, *later)

    assert sauda("pnl", "--date", "2026-11-23", "--json").document["desk"]["net"] == LOT * 1_10
    assert sauda("pnl", "--json").document["desk"]["net"] == LOT * 12_30


def test_a_position_that_closed_long_ago_keeps_its_last_mark(sauda: Sauda, desk_log: RedisLog) -> None:
    opened = write(desk_log, a_fill("o-1", 112_30))
    write(desk_log, *a_point(111_20, "09:20:01"), cause=b"executions " + opened[0])
    closed = write(desk_log, a_fill("o-2", 110_00, Side.BUY, "09:25:00"))
    write(desk_log, *a_point(110_05, "09:25:00", 0, 0), cause=b"executions " + closed[0])
    much_later = [
        StrategyPnl(STRATEGY, LOT * 2_30, 0, 0, LOT * 2_30, None, None, at("10:00:00")),
        DeskPnl(LOT * 2_30, 0, 0, LOT * 2_30, None, None, at("10:00:00")),
    ]
    block = [Output("pnl", encode(point), b"ticks 1-1") for point in much_later] * 5_000
    for _ in range(10):
        desk_log.append(block)

    began = time.monotonic()
    (held,) = sauda("positions", "--json").document
    profit = sauda("pnl", "--json").document
    took = time.monotonic() - began

    assert (held["qty"], held["ltp"], held["realised"]) == (0, 110_05, LOT * 2_30)
    assert [one["ltp"] for one in profit["positions"]] == [110_05]
    assert profit["desk"]["event_ns"] == at("10:00:00")
    assert took < 2, "two questions to a stream of 100,000 points"


def test_a_position_opened_again_unvalued_keeps_the_mark_of_its_closing(
    sauda: Sauda, desk_log: RedisLog
) -> None:
    write(desk_log, a_fill("o-1", 112_30), *a_point(111_20, "09:20:01"))
    closed = write(desk_log, a_fill("o-2", 110_00, Side.BUY, "09:25:00"))
    write(desk_log, *a_point(110_05, "09:25:00", 0, 0), cause=b"executions " + closed[0])
    write(desk_log, *a_point(0, "10:00:00")[1:], *a_point(0, "10:00:01")[1:])
    write(desk_log, a_fill("o-3", 108_00, Side.SELL, "10:00:02"))

    (held,) = sauda("positions", "--json").document

    assert (held["qty"], held["ltp"]) == (-LOT, 110_05)


def test_pnl_before_the_first_valuation_has_no_desk(sauda: Sauda, desk_log: RedisLog) -> None:
    write(desk_log, ClockTick(event_ns=at("09:15:00")))

    shown = sauda("pnl", "--json")

    assert shown.code == 0
    assert shown.document == {"desk": None, "strategies": [], "positions": []}


def test_dead_letters_are_listed_and_shown_as_they_were(
    sauda: Sauda, desk_log: RedisLog, redis_url: str
) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.xadd(desk_log.keys.stream("orders"), {"d": "{broken", "c": ""})
    (entry,) = desk_log.entries("orders")
    (letter_id,) = desk_log.append([dead_letter("execution.paper", entry, "unreadable message")])

    listed = sauda("dead-letters", "list", "--json").document
    shown = sauda("dead-letters", "show", letter_id.decode())

    assert [(one["id"], one["unit"]) for one in listed] == [(letter_id.decode(), "execution.paper")]
    assert shown.code == 0
    assert "{broken" in shown.out


def test_a_dead_letter_that_is_not_there_is_a_negative_finding(sauda: Sauda, desk_log: RedisLog) -> None:
    write(desk_log, ClockTick(event_ns=at("09:15:00")))

    refused = sauda("dead-letters", "show", "1-1")

    assert refused.code == 1
    assert "1-1" in refused.err
