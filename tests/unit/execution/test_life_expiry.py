"""Expired contracts are settled at what the closing window showed; without any price nothing is made up."""

from dataclasses import replace
from datetime import date

import msgspec
import pytest

from sauda.contracts import (
    Against,
    Alert,
    InstrumentId,
    Level,
    Message,
    OrderAccepted,
    OrderRejected,
    Product,
    RejectReason,
    Right,
    Side,
    SquareOff,
    Subscribe,
    Unsubscribe,
)
from sauda.margin import load_margins
from sauda.testing.builders import INDEX, OPTION, a_clock, a_gap, a_tick, an_option, an_order, at
from sauda.testing.restart import play
from sauda_execution.account.part import MarginAccount
from sauda_execution.charges import load_tariff
from sauda_execution.exchange import PaperExchange
from tests.unit.execution.lived import (
    CALL,
    FUTURE,
    MARKET,
    MASTERS,
    PUT,
    WEDNESDAY,
    a_future,
    a_house,
    a_share,
    alerts,
    an_expiring,
    fills,
    index_at,
    opened,
    quoted,
    trades,
)

CLOSE = [a_clock(at("15:35")), a_clock(at("15:40"))]
"""The closing window begins, and ends."""


def closed(exchange: PaperExchange, *seen: Message) -> list[Message]:
    """Let the day end; *seen* is what the market showed in its closing window."""
    return play(exchange, [CLOSE[0], *seen, CLOSE[1]])


@pytest.mark.parametrize(
    ("instrument", "side", "index", "settled", "way_out"),
    [
        pytest.param(CALL, Side.BUY, 24_612_35, 112_35, Side.SELL, id="long call in the money"),
        pytest.param(CALL, Side.SELL, 24_612_35, 112_35, Side.BUY, id="short call in the money"),
        pytest.param(CALL, Side.BUY, 24_499_95, 0, Side.SELL, id="long call out of the money"),
        pytest.param(CALL, Side.SELL, 24_400_00, 0, Side.BUY, id="short call out of the money"),
        pytest.param(CALL, Side.BUY, 24_500_00, 0, Side.SELL, id="call at the money"),
        pytest.param(PUT, Side.BUY, 24_380_05, 119_95, Side.SELL, id="long put in the money"),
        pytest.param(PUT, Side.SELL, 24_700_00, 0, Side.BUY, id="short put out of the money"),
        pytest.param(FUTURE, Side.SELL, 24_612_35, 24_612_35, Side.BUY, id="short future"),
    ],
)
def test_a_contract_is_settled_at_what_it_is_worth_at_the_closing_price(
    instrument: InstrumentId, side: Side, index: int, settled: int, way_out: Side
) -> None:
    exchange = opened(trades(instrument, side, 80_00, "10:00"))

    said = closed(exchange, index_at(index, "15:35:00"))

    (fill,) = fills(said)
    assert (fill.side, fill.qty, fill.price, fill.against) == (way_out, 65, settled, Against.SETTLEMENT)
    assert fill.order_id == f"settle-straddle-{instrument}-2026-11-23"
    assert fill.event_ns == at("15:40")
    assert exchange.known.book.holdings() == []


def test_the_price_is_the_indexs_average_over_the_closing_window() -> None:
    exchange = opened(trades(CALL, Side.BUY, 80_00, "10:00"))

    said = closed(
        exchange,
        index_at(24_600_00, "15:35:00"),
        index_at(24_700_00, "15:36:00"),
        index_at(24_650_00, "15:39:00"),
    )

    # A minute at 24600, three at 24700, one at 24650.
    assert fills(said)[0].price == 170_00
    assert alerts(said)[-1] == Alert(
        "execution.paper",
        Level.INFO,
        "EXPIRED",
        f"straddle held 65 {CALL}: expired, settled at 170.00"
        " (NSE:Nifty 50 at 24670.00, the average from 15:35 to 15:40)",
        at("15:40"),
    )


