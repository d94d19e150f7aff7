"""The laws of the account, whatever strategies and markets do to it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.codec import encode
from sauda.contracts import (
    Account,
    Fill,
    MarginReply,
    MarginRequest,
    Message,
    OrderKind,
    OrderRejected,
    PlaceOrder,
    Product,
    RejectReason,
    Side,
    SquareOff,
)
from sauda.money import Paise
from sauda.testing.builders import LOT, a_cancel, a_change, a_clock, a_gap, a_tick, after, an_order, at
from sauda.testing.restart import play, play_with_restarts
from sauda_execution.account.ledger import Position
from sauda_execution.charges import load_tariff
from sauda_execution.exchange import PaperExchange
from tests.unit.execution.account_market import (
    CALL,
    CONTRACTS,
    FUTURE,
    HIGH_CALL,
    INDEX,
    LAKH,
    LOW_PUT,
    MARKET,
    PRICES,
    PUT,
    SHARE,
    a_house,
    buy,
    order,
    quotes,
    sell,
)
from tests.unit.execution.reaching import assert_reached

CAPITAL, AMPLE = 3 * LAKH, 30 * LAKH
TARIFF = load_tariff(MARKET, "flat_20")
TRADED = st.sampled_from([CALL, PUT, HIGH_CALL, LOW_PUT, FUTURE, FUTURE, FUTURE, SHARE])
IDS = st.sampled_from([f"o-{n}" for n in range(10)])
STRATEGIES = st.sampled_from(["a", "b"])
SOON = st.integers(0, 100).map(lambda tenths: after(tenths / 10))
LATER = st.sampled_from(
    [after(60), at("15:29:59"), at("15:30"), at("09:20", date(2026, 11, 24)), at("09:20", date(2026, 12, 1))]
)
INSTANTS = st.one_of(*[SOON] * 12, LATER)
STEPS = st.integers(-3, 3)


@st.composite
def ticks(draw: st.DrawFn) -> Message:
    name = draw(st.sampled_from([*PRICES, FUTURE, FUTURE, FUTURE]))
    step = max(5, PRICES[name] // 100 // 5 * 5)
    ltp = PRICES[name] + draw(STEPS) * step
    bid, ask = draw(st.sampled_from([(None, None), (ltp - 5, ltp + 5)]))
    return a_tick(ltp, instrument=name, bid=bid, ask=ask, at_ns=draw(INSTANTS))


@st.composite
def orders(draw: st.DrawFn) -> PlaceOrder:
    name, side = draw(TRADED), draw(st.sampled_from(Side))
    kind = draw(st.sampled_from([OrderKind.MARKET, OrderKind.MARKET, OrderKind.LIMIT, OrderKind.SL_M]))
    price = PRICES[name] + draw(STEPS) * max(5, PRICES[name] // 100 // 5 * 5)
    plain = an_order(
        side,
        order_id=draw(IDS),
        strategy=draw(STRATEGIES),
        instrument=name,
        qty=LOT * draw(st.sampled_from([1, 1, 2])),
        kind=kind,
        limit_price=price if kind is OrderKind.LIMIT else None,
        trigger_price=price if kind is OrderKind.SL_M else None,
        event_ns=draw(INSTANTS),
    )
    return msgspec.structs.replace(plain, product=draw(st.sampled_from(Product)))


replies = st.builds(
    lambda number, span, error: MarginReply(
        f"paper-NIFTY-{number}", after(1), span_trade=span, exposure_trade=span // 4, error=error
    ),
    st.integers(1, 4),
    st.sampled_from([0, 1_00_000_00, 1_50_000_55]),
    st.sampled_from([None, None, "away"]),
)
requests = st.one_of(
    orders(),
    orders(),
    orders(),
    st.builds(lambda i, s: a_cancel(i, strategy=s), IDS, STRATEGIES),
    st.builds(
        lambda i, s, q: a_change(i, strategy=s, qty=q), IDS, STRATEGIES, st.sampled_from([LOT, 3 * LOT])
    ),
    st.builds(SquareOff, st.none() | STRATEGIES, st.just("me"), st.integers(1, 6)),
    st.builds(SquareOff, STRATEGIES, st.just("me"), st.integers(7, 12)),
    replies,
)
market = st.one_of(
    ticks(), ticks(), ticks(), st.builds(a_clock, INSTANTS), st.builds(a_gap, INSTANTS, INSTANTS)
)
histories = st.lists(st.one_of(market, requests, requests), min_size=8, max_size=40)
"""Few short ones: half of a short history is refused, and nothing is held to be closed."""
MORNING: list[Message] = [*CONTRACTS, *quotes()]


def an_exchange(*, capital: Paise = CAPITAL, asks_broker: bool = False) -> PaperExchange:
    return PaperExchange(replace(a_house(capital, asks_broker=asks_broker), tariff=TARIFF))


def accounts(said: list[Message]) -> list[Account]:
    return [message for message in said if isinstance(message, Account)]


@settings(max_examples=120, deadline=None)
@given(histories, st.sets(st.integers(0, 54)), st.booleans())
def test_a_restart_anywhere_changes_nothing(
    history: list[Message], restarts: set[int], asks_broker: bool
) -> None:
    messages = [*MORNING, *history]

    undisturbed = play(an_exchange(asks_broker=asks_broker), messages)
    disturbed = play_with_restarts(lambda: an_exchange(asks_broker=asks_broker), messages, restarts)

    assert [encode(m) for m in disturbed] == [encode(m) for m in undisturbed]


@settings(max_examples=150, deadline=None)
@given(histories)
def test_no_paisa_is_lost(history: list[Message]) -> None:
    """Cash and what is held at its last price are the start, what all trades have made, less their charges, to the paisa."""
    exchange = an_exchange(capital=AMPLE)
    said = play(exchange, [*MORNING, *history])

    last = accounts(said)[-1]
    assert last.cash == last.start + last.premium + last.realised - last.charges
    assert last.available == last.cash - last.blocked - last.open_losses
    assert last.open_losses >= 0
    fills = [message for message in said if isinstance(message, Fill)]
    paid_out, held = sum(fill.signed_qty * fill.price for fill in fills), Counter[str]()
    for fill in fills:
        held[fill.instrument] += fill.signed_qty
    worth = sum(qty * price_of(name) for name, qty in held.items())
    assert wealth(exchange, last) == AMPLE - paid_out + worth - sum(fill.charges for fill in fills)


def wealth(exchange: PaperExchange, account: Account) -> Paise:
    """Return cash, what paid positions are worth, and what the unpaid ones have made since they were marked."""
    total = account.cash
    for position in positions(exchange):
        worth = position.qty * price_of(position.contract.instrument)
        total += worth if position.is_paid else worth - position.cost
    return total


def positions(exchange: PaperExchange) -> list[Position]:
    rows = exchange.state.take_changes()
    return [
        msgspec.json.decode(row, type=Position)
        for key, row in rows.items()
        if key.startswith(b"account_positions/") and row is not None
    ]


def price_of(instrument: str) -> Paise:
    # Any price will do, as long as both sides of the equation use it.
    return PRICES[instrument] + 5


@settings(max_examples=120, deadline=None)
@given(histories, st.booleans())
def test_margin_is_never_negative_and_its_parts_lie_within_it(
    history: list[Message], asks_broker: bool
) -> None:
    for account in accounts(play(an_exchange(asks_broker=asks_broker), [*MORNING, *history])):
        assert 0 <= account.span + account.exposure <= account.blocked
        assert account.span >= 0
        assert account.exposure >= 0
        assert all(margin > 0 for margin in account.strategies.values())


@settings(max_examples=120, deadline=None)
@given(histories, st.booleans())
def test_what_is_blocked_is_released_exactly_when_the_last_leg_is_closed(
    history: list[Message], asks_broker: bool
) -> None:
    exchange = an_exchange(asks_broker=asks_broker)
    # The last day on which everything still trades; what is left of a large order trades with the second quote.
    morning = date(2026, 12, 1)
    first, second = quotes(at("09:30", morning)), quotes(at("09:31", morning))
    everything = [*first, SquareOff(None, "me", 99), *second]

    last = accounts(play(exchange, [*MORNING, *history, *everything]))[-1]

    assert (last.blocked, last.span, last.exposure, last.strategies) == (0, 0, 0, {})
    assert last.available == last.cash


@settings(max_examples=120, deadline=None)
@given(histories, st.booleans())
def test_nothing_is_blocked_from_the_message_on_that_leaves_nothing_held_and_nothing_waiting(
    history: list[Message], asks_broker: bool
) -> None:
    exchange = an_exchange(asks_broker=asks_broker)
    blocked = 0
    for message in [*MORNING, *history]:
        for account in accounts(list(exchange.handle(message))):
            blocked = account.blocked
        if not exchange.known.book.holdings() and not exchange.known.book.all_working():
            assert blocked == 0


def ways_out(exchange: PaperExchange) -> list[PlaceOrder]:
    """Return an order that closes each holding: what was sold first, as whoever leaves a hedged position does."""
    holdings = sorted(
        exchange.known.book.holdings(), key=lambda held: (held.qty > 0, "F" in held.instrument[-1])
    )
    return [
        order(
            Side.SELL if held.qty > 0 else Side.BUY,
            held.instrument,
            abs(held.qty),
            name=f"out-{number}",
            strategy=held.strategy,
            product=held.product,
            at_ns=exchange.known.market.now_ns,
        )
        for number, held in enumerate(holdings)
    ]


@settings(max_examples=120, deadline=None)
@given(histories)
def test_an_exit_that_covers_nothing_else_is_never_refused_for_margin(history: list[Message]) -> None:
    """Nobody is kept in a sold option or a share, however little is there."""
    exchange = an_exchange(capital=LAKH)
    play(exchange, [*MORNING, buy(HIGH_CALL, strategy="a"), sell(CALL, strategy="a"), *history])
    for way_out in ways_out(exchange):
        answers = exchange.handle(way_out)
        if way_out.instrument == SHARE or (way_out.side is Side.BUY and way_out.instrument != FUTURE):
            assert not any(is_for_margin(answer) for answer in answers)


@settings(max_examples=200, deadline=None)
@given(histories, st.booleans())
def test_no_exit_of_a_strategy_raises_what_is_blocked_beyond_the_cash(
    history: list[Message], is_reversed: bool
) -> None:
    exchange = an_exchange(capital=LAKH)
    opening = [buy(HIGH_CALL, strategy="a"), sell(CALL, strategy="a"), *history]
    # Everything as fresh as the way out: what the market did in between is no order's fault.
    said = play(exchange, [*MORNING, *opening, *quotes(at("15:00", date(2026, 12, 1)))])
    before = accounts(said)[-1]
    for way_out in reversed(ways_out(exchange)) if is_reversed else ways_out(exchange):
        answers = list(exchange.handle(way_out))
        for account in accounts(answers):
            risen = account.blocked - before.blocked
            assert risen <= 0 or account.available >= min(0, before.available)
            before = account


def is_for_margin(answer: Message) -> bool:
    return isinstance(answer, OrderRejected) and answer.reason is RejectReason.MARGIN


@settings(max_examples=120, deadline=None)
@given(histories, st.booleans())
def test_the_account_speaks_only_when_something_is_new(history: list[Message], asks_broker: bool) -> None:
    said = [
        msgspec.structs.replace(one, event_ns=0)
        for one in accounts(play(an_exchange(asks_broker=asks_broker), [*MORNING, *history]))
    ]

    assert all(one != following for one, following in pairwise(said))


@settings(max_examples=60, deadline=None)
@given(histories)
def test_a_broker_that_is_silent_changes_nothing_but_the_questions(history: list[Message]) -> None:
    messages = [m for m in [*MORNING, *history] if not isinstance(m, MarginReply)]

    without = play(an_exchange(), messages)
    asked = play(an_exchange(asks_broker=True), messages)

    assert [m for m in asked if not isinstance(m, MarginRequest)] == without


def what_happens(history: list[Message]) -> Iterator[str]:
    said = play(an_exchange(asks_broker=True), [*MORNING, *history])
    yield from (type(m).__name__ for m in said)
    yield from (m.reason.value for m in said if isinstance(m, OrderRejected))
    yield from (f"fill {m.instrument}" for m in said if isinstance(m, Fill))
    if any(one.realised for one in accounts(said)):
        yield "realised"


def test_histories_reach_the_interesting_places() -> None:
    """Guard the laws against a generator whose orders are all refused, or none."""
    fills = {f"fill {name}": 3 for name in PRICES if name != INDEX}
    wanted = {"Account": 300, "MARGIN": 6, "MarginRequest": 11, "realised": 1, **fills}
    assert_reached(histories, what_happens, wanted, most=1000)
