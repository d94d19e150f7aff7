"""The log says what a desk trades: a line for each order and fill, none for a point of P&L that changes nothing."""

import pytest

from sauda.codec import encode
from sauda.contracts import STREAM_OF, DeskPnl, Message, OrderRejected, PositionPnl, RejectReason
from sauda.log import Output
from sauda.logs import configure
from sauda.said import Said
from sauda.settings import Settings
from sauda.testing.builders import NOW, OPTION, a_fill, an_order


def told(capsys: pytest.CaptureFixture[str], *messages: Message) -> list[str]:
    configure(Settings(log_format="json"), "execution")
    said = Said("execution.paper")
    for message in messages:
        said.tell([Output(STREAM_OF[type(message)], encode(message))])
    return capsys.readouterr().err.splitlines()


def a_position(qty: int) -> PositionPnl:
    return PositionPnl("straddle", OPTION, qty, 0, 100_00, 0, 0, 0, NOW)


def a_desk(seconds: int) -> DeskPnl:
    return DeskPnl(0, 0, 0, 0, None, None, NOW + seconds * 1_000_000_000)


def test_an_order_a_refusal_and_a_fill_are_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    refused = OrderRejected("o-2", "straddle", OPTION, NOW, RejectReason.OFF_TICK, "100.03 is off the tick")

    lines = told(capsys, an_order(), refused, a_fill())

    assert [name in line for name, line in zip(("place_order", "OFF_TICK", "fill"), lines, strict=True)] == [
        True
    ] * 3
    assert all('"channel": "orders"' in line for line in lines)


def test_a_position_is_told_when_its_quantity_changes(capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(capsys, a_position(-65), a_position(-65), a_position(0), a_position(0))

    assert ['"qty": -65' in lines[0], '"qty": 0' in lines[1], len(lines)] == [True, True, 2]


def test_the_desks_result_is_told_once_a_minute_of_the_market(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(told(capsys, a_desk(0), a_desk(1), a_desk(59), a_desk(60), a_desk(61))) == 2