def test_two_underlyings_that_end_together_are_settled_each_by_its_own_average() -> None:
    """Which contracts are alike is what is looked ahead by: of each underlying every price of the window counts."""
    bank, index = "NFO:BANKNIFTY23NOV26C52000", "NSE:Nifty Bank"
    option = msgspec.structs.replace(
        an_expiring(bank, 52_000_00), underlying="BANKNIFTY", right=Right.CALL, lot_size=65
    )
    holdings = [trades(CALL, Side.BUY, 80_00, "10:00"), trades(bank, Side.BUY, 90_00, "10:01")]
    exchange = opened([option], *holdings)

    said = closed(
        exchange,
        index_at(24_600_00, "15:35:00"),
        a_tick(52_100_00, instrument=index, at_ns=at("15:35:00")),
        index_at(24_700_00, "15:37:30"),
        a_tick(52_300_00, instrument=index, at_ns=at("15:37:30")),
    )

    assert {fill.instrument: fill.price for fill in fills(said)} == {CALL: 150_00, bank: 200_00}


def test_every_tick_of_the_index_counts_though_no_order_works_in_it() -> None:
    """The ticks alone move time: no heartbeat comes between them."""
    exchange = opened(trades(CALL, Side.BUY, 80_00, "10:00"))

    said = play(
        exchange,
        [
            index_at(24_600_00, "15:34:00"),
            a_clock(at("15:35")),
            index_at(24_700_00, "15:37:30"),
            index_at(29_999_00, "15:40:00"),
        ],
    )

    assert fills(said)[0].price == 150_00


def test_nothing_is_settled_before_the_close() -> None:
    exchange = opened(trades(CALL, Side.BUY, 80_00, "10:00"))

    assert fills(play(exchange, [a_clock(at("15:35")), index_at(24_600_00, "15:39:59")])) == []


def test_a_holiday_moves_the_expiry_and_a_later_contract_lives_on() -> None:
    """Tuesday the 24th is closed, so the contract says Monday; the other one is of 2026-12-01."""
    exchange = opened(trades(CALL, Side.SELL, 80_00, "10:00"), trades(OPTION, Side.SELL, 200_00, "10:01"))

    said = closed(exchange, index_at(24_510_00, "15:35"))
    next_day = play(exchange, [quoted(OPTION, 190_00, "09:15", WEDNESDAY)])

    assert [fill.instrument for fill in fills(said)] == [CALL]
    assert fills(next_day) == []
    assert [held.instrument for held in exchange.known.book.holdings()] == [OPTION]


def test_a_contract_that_names_a_holiday_is_settled_on_the_trading_day_before() -> None:
    tuesday = "NFO:NIFTY24NOV26C24500"
    master = an_expiring(tuesday)
    exchange = PaperExchange(a_house())
    play(exchange, [*MASTERS, msgspec.structs.replace(master, expiry="2026-11-24")])
    play(exchange, trades(tuesday, Side.BUY, 80_00, "10:00"))

    assert [fill.price for fill in fills(closed(exchange, index_at(24_520_00, "15:35")))] == [20_00]


def test_strategies_and_products_are_settled_each_for_itself() -> None:
    exchange = opened(
        trades(CALL, Side.BUY, 80_00, "10:00", strategy="a"),
        trades(CALL, Side.SELL, 80_00, "10:01", strategy="b"),
        trades(CALL, Side.BUY, 80_00, "10:02", strategy="b", product=Product.MIS),
    )
    # The broker's MIS order finds no fresh price, so the MIS position is there at the close.
    said = closed(exchange, index_at(24_600_00, "15:35"))

    assert [(fill.strategy, fill.product, fill.order_id) for fill in fills(said)] == [
        ("a", Product.NRML, f"settle-a-{CALL}-2026-11-23"),
        ("b", Product.NRML, f"settle-b-{CALL}-2026-11-23"),
        ("b", Product.MIS, f"settle-b-{CALL}-2026-11-23-MIS"),
    ]
    assert exchange.known.book.holdings() == []


