"""What the exchange takes, turns into something else, or refuses, through the exchange itself."""

from datetime import date, time
from pathlib import Path

import msgspec
import pytest

from sauda.clock import from_ist
from sauda.contracts import (
    Fill,
    Instrument,
    InstrumentKind,
    Message,
    OrderAccepted,
    OrderKind,
    OrderModified,
    OrderRejected,
    PlaceBasket,
    PlaceOrder,
    Product,
    RejectReason,
    Side,
    SquareOff,
    Validity,
)
from sauda.money import Paise
from sauda.testing.builders import (
    LOT,
    NOW,
    OPTION,
    Weekdays,
    a_change,
    a_gap,
    a_tick,
    after,
    an_option,
    an_order,
)
from sauda.testing.restart import play
from sauda_execution.exchange import PaperExchange
from sauda_execution.house import House
from sauda_execution.order_rules import load_order_rules
from sauda_execution.risk.rules import RiskRules

RULES = load_order_rules(Path(__file__).parents[4] / "config/market")
SHARE = "NSE:RELIANCE-EQ"
FUTURE = "NFO:NIFTY01DEC26F"


def an_exchange(*instruments: Instrument) -> PaperExchange:
    """Return a lawful exchange at 10:00 that knows one option, quoted 99.95 to 100.05 for plenty."""
    exchange = PaperExchange(House(Weekdays(), rules=RULES))
    play(exchange, [*(instruments or (an_option(),)), a_tick(100_00, bid=99_95, ask=100_05)])
    return exchange


def a_share(*, low: Paise | None = None, high: Paise | None = None) -> Instrument:
    return Instrument(SHARE, "NSE", "2885", "RELIANCE", InstrumentKind.EQUITY, low_limit=low, high_limit=high)


def accepted(said: list[Message]) -> OrderAccepted:
    (answer,) = [message for message in said if isinstance(message, OrderAccepted)]
    return answer


def terms(said: list[Message]) -> PlaceOrder:
    going = accepted(said).terms
    assert going is not None
    return going


def rejected(said: list[Message]) -> OrderRejected:
    (answer,) = said
    assert isinstance(answer, OrderRejected)
    return answer


# What goes out.


@pytest.mark.parametrize(
    ("side", "bid", "ask", "limit"),
    [
        # 2 % beyond the opposite quote from Rs 100 on, 3 % below.
        (Side.BUY, 99_95, 100_05, 102_10),
        (Side.SELL, 99_95, 100_05, 96_95),
        (Side.BUY, None, None, 102_00),
        (Side.SELL, None, None, 98_00),
        (Side.BUY, 100_00, 135_00, 137_70),
        # The band of 40 % cuts the protection short.
        (Side.BUY, 100_00, 139_00, 140_00),
        (Side.SELL, 60_50, 100_00, 60_00),
    ],
)
def test_a_market_order_goes_out_with_a_protected_limit(
    side: Side, bid: Paise | None, ask: Paise | None, limit: Paise
) -> None:
    exchange = an_exchange()
    play(exchange, [a_tick(100_00, bid=bid, ask=ask)])

    going = terms(play(exchange, [an_order(side)]))

    assert (going.kind, going.limit_price, going.order_id) == (OrderKind.LIMIT, limit, "o-1")


def test_before_april_2026_a_market_order_goes_out_as_it_is() -> None:
    exchange = PaperExchange(House(Weekdays(), rules=RULES))
    then = from_ist(date(2026, 3, 31), time(10, 0))
    play(exchange, [an_option(), a_tick(100_00, bid=99_95, ask=100_05, at_ns=then)])

    said = play(exchange, [an_order(event_ns=then)])

    assert accepted(said).terms is None
    assert any(isinstance(message, Fill) for message in said)


def test_an_exit_without_a_fresh_price_stays_a_market_order() -> None:
    exchange = an_exchange()
    play(exchange, [an_order(), a_gap(after(1), after(2))])

    said = play(exchange, [an_order(Side.SELL, order_id="out", event_ns=after(2))])
    later = play(exchange, [a_tick(50_00, bid=49_95, ask=50_05, at_ns=after(3))])

    assert accepted(said).terms is None
    assert [message.price for message in later if isinstance(message, Fill)] == [49_95]


@pytest.mark.parametrize(
    ("side", "trigger", "limit"),
    [(Side.SELL, 95_00, 92_15), (Side.BUY, 105_00, 107_10), (Side.SELL, 8_00, 7_60)],
)
def test_a_market_stop_goes_out_with_a_limit_beyond_its_trigger(
    side: Side, trigger: Paise, limit: Paise
) -> None:
    said = play(an_exchange(), [an_order(side, kind=OrderKind.SL_M, trigger_price=trigger)])

    assert terms(said).kind is OrderKind.SL
    assert (terms(said).trigger_price, terms(said).limit_price) == (trigger, limit)


