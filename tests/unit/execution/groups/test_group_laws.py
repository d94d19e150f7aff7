"""The laws of orders that belong together, whatever strategies and markets do to them."""

from collections import defaultdict

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.clock import NS_PER_S
from sauda.codec import encode
from sauda.contracts import (
    CancelOrder,
    ClockTick,
    FeedGap,
    Fill,
    LegFailure,
    Message,
    ModifyOrder,
    OrderAccepted,
    OrderKind,
    OrderModified,
    OrderTriggered,
    PlaceBasket,
    PlaceOrder,
    Side,
    SquareOff,
    Tick,
    Validity,
)
from sauda.money import Paise, Units
from sauda.testing.builders import (
    LOT,
    NOW,
    OPTION,
    Weekdays,
    a_cancel,
    a_change,
    a_clock,
    a_gap,
    an_order,
    at,
)
from sauda.testing.restart import play, play_with_restarts
from sauda_execution.exchange import PaperExchange
from sauda_execution.house import House
from sauda_execution.settings import Limits
from tests.unit.execution.groups.grouped import MORNING, PUT, RULES, a_basket, a_bracket, a_limit, a_quote

LATENCIES = st.sampled_from([0, NS_PER_S // 20])
INSTRUMENTS = st.sampled_from([OPTION, OPTION, PUT])
PRICES = st.integers(92, 108).map(lambda rupees: rupees * 1_00)
"""Few and close to each other, so that limits, stops and targets are met."""
SIDES = st.sampled_from(Side)
LOTS = st.integers(1, 3).map(lambda lots: lots * LOT)
OCO_QTY = {"g": 2 * LOT, "h": 3 * LOT}
"""Group -> what each of its members asks for; those of `g` all stand for the same wish."""


def an_exchange(latency_ns: int = 0) -> PaperExchange:
    return PaperExchange(House(Weekdays(), Limits(latency_ns=latency_ns), rules=RULES))


ticks = st.builds(
    lambda ltp, qty, instrument: a_quote(ltp, NOW, qty=qty, instrument=instrument),
    PRICES,
    st.sampled_from([None, LOT, LOT, 2 * LOT]),
    INSTRUMENTS,
)


@st.composite
def singles(draw: st.DrawFn) -> PlaceOrder:
    """Draw a plain order near the market."""
    side = draw(SIDES)
    kind = draw(st.sampled_from([OrderKind.MARKET, OrderKind.LIMIT]))
    order = an_order(
        side,
        strategy=draw(st.sampled_from(["a", "a", "b"])),
        instrument=draw(INSTRUMENTS),
        qty=draw(LOTS),
        kind=kind,
        limit_price=draw(PRICES) if kind is OrderKind.LIMIT else None,
    )
    return msgspec.structs.replace(order, validity=draw(st.sampled_from([*[Validity.DAY] * 3, Validity.IOC])))


@st.composite
def brackets(draw: st.DrawFn) -> PlaceOrder:
    """Draw a bracket's entry, mostly one whose stop and target lie on the right sides."""
    side = draw(SIDES)
    limit = draw(st.none() | st.just(100_00 - side.sign * 2_00))
    entry = a_bracket(
        side,
        limit=limit,
        qty=draw(LOTS),
        stop=draw(st.sampled_from([None, 100_00 - side.sign * 5_00, 100_00 - side.sign * 7_00])),
        target=draw(st.sampled_from([None, 100_00 + side.sign * 3_00, 100_00 + side.sign * 5_00])),
        points=draw(st.sampled_from([None, None, 2_50])),
    )
    return msgspec.structs.replace(entry, strategy=draw(st.sampled_from(["a", "a", "b"])))


@st.composite
def alternatives(draw: st.DrawFn) -> PlaceOrder:
    """Draw a member of an OCO group."""
    name = draw(st.sampled_from(sorted(OCO_QTY)))
    side = Side.SELL if name == "h" and draw(st.booleans()) else Side.BUY
    price = 100_00 - side.sign * draw(st.integers(1, 4)) * 1_00
    instrument = draw(INSTRUMENTS) if name == "h" else OPTION
    order = a_limit("alt", side, price, oco=name, qty=OCO_QTY[name], instrument=instrument)
    return msgspec.structs.replace(order, strategy="a")


@st.composite
def trailing(draw: st.DrawFn) -> PlaceOrder:
    """Draw a trailing stop."""
    side = draw(SIDES)
    trigger = 100_00 + side.sign * draw(st.sampled_from([5_00, 10_00, 15_00]))
    order = an_order(
        side, strategy="a", instrument=draw(INSTRUMENTS), kind=OrderKind.SL_M, trigger_price=trigger
    )
    points, bps = draw(st.sampled_from([(7_50, None), (None, 6_00), (4_33, None)]))
    return msgspec.structs.replace(order, trail_points=points, trail_bps=bps)


@st.composite
def baskets(draw: st.DrawFn) -> PlaceBasket:
    """Draw a basket of two or three plain legs."""
    legs = [
        msgspec.structs.replace(leg, strategy="a")
        for leg in draw(st.lists(singles(), min_size=2, max_size=3))
    ]
    return a_basket(
        *legs,
        strategy="a",
        on_failure=draw(st.sampled_from([LegFailure.UNDO, LegFailure.UNDO, LegFailure.COMPLETE])),
    )


numbers = st.integers(0, 99).map(str)
cancels = st.builds(a_cancel, numbers)
"""Which order they mean is found once all orders have their names."""
changes = st.builds(
    lambda number, qty, limit: a_change(number, qty=qty, limit_price=limit),
    numbers,
    st.none() | LOTS,
    st.none() | PRICES,
)
others = st.one_of(
    st.just(a_clock()),
    st.just(a_gap(NOW, NOW + 1)),
    st.builds(SquareOff, st.sampled_from([None, "a"]), st.just("me"), st.just(NOW)),
)


def told(messages: list[Message]) -> list[Message]:
    """Give each message its instant and each order its name, and let requests mean orders that were sent before."""
    known: list[tuple[str, str]] = []
    story: list[Message] = []
    for number, message in enumerate(messages):
        now_ns = NOW + number * NS_PER_S * 3 // 10
        match message:
            case PlaceOrder():
                name = f"{message.oco or 'o'}-{number}"
                children = [f"{name}{child}" for child in ("", "", "-stop", "-target")]
                known += [(one, message.strategy) for one in children]
                story.append(msgspec.structs.replace(message, order_id=name, event_ns=now_ns))
            case PlaceBasket():
                legs = tuple(
                    msgspec.structs.replace(leg, order_id=f"leg-{number}-{n}", event_ns=now_ns)
                    for n, leg in enumerate(message.legs)
                )
                known += [(leg.order_id, leg.strategy) for leg in legs]
                basket_id = f"basket-{number}"
                story.append(
                    msgspec.structs.replace(message, basket_id=basket_id, legs=legs, event_ns=now_ns)
                )
            case CancelOrder() | ModifyOrder() if known:
                name, owner = known[int(message.order_id) % len(known)]
                story.append(msgspec.structs.replace(message, order_id=name, strategy=owner, event_ns=now_ns))
            case Tick():
                story.append(msgspec.structs.replace(message, event_ns=now_ns, recv_ns=now_ns))
            case FeedGap():
                story.append(FeedGap(now_ns - 1, now_ns, "test"))
            case ClockTick() | SquareOff():
                story.append(msgspec.structs.replace(message, event_ns=now_ns))
    return story


def stories(*parts: st.SearchStrategy[Message], least: int = 8) -> st.SearchStrategy[list[Message]]:
    """Draw histories of *parts*, of *least* messages or more."""
    return st.lists(st.one_of(*parts), min_size=least, max_size=30).map(told)


mixed = stories(
    *[ticks] * 6,
    *[brackets()] * 3,
    *[alternatives()] * 2,
    trailing(),
    baskets(),
    singles(),
    singles(),
    cancels,
    changes,
    others,
)
with_choices = stories(*[ticks] * 5, *[alternatives()] * 5, cancels, changes, least=22)
with_trails = stories(*[ticks] * 5, trailing(), trailing(), cancels)
with_brackets = stories(*[ticks] * 5, *[brackets()] * 3, singles(), singles(), cancels, changes)
with_baskets = stories(*[ticks] * 4, baskets(), baskets(), cancels)


@settings(max_examples=120, deadline=None)
@given(st.one_of(mixed, with_brackets), st.sets(st.integers(0, 33)), LATENCIES)
def test_a_restart_anywhere_changes_nothing(
    history: list[Message], restarts: set[int], latency_ns: int
) -> None:
    messages = [*MORNING, *history]

    undisturbed = play(an_exchange(latency_ns), messages)
    disturbed = play_with_restarts(lambda: an_exchange(latency_ns), messages, restarts)

    assert [encode(m) for m in disturbed] == [encode(m) for m in undisturbed]


@settings(max_examples=150, deadline=None)
@given(with_choices, LATENCIES)
def test_an_oco_group_never_fills_twice(history: list[Message], latency_ns: int) -> None:
    said = play(an_exchange(latency_ns), [*MORNING, *history])

    filled: dict[str, Units] = defaultdict(int)
    wishes: dict[str, set[tuple[str, Side]]] = defaultdict(set)
    for message in said:
        group = message.order_id.partition("-")[0] if isinstance(message, Fill) else ""
        if isinstance(message, Fill) and group in OCO_QTY:
            filled[group] += message.qty
            wishes[group].add((message.instrument, message.side))
    assert all(filled[group] <= OCO_QTY[group] for group in filled)
    assert all(len(wish) == 1 for wish in wishes.values())


@settings(max_examples=150, deadline=None)
@given(st.one_of(with_trails, mixed), LATENCIES)
def test_a_trailing_trigger_never_moves_back_or_without_reason(
    history: list[Message], latency_ns: int
) -> None:
    said = play(an_exchange(latency_ns), [*MORNING, *history])

    sides: dict[str, Side] = {}
    triggers: dict[str, Paise] = {}
    done: set[str] = set()
    for message in said:
        match message:
            case OrderAccepted(order_id=name, terms=PlaceOrder(trigger_price=int() as trigger) as terms):
                if terms.trail_points is not None or terms.trail_bps is not None:
                    sides[name], triggers[name] = terms.side, trigger
            case OrderTriggered(order_id=name):
                done.add(name)
            case OrderModified(order_id=name, trigger_price=int() as trigger, limit_price=limit) if (
                name in triggers
            ):
                assert sides[name].sign * (trigger - triggers[name]) <= 0
                assert name not in done or trigger == triggers[name]
                assert limit is not None
                assert sides[name].sign * (limit - trigger) >= 0
                triggers[name] = trigger


def open_children(exchange: PaperExchange, kind: str) -> dict[tuple[str, str, Side], Units]:
    """Return what the working stops or targets of brackets could still close, by position."""
    total: dict[tuple[str, str, Side], Units] = defaultdict(int)
    for working in exchange.known.book.all_working():
        order = working.order
        if order.parent_id is not None and order.order_id.startswith(f"{order.parent_id}-{kind}"):
            total[order.strategy, order.instrument, order.side] += working.open_qty
    return total


@settings(max_examples=200, deadline=None)
@given(st.one_of(with_brackets, mixed), LATENCIES)
def test_a_brackets_children_never_exceed_what_is_held(history: list[Message], latency_ns: int) -> None:
    exchange = an_exchange(latency_ns)
    for message in [*MORNING, *history]:
        exchange.handle(message)
        for kind in ("stop", "target"):
            for (strategy, instrument, side), open_qty in open_children(exchange, kind).items():
                held = exchange.known.book.held_qty(strategy, instrument)
                assert open_qty <= -held * side.sign


@settings(max_examples=200, deadline=None)
@given(with_baskets, LATENCIES)
def test_a_basket_to_be_undone_ends_flat_or_fully_in(history: list[Message], latency_ns: int) -> None:
    exchange = an_exchange(latency_ns)
    said = play(exchange, [*MORNING, *history])
    # A market that goes to both ends with plenty of everything trades whatever is still to be traded.
    sweeps = [(ltp, name) for ltp in (100_00, 5_00, 400_00, 5_00, 400_00) for name in (OPTION, PUT)]
    last_ns = at("11:00")
    said += play(
        exchange,
        [a_quote(ltp, last_ns + n * NS_PER_S, instrument=name) for n, (ltp, name) in enumerate(sweeps)],
    )

    asked = {m.basket_id: m for m in reversed(history) if isinstance(m, PlaceBasket)}
    net: dict[str, Units] = defaultdict(int)
    for message in said:
        if isinstance(message, Fill):
            net[message.order_id.removesuffix("-undo")] += message.signed_qty
    for basket in asked.values():
        if basket.on_failure is LegFailure.UNDO:
            legs = {leg.order_id: net[leg.order_id] for leg in basket.legs}
            is_in = legs == {leg.order_id: leg.side.sign * leg.qty for leg in basket.legs}
            assert is_in or not any(legs.values()), legs