@pytest.mark.parametrize(
    ("side", "index", "stt"),
    [
        pytest.param(Side.BUY, 24_612_35, 10_95, id="exercised: 0.15 % of 65 x 112.35"),
        pytest.param(Side.BUY, 24_400_00, 0, id="worthless"),
        pytest.param(Side.SELL, 24_612_35, 0, id="assigned: the buyer pays"),
    ],
)
def test_who_exercises_pays_the_tax_on_what_the_option_is_worth(side: Side, index: int, stt: int) -> None:
    house = replace(a_house(), tariff=load_tariff(MARKET, "free"))
    exchange = opened(trades(CALL, side, 80_00, "10:00"), house=house)

    (fill,) = fills(closed(exchange, index_at(index, "15:35")))

    assert fill.costs is not None
    assert fill.costs.stt == stt


# The desk was down, or blind.


def test_down_over_the_close_it_is_settled_by_the_price_that_shows_afterwards() -> None:
    exchange = opened(trades(CALL, Side.BUY, 80_00, "10:00"), [index_at(24_550_00, "11:00")])

    waiting = play(exchange, [a_gap(at("11:00"), at("15:52"))])
    said = play(exchange, [index_at(24_612_35, "15:52:01")])

    assert fills(waiting) == []
    assert fills(said)[0].price == 112_35
    assert alerts(said)[0].level is Level.INFO
    assert "seen after the close, at 15:52:01" in alerts(said)[0].text


def test_down_over_the_close_and_no_price_afterwards_the_last_one_of_the_day_counts() -> None:
    exchange = opened(trades(CALL, Side.BUY, 80_00, "10:00"), [index_at(24_550_00, "11:00")])

    waiting = play(exchange, [a_clock(at("15:52")), a_clock(at("15:52:59"))])
    said = play(exchange, [a_clock(at("15:53"))])

    assert fills(waiting) == []
    assert fills(said)[0].price == 50_00
    assert alerts(said)[0].level is Level.WARNING
    assert "last seen at 11:00:00" in alerts(said)[0].text


def test_down_until_the_next_day_it_is_settled_at_once_with_what_was_seen() -> None:
    exchange = opened(trades(CALL, Side.BUY, 80_00, "10:00"), [index_at(24_550_00, "15:20")])

    said = play(exchange, [index_at(25_000_00, "09:15", WEDNESDAY)])

    assert fills(said)[0].price == 50_00
    assert fills(said)[0].event_ns == at("09:15", WEDNESDAY)


def test_down_after_half_of_the_window_the_last_price_stands_to_its_end() -> None:
    exchange = opened(trades(CALL, Side.BUY, 80_00, "10:00"))
    play(exchange, [a_clock(at("15:35")), index_at(24_600_00, "15:35"), index_at(24_700_00, "15:36")])

    said = play(exchange, [a_clock(at("17:00"))])

    assert fills(said)[0].price == 180_00


def test_a_price_from_before_a_hole_does_not_stand_in_the_window() -> None:
    exchange = opened(trades(CALL, Side.BUY, 80_00, "10:00"), [index_at(24_000_00, "15:00")])

    said = play(exchange, [a_gap(at("15:00"), at("15:38")), index_at(24_600_00, "15:39"), CLOSE[1]])

    assert fills(said)[0].price == 100_00


def test_without_the_index_the_future_of_the_same_expiry_tells() -> None:
    exchange = opened(
        trades(CALL, Side.BUY, 80_00, "10:00"),
        [a_tick(24_580_00, instrument=FUTURE, at_ns=at("15:39"))],
    )

    said = play(exchange, CLOSE)

    assert fills(said)[0].price == 80_00
    assert alerts(said)[0].level is Level.WARNING
    assert f"the price of {FUTURE} at 15:39:00" in alerts(said)[0].text


def test_without_index_and_future_put_call_parity_tells() -> None:
    exchange = opened(trades(CALL, Side.BUY, 80_00, "10:00"))
    play(exchange, [quoted(CALL, 70_00, "15:39"), quoted(PUT, 2_50, "15:39")])

    said = play(exchange, CLOSE)

    assert fills(said)[0].price == 67_50
    assert "by put-call parity at the strike 24500" in alerts(said)[0].text


