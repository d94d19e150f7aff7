"""Orders, fills, refusals, points and log records are counted as they are said; a cause stands in every record."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from sauda.codec import encode
from sauda.contracts import (
    STREAM_OF,
    Alert,
    DeadLetter,
    DeskPnl,
    Level,
    Message,
    OrderRejected,
    PositionPnl,
    RejectReason,
    StrategyPnl,
)
from sauda.log import Output
from sauda.logs import Channel, configure, logger
from sauda.metrics.records import MOST, RecordCounts
from sauda.metrics.trading import TradingFigures
from sauda.metrics.units import CountedSaid
from sauda.settings import Settings
from sauda.testing.builders import NOW, OPTION, a_fill, an_order


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in [one for one in root.handlers if one not in handlers]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    structlog.reset_defaults()


def told(figures: TradingFigures) -> dict[tuple[str, ...], float]:
    return {
        (one.measure.name.removeprefix("sauda_"), *one.labels): one.value
        for one in figures.readings()
        if isinstance(one.value, int | float)
    }


def a_strategy(name: str, net: int, drawdown: int | None = None) -> StrategyPnl:
    return StrategyPnl(name, 1_00, net - 1_00, 0, net, 5_000_00, None, NOW, drawdown=drawdown)


def a_position(qty: int) -> PositionPnl:
    return PositionPnl("straddle", OPTION, qty, 0, 100_00, 0, 0, 0, NOW)


def test_what_a_unit_commits_is_logged_once_and_counted_once() -> None:
    stream = io.StringIO()
    configure(Settings(log_format="json"), "execution", stream)
    figures = TradingFigures("execution.paper")
    said = CountedSaid("execution.paper", figures)
    refusal = OrderRejected("o-2", "straddle", OPTION, NOW, RejectReason.OFF_TICK, "100.03 is off the tick")
    fill = a_fill()
    messages: list[Message] = [an_order(), refusal, fill, refusal]

    said.tell([Output(STREAM_OF[type(one)], encode(one), b"ticks 17-3") for one in messages])

    assert len(stream.getvalue().splitlines()) == 4
    now = told(figures)
    assert now["refusals_total", "straddle", "OFF_TICK"] == 2
    assert now["messages_total", "execution.paper", "order_rejected"] == 2
    assert now["fills_total", fill.strategy, fill.side.value] == 1
    assert now["traded_rupees_total", fill.strategy] == fill.price * fill.qty / 100
    assert now["charges_rupees_total", fill.strategy] == fill.charges / 100


def test_every_record_names_its_cause_as_why_takes_it_and_none_names_none() -> None:
    stream = io.StringIO()
    configure(Settings(log_format="json"), "execution", stream)
    said = CountedSaid("execution.paper", TradingFigures("execution.paper"))
    letter = DeadLetter("execution.paper", "orders", "5-0", {}, "unreadable")
    alert = Alert("execution.paper", Level.WARNING, "STALE", "old", NOW)
    desk = DeskPnl(0, 0, 0, 0, None, None, NOW)
    for message in (an_order(), a_fill(), letter, alert, a_position(65), desk):
        said.tell([Output(STREAM_OF[type(message)], encode(message), b"ticks 17-3")])
    said.tell([Output("orders", encode(an_order()))])

    records = [json.loads(line) for line in stream.getvalue().splitlines()]

    assert [record.get("cause") for record in records] == ["ticks/17-3"] * 6 + [None]


def test_the_newest_point_of_each_strategy_stands_and_the_desk_is_all() -> None:
    figures = TradingFigures("pnl.valuation")
    for message in (
        a_strategy("straddle", 500_00),
        a_strategy("straddle", -200_50, drawdown=700_50),
        a_strategy("strangle", 10_00),
        a_position(65),
        a_position(-65),
        DeskPnl(1_00, -191_50, 0, -190_50, None, None, NOW),
    ):
        figures.note(message)

    now = told(figures)

    assert now["pnl_net_rupees", "straddle"] == -200.5
    assert now["drawdown_rupees", "straddle"] == 700.5
    assert now["pnl_net_rupees", "ALL"] == -190.5
    assert ("margin_rupees", "ALL") not in now
    assert now["open_positions", "straddle"] == 1
    figures.note(a_position(0))
    assert told(figures)["open_positions", "straddle"] == 0
    assert now["market_time_seconds",] == NOW / 1e9


def test_records_are_counted_by_what_happened_and_connections_anew_read_off_them() -> None:
    counts = RecordCounts()
    configure(Settings(log_level="INFO"), "feed", io.StringIO(), counting=counts)

    for _ in range(3):
        logger(Channel.WEBSOCKET).info("socket_open")
    logger(Channel.APP).warning("unit_away", why="no answer")
    logger(Channel.APP).debug("not_written")
    logging.getLogger("somebody.else").warning("a sentence with 17 values")

    now = {(one.measure.name, *one.labels): one.value for one in counts.readings()}
    assert now == {
        ("sauda_log_events_total", "websocket", "info", "socket_open"): 3,
        ("sauda_log_events_total", "app", "warning", "unit_away"): 1,
        ("sauda_reconnects_total", "broker"): 3,
        ("sauda_reconnects_total", "redis"): 1,
    }


def test_names_that_are_no_constants_do_not_fill_the_memory() -> None:
    counts = RecordCounts()
    for number in range(MOST + 50):
        counts(None, "info", {"channel": "app", "event": f"order {number}"})

    assert len(counts.readings()) == MOST
