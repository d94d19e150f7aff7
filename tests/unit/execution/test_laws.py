"""The laws of the paper exchange, whatever strategies and markets do to it."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sauda.codec import encode
from sauda.contracts import (
    ClockTick,
    Fill,
    Halt,
    Instrument,
    Message,
    ModifyOrder,
    OrderAccepted,
    OrderCancelled,
    OrderKind,
    OrderModified,
    OrderRejected,
    OrderTriggered,
    PlaceOrder,
    Resume,
    Side,
    SquareOff,
    Tick,
)
from sauda.testing.builders import (
    LOT,
    OPTION,
    Weekdays,
    a_cancel,
    a_change,
    a_clock,
    a_gap,
    a_tick,
    after,
    an_option,
    an_order,
    at,
)
from sauda.testing.restart import play, play_with_restarts
from sauda_execution.exchange import PaperExchange
from sauda_execution.house import House
from tests.unit.execution.reaching import assert_reached

PUT = "NFO:NIFTY01DEC26P24500"
INSTRUMENTS = st.sampled_from([OPTION, OPTION, OPTION, PUT])
MORNING: list[Message] = [
    an_option(OPTION),
    an_option(PUT),
    a_tick(100_00, bid=99_95, ask=100_05),
    a_tick(100_00, instrument=PUT),
]
"""What every history begins with: two contracts that trade, one with quotes."""
PRICES = st.integers(18, 22).map(lambda step: step * 5_00)
"""Few and close to each other, so that limits and triggers are met."""
SOON = st.integers(0, 100).map(lambda tenths: after(tenths / 10))
LATER = st.sampled_from([after(60), at("15:29:59"), at("15:30"), at("09:20", date(2026, 11, 24))])
INSTANTS = st.one_of(*[SOON] * 12, LATER)


@st.composite
def ticks(draw: st.DrawFn) -> Tick:
    """Draw a tick with both quotes, one, or none."""
    ltp = draw(PRICES)
    bid, ask = draw(st.sampled_from([(None, None), (ltp - 5, None), (None, ltp + 5), (ltp - 5, ltp + 5)]))
    return a_tick(ltp, instrument=draw(INSTRUMENTS), bid=bid, ask=ask, at_ns=draw(INSTANTS))


order_ids = st.sampled_from([f"o-{n}" for n in range(4)])
strategies = st.sampled_from(["a", "b"])


def whose(order_id: str) -> st.SearchStrategy[str]:
    """Draw who asks: mostly the one to whom all orders of that number belong, else changes would meet no order."""
    return st.one_of(st.just("ab"[int(order_id[-1]) % 2]), st.just("ab"[int(order_id[-1]) % 2]), strategies)


@st.composite
def orders(draw: st.DrawFn) -> PlaceOrder:
    """Draw an order, mostly one that is accepted."""
    kind = draw(st.sampled_from(OrderKind))
    side = draw(st.sampled_from(Side))
    trigger = draw(PRICES) if kind in (OrderKind.SL, OrderKind.SL_M) else None
    limit = draw(PRICES) if kind is OrderKind.LIMIT else None
    if kind is OrderKind.SL and trigger is not None:
        limit = trigger + side.sign * draw(st.sampled_from([0, 5_00]))
    order_id = draw(order_ids)
    return an_order(
        side,
        order_id=order_id,
        strategy=draw(whose(order_id)),
        instrument=draw(INSTRUMENTS),
        qty=draw(st.sampled_from([LOT, LOT, 2 * LOT, 100])),
        kind=kind,
        limit_price=limit,
        trigger_price=trigger,
        event_ns=draw(INSTANTS),
    )


@st.composite
def changes(draw: st.DrawFn) -> ModifyOrder:
    """Draw a change of what may stand in an order."""
    order_id, terms = draw(order_ids), draw(st.sampled_from(["qty", "limit_price", "trigger_price", "all"]))
    return a_change(
        order_id,
        strategy=draw(whose(order_id)),
        qty=2 * LOT if terms in ("qty", "all") else None,
        limit_price=draw(PRICES) if terms in ("limit_price", "all") else None,
        trigger_price=draw(PRICES) if terms in ("trigger_price", "all") else None,
    )


cancels = order_ids.flatmap(lambda order_id: st.builds(partial(a_cancel, order_id), strategy=whose(order_id)))
requests = st.one_of(orders(), orders(), orders(), cancels, changes())
control = st.one_of(
    st.just(Halt(by="risk", reason="test", event_ns=1)),
    st.just(Resume(by="me", event_ns=2)),
    st.builds(SquareOff, st.none() | strategies, st.just("me"), st.integers(1, 3)),
)
market = st.one_of(
    ticks(), ticks(), ticks(), st.builds(a_clock, INSTANTS), st.builds(a_gap, INSTANTS, INSTANTS)
)


@st.composite
def resting_and_changed(draw: st.DrawFn) -> list[Message]:
    """Draw an order that waits and a change of it: the two would seldom meet by themselves."""
    order_id, strategy = draw(order_ids), draw(strategies)
    order = an_order(
        Side.BUY,
        order_id=order_id,
        strategy=strategy,
        qty=LOT,
        kind=OrderKind.LIMIT,
        limit_price=90_00,
        event_ns=draw(SOON),
    )
    return [order, a_change(order_id, strategy=strategy, qty=2 * LOT, limit_price=draw(st.none() | PRICES))]


def alone(message: Message) -> list[Message]:
    return [message]


disordered: st.SearchStrategy[list[Message]] = st.lists(
    st.one_of(
        *(kind.map(alone) for kind in (market, market, requests, requests, control)), resting_and_changed()
    ),
    min_size=6,
    max_size=50,
).map(lambda parts: [message for part in parts for message in part])


def in_order(history: list[Message]) -> list[Message]:
    """Give the drawn instants to the messages in their order: what is early or late is refused, and most shall trade."""
    instants = iter(sorted(m.event_ns for m in history if isinstance(m, Tick | ClockTick | PlaceOrder)))
    ordered: list[Message] = []
    for message in history:
        if isinstance(message, Tick):
            now_ns = next(instants)
            ordered.append(replace(message, event_ns=now_ns, recv_ns=now_ns))
        elif isinstance(message, ClockTick | PlaceOrder):
            ordered.append(replace(message, event_ns=next(instants)))
        else:
            ordered.append(message)
    return ordered


histories = st.one_of(disordered, disordered.map(in_order), disordered.map(in_order))


def an_exchange() -> PaperExchange:
    return PaperExchange(House(Weekdays()))


@settings(max_examples=150, deadline=None)
@given(histories, st.sets(st.integers(0, 51)))
def test_a_restart_anywhere_changes_nothing(history: list[Message], restarts: set[int]) -> None:
    messages = [*MORNING, *history]

    undisturbed = play(an_exchange(), messages)
    disturbed = play_with_restarts(an_exchange, messages, restarts)

    assert [encode(m) for m in disturbed] == [encode(m) for m in undisturbed]


@pytest.mark.parametrize(
    "history",
    [
        pytest.param(
            [an_order(Side.SELL), a_gap(after(0), after(1)), an_order(order_id="exit", event_ns=after(1))],
            id="blind since a gap",
        ),
        pytest.param(
            [
                an_order(kind=OrderKind.LIMIT, limit_price=50_00),
                a_tick(instrument=PUT, at_ns=at("15:30")),
                a_tick(40_00, at_ns=at("15:31")),
            ],
            id="an order at the close",
        ),
        pytest.param(
            [
                a_clock(after(40)),
                an_order(order_id="stale"),
                a_tick(at_ns=after(1)),
                an_order(order_id="old", event_ns=after(1)),
            ],
            id="a clock ahead of the quotes",
        ),
        pytest.param(
            [
                an_order(),
                a_tick(at_ns=at("09:20", date(2026, 11, 24))),
                a_tick(at_ns=at("09:20", date(2026, 11, 25))),
                an_order(),
            ],
            id="answers of earlier days",
        ),
    ],
)
def test_a_restart_before_every_message_changes_nothing(history: list[Message]) -> None:
    messages = [*MORNING, *history]

    disturbed = play_with_restarts(an_exchange, messages, range(len(messages)))

    assert disturbed == play(an_exchange(), messages)


@settings(max_examples=150, deadline=None)
@given(histories)
def test_each_accepted_order_ends_exactly_once_and_no_other_ends(history: list[Message]) -> None:
    said = play(an_exchange(), [*MORNING, *history, a_clock(at("15:30", date(2026, 11, 25)))])

    accepted = {m.order_id for m in said if isinstance(m, OrderAccepted)}
    ends = Counter(m.order_id for m in said if isinstance(m, Fill | OrderCancelled))
    # The last clock is past every close, so nothing can be left in the market.
    assert set(ends) == accepted
    assert set(ends.values()) <= {1}


@settings(max_examples=150, deadline=None)
@given(histories)
def test_fills_are_whole_never_through_the_limit_and_stops_never_without_their_trigger(
    history: list[Message],
) -> None:
    exchange = an_exchange()
    terms: dict[str, PlaceOrder | OrderModified] = {}
    sides: dict[str, PlaceOrder] = {}
    triggered: set[str] = set()
    for message in [*MORNING, *history]:
        for answer in exchange.handle(message):
            match answer:
                case OrderAccepted() if isinstance(message, PlaceOrder) and message.order_id not in sides:
                    terms[answer.order_id] = sides[answer.order_id] = message
                case OrderModified():
                    terms[answer.order_id] = answer
                case OrderTriggered():
                    _assert_touched(answer, terms[answer.order_id], sides[answer.order_id].side)
                    triggered.add(answer.order_id)
                case Fill() if answer.order_id in sides:
                    _assert_within(answer, terms[answer.order_id])
                    stop = sides[answer.order_id].kind in (OrderKind.SL, OrderKind.SL_M)
                    assert not stop or answer.order_id in triggered
                case _:
                    pass


def _assert_touched(trigger: OrderTriggered, terms: PlaceOrder | OrderModified, side: Side) -> None:
    assert terms.trigger_price is not None
    assert side.sign * (trigger.ltp - terms.trigger_price) >= 0


def _assert_within(fill: Fill, terms: PlaceOrder | OrderModified) -> None:
    assert fill.qty == terms.qty
    assert fill.qty % LOT == 0
    if terms.limit_price is not None:
        assert fill.side.sign * (terms.limit_price - fill.price) >= 0


@settings(max_examples=100, deadline=None)
@given(histories)
def test_every_order_sent_twice_changes_nothing(history: list[Message]) -> None:
    once = play(an_exchange(), [*MORNING, *history])

    exchange = an_exchange()
    twice: list[Message] = []
    for message in [*MORNING, *history]:
        answers = list(exchange.handle(message))
        twice += answers
        if isinstance(message, PlaceOrder):
            # The answer to the repeat is the first answer alone.
            repeat = list(exchange.handle(message))
            assert len(repeat) == 1
            assert repeat[0] == answers[0]

    assert twice == once


@settings(max_examples=100, deadline=None)
@given(histories)
def test_nothing_fills_outside_the_session(history: list[Message]) -> None:
    said = play(an_exchange(), [*MORNING, *history])

    assert all(Weekdays().is_open("NFO", m.event_ns) for m in said if isinstance(m, Fill))


@settings(max_examples=100, deadline=None)
@given(histories)
def test_what_is_held_is_what_was_filled(history: list[Message]) -> None:
    exchange = an_exchange()
    held: Counter[tuple[str, str]] = Counter()

    for answer in play(exchange, [*MORNING, *history]):
        if isinstance(answer, Fill):
            held[answer.strategy, answer.instrument] += answer.signed_qty

    kept = {(h.strategy, h.instrument): h.qty for h in exchange.known.book.holdings()}
    assert kept == {key: qty for key, qty in held.items() if qty}


@settings(max_examples=100, deadline=None)
@given(histories)
def test_square_off_and_a_tick_of_everything_leave_the_desk_flat(history: list[Message]) -> None:
    exchange = an_exchange()
    morning = at("09:30", date(2026, 11, 25))
    quotes = [a_tick(100_00, instrument=i, at_ns=morning) for i in (OPTION, PUT)]
    play(exchange, [*MORNING, *history, *quotes, SquareOff(None, "me", 99)])

    assert exchange.known.book.holdings() == []
    assert exchange.known.book.all_working() == []


def what_is_said(history: Iterable[Message]) -> list[str]:
    said = [type(m).__name__ for m in play(an_exchange(), [*MORNING, *history])]
    assert Instrument.__name__ not in said
    return said


def test_histories_reach_the_interesting_places() -> None:
    """Guard the laws against a generator that stopped making orders that fill."""
    wanted = (Fill, OrderAccepted, OrderCancelled, OrderModified, OrderRejected, OrderTriggered)
    assert_reached(histories, what_is_said, dict.fromkeys((kind.__name__ for kind in wanted), 3), most=500)