def test_circuit_limits_cut_a_stops_protection_short_but_not_past_its_trigger() -> None:
    option = msgspec.structs.replace(an_option(), low_limit=93_00, high_limit=200_00)

    said = play(an_exchange(option), [an_order(Side.SELL, kind=OrderKind.SL_M, trigger_price=95_00)])

    assert terms(said).limit_price == 93_00


def test_whoever_moves_a_protected_stop_moves_its_limit_too() -> None:
    exchange = an_exchange()
    play(exchange, [an_order(Side.SELL, kind=OrderKind.SL_M, trigger_price=95_00)])

    alone = play(exchange, [a_change(trigger_price=90_00)])
    both = play(exchange, [a_change(trigger_price=90_00, limit_price=87_00)])

    assert rejected(alone).reason is RejectReason.BAD_PRICE
    assert [(m.trigger_price, m.limit_price) for m in both if isinstance(m, OrderModified)] == [
        (90_00, 87_00)
    ]


# How large.


@pytest.mark.parametrize(("lots", "slices"), [(1, 1), (27, 1), (28, 2), (270, 10)])
def test_a_large_order_is_cut_into_orders_of_the_freeze_quantity(lots: int, slices: int) -> None:
    said = play(an_exchange(), [an_order(qty=lots * LOT, kind=OrderKind.LIMIT, limit_price=90_00)])

    assert accepted(said).slices == slices


def test_each_slice_counts_in_the_rate_of_orders() -> None:
    """NIFTY's freeze quantity comes from the rules: no master told it."""
    risk = RiskRules(max_orders_per_second=2, max_order_quantity=None)
    exchange = PaperExchange(House(Weekdays(), rules=RULES, risk=risk))
    play(exchange, [an_option(), a_tick(100_00, bid=99_95, ask=100_05)])

    two, three = 54 * LOT, 55 * LOT

    assert rejected(play(exchange, [an_order(Side.BUY, qty=three, order_id="3")])).reason is (
        RejectReason.ORDER_RATE
    )
    assert accepted(play(exchange, [an_order(Side.BUY, qty=two, order_id="2")])).slices == 2


def test_the_slices_of_all_legs_count_in_the_rate_of_orders() -> None:
    risk = RiskRules(max_orders_per_second=3, max_order_quantity=None)
    exchange = PaperExchange(House(Weekdays(), rules=RULES, risk=risk))
    play(exchange, [an_option(), a_tick(100_00, bid=99_95, ask=100_05)])
    legs = tuple(an_order(Side.BUY, qty=lots * LOT, order_id=f"{lots}") for lots in (53, 54))

    said = play(exchange, [PlaceBasket("basket", "straddle", legs, NOW)])

    assert [message.reason for message in said if isinstance(message, OrderRejected)] == [
        RejectReason.ORDER_RATE
    ] * 2
    assert "these 4 would come on top" in str(said[0])


def test_more_than_ten_slices_are_refused() -> None:
    said = play(an_exchange(), [an_order(qty=271 * LOT)])

    assert rejected(said).reason is RejectReason.FREEZE_QUANTITY
    assert "17615 is more than 10 orders" in rejected(said).detail
    assert "17550" in rejected(said).detail


def test_what_the_exchange_closes_itself_is_never_too_large() -> None:
    exchange = an_exchange()
    orders = [an_order(order_id=f"o-{n}", qty=200 * LOT) for n in range(2)]
    fills = play(
        exchange, [*orders, *(a_tick(100_00, bid=99_95, ask=100_05, at_ns=after(n)) for n in range(1, 3))]
    )
    held = sum(message.qty for message in fills if isinstance(message, Fill))
    assert held == 400 * LOT

    said = play(exchange, [SquareOff(None, "me", after(4))])

    assert accepted(said).slices == 15
    assert [type(message) for message in said[1:]] == [Fill]


# Within which prices.


@pytest.mark.parametrize(
    ("side", "limit", "reason"),
    [
        (Side.BUY, 140_00, None),
        (Side.BUY, 140_05, RejectReason.PRICE_BAND),
        (Side.BUY, 5_00, None),
        (Side.SELL, 60_00, None),
        (Side.SELL, 59_95, RejectReason.PRICE_BAND),
        (Side.SELL, 300_00, None),
    ],
)
def test_an_options_limit_may_reach_40_percent_into_the_market(
    side: Side, limit: Paise, reason: RejectReason | None
) -> None:
    said = play(an_exchange(), [an_order(side, kind=OrderKind.LIMIT, limit_price=limit)])

    refused = [message for message in said if isinstance(message, OrderRejected)]
    assert [message.reason for message in refused] == ([] if reason is None else [reason])


