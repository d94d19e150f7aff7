"""The last step: an order goes out, or in a dry run is said and assumed filled at the quote."""

from collections import deque

from sauda.clock import UnixNs
from sauda.contracts import (
    Fill,
    InstrumentId,
    Message,
    OrderKind,
    PlaceOrder,
    Product,
    Side,
    Signal,
    Tick,
)
from sauda.money import Paise, Units
from sauda_strategy.host.quotes import Quotes
from sauda_strategy.trading.book import Book
from sauda_strategy.trading.orders import Order, Purpose


class Placing:
    """Places the orders of one strategy."""

    def __init__(self, book: Book, quotes: Quotes, strategy: str) -> None:
        self._book = book
        self._quotes = quotes
        self._strategy = strategy
        self.product = Product.NRML
        self.assumed: deque[Fill] = deque()
        """Fills of a dry run that were not worked yet; empty between messages."""
        self.last_id = ""
        """The order that was placed last, for who asks right afterwards."""

    def place(
        self,
        instrument: InstrumentId,
        side: Side,
        qty: Units,
        purpose: Purpose,
        now_ns: UnixNs,
        *,
        limit: Paise | None = None,
        stop: Paise | None = None,
        target: Paise | None = None,
        follows: str | None = None,
    ) -> list[Message]:
        """Return the order, at the market unless there is a *limit*; *follows* is the exit before it in a turn."""
        order_id = self.last_id = self._book.orders.new_id(now_ns)
        order = PlaceOrder(
            order_id=order_id,
            strategy=self._strategy,
            instrument=instrument,
            side=side,
            qty=qty,
            kind=OrderKind.MARKET if limit is None else OrderKind.LIMIT,
            event_ns=now_ns,
            limit_price=limit,
            parent_id=follows,
            product=self.product,
            stop_loss=stop,
            take_profit=target,
        )
        row = Order(instrument=instrument, purpose=purpose, qty=qty, limited=limit is not None)
        self._book.orders.add(order_id, row)
        return self._would_place(order) if self._book.is_dry else [order]

    def protect(
        self,
        instrument: InstrumentId,
        side: Side,
        qty: Units,
        now_ns: UnixNs,
        *,
        stop: Paise | None,
        target: Paise | None,
    ) -> list[Message]:
        """Return a stop and a target, the one cancelling the other, for a position that has none at the exchange."""
        out: list[Message] = []
        group = f"{self._book.orders.new_id(now_ns)}-guard" if stop and target else None
        for kind, price in ((OrderKind.SL_M, stop), (OrderKind.LIMIT, target)):
            if price is None:
                continue
            order_id = self._book.orders.new_id(now_ns)
            row = Order(instrument=instrument, purpose=Purpose.PROTECTION, qty=qty, limited=True)
            self._book.orders.add(order_id, row)
            order = PlaceOrder(
                order_id=order_id,
                strategy=self._strategy,
                instrument=instrument,
                side=side,
                qty=qty,
                kind=kind,
                event_ns=now_ns,
                limit_price=price if kind is OrderKind.LIMIT else None,
                trigger_price=price if kind is OrderKind.SL_M else None,
                product=self.product,
                oco=group,
            )
            out.append(order)
        return out

    def _would_place(self, order: PlaceOrder) -> list[Message]:
        price = self._price(order)
        fill = Fill(
            fill_id=f"{order.order_id}-assumed",
            order_id=order.order_id,
            strategy=order.strategy,
            instrument=order.instrument,
            side=order.side,
            qty=order.qty,
            price=price,
            charges=0,
            event_ns=order.event_ns,
            product=order.product,
        )
        self.assumed.append(fill)
        text = f"dry run: would {order.side.value.lower()} {order.qty}, assumed filled at {price / 100:.2f}"
        said = Signal(
            strategy=order.strategy,
            instrument=order.instrument,
            side=order.side,
            reason=text,
            event_ns=order.event_ns,
            would_place=order,
        )
        return [said]

    def _price(self, order: PlaceOrder) -> Paise:
        tick = self._quotes.newest.get(order.instrument)
        return order.limit_price or (touch(tick, order.side) if tick else 0) or 0


def touch(tick: Tick, side: Side) -> Paise:
    """Return what an order of that side would trade at: the offer, the bid, or the last price where none is shown."""
    return (tick.ask if side is Side.BUY else tick.bid) or tick.ltp
