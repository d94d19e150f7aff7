"""Orders of the last moments: the streams tell of them some milliseconds later, and the same wish may come again at once."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from sauda.contracts import PlaceOrder

_KEPT: Final = 1_000
"""Orders; at the rate that one token has, twenty seconds."""


class SentLately:
    """Lets an order's id be sent once, however many ask at the same time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: OrderedDict[str, PlaceOrder] = OrderedDict()

    def once(self, order: PlaceOrder, send: Callable[[], object]) -> PlaceOrder | None:
        """Do *send* unless an order of that id was sent lately; return that one."""
        with self._lock:
            if (known := self._orders.get(order.order_id)) is not None:
                return known
            send()
            self._orders[order.order_id] = order
            if len(self._orders) > _KEPT:
                self._orders.popitem(last=False)
        return None
