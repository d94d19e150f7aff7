"""A strategy for measuring: buys or sells on every n-th tick of one contract, and names the order after that tick.

So the time from the tick to its fill can be read off the fill alone. Run as a process: `python -m benchmarks.ping`.
"""

import os
from collections.abc import Sequence

from sauda.contracts import Message, OrderKind, PlaceOrder, Side, Tick
from sauda.service import Role, run, unit_role
from sauda.settings import Settings
from sauda.state import State
from sauda.unit import Unit

EVERY = int(os.environ.get("PING_EVERY", "50"))
"""Ticks of the market from one order to the next."""


class Ping:
    """Counts ticks; turns its position round at every n-th one that has a quote."""

    def __init__(self) -> None:
        self.state = State()
        self._count = self.state.table("count", int)

    def handle(self, message: Message) -> Sequence[Message]:
        """Place an order on the n-th tick."""
        if type(message) is not Tick:
            return ()
        seen = (self._count.get("ticks") or 0) + 1
        self._count.put("ticks", seen)
        if seen % EVERY or message.bid is None:
            return ()
        side = Side.SELL if seen // EVERY % 2 else Side.BUY
        return [
            PlaceOrder(
                order_id=f"ping-{seen}-{message.recv_ns}",
                strategy="ping",
                instrument=message.instrument,
                side=side,
                qty=65,
                kind=OrderKind.MARKET,
                event_ns=message.recv_ns,
            )
        ]

    def restored(self) -> None:
        """Nothing is derived from the state."""


def wire(settings: Settings) -> list[Role]:
    """Return the one role of this process."""
    return [unit_role(Unit("strategy.ping", ("ticks",), Ping), settings)]


if __name__ == "__main__":
    run("ping", wire)
