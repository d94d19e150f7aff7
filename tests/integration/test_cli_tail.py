"""`sauda tail` against a desk on a real server: which entries it shows, and how."""

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import pytest
import redis

from sauda.codec import encode
from sauda.contracts import STREAM_OF, Fill, Message, OrderAccepted, Side
from sauda.log import Output
from sauda.redis_log import RedisLog
from sauda.testing.builders import LOT, OPTION, a_tick, at

Sauda: TypeAlias = Callable[..., Any]
STRATEGY = "nifty_straddle"


def write(log: RedisLog, *messages: Message, cause: bytes = b"") -> list[bytes]:
    return log.append([Output(STREAM_OF[type(message)], encode(message), cause) for message in messages])


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


def ticks(clocks: Sequence[str]) -> list[Message]:
    return [a_tick(100_00 + number, at_ns=at(clock)) for number, clock in enumerate(clocks)]


def test_tail_shows_the_last_ten_entries(sauda: Sauda, desk_log: RedisLog) -> None:
    write(desk_log, *ticks([f"09:20:{second:02d}" for second in range(15)]))

    shown = sauda("tail", "ticks", "--json")

    assert shown.code == 0
    assert [one["ltp"] for one in shown.objects] == [100_05 + number for number in range(10)]


def test_tail_prints_the_message_as_on_the_wire_with_id_and_cause(sauda: Sauda, desk_log: RedisLog) -> None:
    fill = a_fill("o-1", 112_30)
    (entry_id,) = write(desk_log, fill, cause=b"orders 7-1")

    (shown,) = sauda("tail", "executions", "--json").objects

    assert shown == {"id": entry_id.decode(), "cause": "orders 7-1", **json.loads(encode(fill))}


def test_a_time_means_the_market_time_of_the_newest_trading_date(sauda: Sauda, desk_log: RedisLog) -> None:
    old = a_tick(1, at_ns=at("09:20:00") - 86_400 * 10**9)
    write(desk_log, old, *ticks(["09:15:00", "09:20:00", "09:25:00", "09:30:00"]))

    shown = sauda("tail", "ticks", "--from", "09:20", "--to", "09:25", "--json")

    assert [one["recv_ns"] for one in shown.objects] == [at("09:20:00"), at("09:25:00")]


def test_a_time_may_bring_its_own_date(sauda: Sauda, desk_log: RedisLog) -> None:
    day_before = at("09:20:00") - 86_400 * 10**9
    write(desk_log, a_tick(1, at_ns=day_before), *ticks(["09:15:00"]))

    shown = sauda("tail", "ticks", "--from", "2026-11-22T09:00", "--to", "2026-11-22T10:00", "--json")

    assert [one["recv_ns"] for one in shown.objects] == [day_before]


def test_a_late_order_is_found_by_its_time_though_it_stands_behind_a_newer_one(
    sauda: Sauda, desk_log: RedisLog
) -> None:
    fills = [
        a_fill(f"o-{clock}", 100, clock=clock) for clock in ("09:20:00", "10:00:00", "09:21:00", "10:01:00")
    ]
    write(desk_log, *fills)

    shown = sauda("tail", "executions", "--from", "09:21", "--to", "10:00", "--json")

    assert [one["order_id"] for one in shown.objects] == ["o-10:00:00", "o-09:21:00"]


def test_ids_bound_a_part_and_count_cuts_it(sauda: Sauda, desk_log: RedisLog) -> None:
    ids = [entry_id.decode() for entry_id in write(desk_log, *ticks(["09:20:00", "09:21:00", "09:22:00"]))]

    assert [one["id"] for one in sauda("tail", "ticks", "--from", ids[1], "--json").objects] == ids[1:]
    assert [
        one["id"] for one in sauda("tail", "ticks", "--from", "-", "--count", "2", "--json").objects
    ] == ids[:2]
    assert [one["id"] for one in sauda("tail", "ticks", "--count", "2", "--json").objects] == ids[1:]
    assert [
        one["id"] for one in sauda("tail", "ticks", "--to", ids[1], "--count", "1", "--json").objects
    ] == [ids[1]]


def test_where_compares_fields_as_text_and_all_conditions_count(sauda: Sauda, desk_log: RedisLog) -> None:
    write(desk_log, a_fill("o-1", 100), a_fill("o-2", 100, Side.BUY), a_fill("o-3", 200), accepted("o-4"))

    shown = sauda("tail", "executions", "--where", "side=SELL", "--where", "price=100", "--json")

    assert [one["order_id"] for one in shown.objects] == ["o-1"]


def test_a_field_that_no_message_of_the_stream_has_is_wrong_usage(sauda: Sauda) -> None:
    refused = sauda("tail", "executions", "--where", "colour=red")

    assert refused.code == 2
    assert "'colour'" in refused.err
    assert "order_id" in refused.err


def test_an_unknown_stream_is_wrong_usage_and_lists_the_streams(sauda: Sauda) -> None:
    refused = sauda("tail", "tick")

    assert refused.code == 2
    assert "did you mean 'ticks'" in refused.err


@pytest.mark.parametrize("bound", ["yesterday", "25:00", "9-9-9", "2026-13-01T09:20"])
def test_a_bound_that_is_neither_id_nor_time_is_wrong_usage(sauda: Sauda, bound: str) -> None:
    refused = sauda("tail", "ticks", "--from", bound)

    assert refused.code == 2
    assert "--from" in refused.err


def test_an_unreadable_entry_is_shown_as_it_is(sauda: Sauda, desk_log: RedisLog, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.xadd(desk_log.keys.stream("ticks"), {"x": "not json"})

    shown = sauda("tail", "ticks", "--json")

    assert shown.code == 0
    assert shown.objects[0]["fields"] == {"x": "not json"}
    assert "unreadable" in sauda("tail", "ticks").out


def test_text_output_into_a_pipe_is_plain(sauda: Sauda, desk_log: RedisLog) -> None:
    write(desk_log, a_fill("o-1", 112_30))

    shown = sauda("tail", "executions").out

    assert "2026-11-23 09:20:00.000" in shown
    assert "SELL 65 at 112.30" in shown
    assert "\x1b" not in shown
