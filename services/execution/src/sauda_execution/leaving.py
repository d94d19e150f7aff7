"""How to get out of what is held: cancel what works, then close every position at the market, with no help of a strategy."""

from sauda.clock import UnixNs
from sauda.contracts import OrderKind, PlaceOrder, Product, Side
from sauda_execution.acts import Act, Place, Withdraw
from sauda_execution.book import Book, Held


def leave(book: Book, strategy: str | None, reason: str, asked_ns: UnixNs, now_ns: UnixNs) -> list[Act]:
    """Return what cancels and closes everything of *strategy*, or of the desk.

    Args:
        book: What works and what is held.
        strategy: Whose; None means everybody's.
        reason: Told with each cancellation.
        asked_ns: Names the request, and with it the closing orders.
        now_ns: Market time.
    """
    acts: list[Act] = [
        Withdraw(working.order.order_id, reason)
        for working in book.all_working()
        if strategy in (None, working.order.strategy)
    ]
    return acts + [
        Place(closing_order(held, asked_ns, now_ns))
        for held in book.holdings()
        if strategy in (None, held.strategy)
    ]


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
