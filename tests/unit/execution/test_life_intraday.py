"""MIS is closed at the broker's time, until it is flat; new MIS positions are refused from then on."""

from datetime import date
from typing import Any

import msgspec
import pytest

from sauda.contracts import (
    BookLevel,
    Depth,
    InstrumentId,
    Level,
    Message,
    OrderAccepted,
    OrderCancelled,
    OrderKind,
    OrderRejected,
    PlaceOrder,
    Product,
    RejectReason,
    Side,
    Tick,
)
from sauda.testing.builders import OPTION, a_clock, a_tick, an_order, at
from sauda.testing.restart import play
from sauda_execution.exchange import PaperExchange
from tests.unit.execution.lived import (
    MASTERS,
    MONDAY,
    WEDNESDAY,
    a_future,
    a_house,
    a_share,
    alerts,
    fills,
    opened,
    quoted,
    trades,
)

CRUDE = "MCX:CRUDEOIL18DEC26"
SHARE = "NSE:RELIANCE-EQ"
MUHURAT = date(2026, 11, 8)
MIS = Product.MIS


def an_mis(side: Side, clock: str, *, order_id: str = "late", day: date = MONDAY, **terms: Any) -> PlaceOrder:
    """Build an MIS order."""
    order = an_order(side, order_id=order_id, event_ns=at(clock, day))
    return msgspec.structs.replace(order, product=MIS, **terms)


def test_at_the_brokers_time_a_position_is_closed_at_the_market() -> None:
    exchange = opened(trades(OPTION, Side.SELL, 100_00, "10:00", product=MIS))
    play(exchange, [quoted(OPTION, 90_00, "15:34:59")])

    said = play(exchange, [a_clock(at("15:35"))])

    accepted, fill = said[0], fills(said)[0]
    assert isinstance(accepted, OrderAccepted)
    assert accepted.order_id == f"mis-straddle-{OPTION}-2026-11-23"
    assert accepted.terms is not None
    assert (accepted.terms.side, accepted.terms.qty, accepted.terms.product) == (Side.BUY, 65, MIS)
    assert (fill.side, fill.qty, fill.price, fill.product) == (Side.BUY, 65, 90_05, MIS)
    assert exchange.known.book.holdings() == []


def test_a_position_of_the_other_product_in_the_same_contract_stays() -> None:
    exchange = opened(
        trades(OPTION, Side.SELL, 100_00, "10:00", product=MIS),
        trades(OPTION, Side.SELL, 100_00, "10:01"),
    )

    said = play(exchange, [quoted(OPTION, 90_00, "15:35")])

    assert [fill.product for fill in fills(said)] == [MIS]
    assert [(held.product, held.qty) for held in exchange.known.book.holdings()] == [(Product.NRML, -65)]


def test_waiting_orders_of_the_product_are_cancelled_and_no_others() -> None:
    exchange = opened([quoted(OPTION, 100_00, "10:00")])
    limit: dict[str, Any] = {"kind": OrderKind.LIMIT, "limit_price": 50_00}
    play(exchange, [an_mis(Side.BUY, "10:00", order_id="mis", **limit)])
    play(
        exchange,
        [msgspec.structs.replace(an_mis(Side.BUY, "10:00", order_id="nrml", **limit), product=Product.NRML)],
    )

    said = play(exchange, [a_clock(at("15:35"))])

    (cancelled,) = said
    assert isinstance(cancelled, OrderCancelled)
    assert (cancelled.order_id, cancelled.reason) == ("mis", "MIS is squared off")
    assert [one.order.order_id for one in exchange.known.book.all_working()] == ["nrml"]


def test_what_a_thin_market_does_not_take_at_once_is_tried_until_flat() -> None:
    exchange = opened([quoted(OPTION, 100_00, "10:00"), an_mis(Side.BUY, "10:00", order_id="in", qty=650)])

    first = play(exchange, [thin(90_00, 65, "15:34:59"), a_clock(at("15:35"))])
    more = [play(exchange, [thin(90_00 - minute * 5, 195, f"15:{35 + minute}:30")]) for minute in range(4)]
    traded = [fill.qty for said in [first, *more] for fill in fills(said)]

    assert traded[0] == 65
    assert sum(traded) == 650
    assert len(traded) > 2
    assert exchange.known.book.holdings() == []


