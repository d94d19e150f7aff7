"""The ledger says of orders, fills and positions what the whole streams say, however they are cut into pieces."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.book.holdings import holdings_of
from sauda.book.orders import OVER, orders_of
from sauda.contract_note.drawing_up import added
from sauda.contracts import (
    Fill,
    Message,
    OrderAccepted,
    OrderCancelled,
    OrderKind,
    OrderModified,
    OrderRejected,
    PlaceOrder,
    RejectReason,
    Side,
)
from sauda_gateway.ledger import Ledger

NAME = "NFO:NIFTY01DEC26C24500"


def an_order(number: int, qty: int = 75) -> PlaceOrder:
    side = Side.BUY if number % 2 else Side.SELL
    return PlaceOrder(
        f"o{number}", f"s{number % 2}", NAME, side, qty, OrderKind.LIMIT, number, limit_price=100
    )


@st.composite
def a_day(draw: st.DrawFn) -> list[tuple[str, Message]]:
    """Draw orders, and answers each behind its order, in the order in which a desk wrote them."""
    written: list[tuple[str, Message]] = []
    fills = 0
    for number in range(draw(st.integers(1, 6))):
        order = an_order(number)
        head = (order.order_id, order.strategy, NAME, number)
        written.append(("orders", order))
        if draw(st.booleans()):
            written.append(
                ("executions", OrderRejected(*head, reason=RejectReason.MARGIN, detail="too much"))
            )
            continue
        written.append(("executions", OrderAccepted(*head)))
        for _ in range(draw(st.integers(0, 3))):
            fills += 1
            price = draw(st.integers(1, 500))
            fill = Fill(f"f{fills}", order.order_id, order.strategy, NAME, order.side, 25, price, 7, number)
            written.append(("executions", fill))
            if draw(st.booleans()):
                written.append(("executions", fill))
        if draw(st.booleans()):
            written.append(("executions", OrderModified(*head, qty=100, limit_price=120)))
        if draw(st.booleans()):
            written.append(("executions", OrderCancelled(*head, unfilled=25, reason="asked")))
    return written


@settings(max_examples=60, deadline=None)
@given(written=a_day())
def test_it_says_what_the_whole_streams_say(written: list[tuple[str, Message]]) -> None:
    ledger = Ledger()
    for number, (_, message) in enumerate(written):
        ledger.take(b"%d-0" % (number + 1), b"ticks 1-0", message)

    once = {one.fill_id: one for _, one in written if isinstance(one, Fill)}
    orders = [one for stream, one in written if stream == "orders"]
    assert [one.fill for one in ledger.fills] == list(once.values())
    assert ledger.holdings({}, ledger.series()) == holdings_of(once.values(), {})
    assert added(ledger.costs.values()).total == sum(one.charges for one in once.values())
    # What is said twice counts once here; the stream's own reader is given it once.
    answers = [
        one
        for at, (stream, one) in enumerate(written)
        if stream == "executions" and not (isinstance(one, Fill) and ("executions", one) in written[:at])
    ]
    told = {state.order_id: state for _, state in ledger.changes()}
    assert told == {one.order_id: one for one in orders_of(orders, answers)}
    assert {one.state.order_id for one in ledger.working()} == {
        name for name, one in told.items() if one.status not in OVER
    }
    standing = Counter(one.status.value for one in told.values())
    assert {status: count for status, count in ledger.counts().items() if count} == standing


def test_orders_stand_in_the_order_of_their_last_change() -> None:
    ledger = Ledger()
    for number in range(3):
        ledger.take(b"%d-0" % (number + 1), b"", an_order(number))
    ledger.take(b"9-0", b"", OrderAccepted("o0", "s0", NAME, 9))

    assert [(changed_id, state.order_id) for changed_id, state in ledger.changes()] == [
        ("2-0", "o1"),
        ("3-0", "o2"),
        ("9-0", "o0"),
    ]


def test_an_answer_to_nobody_is_no_order() -> None:
    ledger = Ledger()
    ledger.take(b"1-0", b"", OrderRejected("ghost", "", "", 1, RejectReason.UNKNOWN_ORDER, "no such order"))

    assert ledger.changes() == []
    assert ledger.order("ghost") is None


def test_it_knows_the_names_of_orders_and_fills() -> None:
    ledger = Ledger()
    ledger.take(b"1-0", b"", an_order(1))
    ledger.take(b"2-0", b"", Fill("f1", "o1", "s1", NAME, Side.BUY, 75, 100, 7, 2))

    assert [ledger.is_known(text) for text in ("o1", "f1", "s1", NAME, "")] == [
        True,
        True,
        False,
        False,
        False,
    ]