def test_a_stop_is_measured_by_its_trigger() -> None:
    exchange = an_exchange()
    fair = an_order(kind=OrderKind.SL, trigger_price=200_00, limit_price=280_00)
    far = an_order(order_id="far", kind=OrderKind.SL, trigger_price=200_00, limit_price=280_05)

    assert accepted(play(exchange, [fair])).order_id == "o-1"
    assert rejected(play(exchange, [far])).detail == (
        "limit price 280.05 lies above the limit price protection of 280.00"
    )


def test_a_trigger_outside_the_days_range_is_refused() -> None:
    future = Instrument(FUTURE, "NFO", "5", "NIFTY", InstrumentKind.FUTURE, lot_size=LOT, tick_size=10)
    exchange = an_exchange(future)
    play(exchange, [a_tick(24_000_00, instrument=FUTURE)])

    said = play(
        exchange, [an_order(Side.SELL, instrument=FUTURE, kind=OrderKind.SL_M, trigger_price=21_000_00)]
    )

    assert rejected(said).detail == "trigger price 21000.00 lies below the price band of 21600.00"


def test_known_circuit_limits_count_for_exits_and_changes_too() -> None:
    exchange = an_exchange(a_share(low=1_350_00, high=1_650_00))
    play(exchange, [a_tick(1_500_00, instrument=SHARE), an_order(instrument=SHARE, qty=10)])

    out = an_order(
        Side.SELL, order_id="out", instrument=SHARE, qty=10, kind=OrderKind.LIMIT, limit_price=1_651_00
    )
    assert (
        rejected(play(exchange, [out])).detail
        == "limit price 1651.00 lies above the circuit limit of 1650.00"
    )
    play(exchange, [msgspec.structs.replace(out, order_id="out-2", limit_price=1_650_00)])
    changed = rejected(play(exchange, [a_change("out-2", limit_price=1_651_00)]))
    assert changed.reason is RejectReason.PRICE_BAND


# Which product and validity.


def test_shares_that_are_not_held_cannot_be_sold_for_delivery() -> None:
    exchange = an_exchange(a_share())
    play(exchange, [a_tick(1_500_00, instrument=SHARE)])
    sell = an_order(Side.SELL, order_id="short", instrument=SHARE, qty=10)

    refused = rejected(play(exchange, [sell]))
    intraday = play(exchange, [msgspec.structs.replace(sell, order_id="mis", product=Product.MIS)])

    assert refused.reason is RejectReason.NO_HOLDING
    assert "holds 0 of NSE:RELIANCE-EQ and cannot deliver 10" in refused.detail
    assert accepted(intraday).order_id == "mis"


def test_shares_that_are_held_can_be_sold_but_no_more_of_them() -> None:
    exchange = an_exchange(a_share())
    play(exchange, [a_tick(1_500_00, instrument=SHARE), an_order(instrument=SHARE, qty=10)])

    more = play(exchange, [an_order(Side.SELL, order_id="more", instrument=SHARE, qty=11)])
    all_of_it = play(exchange, [an_order(Side.SELL, order_id="all", instrument=SHARE, qty=10)])

    assert rejected(more).reason is RejectReason.NO_HOLDING
    assert accepted(all_of_it).order_id == "all"


def test_a_stop_cannot_be_immediate_or_cancel() -> None:
    stop = an_order(Side.SELL, kind=OrderKind.SL, trigger_price=95_00, limit_price=94_00)

    said = play(an_exchange(), [msgspec.structs.replace(stop, validity=Validity.IOC)])

    assert rejected(said).reason is RejectReason.NOT_ALLOWED


def test_a_product_that_a_segment_does_not_take_is_refused(tmp_path: Path) -> None:
    text = (Path(__file__).parents[4] / "config/market/order_rules.yaml").read_text(encoding="utf-8")
    (tmp_path / "order_rules.yaml").write_text(
        text.replace("values: [MIS, NRML]", "values: [NRML]"), encoding="utf-8"
    )
    exchange = PaperExchange(House(Weekdays(), rules=load_order_rules(tmp_path)))
    play(exchange, [an_option(), a_tick()])

    said = play(exchange, [msgspec.structs.replace(an_order(), product=Product.MIS)])

    assert rejected(said).reason is RejectReason.NOT_ALLOWED
    assert rejected(said).detail == f"{OPTION} is not traded as MIS; products taken: NRML"


def test_without_rules_everything_goes_out_as_it_is() -> None:
    exchange = PaperExchange(House(Weekdays()))
    play(exchange, [an_option(), a_tick()])

    said = play(exchange, [an_order(qty=1000 * LOT)])

    assert (accepted(said).terms, accepted(said).slices) == (None, 1)
