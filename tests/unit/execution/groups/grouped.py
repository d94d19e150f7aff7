"""A lawful exchange for tests of orders that belong together, and questions about what it said."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from sauda.contracts import (
    Fill,
    InstrumentId,
    LegFailure,
    Message,
    OrderAccepted,
    OrderCancelled,
    OrderKind,
    OrderModified,
    OrderRejected,
    PlaceBasket,
    PlaceOrder,
    Side,
    Tick,
)
from sauda.money import Paise, Units
from sauda.testing.builders import LOT, NOW, OPTION, Weekdays, a_tick, an_option, an_order
from sauda.testing.restart import play
from sauda_execution.exchange import PaperExchange
from sauda_execution.house import House
from sauda_execution.order_rules import load_order_rules

PUT = "NFO:NIFTY01DEC26P24500"
RULES = load_order_rules(Path(__file__).parents[4] / "config/market")
MORNING: tuple[Message, ...] = (
    an_option(OPTION),
    an_option(PUT),
    a_tick(100_00, bid=99_95, ask=100_05),
    a_tick(100_00, instrument=PUT, bid=99_95, ask=100_05),
)


def build() -> PaperExchange:
    """Return a lawful exchange that has seen nothing."""
    return PaperExchange(House(Weekdays(), rules=RULES))


def an_exchange() -> PaperExchange:
    """Return one at 10:00 that knows a call and a put, both quoted 99.95 to 100.05 for plenty."""
    exchange = build()
    play(exchange, MORNING)
    return exchange


def a_quote(
    ltp: Paise,
    at_ns: int,
    *,
    qty: Units | None = None,
    instrument: InstrumentId = OPTION,
    volume: Units | None = None,
) -> Tick:
    """Build a tick with both quotes 5 paise away, *qty* units of each."""
    tick = a_tick(ltp, instrument=instrument, bid=ltp - 5, ask=ltp + 5, at_ns=at_ns)
    return msgspec.structs.replace(tick, bid_qty=qty, ask_qty=qty, volume=volume)


def a_bracket(
    side: Side = Side.BUY,
    *,
    stop: Paise | None = None,
    target: Paise | None = None,
    points: Paise | None = None,
    bps: int | None = None,
    limit: Paise | None = None,
    order_id: str = "in",
    qty: Units = LOT,
    at_ns: int = NOW,
) -> PlaceOrder:
    """Build a bracket's entry, at the market or with a *limit*."""
    kind = OrderKind.MARKET if limit is None else OrderKind.LIMIT
    order = an_order(side, order_id=order_id, qty=qty, kind=kind, limit_price=limit, event_ns=at_ns)
    return msgspec.structs.replace(
        order, stop_loss=stop, take_profit=target, trail_points=points, trail_bps=bps
    )


def a_limit(
    order_id: str,
    side: Side,
    price: Paise,
    *,
    oco: str | None = None,
    qty: Units = LOT,
    instrument: InstrumentId = OPTION,
    at_ns: int = NOW,
) -> PlaceOrder:
    """Build a limit order, of an OCO group if one is named."""
    order = an_order(
        side,
        order_id=order_id,
        qty=qty,
        kind=OrderKind.LIMIT,
        limit_price=price,
        instrument=instrument,
        event_ns=at_ns,
    )
    return msgspec.structs.replace(order, oco=oco)


def a_basket(
    *legs: PlaceOrder,
    basket_id: str = "b-1",
    strategy: str = "straddle",
    on_failure: LegFailure = LegFailure.UNDO,
    at_ns: int = NOW,
) -> PlaceBasket:
    """Build a basket of *legs*."""
    return PlaceBasket(basket_id, strategy, legs, at_ns, on_failure)


def of(said: Iterable[Message], order_id: str) -> list[str]:
    """Return in short what was said of *order_id*: `accepted`, `fill 65 @ 10005`, `cancelled 65`."""
    return [text for message in said if (text := _short(message, order_id)) is not None]


def _short(message: Message, order_id: str) -> str | None:
    if getattr(message, "order_id", None) != order_id:
        return None
    match message:
        case OrderAccepted():
            return "accepted"
        case OrderRejected(reason=reason):
            return f"rejected {reason.value}"
        case Fill(qty=qty, price=price):
            return f"fill {qty} @ {price}"
        case OrderCancelled(unfilled=unfilled):
            return f"cancelled {unfilled}"
        case OrderModified(qty=qty, trigger_price=trigger):
            return f"modified {qty}" if trigger is None else f"modified {qty} at {trigger}"
        case _:
            return type(message).__name__


def held(said: Iterable[Message], strategy: str = "straddle") -> dict[InstrumentId, Units]:
    """Return what *strategy* holds by the fills it was told, without what is flat."""
    quantities: dict[InstrumentId, Units] = {}
    for message in said:
        if isinstance(message, Fill) and message.strategy == strategy:
            quantities[message.instrument] = quantities.get(message.instrument, 0) + message.signed_qty
    return {instrument: qty for instrument, qty in quantities.items() if qty}
