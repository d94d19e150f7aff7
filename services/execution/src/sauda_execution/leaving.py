"""The order that leaves a position: at the market, with no help of its strategy."""

from sauda.clock import UnixNs
from sauda.contracts import OrderKind, PlaceOrder, Product, Side
from sauda_execution.book import Held


def closing_order(held: Held, asked_ns: UnixNs, now_ns: UnixNs) -> PlaceOrder:
    """Return the market order that leaves *held* because of what was asked at *asked_ns*."""
    name = f"squareoff-{held.strategy}-{held.instrument}-{asked_ns}"
    return PlaceOrder(
        order_id=name if held.product is Product.NRML else f"{name}-{held.product.value}",
        strategy=held.strategy,
        instrument=held.instrument,
        side=Side.SELL if held.qty > 0 else Side.BUY,
        qty=abs(held.qty),
        kind=OrderKind.MARKET,
        event_ns=now_ns,
        product=held.product,
    )