def test_without_a_price_it_waits_for_one_and_sells_then() -> None:
    exchange = opened(trades(OPTION, Side.BUY, 100_00, "10:00", product=MIS))

    blind = play(exchange, [a_clock(at("15:35")), a_clock(at("15:36"))])
    said = play(exchange, [quoted(OPTION, 80_00, "15:36:20")])

    assert fills(blind) == []
    assert [type(message).__name__ for message in blind] == [
        "OrderAccepted",
        "OrderCancelled",
        "OrderAccepted",
    ]
    assert fills(said)[0].order_id == f"mis-straddle-{OPTION}-2026-11-23-2"
    assert fills(said)[0].price == 79_95


def test_what_is_left_at_the_close_is_told_and_closed_at_the_next_open() -> None:
    exchange = opened(trades(OPTION, Side.BUY, 100_00, "10:00", product=MIS))
    play(exchange, [a_clock(at("15:35"))])

    evening = play(exchange, [a_clock(at("15:40")), a_clock(at("15:41"))])
    early = play(exchange, [a_clock(at("09:14:59", WEDNESDAY))])
    morning = play(exchange, [quoted(OPTION, 95_00, "09:15", WEDNESDAY)])
    again = play(exchange, [quoted(OPTION, 95_00, "09:17", WEDNESDAY)])

    (alert,) = alerts(evening)
    assert (alert.level, alert.code) == (Level.CRITICAL, "MIS_LEFT_OPEN")
    assert f"65 {OPTION} of straddle; they are closed at 2026-11-25 09:15:00.000 IST" in alert.text
    assert early == []
    assert [(fill.price, fill.order_id[-10:]) for fill in fills(morning)] == [(94_95, "2026-11-25")]
    assert fills(again) == []


def test_down_over_the_time_it_is_closed_by_the_first_message_afterwards() -> None:
    exchange = opened(trades(OPTION, Side.BUY, 100_00, "10:00", product=MIS))

    said = play(exchange, [quoted(OPTION, 95_00, "15:38")])

    assert fills(said)[0].price == 94_95


@pytest.mark.parametrize(
    ("instrument", "day", "last", "first"),
    [
        pytest.param(OPTION, date(2026, 7, 31), "15:24:59", "15:25", id="F&O, the last day of the old close"),
        pytest.param(OPTION, date(2026, 8, 3), "15:34:59", "15:35", id="F&O, the first day of the new one"),
        pytest.param(SHARE, date(2026, 7, 31), "15:19:59", "15:20", id="shares"),
        pytest.param(SHARE, date(2026, 8, 3), "15:09:59", "15:10", id="shares, before the closing auction"),
        pytest.param(CRUDE, date(2026, 10, 30), "23:04:59", "23:05", id="MCX in America's summer"),
        pytest.param(CRUDE, date(2026, 11, 2), "23:29:59", "23:30", id="MCX in America's winter"),
        pytest.param(OPTION, MUHURAT, "19:09:59", "19:10", id="muhurat trading"),
    ],
)
def test_a_new_position_is_taken_until_the_last_instant_and_refused_from_then_on(
    instrument: InstrumentId, day: date, last: str, first: str
) -> None:
    exchange = market_of_everything()
    order = msgspec.structs.replace(
        an_mis(Side.BUY, last, order_id="in-time", day=day), instrument=instrument
    )
    late = msgspec.structs.replace(order, order_id="too-late", event_ns=at(first, day))

    in_time = play(exchange, [quoted(instrument, 100_00, last, day), order])
    too_late = play(exchange, [quoted(instrument, 100_00, first, day), late])

    assert isinstance(in_time[0], OrderAccepted)
    refused = too_late[-1]
    assert isinstance(refused, OrderRejected)
    assert (refused.order_id, refused.reason) == ("too-late", RejectReason.NOT_ALLOWED)
    assert f"closed since {day} {first}" in refused.detail
    assert exchange.known.book.holdings() == []


def test_a_position_for_the_night_is_still_taken_then() -> None:
    exchange = opened([quoted(OPTION, 100_00, "15:36")])

    said = play(exchange, [an_order(event_ns=at("15:36"))])

    assert isinstance(said[0], OrderAccepted)


