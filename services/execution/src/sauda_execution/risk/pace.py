"""How many orders went out within a second, and which order is another's twin.

Only what one second of market time, or the time of a twin, can still ask about is kept.
"""

import msgspec

from sauda.clock import NS_PER_MS, NS_PER_S, UnixNs
from sauda.contracts import PlaceOrder
from sauda.state import State

WINDOW_NS = NS_PER_S
"""The rule is per second, and the second slides."""


class Sent(msgspec.Struct, frozen=True):
    """When the latest orders of a scope went out."""

    at: tuple[UnixNs, ...]
    """Oldest first: no more of them than the scope's limit."""


class Pace:
    """The latest orders of the desk and of each strategy that has a limit."""

    def __init__(self, state: State) -> None:
        self._sent = state.table("pace", Sent)
        """`*` or strategy -> its latest orders."""

    def within(self, scope: str, now_ns: UnixNs) -> int:
        """Return how many orders of *scope* went out in the second before *now_ns*."""
        return len(self._recent(scope, now_ns))

    def count(self, scope: str, orders: int, now_ns: UnixNs, limit: int) -> None:
        """Count *orders* of *scope*; beyond *limit* the older ones answer no question any more."""
        if limit:
            latest = [*self._recent(scope, now_ns), *(now_ns for _ in range(orders))]
            self._sent.put(scope, Sent(tuple(latest[-limit:])))

    def forget(self) -> None:
        """Drop everything: a new day began."""
        for scope in self._sent:
            self._sent.drop(scope)

    def _recent(self, scope: str, now_ns: UnixNs) -> list[UnixNs]:
        sent = self._sent.get(scope)
        return [] if sent is None else [at for at in sent.at if now_ns - at < WINDOW_NS]


class Twin(msgspec.Struct, frozen=True):
    """The last order of its kind."""

    order_id: str
    at_ns: UnixNs


class Twins:
    """Which orders came within the last moments, so that the same one again is seen for what it is."""

    def __init__(self, state: State, window_ms: int) -> None:
        self._window_ns = window_ms * NS_PER_MS
        self._rows = state.table("twins", Twin)
        """Terms -> the last order with them."""
        self._oldest_ns: UnixNs = 0

    def of(self, order: PlaceOrder, now_ns: UnixNs) -> Twin | None:
        """Return the order with the same terms that came last, if it came within the window."""
        twin = self._rows.get(terms(order))
        return None if twin is None or now_ns - twin.at_ns >= self._window_ns else twin

    def remember(self, order: PlaceOrder, now_ns: UnixNs) -> None:
        """Keep *order*, and drop those whose time is over."""
        if not self._window_ns:
            return
        self._rows.put(terms(order), Twin(order.order_id, now_ns))
        if now_ns - self._oldest_ns >= self._window_ns:
            for key in self._rows:
                if now_ns - self._rows[key].at_ns >= self._window_ns:
                    self._rows.drop(key)
            self.restored()

    def restored(self) -> None:
        """Find the oldest again."""
        self._oldest_ns = min((twin.at_ns for twin in self._rows.values()), default=0)


def terms(order: PlaceOrder) -> str:
    """Return what makes two orders the same to whoever gave them."""
    return "|".join(
        (
            order.strategy,
            order.instrument,
            order.side.value,
            str(order.qty),
            order.kind.value,
            str(order.limit_price),
            str(order.trigger_price),
            order.product.value,
            # Whoever turns a position round sends the same order twice on purpose, and the second names the first.
            str(order.parent_id),
        )
    )
