"""The `sauda` program against a desk on a real server: what it shows, and with which exit code it leaves."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import redis

from sauda.cli.__main__ import run
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
from sauda.redis_log import RedisLog
from sauda.runner import dead_letter
from sauda.testing.builders import LOT, OPTION, a_tick, at

STRATEGY = "nifty_straddle"


class Outcome(NamedTuple):
    """How the program left, and what it said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)

    @property
    def objects(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


Sauda = Callable[..., Outcome]


@pytest.fixture
def sauda(
    redis_url: str,
    desk: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Sauda:
    """The program, called in this process, set to the test's own desk."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAUDA_REDIS_URL", redis_url)
    monkeypatch.setenv("SAUDA_DESK", desk)

    def call(*arguments: str) -> Outcome:
        capsys.readouterr()
        code = run(list(arguments))
        said = capsys.readouterr()
        return Outcome(code, said.out, said.err)

    return call


@pytest.fixture
def log(redis_url: str, desk: str) -> Iterator[RedisLog]:
    opened = RedisLog(redis_url, desk)
    yield opened
    opened.close()


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


def ticks(clocks: Sequence[str]) -> list[Message]:
    return [a_tick(100_00 + number, at_ns=at(clock)) for number, clock in enumerate(clocks)]


def test_tail_shows_the_last_ten_entries(sauda: Sauda, log: RedisLog) -> None:
    write(log, *ticks([f"09:20:{second:02d}" for second in range(15)]))

    shown = sauda("tail", "ticks", "--json")

    assert shown.code == 0
    assert [one["ltp"] for one in shown.objects] == [100_05 + number for number in range(10)]


def test_tail_prints_the_message_as_on_the_wire_with_id_and_cause(sauda: Sauda, log: RedisLog) -> None:
    fill = a_fill("o-1", 112_30)
    (entry_id,) = write(log, fill, cause=b"orders 7-1")

    (shown,) = sauda("tail", "executions", "--json").objects

    assert shown == {"id": entry_id.decode(), "cause": "orders 7-1", **json.loads(encode(fill))}


def test_a_time_means_the_market_time_of_the_newest_trading_date(sauda: Sauda, log: RedisLog) -> None:
    old = a_tick(1, at_ns=at("09:20:00") - 86_400 * 10**9)
    write(log, old, *ticks(["09:15:00", "09:20:00", "09:25:00", "09:30:00"]))

    shown = sauda("tail", "ticks", "--from", "09:20", "--to", "09:25", "--json")

    assert [one["recv_ns"] for one in shown.objects] == [at("09:20:00"), at("09:25:00")]


def test_a_time_may_bring_its_own_date(sauda: Sauda, log: RedisLog) -> None:
    day_before = at("09:20:00") - 86_400 * 10**9
    write(log, a_tick(1, at_ns=day_before), *ticks(["09:15:00"]))

    shown = sauda("tail", "ticks", "--from", "2026-11-22T09:00", "--to", "2026-11-22T10:00", "--json")

    assert [one["recv_ns"] for one in shown.objects] == [day_before]


def test_a_late_order_is_found_by_its_time_though_it_stands_behind_a_newer_one(
    sauda: Sauda, log: RedisLog
) -> None:
    fills = [
        a_fill(f"o-{clock}", 100, clock=clock) for clock in ("09:20:00", "10:00:00", "09:21:00", "10:01:00")
    ]
    write(log, *fills)

    shown = sauda("tail", "executions", "--from", "09:21", "--to", "10:00", "--json")

    assert [one["order_id"] for one in shown.objects] == ["o-10:00:00", "o-09:21:00"]


def test_ids_bound_a_part_and_count_cuts_it(sauda: Sauda, log: RedisLog) -> None:
    ids = [entry_id.decode() for entry_id in write(log, *ticks(["09:20:00", "09:21:00", "09:22:00"]))]

    assert [one["id"] for one in sauda("tail", "ticks", "--from", ids[1], "--json").objects] == ids[1:]
    assert [
        one["id"] for one in sauda("tail", "ticks", "--from", "-", "--count", "2", "--json").objects
    ] == ids[:2]
    assert [one["id"] for one in sauda("tail", "ticks", "--count", "2", "--json").objects] == ids[1:]
    assert [
        one["id"] for one in sauda("tail", "ticks", "--to", ids[1], "--count", "1", "--json").objects
    ] == [ids[1]]


def test_where_compares_fields_as_text_and_all_conditions_count(sauda: Sauda, log: RedisLog) -> None:
    write(log, a_fill("o-1", 100), a_fill("o-2", 100, Side.BUY), a_fill("o-3", 200), accepted("o-4"))

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


def test_an_unreadable_entry_is_shown_as_it_is(sauda: Sauda, log: RedisLog, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.xadd(log.keys.stream("ticks"), {"x": "not json"})

    shown = sauda("tail", "ticks", "--json")

    assert shown.code == 0
    assert shown.objects[0]["fields"] == {"x": "not json"}
    assert "unreadable" in sauda("tail", "ticks").out


def test_text_output_into_a_pipe_is_plain(sauda: Sauda, log: RedisLog) -> None:
    write(log, a_fill("o-1", 112_30))

    shown = sauda("tail", "executions").out

    assert "2026-11-23 09:20:00.000" in shown
    assert "SELL 65 at 112.30" in shown
    assert "\x1b" not in shown


def test_orders_show_what_became_of_them(sauda: Sauda, log: RedisLog) -> None:
    write(log, an_entry("o-1"), an_entry("o-2"), accepted("o-1"), a_fill("o-1", 112_30))

    shown = sauda("orders", "--json")

    assert [
        (one["order_id"], one["status"], one["filled_qty"], one["average_price"]) for one in shown.document
    ] == [
        ("o-1", "filled", LOT, 112_30),
        ("o-2", "sent", 0, None),
    ]


def test_fills_are_one_json_document_in_int_paise(sauda: Sauda, log: RedisLog) -> None:
    write(log, accepted("o-1"), a_fill("o-1", 112_30), a_fill("o-2", 98_05))

    shown = sauda("fills", "--json")

    assert shown.code == 0
    assert [(one["order_id"], one["side"], one["price"]) for one in shown.document] == [
        ("o-1", "SELL", 112_30),
        ("o-2", "SELL", 98_05),
    ]


def test_fills_of_another_strategy_or_date_are_left_out(sauda: Sauda, log: RedisLog) -> None:
    write(log, a_fill("o-1", 100))

    assert sauda("fills", "--strategy", "other", "--json").document == []
    assert sauda("fills", "--date", "2026-11-22", "--json").document == []
    assert len(sauda("fills", "--date", "2026-11-23", "--strategy", STRATEGY, "--json").document) == 1


def test_positions_follow_the_fills_and_the_newest_mark(sauda: Sauda, log: RedisLog) -> None:
    write(log, a_fill("o-1", 112_30), *a_point(111_20, "09:20:01"), *a_point(110_00, "09:20:02"))

    (held,) = sauda("positions", "--json").document

    assert (held["qty"], held["ltp"], held["unrealised"]) == (-LOT, 110_00, LOT * 2_30)


def test_positions_agree_with_a_fill_that_the_valuation_has_not_seen(sauda: Sauda, log: RedisLog) -> None:
    write(log, a_fill("o-1", 112_30), *a_point(111_20, "09:20:01"))
    write(log, a_fill("o-2", 110_00, Side.BUY, "09:25:00"))

    (held,) = sauda("positions", "--json").document

    assert (held["qty"], held["cost"], held["realised"], held["unrealised"]) == (0, 0, LOT * 2_30, 0)


def test_pnl_is_the_newest_valuation_and_moves_with_the_market(sauda: Sauda, log: RedisLog) -> None:
    write(log, a_fill("o-1", 112_30), *a_point(111_20, "09:20:01"))
    before = sauda("pnl", "--json").document
    write(log, *a_point(110_00, "09:20:02"))

    after = sauda("pnl", "--json").document

    assert before["desk"]["net"] == LOT * 1_10
    assert after["desk"]["net"] == LOT * 2_30
    assert [one["strategy"] for one in after["strategies"]] == [STRATEGY]
    assert [one["ltp"] for one in after["positions"]] == [110_00]


def test_pnl_with_a_date_is_the_last_valuation_of_that_day(sauda: Sauda, log: RedisLog) -> None:
    write(log, a_fill("o-1", 112_30), *a_point(111_20, "15:29:59"))
    later = [
        type(point)(
            **{
                **{name: getattr(point, name) for name in point.__struct_fields__},
                "event_ns": at("09:15:00") + 86_400 * 10**9,
            }
        )
        for point in a_point(100_00, "15:29:59")
    ]
    write(log, *later)

    assert sauda("pnl", "--date", "2026-11-23", "--json").document["desk"]["net"] == LOT * 1_10
    assert sauda("pnl", "--json").document["desk"]["net"] == LOT * 12_30


def test_pnl_before_the_first_valuation_has_no_desk(sauda: Sauda, log: RedisLog) -> None:
    write(log, ClockTick(event_ns=at("09:15:00")))

    shown = sauda("pnl", "--json")

    assert shown.code == 0
    assert shown.document == {"desk": None, "strategies": [], "positions": []}


def test_dead_letters_are_listed_and_shown_as_they_were(sauda: Sauda, log: RedisLog, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.xadd(log.keys.stream("orders"), {"d": "{broken", "c": ""})
    (entry,) = log.entries("orders")
    (letter_id,) = log.append([dead_letter("execution.paper", entry, "unreadable message")])

    listed = sauda("dead-letters", "list", "--json").document
    shown = sauda("dead-letters", "show", letter_id.decode())

    assert [(one["id"], one["unit"]) for one in listed] == [(letter_id.decode(), "execution.paper")]
    assert shown.code == 0
    assert "{broken" in shown.out


def test_a_dead_letter_that_is_not_there_is_a_negative_finding(sauda: Sauda, log: RedisLog) -> None:
    write(log, *ticks(["09:15:00"]))

    refused = sauda("dead-letters", "show", "1-1")

    assert refused.code == 1
    assert "1-1" in refused.err