# The calendar, seen through the exchange.


@pytest.mark.parametrize(
    ("instrument", "day", "clock", "is_taken"),
    [
        pytest.param(OPTION, date(2026, 7, 31), "15:29:59", True, id="the old close, before"),
        pytest.param(OPTION, date(2026, 7, 31), "15:30", False, id="the old close"),
        pytest.param(OPTION, date(2026, 8, 3), "15:39:59", True, id="the new close, before"),
        pytest.param(OPTION, date(2026, 8, 3), "15:40", False, id="the new close"),
        pytest.param(OPTION, date(2026, 8, 3), "09:14:59", False, id="before the open"),
        pytest.param(OPTION, date(2026, 8, 3), "09:15", True, id="the open"),
        pytest.param(OPTION, date(2026, 11, 24), "11:00", False, id="a holiday"),
        pytest.param(OPTION, MUHURAT, "17:59:59", False, id="muhurat, before"),
        pytest.param(OPTION, MUHURAT, "18:00", True, id="muhurat, a Sunday evening"),
        pytest.param(OPTION, MUHURAT, "19:15", False, id="muhurat, over"),
        pytest.param(OPTION, date(2024, 5, 18), "09:59:59", True, id="first part of a special day"),
        pytest.param(OPTION, date(2024, 5, 18), "10:00", False, id="its pause"),
        pytest.param(OPTION, date(2024, 5, 18), "11:30", True, id="its second part"),
        pytest.param(CRUDE, date(2026, 10, 30), "23:30", False, id="MCX in America's summer"),
        pytest.param(CRUDE, date(2026, 11, 2), "23:30", True, id="MCX in America's winter"),
        pytest.param(CRUDE, date(2026, 11, 24), "16:59:59", False, id="MCX, morning closed"),
        pytest.param(CRUDE, date(2026, 11, 24), "17:00", True, id="MCX, evening open"),
    ],
)
def test_an_order_is_taken_exactly_while_its_exchange_is_open(
    instrument: InstrumentId, day: date, clock: str, is_taken: bool
) -> None:
    exchange = market_of_everything()
    order = msgspec.structs.replace(an_order(event_ns=at(clock, day)), instrument=instrument)

    said = play(exchange, [quoted(instrument, 100_00, clock, day), order])

    first = said[0]
    assert isinstance(first, OrderAccepted if is_taken else OrderRejected)
    if isinstance(first, OrderRejected):
        assert first.reason is RejectReason.MARKET_CLOSED


def test_an_order_for_the_day_ends_with_the_day_of_its_own_exchange() -> None:
    exchange = market_of_everything()
    resting: dict[str, Any] = {"kind": OrderKind.LIMIT, "limit_price": 50_00}
    placed: list[Message] = []
    for name in (OPTION, CRUDE):
        order = an_order(order_id=name, event_ns=at("15:00"))
        placed += [quoted(name, 100_00, "15:00"), msgspec.structs.replace(order, instrument=name, **resting)]
    play(exchange, placed)

    said = play(exchange, [a_clock(at("15:39:59")), a_clock(at("15:40")), a_clock(at("23:54"))])
    night = play(exchange, [a_clock(at("23:55"))])

    assert [
        (message.order_id, message.event_ns) for message in said if isinstance(message, OrderCancelled)
    ] == [(OPTION, at("15:40"))]
    assert [message.order_id for message in night if isinstance(message, OrderCancelled)] == [CRUDE]


def thin(price: int, size: int, clock: str) -> Tick:
    """Build a book with one level on each side."""
    tick = a_tick(price, bid=price - 5, ask=price + 5, at_ns=at(clock))
    depth = Depth((BookLevel(price - 5, size),), (BookLevel(price + 5, size),))
    return msgspec.structs.replace(tick, bid_qty=size, ask_qty=size, depth=depth)


def market_of_everything() -> PaperExchange:
    """Return an exchange that knows an option, a share and a commodity's future, each with a lot of 65."""
    exchange = PaperExchange(a_house())
    crude = a_future(CRUDE, underlying="CRUDEOIL", expiry="2026-12-18")
    play(exchange, [*MASTERS, crude, msgspec.structs.replace(a_share(), lot_size=1)])
    return exchange
