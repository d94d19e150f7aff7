"""The laws of orders that belong together, whatever strategies and markets do to them."""

from collections import defaultdict

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.clock import NS_PER_S
from sauda.codec import encode
from sauda.contracts import (
    Fill,
    LegFailure,
    Message,
    OrderAccepted,
    OrderKind,
    OrderModified,
    OrderTriggered,
    PlaceBasket,
    PlaceOrder,
    Side,
    SquareOff,
    Validity,
)
from sauda.money import Paise, Units
from sauda.testing.builders import (
    LOT,
    OPTION,
    Weekdays,
    a_cancel,
    a_change,
    a_clock,
    a_gap,
    after,
    an_order,
    at,
)
from sauda.testing.restart import play, play_with_restarts
from sauda_execution.exchange import PaperExchange
from sauda_execution.house import House
from sauda_execution.settings import Limits
from tests.unit.execution.groups.grouped import MORNING, PUT, RULES, a_basket, a_quote

LATENCIES = st.sampled_from([0, NS_PER_S // 20])
INSTRUMENTS = st.sampled_from([OPTION, OPTION, PUT])
PRICES = st.integers(19, 21).map(lambda step: step * 5_00)
"""Few and close to each other, so that stops and targets are met."""
SOON = st.integers(0, 200).map(lambda tenths: after(tenths / 10))
SIDES = st.sampled_from(Side)
LOTS = st.integers(1, 3).map(lambda lots: lots * LOT)
OCO_QTY = {"g": 2 * LOT, "h": 3 * LOT}
"""Group -> what each of its members asks for."""
QUOTED = st.sampled_from([None, LOT, LOT, 2 * LOT])


def an_exchange(latency_ns: int = 0) -> PaperExchange:
    return PaperExchange(House(Weekdays(), Limits(latency_ns=latency_ns), rules=RULES))


ticks = st.builds(
    lambda ltp, at_ns, qty, instrument: a_quote(ltp, at_ns, qty=qty, instrument=instrument),
    PRICES,
    SOON,
    QUOTED,
    INSTRUMENTS,
)


@st.composite
def singles(draw: st.DrawFn, prefix: str = "o") -> PlaceOrder:
    """Draw a plain order of one instrument, named anew or again."""
    side, instrument, instant = draw(SIDES), draw(INSTRUMENTS), draw(SOON)
    kind = draw(st.sampled_from([OrderKind.MARKET, OrderKind.LIMIT]))
    order = an_order(
        side,
        order_id=f"{prefix}-{draw(st.integers(0, 5))}",
        strategy=draw(st.sampled_from(["a", "b"])),
        instrument=instrument,
        qty=draw(LOTS),
        kind=kind,
        limit_price=draw(PRICES) if kind is OrderKind.LIMIT else None,
        event_ns=instant,
    )
    return msgspec.structs.replace(order, validity=draw(st.sampled_from([*[Validity.DAY] * 3, Validity.IOC])))


@st.composite
def brackets(draw: st.DrawFn) -> PlaceOrder:
    """Draw a bracket's entry, mostly one whose stop and target lie on the right sides."""
    entry = draw(singles("in"))
    middle, sign = entry.limit_price or 100_00, entry.side.sign
    return msgspec.structs.replace(
        entry,
        stop_loss=draw(st.sampled_from([None, middle - sign * 5_00, middle - sign * 7_50])),
        take_profit=draw(st.sampled_from([None, middle + sign * 5_00, middle + sign * 7_50])),
        trail_points=draw(st.sampled_from([None, None, 2_50])),
    )


@st.composite
def alternatives(draw: st.DrawFn) -> PlaceOrder:
    """Draw a member of an OCO group."""
    name = draw(st.sampled_from(sorted(OCO_QTY)))
    order = draw(singles("alt"))
    return msgspec.structs.replace(
        order,
        order_id=f"{name}-{draw(st.integers(0, 4))}",
        strategy="a",
        instrument=draw(st.sampled_from([OPTION, OPTION, OPTION, PUT])),
        qty=OCO_QTY[name],
        oco=name,
    )


@st.composite
def trailing(draw: st.DrawFn) -> PlaceOrder:
    """Draw a trailing stop."""
    side, trigger = draw(SIDES), draw(PRICES)
    order = an_order(
        side,
        order_id=f"trail-{draw(st.integers(0, 3))}",
        strategy="a",
        instrument=draw(INSTRUMENTS),
        kind=OrderKind.SL_M,
        trigger_price=trigger,
        event_ns=draw(SOON),
    )
    distance = draw(st.sampled_from([(2_50, None), (None, 2_00), (3_33, None)]))
    return msgspec.structs.replace(order, trail_points=distance[0], trail_bps=distance[1])


@st.composite
def baskets(draw: st.DrawFn) -> PlaceBasket:
    """Draw a basket of two or three plain legs."""
    name = draw(st.sampled_from(["b0", "b1", "b2"]))
    legs = draw(st.lists(singles("leg"), min_size=2, max_size=3))
    return a_basket(
        *(msgspec.structs.replace(leg, order_id=f"{name}-{n}", strategy="a") for n, leg in enumerate(legs)),
        basket_id=name,
        strategy="a",
        on_failure=draw(st.sampled_from([LegFailure.UNDO, LegFailure.UNDO, LegFailure.COMPLETE])),
        at_ns=legs[0].event_ns,
    )


names = st.sampled_from(
    [
        *(f"in-{n}{child}" for n in range(3) for child in ("", "-stop", "-target", "-stop-2")),
        *(f"{name}-{n}" for name in OCO_QTY for n in range(3)),
        *(f"b{n}-{leg}" for n in range(3) for leg in range(2)),
    ]
)
owners = st.sampled_from(["a", "a", "b"])
cancels = st.builds(lambda name, owner: a_cancel(name, strategy=owner), names, owners)
changes = st.builds(
    lambda name, owner, qty, limit: a_change(name, strategy=owner, qty=qty, limit_price=limit),
    names,
    owners,
    st.none() | LOTS,
    st.none() | PRICES,
)
others = st.one_of(
    st.builds(a_clock, SOON),
    st.builds(lambda start: a_gap(start, start + 1), SOON),
    st.builds(SquareOff, st.sampled_from([None, "a"]), st.just("me"), st.integers(1, 4)),
)
histories = st.lists(
    st.one_of(
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
    ),
    max_size=40,
)


@settings(max_examples=120, deadline=None)
@given(histories, st.sets(st.integers(0, 43)), LATENCIES)
def test_a_restart_anywhere_changes_nothing(
    history: list[Message], restarts: set[int], latency_ns: int
) -> None:
    messages = [*MORNING, *history]

    undisturbed = play(an_exchange(latency_ns), messages)
    disturbed = play_with_restarts(lambda: an_exchange(latency_ns), messages, restarts)

    assert [encode(m) for m in disturbed] == [encode(m) for m in undisturbed]


@settings(max_examples=150, deadline=None)
@given(histories, LATENCIES)
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
@given(histories, LATENCIES)
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
@given(histories, LATENCIES)
def test_a_brackets_children_never_exceed_what_is_held(history: list[Message], latency_ns: int) -> None:
    exchange = an_exchange(latency_ns)
    for message in [*MORNING, *history]:
        exchange.handle(message)
        for kind in ("stop", "target"):
            for (strategy, instrument, side), open_qty in open_children(exchange, kind).items():
                held = exchange.known.book.held_qty(strategy, instrument)
                assert open_qty <= -held * side.sign


legs_only = st.lists(st.one_of(*[ticks] * 3, baskets(), baskets(), cancels), max_size=25)


@settings(max_examples=200, deadline=None)
@given(legs_only, LATENCIES)
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
