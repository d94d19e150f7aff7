"""A limit that rests waits behind what it found, moves up by what trades, and trades at its own price."""

import pytest

from sauda.contracts import Against, Side, Tick
from sauda.testing.builders import LOT, a_depth, a_tick
from sauda_execution.queueing import Volume, rest, standing, volume_between

TOUCH = a_tick(100_00, bid=99_95, ask=100_05, bid_qty=300, ask_qty=200)
BOOK = a_tick(
    100_00,
    bid=99_95,
    ask=100_05,
    depth=a_depth(bids=[(99_95, 300), (99_85, 500)], asks=[(100_05, 200), (100_10, 400)]),
)


@pytest.mark.parametrize(
    ("side", "price", "tick", "expected"),
    [
        pytest.param(Side.BUY, 99_95, TOUCH, 300, id="behind what stands at the best bid"),
        pytest.param(Side.SELL, 100_05, TOUCH, 200, id="behind what stands at the best offer"),
        pytest.param(Side.BUY, 100_00, TOUCH, 0, id="a better bid is the first"),
        pytest.param(Side.BUY, 99_90, TOUCH, None, id="a level that is not shown"),
        pytest.param(Side.BUY, 99_85, BOOK, 500, id="a deeper level that is shown"),
        pytest.param(Side.BUY, 99_90, BOOK, 0, id="alone between two levels"),
        pytest.param(Side.SELL, 100_15, BOOK, None, id="beyond the levels that are shown"),
        pytest.param(Side.BUY, 99_95, a_tick(bid=99_95, ask=100_05), None, id="a quote without quantity"),
        pytest.param(Side.BUY, 99_95, a_tick(ask=100_05), 0, id="alone where nobody bids"),
        pytest.param(Side.BUY, 99_95, a_tick(), None, id="a market without quotes"),
    ],
)
def test_where_a_limit_queues(side: Side, price: int, tick: Tick, expected: int | None) -> None:
    assert standing(side, price, tick) == expected


def look(
    tick: Tick, *, ahead: int | None, traded: int | None, side: Side = Side.BUY, qty: int = 2 * LOT
) -> tuple[list[tuple[int, int, Against]], int | None]:
    """Return what a limit of 99.95 gets that rests with *ahead* before it, and what stands before it then."""
    volume = Volume(traded)
    found = rest(side, 99_95, qty, tick, ahead=ahead, volume=volume, taken={}, lot=LOT)
    return [(match.price, match.qty, match.against) for match in found.matches], found.ahead


AT_ITS_PRICE = a_tick(99_95, bid=99_95, ask=100_05, bid_qty=1000)


def test_it_moves_up_by_what_trades_at_its_price() -> None:
    assert look(AT_ITS_PRICE, ahead=300, traded=100) == ([], 200)


def test_it_moves_up_by_nothing_that_trades_elsewhere() -> None:
    elsewhere = a_tick(100_05, bid=99_95, ask=100_05, bid_qty=1000)

    assert look(elsewhere, ahead=300, traded=400) == ([], 300)


def test_it_trades_what_is_more_than_stood_before_it_in_whole_lots() -> None:
    assert look(AT_ITS_PRICE, ahead=300, traded=300 + LOT + 7) == ([(99_95, LOT, Against.QUEUE)], 0)


def test_it_moves_up_when_less_is_shown_than_stood_before_it() -> None:
    assert look(a_tick(100_00, bid=99_95, ask=100_05, bid_qty=120), ahead=300, traded=0) == ([], 120)


def test_it_keeps_its_place_when_more_queue_up_behind_it() -> None:
    assert look(a_tick(100_00, bid=99_95, ask=100_05, bid_qty=900), ahead=300, traded=0) == ([], 300)


def test_it_keeps_its_place_while_its_level_is_not_shown() -> None:
    assert look(a_tick(101_00, bid=101_00, ask=101_05, bid_qty=50), ahead=300, traded=500) == ([], 300)


def test_it_is_the_first_once_the_others_bid_less() -> None:
    assert look(a_tick(100_00, bid=99_90, ask=100_05, bid_qty=50), ahead=300, traded=0) == ([], 0)


def test_an_unknown_place_becomes_the_last_one_when_the_level_is_shown() -> None:
    assert look(AT_ITS_PRICE, ahead=None, traded=5000) == ([], 1000)


def test_a_trade_beyond_its_price_reaches_it_up_to_what_traded() -> None:
    beyond = a_tick(99_90, bid=99_85, ask=100_05)

    assert look(beyond, ahead=300, traded=LOT + 1) == ([(99_95, LOT, Against.THROUGH)], 0)


def test_an_old_last_price_beyond_its_price_is_no_trade() -> None:
    assert look(a_tick(99_90, bid=99_85, ask=100_05, bid_qty=10), ahead=300, traded=0) == ([], 0)


def test_an_offer_that_comes_to_it_gives_what_it_shows_at_its_own_price() -> None:
    come = a_tick(99_95, bid=99_85, ask=99_90, ask_qty=LOT)

    assert look(come, ahead=300, traded=1000) == ([(99_95, LOT, Against.THROUGH)], 0)


def test_without_volume_or_quotes_only_a_trade_strictly_beyond_fills_it_whole() -> None:
    assert look(a_tick(99_95), ahead=None, traded=None) == ([], None)
    assert look(a_tick(99_90), ahead=None, traded=None) == ([(99_95, 2 * LOT, Against.THROUGH)], None)


def test_orders_at_one_price_share_what_trades_there() -> None:
    volume = Volume(300 + 3 * LOT)
    volume.used = 2 * LOT

    second = rest(Side.BUY, 99_95, 2 * LOT, AT_ITS_PRICE, ahead=300, volume=volume, taken={}, lot=LOT)

    assert [match.qty for match in second.matches] == [LOT]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param(a_tick(volume=100), a_tick(volume=150), 50, id="the day's volume grew"),
        pytest.param(a_tick(volume=100), a_tick(volume=40), 0, id="a count that goes back"),
        pytest.param(None, a_tick(volume=40), 0, id="the market was out of sight"),
        pytest.param(a_tick(), a_tick(volume=40), 0, id="the first count"),
        pytest.param(a_tick(volume=100), a_tick(), None, id="no count"),
    ],
)
def test_what_traded_between_two_ticks(before: Tick | None, now: Tick, expected: int | None) -> None:
    assert volume_between(before, now).traded == expected
