"""A taker walks the book up to what it shows, pays the slippage, and never trades beyond its limit; a stop needs its trigger."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.contracts import Against, OrderKind, PlaceOrder, Side, Tick
from sauda.testing.builders import LOT, a_depth, a_tick, an_option, an_order
from sauda_execution.matching import Match, Taking, half_spread, is_triggered, take, take_whole
from sauda_execution.settings import Limits

PLAIN = Limits()
QUOTED = a_tick(100_00, bid=99_95, ask=100_05)
UNQUOTED = a_tick(100_00)
BOOK = a_tick(
    100_00,
    bid=99_95,
    ask=100_05,
    bid_qty=1,
    ask_qty=1,
    depth=a_depth(
        bids=[(99_95, LOT), (99_90, 2 * LOT)],
        asks=[(100_05, LOT), (100_10, 2 * LOT), (100_30, 10 * LOT)],
    ),
)


def taken_by(
    order: PlaceOrder, tick: Tick, taken: Mapping[int, int] | None = None, limits: Limits = PLAIN
) -> tuple[list[tuple[int, int]], bool]:
    """Return price and quantity of each match, and whether the order goes on taking."""
    found = take(order, order.qty, tick, taken or {}, instrument=an_option(), limits=limits)
    return [(match.price, match.qty) for match in found.matches], found.goes_on


def limited(side: Side, limit_price: int, qty: int = LOT) -> PlaceOrder:
    return an_order(side, kind=OrderKind.LIMIT, limit_price=limit_price, qty=qty)


@pytest.mark.parametrize(
    ("side", "tick", "price"),
    [
        pytest.param(Side.BUY, QUOTED, 100_05, id="a buy pays the offer"),
        pytest.param(Side.SELL, QUOTED, 99_95, id="a sale gets the bid"),
        pytest.param(Side.BUY, UNQUOTED, 100_00, id="a buy without a quote pays the last price"),
        pytest.param(
            Side.SELL, a_tick(100_00, ask=100_05), 100_00, id="a sale without a bid gets the last price"
        ),
    ],
)
def test_a_market_order_is_filled_whole_by_a_quote_without_quantity(
    side: Side, tick: Tick, price: int
) -> None:
    assert taken_by(an_order(side), tick)[0] == [(price, LOT)]


@pytest.mark.parametrize(
    ("side", "limit_price", "tick", "price"),
    [
        pytest.param(Side.BUY, 100_05, QUOTED, 100_05, id="a buy at the offer trades"),
        pytest.param(Side.BUY, 101_00, QUOTED, 100_05, id="a buy above the offer pays the offer"),
        pytest.param(Side.BUY, 100_00, QUOTED, None, id="a buy inside the spread waits"),
        pytest.param(Side.SELL, 99_95, QUOTED, 99_95, id="a sale at the bid trades"),
        pytest.param(Side.SELL, 99_00, QUOTED, 99_95, id="a sale below the bid gets the bid"),
        pytest.param(Side.SELL, 100_00, QUOTED, None, id="a sale inside the spread waits"),
        pytest.param(Side.BUY, 100_00, UNQUOTED, None, id="a trade at the limit may have been another's"),
        pytest.param(Side.BUY, 100_05, UNQUOTED, 100_00, id="a trade below a buy's limit reaches it"),
        pytest.param(Side.SELL, 99_95, UNQUOTED, 100_00, id="a trade above a sale's limit reaches it"),
    ],
)
def test_a_limit_order_takes_what_is_within_its_limit(
    side: Side, limit_price: int, tick: Tick, price: int | None
) -> None:
    expected = [] if price is None else [(price, LOT)]

    assert taken_by(limited(side, limit_price), tick)[0] == expected


def test_a_taker_walks_the_levels_each_at_its_price() -> None:
    matches, _ = taken_by(an_order(Side.BUY, qty=4 * LOT), BOOK)

    assert matches == [(100_05, LOT), (100_10, 2 * LOT), (100_30, LOT)]


def test_what_stands_behind_the_shown_levels_is_met_at_the_next_quote() -> None:
    matches, goes_on = taken_by(an_order(Side.SELL, qty=4 * LOT), BOOK)

    assert matches == [(99_95, LOT), (99_90, 2 * LOT)]
    assert goes_on


def test_an_order_rests_once_its_limit_ends_the_walk() -> None:
    assert taken_by(limited(Side.BUY, 100_10, 4 * LOT), BOOK) == ([(100_05, LOT), (100_10, 2 * LOT)], False)


def test_an_order_whose_limit_lies_beyond_all_that_is_shown_goes_on_taking() -> None:
    touch = a_tick(100_00, bid=99_95, ask=100_05, ask_qty=LOT)

    assert taken_by(limited(Side.BUY, 103_00, 2 * LOT), touch) == ([(100_05, LOT)], True)


def test_what_was_taken_of_a_level_is_gone() -> None:
    matches, _ = taken_by(an_order(Side.BUY, qty=2 * LOT), BOOK, {100_05: LOT, 100_10: LOT})

    assert matches == [(100_10, LOT), (100_30, LOT)]


def test_only_whole_lots_trade() -> None:
    odd = a_tick(100_00, bid=99_95, ask=100_05, ask_qty=2 * LOT - 1)

    assert taken_by(an_order(Side.BUY, qty=3 * LOT), odd) == ([(100_05, LOT)], True)


@pytest.mark.parametrize(
    ("order", "prices"),
    [
        pytest.param(an_order(Side.BUY, qty=2 * LOT), [100_15, 100_20], id="a buy pays two ticks more"),
        pytest.param(an_order(Side.SELL, qty=2 * LOT), [99_85, 99_80], id="a sale gets two ticks less"),
        pytest.param(limited(Side.BUY, 100_10, 2 * LOT), [100_10, 100_10], id="but never beyond the limit"),
        pytest.param(limited(Side.SELL, 99_90, 2 * LOT), [99_90, 99_90], id="nor below it"),
    ],
)
def test_slippage_makes_every_level_worse(order: PlaceOrder, prices: list[int]) -> None:
    assert [price for price, _ in taken_by(order, BOOK, limits=Limits(slippage_ticks=2))[0]] == prices


@pytest.mark.parametrize(
    ("ltp", "expected"),
    [
        pytest.param(10_00, 5, id="one tick at least"),
        pytest.param(100_00, 20, id="20 hundredths of a percent"),
        pytest.param(101_00, 25, id="rounded up to a tick"),
    ],
)
def test_where_no_quote_is_shown_one_is_assumed_apart_from_the_last_price(ltp: int, expected: int) -> None:
    assert half_spread(ltp, an_option(), Limits(half_spread_ticks=1, half_spread_bps=20)) == expected


@pytest.mark.parametrize(
    ("order", "price"),
    [
        pytest.param(an_order(Side.BUY), 100_20, id="a buy pays more than the last price"),
        pytest.param(an_order(Side.SELL), 99_80, id="a sale gets less"),
        pytest.param(limited(Side.BUY, 100_10), 100_10, id="but never beyond the limit"),
    ],
)
def test_a_taker_pays_the_half_spread_that_it_does_not_see(order: PlaceOrder, price: int) -> None:
    assert taken_by(order, UNQUOTED, limits=Limits(half_spread_bps=20))[0] == [(price, LOT)]


def test_nobody_sells_for_less_than_a_tick() -> None:
    assert taken_by(an_order(Side.SELL), a_tick(5), limits=Limits(half_spread_ticks=3))[0] == [(5, LOT)]


def test_the_crude_model_fills_whole_at_the_last_price_or_not_at_all() -> None:
    at_last = Taking([Match(100_00, LOT, Against.LAST)], goes_on=False)

    assert take_whole(an_order(Side.BUY), LOT, 100_00) == at_last
    assert take_whole(limited(Side.BUY, 100_00), LOT, 100_00) == at_last
    assert take_whole(limited(Side.BUY, 99_95), LOT, 100_00).matches == []


@pytest.mark.parametrize(
    ("side", "ltp", "expected"),
    [
        pytest.param(Side.BUY, 124_95, False, id="a buy stop waits below its trigger"),
        pytest.param(Side.BUY, 125_00, True, id="a buy stop fires at its trigger"),
        pytest.param(Side.SELL, 125_05, False, id="a sell stop waits above its trigger"),
        pytest.param(Side.SELL, 125_00, True, id="a sell stop fires at its trigger"),
    ],
)
def test_a_stop(side: Side, ltp: int, expected: bool) -> None:
    order = an_order(side, kind=OrderKind.SL_M, trigger_price=125_00)

    assert is_triggered(order, ltp) is expected


def test_an_order_without_a_trigger_never_fires() -> None:
    assert not is_triggered(an_order(), 100_00)


prices = st.integers(1, 300_00)
quantities = st.none() | st.integers(0, 3 * LOT)


@given(
    st.sampled_from(Side),
    prices,
    st.integers(1, 4).map(lambda lots: lots * LOT),
    st.builds(
        lambda ltp, bid, ask, bid_qty, ask_qty: a_tick(
            ltp, bid=bid, ask=ask, bid_qty=bid_qty, ask_qty=ask_qty
        ),
        prices,
        st.none() | prices,
        st.none() | prices,
        quantities,
        quantities,
    ),
    st.integers(0, 3),
)
def test_no_taker_trades_beyond_its_limit_or_more_than_it_asks_for(
    side: Side, limit_price: int, qty: int, tick: Tick, ticks: int
) -> None:
    order = limited(side, limit_price, qty)

    matches, _ = taken_by(order, tick, limits=Limits(slippage_ticks=ticks, half_spread_ticks=ticks))

    assert all(side.sign * (limit_price - price) >= 0 and price > 0 for price, _ in matches)
    assert sum(traded for _, traded in matches) <= qty
