"""OCO groups: what one trades the others give up."""

from datetime import date

from sauda.contracts import OrderRejected, Side
from sauda.testing.builders import LOT, a_cancel, a_change, a_clock, after, an_order, at
from sauda.testing.restart import play
from tests.unit.execution.groups.grouped import PUT, a_limit, a_quote, an_exchange, held, of


def test_a_trade_cancels_the_alternative() -> None:
    exchange = an_exchange()
    play(exchange, [a_limit("low", Side.BUY, 95_00, oco="g"), a_limit("lower", Side.BUY, 90_00, oco="g")])

    said = play(exchange, [a_quote(94_00, after(1)), a_quote(89_00, after(2))])

    assert of(said, "low") == [f"fill {LOT} @ 9500"]
    assert of(said, "lower") == [f"cancelled {LOT}"]


def test_one_tick_that_reaches_both_fills_one() -> None:
    exchange = an_exchange()
    play(exchange, [a_limit("low", Side.BUY, 95_00, oco="g"), a_limit("lower", Side.BUY, 90_00, oco="g")])

    said = play(exchange, [a_quote(80_00, after(1))])

    assert held(said) == {"NFO:NIFTY01DEC26C24500": LOT}


def test_a_partial_trade_shrinks_the_alternative() -> None:
    exchange = an_exchange()
    both = [
        a_limit(name, Side.BUY, price, oco="g", qty=3 * LOT) for name, price in (("a", 95_00), ("b", 90_00))
    ]
    play(exchange, both)

    first = play(exchange, [a_quote(94_95, after(1), qty=LOT)])
    second = play(exchange, [a_quote(80_00, after(2))])

    assert of(first, "a") == [f"fill {LOT} @ 9500"]
    assert of(first, "b") == [f"modified {2 * LOT}"]
    assert sum(held([*first, *second]).values()) == 3 * LOT


def test_the_alternative_may_be_on_another_instrument_and_is_withdrawn_whole() -> None:
    exchange = an_exchange()
    play(
        exchange,
        [
            a_limit("call", Side.BUY, 95_00, oco="g", qty=2 * LOT),
            a_limit("put", Side.BUY, 95_00, oco="g", instrument=PUT),
        ],
    )

    said = play(exchange, [a_quote(94_90, after(1), qty=LOT, instrument=PUT)])

    assert of(said, "call") == [f"cancelled {2 * LOT}"]


def test_a_breakout_either_way_trades_one_way() -> None:
    exchange = an_exchange()
    play(exchange, [a_limit("up", Side.SELL, 105_00, oco="g"), a_limit("down", Side.BUY, 95_00, oco="g")])

    said = play(exchange, [a_quote(106_00, after(1)), a_quote(90_00, after(2))])

    assert of(said, "up") == [f"fill {LOT} @ 10500"]
    assert of(said, "down") == [f"cancelled {LOT}"]


def test_whoever_joins_after_the_trade_is_refused() -> None:
    exchange = an_exchange()
    play(exchange, [a_limit("now", Side.BUY, 101_00, oco="g")])

    (refused,) = play(exchange, [a_limit("late", Side.BUY, 95_00, oco="g")])

    assert isinstance(refused, OrderRejected)
    assert (refused.reason.value, refused.detail) == ("BAD_GROUP", "the OCO group 'g' has traded already")


def test_alternatives_ask_for_equally_much() -> None:
    exchange = an_exchange()
    play(exchange, [a_limit("a", Side.BUY, 95_00, oco="g")])

    (refused,) = play(exchange, [a_limit("b", Side.BUY, 90_00, oco="g", qty=2 * LOT)])

    assert isinstance(refused, OrderRejected)
    assert (
        refused.detail == f"'a' of the OCO group 'g' asks for {LOT}, so {2 * LOT} cannot be its alternative"
    )


def test_a_name_belongs_to_a_strategy() -> None:
    exchange = an_exchange()
    play(exchange, [a_limit("mine", Side.BUY, 101_00, oco="g")])
    other = an_order(order_id="theirs", strategy="other")

    said = play(exchange, [a_limit("x", Side.BUY, 95_00, oco="h"), other])

    assert of(said, "x") == ["accepted"]
    assert of(said, "theirs")[0] == "accepted"


def test_members_shrink_together_and_grow_never() -> None:
    exchange = an_exchange()
    play(exchange, [a_limit(name, Side.BUY, 95_00, oco="g", qty=3 * LOT) for name in ("a", "b")])

    smaller = play(exchange, [a_change("a", qty=LOT)])
    larger = play(exchange, [a_change("b", qty=2 * LOT)])

    assert of(smaller, "a") == of(smaller, "b") == [f"modified {LOT}"]
    assert of(larger, "b") == ["rejected BAD_GROUP"]


def test_a_cancelled_member_leaves_the_others_standing_and_the_name_free() -> None:
    exchange = an_exchange()
    play(exchange, [a_limit(name, Side.BUY, 95_00, oco="g") for name in ("a", "b")])

    one = play(exchange, [a_cancel("a")])
    play(exchange, [a_cancel("b")])
    again = play(exchange, [a_limit("c", Side.BUY, 95_00, oco="g", qty=2 * LOT)])

    assert of(one, "b") == []
    assert of(again, "c") == ["accepted"]


def test_the_close_ends_a_group_and_the_next_day_may_use_its_name() -> None:
    exchange = an_exchange()
    play(exchange, [a_limit("a", Side.BUY, 101_00, oco="g")])
    morning = at("09:20", date(2026, 11, 24))
    play(exchange, [a_clock(at("15:30")), a_quote(100_00, morning)])

    said = play(exchange, [a_limit("next", Side.BUY, 95_00, oco="g", at_ns=morning)])

    assert of(said, "next") == ["accepted"]
