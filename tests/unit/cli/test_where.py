"""Which messages `--where` lets through."""

import pytest

from sauda.cli.where import WhereError, fields_of, parse_where, type_name
from sauda.contracts import BookLevel, Commit, Depth, Fill, Message, Side, Tick
from sauda.testing.builders import OPTION, a_tick

FILL = Fill("o-1-0", "o-1", "straddle", OPTION, Side.SELL, 65, 112_30, 0, 7)
DEEP = Tick(OPTION, 1, 1, 100_00, depth=Depth(bids=(BookLevel(99_95, 65, 1),)))


def holds(text: str, message: Message, stream: str) -> bool:
    (condition,) = parse_where([text], stream)
    return condition.holds(message)


@pytest.mark.parametrize(
    ("text", "message", "stream"),
    [
        pytest.param("side=SELL", FILL, "executions", id="an enum by its value on the wire"),
        pytest.param("qty=65", FILL, "executions", id="a number by its digits"),
        pytest.param(f"instrument={OPTION}", FILL, "executions", id="a text as it is"),
        pytest.param("type=fill", FILL, "executions", id="the type"),
        pytest.param("bid=null", a_tick(), "ticks", id="a missing value is null"),
        pytest.param("depth.bids.0.price=9995", DEEP, "ticks", id="inside a list"),
        pytest.param(
            "after.ticks=7-1", Commit("u", 1, {}, {"ticks": "7-1"}, 0), "journal", id="inside a map"
        ),
    ],
)
def test_a_condition_holds(text: str, message: Message, stream: str) -> None:
    assert holds(text, message, stream)


@pytest.mark.parametrize(
    ("text", "message", "stream"),
    [
        pytest.param("side=sell", FILL, "executions", id="case counts"),
        pytest.param("qty=065", FILL, "executions", id="text, not number"),
        pytest.param("reason=x", FILL, "executions", id="a field that this type lacks"),
        pytest.param("depth.bids.4.price=1", DEEP, "ticks", id="a level that is not there"),
        pytest.param("depth.bids.x=1", DEEP, "ticks", id="a list has no names"),
        pytest.param("depth.bids=1", a_tick(), "ticks", id="nothing inside nothing"),
        pytest.param("type=tick", FILL, "executions", id="another type"),
    ],
)
def test_a_condition_does_not_hold(text: str, message: Message, stream: str) -> None:
    assert not holds(text, message, stream)


@pytest.mark.parametrize(
    ("text", "named"),
    [("colour=red", "'colour'"), ("depth.middle=1", "'depth.middle'"), ("side", "side"), ("=x", "=x")],
)
def test_a_condition_that_cannot_hold_is_refused_by_name(text: str, named: str) -> None:
    with pytest.raises(WhereError, match=named):
        parse_where([text], "ticks")


def test_a_refusal_lists_the_fields_of_the_stream() -> None:
    with pytest.raises(WhereError, match="there are: type, instrument, event_ns"):
        parse_where(["colour=red"], "ticks")


def test_the_fields_of_a_stream_are_those_of_all_its_types() -> None:
    assert {"type", "fill_id", "reason", "unfilled", "ltp"} <= fields_of("executions").keys()


def test_a_type_is_called_as_on_the_wire() -> None:
    assert type_name(Fill) == "fill"
