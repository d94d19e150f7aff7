"""The laws of a position's end, whatever was traded, seen and missed on an expiry day."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.codec import encode
from sauda.contracts import DeskPnl, Message, OrderKind, PositionPnl, Product, Side, Tick
from sauda.testing.builders import INDEX, OPTION, a_cancel, a_clock, a_gap, a_tick, an_order, at
from sauda.testing.restart import play, play_with_restarts
from sauda_execution.exchange import PaperExchange
from sauda_execution.life.expiring import settlement_price
from sauda_pnl.valuation import Valuation
from tests.unit.execution.lived import CALL, FUTURE, MASTERS, PUT, WEDNESDAY, a_house, an_expiring, fills
from tests.unit.execution.reaching import assert_reached

CONTRACTS = st.sampled_from([CALL, CALL, PUT, FUTURE, OPTION])
CLOCKS = [
    f"{hour:02d}:{minute:02d}:{second:02d}"
    for hour, minute, second in (
        *((hour, minute, 0) for hour in range(10, 15) for minute in (0, 20, 40)),
        *((15, minute, second) for minute in range(30, 46) for second in (0, 30)),
    )
]
PRICES = st.integers(1, 60).map(lambda step: step * 5_00)


BLINDING = {INDEX, FUTURE, PUT}
"""Without their prices nothing tells what CALL is worth when it expires."""
MISSED: list[Message] = [
    a_tick(24_500_00, instrument=INDEX, at_ns=at("09:25", WEDNESDAY)),
    a_clock(at("09:30", WEDNESDAY)),
]


@st.composite
def days(draw: st.DrawFn) -> list[Message]:
    """Draw an expiry day and the next morning: trades, prices, holes, all in the order of time.

    On some days nothing is seen of what settles, and on some the desk is down over the close.
    """
    story: list[Message] = list(MASTERS)
    instants = sorted(draw(st.lists(st.sampled_from(CLOCKS), min_size=5, max_size=40)))
    for number, clock in enumerate(instants):
        story += draw(happenings(number, clock))
    if draw(st.booleans()):
        story = [one for one in story if not (isinstance(one, Tick) and one.instrument in BLINDING)]
    if draw(st.booleans()):
        story += [a_clock(at("15:46")), a_clock(at("15:48"))]
    morning = draw(st.lists(st.sampled_from([CALL, PUT, OPTION, INDEX]), min_size=1, max_size=4))
    # A position of the day before is closed in the morning if it is MIS.
    return story + [
        a_tick(100_00, instrument=name, at_ns=at(f"09:{15 + number}", WEDNESDAY))
        for number, name in enumerate([*morning, OPTION, OPTION])
    ]


@st.composite
def happenings(draw: st.DrawFn, number: int, clock: str) -> list[Message]:
    """Draw what happens at one instant."""
    at_ns = at(clock)
    match draw(
        st.sampled_from(["trade", "trade", "trade", "price", "index", "index", "clock", "gap", "cancel"])
    ):
        case "trade":
            order = an_order(
                draw(st.sampled_from(Side)),
                order_id=f"o-{number}",
                strategy=draw(st.sampled_from(["a", "b"])),
                instrument=draw(CONTRACTS),
                qty=65 * draw(st.integers(1, 3)),
                kind=draw(st.sampled_from([OrderKind.MARKET, OrderKind.LIMIT])),
                event_ns=at_ns,
            )
            price = draw(PRICES)
            limit = price if order.kind is OrderKind.LIMIT else None
            order = msgspec.structs.replace(order, product=draw(st.sampled_from(Product)), limit_price=limit)
            return [a_tick(price, instrument=order.instrument, at_ns=at_ns), order]
        case "price":
            return [a_tick(draw(PRICES), instrument=draw(CONTRACTS), at_ns=at_ns)]
        case "index":
            return [a_tick(24_000_00 + draw(st.integers(0, 100_000)), instrument=INDEX, at_ns=at_ns)]
        case "gap":
            return [a_gap(at_ns - 30, at_ns)]
        case "cancel":
            return [a_cancel(f"o-{number - 1}", strategy="a", event_ns=at_ns)]
        case _:
            return [a_clock(at_ns)]


def build() -> PaperExchange:
    return PaperExchange(a_house())


@settings(max_examples=150, deadline=None)
@given(days(), st.sets(st.integers(0, 80), max_size=8))
def test_a_restart_anywhere_changes_nothing(story: list[Message], restarts: set[int]) -> None:
    story = [*story, *MISSED]
    undisturbed = list(map(encode, play(build(), story)))

    assert list(map(encode, play_with_restarts(build, story, restarts))) == undisturbed


@settings(max_examples=150, deadline=None)
@given(days())
def test_no_position_survives_its_expiry_or_if_that_was_missed_the_next_price_of_the_index(
    story: list[Message],
) -> None:
    exchange = build()
    said = play(exchange, story)

    seen_index = any(
        isinstance(message, Tick) and message.instrument == INDEX and message.recv_ns < at("00:00", WEDNESDAY)
        for message in story
    )
    left = _expired(exchange)
    cried = [getattr(message, "code", "") for message in said].count("EXPIRY_PRICE_UNKNOWN")
    assert not (seen_index and left)
    assert len(left) <= cried

    play(exchange, MISSED)
    assert _expired(exchange) == set()


def _expired(exchange: PaperExchange) -> set[str]:
    return {held.instrument for held in exchange.known.book.holdings()} & {CALL, PUT, FUTURE}


def codes(story: list[Message]) -> list[str]:
    return [getattr(message, "code", "") for message in play(build(), [*story, *MISSED])]


def test_days_reach_a_missed_expiry() -> None:
    """Guard the laws against days on which everything is seen."""
    wanted = ("EXPIRED", "EXPIRY_PRICE_UNKNOWN", "EXPIRED_BY_STAND_IN")
    assert_reached(days(), codes, dict.fromkeys(wanted, 1), most=150)


@settings(max_examples=150, deadline=None)
@given(days())
def test_nothing_is_held_for_the_day_alone_after_the_next_mornings_price(story: list[Message]) -> None:
    exchange = build()
    play(exchange, story)

    assert [
        held
        for held in exchange.known.book.holdings()
        if held.product is Product.MIS and held.instrument == OPTION
    ] == []


@settings(max_examples=150, deadline=None)
@given(days())
def test_no_paisa_is_lost_from_the_first_trade_to_the_settlement(story: list[Message]) -> None:
    """What the valuation says at the end is the cash that moved, and what is still held at its price."""
    exchange, valuation = build(), Valuation()
    cash = 0
    for message in story:
        play(valuation, [message])
        for fill in fills(play(exchange, [message])):
            cash -= fill.signed_qty * fill.price + fill.charges
            points = play(valuation, [fill])
            desk = points[-1]
            assert isinstance(desk, DeskPnl)
            assert desk.net == cash + sum(one.qty * one.ltp for one in points if isinstance(one, PositionPnl))


@given(st.integers(0, 50_000_00), st.integers(1, 50_000_00))
def test_a_call_less_a_put_is_the_closing_price_less_the_strike(closing: int, strike: int) -> None:
    call = settlement_price(an_expiring(CALL, strike), closing)
    put = settlement_price(an_expiring(PUT, strike), closing)

    assert min(call, put) == 0
    assert call - put == closing - strike
