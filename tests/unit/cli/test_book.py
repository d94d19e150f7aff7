"""Orders and positions as they follow from the streams."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.book.holdings import holdings_of
from sauda.book.orders import OrderState, Status, average, orders_of
from sauda.contracts import (
    Fill,
    Message,
    OrderAccepted,
    OrderCancelled,
    OrderKind,
    OrderModified,
    OrderRejected,
    OrderTriggered,
    PlaceOrder,
    PositionPnl,
    RejectReason,
    Side,
)
from sauda.testing.builders import OPTION

ORDER = PlaceOrder("o-1", "straddle", OPTION, Side.SELL, 130, OrderKind.SL, 1, 100_00, 101_00)
WHO = ("o-1", "straddle", OPTION)


def a_fill(
    qty: int = 65, price: int = 100_00, side: Side = Side.SELL, at_ns: int = 5, number: int = 0
) -> Fill:
    return Fill(f"o-1-{number}", *WHO, side, qty, price, 0, at_ns)


def order_after(*executions: Message) -> OrderState:
    (order,) = orders_of([ORDER], executions)
    return order


ACCEPTED = OrderAccepted(*WHO, 2)
REJECTED = OrderRejected(*WHO, 3, RejectReason.OFF_TICK, "100.03 is between ticks")
TRIGGERED = OrderTriggered(*WHO, 4, 101_00)
CANCELLED = OrderCancelled(*WHO, 6, 65, "by its strategy")


@pytest.mark.parametrize(
    ("executions", "status"),
    [
        pytest.param([], Status.SENT, id="no answer yet"),
        pytest.param([ACCEPTED], Status.WORKING, id="accepted"),
        pytest.param([REJECTED], Status.REJECTED, id="rejected"),
        pytest.param([ACCEPTED, REJECTED], Status.WORKING, id="a refused change leaves it working"),
        pytest.param([ACCEPTED, TRIGGERED], Status.TRIGGERED, id="triggered"),
        pytest.param([ACCEPTED, a_fill()], Status.PARTLY_FILLED, id="one of two lots"),
        pytest.param([ACCEPTED, a_fill(), a_fill(number=1)], Status.FILLED, id="both lots"),
        pytest.param([ACCEPTED, a_fill(), CANCELLED], Status.CANCELLED, id="the rest cancelled"),
        pytest.param([ACCEPTED, a_fill(130), ACCEPTED], Status.FILLED, id="the answer to a duplicate"),
    ],
)
def test_an_order_stands_where_its_executions_put_it(executions: Sequence[Message], status: Status) -> None:
    assert order_after(*executions).status is status


def test_the_average_price_is_that_of_the_units_filled() -> None:
    order = order_after(ACCEPTED, a_fill(65, 100_00), a_fill(65, 100_01, number=1))

    assert (order.filled_qty, order.filled_value, order.average_price) == (130, 65 * 200_01, 100_01)


def test_a_modified_order_shows_its_terms_as_they_are_now() -> None:
    order = order_after(ACCEPTED, OrderModified(*WHO, 3, 65, 99_00, None))

    assert (order.qty, order.limit_price, order.trigger_price) == (65, 99_00, None)


def test_a_refusal_is_remembered_with_its_reason() -> None:
    assert order_after(REJECTED).reason == "OFF_TICK: 100.03 is between ticks"


@pytest.mark.parametrize(
    ("end", "reason"), [(CANCELLED, "by its strategy"), (a_fill(130), None)], ids=["cancelled", "filled"]
)
def test_a_change_that_came_too_late_does_not_hide_how_the_order_ended(
    end: Message, reason: str | None
) -> None:
    late = OrderRejected(*WHO, 9, RejectReason.ORDER_DONE, "not in the market any more")

    assert order_after(ACCEPTED, end, late) == order_after(ACCEPTED, end)
    assert order_after(ACCEPTED, end, late).reason == reason


def test_an_order_is_shown_in_the_form_in_which_it_went_out() -> None:
    stop = msgspec.structs.replace(ORDER, kind=OrderKind.SL_M, limit_price=None)
    went_out = msgspec.structs.replace(ORDER, limit_price=98_00)
    accepted = OrderAccepted(*WHO, 2, terms=went_out)

    (order,) = orders_of([stop], [accepted])

    assert (order.kind, order.limit_price, order.trigger_price) == (OrderKind.SL, 98_00, 101_00)


def test_an_order_that_was_sent_twice_is_one_order() -> None:
    assert len(orders_of([ORDER, ORDER], [])) == 1


def test_a_repeated_answer_is_no_news() -> None:
    assert order_after(ACCEPTED, a_fill(130, at_ns=5), OrderAccepted(*WHO, 9)).updated_ns == 5


def test_an_order_that_the_exchange_made_itself_is_told_by_its_fill() -> None:
    (order,) = orders_of([], [ACCEPTED, a_fill(65)])

    assert (order.status, order.side, order.qty, order.kind) == (
        Status.FILLED,
        Side.SELL,
        65,
        OrderKind.MARKET,
    )


def test_answers_to_orders_that_are_not_there_are_left_out() -> None:
    assert orders_of([], [ACCEPTED, REJECTED]) == []


@given(st.integers(1, 10**9), st.integers(1, 10**6))
def test_an_average_is_never_off_by_more_than_half_a_paisa_a_unit(value: int, qty: int) -> None:
    assert abs(2 * (average(value, qty) * qty - value)) <= qty


FILLS = st.builds(a_fill, qty=st.integers(1, 200), price=st.integers(5, 500_00), side=st.sampled_from(Side))


@given(st.lists(FILLS, min_size=1))
def test_no_paisa_is_lost_between_fills_and_positions(fills: list[Fill]) -> None:
    (held,) = holdings_of(fills, {})

    assert held.qty == sum(fill.signed_qty for fill in fills)
    assert held.realised - held.cost == -sum(fill.signed_qty * fill.price for fill in fills)


@given(st.lists(FILLS, min_size=1))
def test_a_flat_position_costs_nothing_and_has_nothing_open(fills: list[Fill]) -> None:
    open_units = sum(fill.signed_qty for fill in fills)
    if open_units:
        side = Side.BUY if open_units < 0 else Side.SELL
        fills = [*fills, a_fill(abs(open_units), side=side)]

    (held,) = holdings_of(fills, {})

    assert (held.qty, held.cost, held.unrealised) == (0, 0, 0)


def a_mark(qty: int, cost: int, ltp: int, at_ns: int, realised: int = 0) -> PositionPnl:
    return PositionPnl("straddle", OPTION, qty, cost, ltp, realised, qty * ltp - cost, 0, at_ns)


def test_the_mark_is_the_valuations_and_the_profit_is_of_all_fills() -> None:
    """The valuation counts anew from the day on which a closed position is opened again."""
    mark = a_mark(-65, -65 * 100_00, 90_00, at_ns=9, realised=1)

    (held,) = holdings_of([a_fill()], {("straddle", OPTION): mark})

    assert (held.realised, held.unrealised, held.ltp, held.event_ns) == (0, 65 * 10_00, 90_00, 9)


def test_fills_that_the_valuation_has_not_seen_are_marked_at_its_last_price() -> None:
    mark = a_mark(-65, -65 * 100_00, 90_00, at_ns=4)

    (held,) = holdings_of([a_fill(), a_fill(number=1)], {("straddle", OPTION): mark})

    assert (held.qty, held.cost, held.unrealised) == (-130, -130 * 100_00, 130 * 10_00)


def test_without_a_mark_what_is_open_is_not_valued() -> None:
    (held,) = holdings_of([a_fill()], {})

    assert (held.ltp, held.unrealised) == (None, None)
