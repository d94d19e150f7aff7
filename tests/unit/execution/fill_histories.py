"""Histories for the laws of fills: two contracts with levels, quantities and volumes, and orders that meet them often."""

from hypothesis import strategies as st

from sauda.clock import NS_PER_S
from sauda.contracts import (
    Depth,
    FeedGap,
    Message,
    ModifyOrder,
    OrderKind,
    PlaceOrder,
    Side,
    SquareOff,
    Tick,
    Validity,
)
from sauda.testing.builders import (
    LOT,
    NOW,
    OPTION,
    a_cancel,
    a_clock,
    a_depth,
    a_tick,
    an_option,
    at,
)
from sauda_execution.settings import Limits

PUT = "NFO:NIFTY01DEC26P24500"
MIDDLE = 100_00
STEP = 5
MS = 1_000_000

MORNING: list[Message] = [an_option(OPTION), an_option(PUT)]

limits_of_houses = st.builds(
    Limits,
    latency_ns=st.sampled_from([0, 5 * MS, 20 * MS, 500 * MS]),
    slippage_ticks=st.integers(0, 1),
    half_spread_ticks=st.integers(0, 2),
    fills=st.sampled_from([*["depth"] * 7, "ltp"]),
)
_pauses = st.sampled_from(
    [
        0,
        MS,
        5 * MS,
        15 * MS,
        20 * MS,
        20 * MS,
        100 * MS,
        600 * MS,
        NS_PER_S,
        NS_PER_S,
        5 * NS_PER_S,
        40 * NS_PER_S,
    ]
)
_instruments = st.sampled_from([OPTION, OPTION, OPTION, PUT])
_steps = st.integers(-3, 3)
_small_steps = st.integers(-1, 1)
_quantities = st.sampled_from([0, 20, LOT, LOT, 2 * LOT, 3 * LOT + 5])
_order_ids = st.sampled_from([f"o-{n}" for n in range(24)])
_strategies = st.sampled_from(["a", "a", "b"])


def _price(step: int) -> int:
    return MIDDLE + step * STEP


@st.composite
def _books(draw: st.DrawFn, middle: int) -> tuple[Depth, int | None, int | None]:
    """Draw up to five levels on each side around *middle*, now and then none, and now and then quotes that cross."""
    sides = []
    crossed = draw(st.sampled_from([0] * 9 + [4 * STEP]))
    for sign in (-1, 1):
        steps = sorted(draw(st.sets(st.integers(0, 4), max_size=5)))
        sides.append([(middle + sign * (step * STEP + STEP - crossed), draw(_quantities)) for step in steps])
    bids, asks = sides
    return a_depth(bids, asks), bids[0][0] if bids else None, asks[0][0] if asks else None


@st.composite
def _ticks(draw: st.DrawFn, at_ns: int, volumes: dict[str, int]) -> Tick:
    instrument = draw(_instruments)
    volumes[instrument] += draw(st.sampled_from([0, 10, LOT, 3 * LOT, 10 * LOT, 30 * LOT]))
    volume = draw(st.sampled_from([volumes[instrument]] * 7 + [None]))
    shown = draw(st.sampled_from([*["levels", "touch"] * 4, "bare touch", "one side", "nothing"]))
    depth, bid, ask = draw(_books(_price(draw(_small_steps))))
    ltp = draw(st.sampled_from([bid, ask, None])) or _price(draw(_steps))
    if shown == "nothing":
        return a_tick(ltp, instrument=instrument, volume=volume, at_ns=at_ns)
    if shown == "one side":
        bid = None
    has_qty = shown != "bare touch"
    return a_tick(
        ltp,
        instrument=instrument,
        bid=bid,
        ask=ask,
        bid_qty=depth.bids[0].qty if bid is not None and has_qty else None,
        ask_qty=depth.asks[0].qty if ask is not None and has_qty else None,
        depth=depth if shown == "levels" else None,
        volume=volume,
        at_ns=at_ns,
    )


@st.composite
def _orders(draw: st.DrawFn, at_ns: int) -> PlaceOrder:
    kind = draw(st.sampled_from([*[OrderKind.LIMIT] * 4, *OrderKind]))
    side = draw(st.sampled_from(Side))
    trigger = _price(draw(_steps)) if kind in (OrderKind.SL, OrderKind.SL_M) else None
    limit = _price(draw(_steps)) if kind is OrderKind.LIMIT else None
    if kind is OrderKind.SL and trigger is not None:
        limit = trigger + side.sign * draw(st.sampled_from([0, STEP]))
    return PlaceOrder(
        order_id=draw(_order_ids),
        strategy=draw(_strategies),
        instrument=draw(_instruments),
        side=side,
        qty=draw(st.sampled_from([LOT, 2 * LOT, 4 * LOT, 9 * LOT])),
        kind=kind,
        event_ns=at_ns,
        limit_price=limit,
        trigger_price=trigger,
        validity=draw(st.sampled_from([Validity.DAY, Validity.DAY, Validity.IOC])),
    )


@st.composite
def _changes(draw: st.DrawFn, at_ns: int) -> ModifyOrder:
    prices = st.none() | _steps.map(_price)
    return ModifyOrder(
        draw(_order_ids),
        draw(_strategies),
        at_ns,
        qty=draw(st.sampled_from([None, None, LOT, 3 * LOT, 6 * LOT])),
        limit_price=draw(prices),
        trigger_price=draw(prices),
    )


@st.composite
def histories(draw: st.DrawFn, most: int = 40) -> list[Message]:
    """Draw what a market and its strategies say one after another, from ten o'clock on, or just before the close."""
    now_ns = draw(st.sampled_from([NOW, NOW, NOW, at("15:29:55")]))
    volumes = {OPTION: 0, PUT: 0}
    messages: list[Message] = [
        a_tick(
            _price(0), bid=_price(-1), ask=_price(1), bid_qty=LOT, ask_qty=3 * LOT, volume=0, at_ns=now_ns
        ),
        a_tick(_price(0), instrument=PUT, bid=_price(-1), ask=_price(1), volume=0, at_ns=now_ns),
    ]
    kinds = draw(
        st.lists(
            st.sampled_from(
                ["tick"] * 10
                + ["order"] * 3
                + ["orders"] * 3
                + ["change"] * 2
                + ["cancel", "clock", "gap", "leave"]
            ),
            min_size=most // 2,
            max_size=most,
        )
    )
    for kind in kinds:
        before_ns = now_ns
        now_ns += draw(_pauses)
        match kind:
            case "tick":
                messages.append(draw(_ticks(now_ns, volumes)))
            case "order":
                messages.append(draw(_orders(now_ns)))
            case "orders":
                messages += [draw(_orders(now_ns)), draw(_orders(now_ns))]
            case "change":
                messages.append(draw(_changes(now_ns)))
            case "cancel":
                messages.append(a_cancel(draw(_order_ids), strategy=draw(_strategies), event_ns=now_ns))
            case "clock":
                messages.append(a_clock(now_ns))
            case "gap":
                messages.append(FeedGap(before_ns, now_ns, "test"))
            case _:
                messages.append(SquareOff(draw(st.none() | _strategies), "me", now_ns))
    return messages