def test_with_nothing_known_the_position_stays_open_and_an_alert_cries_once() -> None:
    exchange = opened(trades(CALL, Side.BUY, 80_00, "10:00"))

    said = play(exchange, [*CLOSE, a_clock(at("15:45")), a_clock(at("15:50"))])

    (alert,) = alerts(said)
    assert (alert.level, alert.code) == (Level.CRITICAL, "EXPIRY_PRICE_UNKNOWN")
    assert fills(said) == []
    assert [held.qty for held in exchange.known.book.holdings()] == [65]


def test_a_wish_to_close_does_not_wait_for_ever_for_what_expired_unsettled() -> None:
    exchange = opened(trades(CALL, Side.BUY, 80_00, "10:00"))
    play(exchange, [*CLOSE, quoted(OPTION, 90_00, "09:15", WEDNESDAY)])

    asked_ns = at("09:16", WEDNESDAY)
    later = trades(OPTION, Side.BUY, 90_00, "09:17", day=WEDNESDAY)
    play(exchange, [SquareOff(None, "me", asked_ns), *later, a_clock(at("09:20", WEDNESDAY))])

    assert {held.instrument for held in exchange.known.book.holdings()} == {CALL, OPTION}


def test_what_stayed_open_is_settled_when_the_closing_price_shows_the_same_evening() -> None:
    exchange = opened(trades(CALL, Side.BUY, 80_00, "10:00"))
    play(exchange, CLOSE)

    said = play(exchange, [index_at(24_530_00, "18:00")])

    assert fills(said)[0].price == 30_00


# The whole expiry day was missed.


def test_a_missed_expiry_is_settled_at_the_indexs_first_price_of_the_next_trading_day() -> None:
    exchange = opened(trades(CALL, Side.BUY, 80_00, "10:00"))
    play(exchange, CLOSE)

    said = play(exchange, [index_at(24_530_00, "09:15", WEDNESDAY), index_at(24_900_00, "09:16", WEDNESDAY)])

    (fill,) = fills(said)
    assert (fill.side, fill.qty, fill.price, fill.against) == (Side.SELL, 65, 30_00, Against.SETTLEMENT)
    assert fill.order_id == f"settle-straddle-{CALL}-2026-11-23"
    assert exchange.known.book.holdings() == []
    assert alerts(said) == [
        Alert(
            "execution.paper",
            Level.CRITICAL,
            "EXPIRED_BY_STAND_IN",
            f"straddle held 65 {CALL}: it expired on 2026-11-23, and nothing was seen of NSE:Nifty 50 that day;"
            " on 2026-11-25 it was settled at 30.00, by a stand-in for the official settlement price"
            " (NSE:Nifty 50 at 24530.00, seen at 09:15:00): compare the two",
            at("09:15", WEDNESDAY),
        )
    ]


def test_a_desk_that_was_down_for_days_settles_as_soon_as_it_sees_the_index() -> None:
    exchange = opened(trades(CALL, Side.SELL, 80_00, "10:00"))
    friday = date(2026, 11, 27)

    said = play(exchange, [a_gap(at("10:01"), at("08:59", friday)), index_at(24_530_00, "09:00", friday)])

    assert [fill.price for fill in fills(said)] == [30_00]
    assert [alert.code for alert in alerts(said)] == ["EXPIRY_PRICE_UNKNOWN", "EXPIRED_BY_STAND_IN"]


def test_a_price_of_a_day_without_trading_stands_in_for_nothing() -> None:
    exchange = opened(trades(CALL, Side.BUY, 80_00, "10:00"))
    play(exchange, CLOSE)

    holiday = play(exchange, [index_at(24_900_00, "11:00", date(2026, 11, 24))])

    assert fills(holiday) == []


