"""The exchange's book as its committed rows tell it, summed as its gate sums it: at the worst, what waits included."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from sauda.clock import NS_PER_S

DESK: Final = "*"
"""Names the desk among the strategies."""


class RiskBook:
    """What waits and is held, summed as the gate sums it."""

    def __init__(self, rows: Mapping[bytes, bytes]) -> None:
        self.quotes = {key: int(row["ltp"]) for key, row in rows_of(rows, "quotes")}
        now_ns = max((int(row["recv_ns"]) for _, row in rows_of(rows, "quotes")), default=0)
        now_ns = max(now_ns, *(int(row) for _, row in rows_of(rows, "clock")), 0)
        self.sent = {
            key: sum(now_ns - at < NS_PER_S for at in row["at"]) for key, row in rows_of(rows, "pace")
        }
        self.held: dict[tuple[str, str, str], int] = {}
        self.waiting: dict[tuple[str, str, str], list[int]] = {}
        self.orders: dict[tuple[str, str], int] = {}
        for _, row in rows_of(rows, "held"):
            self.held[row["strategy"], row["instrument"], row.get("product", "NRML")] = row["qty"]
        for _, row in rows_of(rows, "working"):
            order = row["order"]
            spot = order["strategy"], order["instrument"], order.get("product", "NRML")
            both = self.waiting.setdefault(spot, [0, 0])
            both[order["side"] == "SELL"] += order["qty"] - row.get("filled", 0)
            self.orders[spot[:2]] = self.orders.get(spot[:2], 0) + 1

    @property
    def strategies(self) -> set[str]:
        """Return who holds something or waits."""
        return {spot[0] for spot in (*self.held, *self.waiting)}

    def worst(self, scope: str) -> dict[str, int]:
        """Return instrument -> units at the worst."""
        found: dict[str, int] = {}
        for spot in {**self.held, **self.waiting}:
            if scope in (DESK, spot[0]):
                held, (buys, sells) = self.held.get(spot, 0), self.waiting.get(spot, [0, 0])
                found[spot[1]] = found.get(spot[1], 0) + max(abs(held + buys), abs(held - sells))
        return found

    def waits(self, scope: str) -> dict[str, int]:
        """Return instrument -> orders that wait."""
        found: dict[str, int] = {}
        for (strategy, instrument), count in self.orders.items():
            if scope in (DESK, strategy):
                found[instrument] = found.get(instrument, 0) + count
        return found


def rows_of(rows: Mapping[bytes, bytes], name: str) -> Iterator[tuple[str, Any]]:
    """Yield key and value of each row of the table *name*, in the order of the keys."""
    prefix = name.encode() + b"/"
    for key in sorted(rows):
        if key.startswith(prefix):
            yield key[len(prefix) :].decode(), msgspec.json.decode(rows[key])
