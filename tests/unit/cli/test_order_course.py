"""What a person is told of an order by hand, from the exchange's messages about it."""

import msgspec

from sauda.book.orders import Status
from sauda.contracts import (
    Account,
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
from sauda.hand.course import Course, lines, money_line
from sauda.testing.builders import LOT, NOW, OPTION, an_order

ORDER = an_order(order_id="hand-1", strategy="hand", qty=2 * LOT)
WHO = ("hand-1", "hand", OPTION, NOW)


def course(*messages: Message, order: PlaceOrder = ORDER) -> Course:
    one = Course(order)
    for message in messages:
        one.take(message)
    return one


def a_fill(number: int, price: int, charges: int = 10_00) -> Fill:
    return Fill(f"hand-1-{number}", "hand-1", "hand", OPTION, Side.BUY, LOT, price, charges, NOW)


def account() -> Account:
    return Account(NOW, 1_000_000_00, 0, 0, 20_00, 985_000_00, 100_00, 984_900_00)


def test_partial_fills_are_averaged_and_each_is_named() -> None:
    one = course(OrderAccepted(*WHO), a_fill(1, 112_30), a_fill(2, 112_50), account())

    text = "\n".join([*lines(one.report()), money_line(one.report()) or ""])

    assert one.is_over
    assert f"traded {2 * LOT} at 112.40 ({LOT} at 112.30, {LOT} at 112.50)" in text
    assert "charges 20.00" in text
    assert "cash 9,85,000.00, blocked 100.00, available 9,84,900.00" in text


def test_without_an_account_no_money_is_told() -> None:
    assert money_line(course(OrderAccepted(*WHO)).report()) is None


def test_a_repeated_fill_counts_once() -> None:
    assert course(OrderAccepted(*WHO), a_fill(1, 100_00), a_fill(1, 100_00)).report().filled_qty == LOT


def test_a_market_order_that_went_out_as_a_limit_says_for_whom_it_waits() -> None:
    terms = msgspec.structs.replace(ORDER, kind=OrderKind.LIMIT, limit_price=115_00)
    report = course(OrderAccepted(*WHO, terms=terms), a_fill(1, 112_30)).report()

    assert (report.status, report.waits_for) == (Status.PARTLY_FILLED, "a seller at 115.00 or less")


def test_a_refusal_names_its_reason_and_detail() -> None:
    report = course(OrderRejected(*WHO, RejectReason.MARGIN, "needs 1,20,000.00 more")).report()

    assert "  refused, MARGIN: needs 1,20,000.00 more" in list(lines(report))
    assert report.status is Status.REJECTED


def test_the_orders_that_protect_it_are_shown() -> None:
    stop = an_order(Side.SELL, order_id="hand-1-stop", strategy="hand", kind=OrderKind.SL_M)
    stop = msgspec.structs.replace(stop, trigger_price=90_00, parent_id="hand-1")
    accepted = OrderAccepted("hand-1-stop", "hand", OPTION, NOW, terms=stop)

    assert f"  protected by hand-1-stop: SELL {LOT}, trigger 90.00" in list(
        lines(course(OrderAccepted(*WHO), a_fill(1, 100_00), accepted).report())
    )


def test_what_was_said_before_the_wish_answers_nothing() -> None:
    one = Course(ORDER)
    one.recall([OrderAccepted(*WHO), OrderRejected(*WHO, RejectReason.OFF_TICK, "once")])
    assert not one.is_answered
    assert one.refusal is None

    one.take(OrderModified(*WHO, LOT, 101_00))

    assert one.heard(OrderModified)
    assert one.report().qty == LOT
    assert one.report().waits_for == "a seller at 101.00 or less"


def test_somebody_elses_refused_change_is_no_refusal_of_the_order() -> None:
    late = OrderRejected(*WHO, RejectReason.ORDER_DONE, "not in the market any more")
    report = course(OrderAccepted(*WHO), a_fill(1, 100_00), a_fill(2, 100_00), late).report()

    assert (report.status, report.reason) == (Status.FILLED, None)


def test_an_order_cancelled_without_a_trade_is_over() -> None:
    report = course(OrderAccepted(*WHO), OrderCancelled(*WHO, 2 * LOT, "session over")).report()

    assert (report.status, report.detail, report.waits_for) == (Status.CANCELLED, "session over", None)


def test_messages_of_other_orders_are_none_of_its() -> None:
    assert not course(OrderAccepted("other", "hand", OPTION, NOW)).is_answered