def test_without_the_index_the_nearest_future_that_lives_stands_in_after_a_minute() -> None:
    exchange = opened(trades(CALL, Side.BUY, 80_00, "10:00"))
    near, far = "NFO:NIFTY29DEC26F", "NFO:NIFTY25JAN27F"
    play(exchange, [a_future(far, expiry="2027-01-25"), a_future(near, expiry="2026-12-29"), *CLOSE])
    morning = [quoted(far, 24_800_00, "09:15", WEDNESDAY), quoted(near, 24_600_00, "09:15:01", WEDNESDAY)]

    waiting = play(exchange, [*morning, a_clock(at("09:15:59", WEDNESDAY))])
    said = play(exchange, [a_clock(at("09:16", WEDNESDAY))])

    assert fills(waiting) == []
    assert [fill.price for fill in fills(said)] == [100_00]
    assert f"the price of {near} at 09:15:01" in alerts(said)[0].text


def test_without_index_and_future_parity_of_the_next_expiry_stands_in_whenever_it_shows() -> None:
    put = "NFO:NIFTY01DEC26P24500"
    exchange = opened(trades(CALL, Side.BUY, 80_00, "10:00"))
    play(exchange, [an_option(put, strike=24_500_00, right=Right.PUT), *CLOSE])
    play(exchange, [quoted(OPTION, 200_00, "09:15", WEDNESDAY), a_clock(at("11:00", WEDNESDAY))])

    said = play(exchange, [quoted(put, 130_00, "11:00:30", WEDNESDAY), a_clock(at("11:01", WEDNESDAY))])

    assert [fill.price for fill in fills(said)] == [70_00]
    assert "by put-call parity at the strike 24500" in alerts(said)[0].text


def test_what_missed_its_expiry_is_no_longer_traded_and_its_definition_goes_when_it_is_settled() -> None:
    exchange = opened(trades(CALL, Side.BUY, 80_00, "10:00"))
    play(exchange, [*CLOSE, quoted(CALL, 30_00, "09:15", WEDNESDAY)])

    order = an_order(
        Side.SELL, instrument=CALL, order_id="out", strategy="straddle", event_ns=at("09:15", WEDNESDAY)
    )
    (refused,) = play(exchange, [order])
    kept = CALL in exchange.known.instruments
    play(exchange, [index_at(24_530_00, "09:16", WEDNESDAY)])
    play(exchange, [index_at(24_530_00, "09:15", date(2026, 11, 26))])

    assert isinstance(refused, OrderRejected)
    assert refused.reason is RejectReason.MARKET_CLOSED
    assert kept
    assert CALL not in exchange.known.instruments


def test_an_mis_position_that_missed_its_expiry_is_settled_and_not_sent_to_a_market_that_is_gone() -> None:
    exchange = opened(trades(CALL, Side.BUY, 80_00, "10:00", product=Product.MIS))

    said = play(exchange, [quoted(OPTION, 90_00, "09:15", WEDNESDAY), a_clock(at("09:20", WEDNESDAY))])
    said += play(exchange, [index_at(24_530_00, "09:21", WEDNESDAY)])

    assert [message for message in said if isinstance(message, OrderAccepted | OrderRejected)] == []
    assert [fill.order_id for fill in fills(said)] == [f"settle-straddle-{CALL}-2026-11-23-MIS"]


def test_the_margin_of_a_missed_expiry_is_released_when_it_is_settled() -> None:
    house = replace(a_house(), margins=load_margins(MARKET), capital=10_00_000_00)
    exchange = opened(trades(CALL, Side.SELL, 80_00, "10:00"), house=house)
    play(exchange, [*CLOSE, quoted(OPTION, 90_00, "09:15", WEDNESDAY)])
    (account,) = [part for part in exchange.parts if isinstance(part, MarginAccount)]
    before = account.means.figures()

    play(exchange, [index_at(24_530_00, "09:16", WEDNESDAY)])

    assert before.blocked > 0
    assert account.means.figures().blocked == 0
    assert account.means.ledger.cash.balance == 10_00_000_00 + 65 * (79_95 - 30_00)


# Other underlyings.


def test_a_stocks_option_is_settled_in_cash_by_the_shares_price_and_says_what_is_simplified() -> None:
    option = "NFO:RELIANCE23NOV26C1400"
    master = an_expiring(option, strike=1_400_00)
    exchange = PaperExchange(a_house())
    play(exchange, [msgspec.structs.replace(master, underlying="RELIANCE", lot_size=500), a_share()])
    play(exchange, trades(option, Side.BUY, 20_00, "10:00", qty=500))

    said = closed(exchange, a_tick(1_431_50, instrument="NSE:RELIANCE-EQ", at_ns=at("15:35")))

    assert fills(said)[0].price == 31_50
    assert alerts(said)[0].text.endswith("in the real market the shares are delivered")


def test_a_commoditys_future_is_settled_by_its_own_average_in_winter_hours() -> None:
    crude = "MCX:CRUDEOIL19NOV26"
    day = date(2026, 11, 19)
    exchange = PaperExchange(a_house())
    play(exchange, [a_future(crude, underlying="CRUDEOIL", expiry="2026-11-19", lot=100)])
    play(exchange, trades(crude, Side.BUY, 5_000_00, "20:00", qty=100, day=day))

    still = play(exchange, [a_clock(at("23:25", day)), quoted(crude, 5_100_00, "23:25", day)])
    said = play(exchange, [quoted(crude, 5_200_00, "23:40", day), a_clock(at("23:55", day))])

    assert fills(still) == []
    assert fills(said)[0].price == 5_150_00


def test_a_commoditys_option_is_settled_by_the_future_beneath_it() -> None:
    future, option = "MCX:CRUDEOIL19NOV26", "MCX:CRUDEOIL17NOV26C5000"
    day = date(2026, 11, 17)
    master = an_expiring(option, strike=5_000_00)
    master = msgspec.structs.replace(master, underlying="CRUDEOIL", lot_size=100, expiry="2026-11-17")
    exchange = PaperExchange(a_house())
    play(exchange, [master, a_future(future, underlying="CRUDEOIL", expiry="2026-11-19")])
    play(exchange, trades(option, Side.SELL, 90_00, "20:00", qty=100, day=day))

    said = play(exchange, [a_clock(at("23:25", day)), quoted(future, 5_080_00, "23:30", day)])
    said += play(exchange, [a_clock(at("23:55", day))])

    assert fills(said)[0].price == 80_00
    assert alerts(said)[0].text.endswith("in the real market it becomes its future")


# What must be seen.


def test_what_is_held_and_what_settles_it_is_asked_for_until_the_day_after() -> None:
    exchange = PaperExchange(a_house())
    play(exchange, MASTERS)

    opening = play(exchange, trades(CALL, Side.BUY, 80_00, "10:00"))
    again = play(exchange, trades(CALL, Side.BUY, 80_00, "10:01"))
    closed(exchange, index_at(24_600_00, "15:35"))
    after = play(exchange, [index_at(24_600_00, "09:15", WEDNESDAY)])

    assert _of(Subscribe, opening) == [Subscribe("execution.paper", (CALL, INDEX), at("10:00"))]
    assert _of(Subscribe, again) == []
    assert _of(Unsubscribe, after) == [Unsubscribe("execution.paper", (CALL, INDEX), at("09:15", WEDNESDAY))]


def test_what_is_carried_over_the_night_stays_in_sight() -> None:
    exchange = opened(trades(OPTION, Side.SELL, 200_00, "10:00"))

    said = play(exchange, [quoted(OPTION, 190_00, "09:15", WEDNESDAY)])

    assert _of(Unsubscribe, said) == []
    assert [held.qty for held in exchange.known.book.holdings()] == [-65]


def test_an_expired_contract_is_not_traded_after_its_settlement() -> None:
    exchange = opened(trades(CALL, Side.BUY, 80_00, "10:00"))
    closed(exchange, index_at(24_600_00, "15:35"))

    said = play(exchange, [an_order(instrument=CALL, order_id="late", event_ns=at("15:41"))])

    assert isinstance(said[0], OrderRejected)


def _of(kind: type, said: list[Message]) -> list[Message]:
    return [message for message in said if isinstance(message, kind)]
