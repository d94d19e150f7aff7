"""What services made of a replay: orders, fills, profit; only what is new since the replay began."""

from sauda.cli import screen
from sauda.contracts import Alert, DeskPnl, Fill, Message, OrderRejected, PlaceOrder
from sauda.money import to_indian
from sauda.reading import read_entry
from sauda.redis_view import RedisView

_LOOKED_AT = ("orders", "executions", "pnl", "alerts")


class Made:
    """Counts what is written to a desk from now on."""

    def __init__(self, view: RedisView) -> None:
        self._view = view
        newest = {stream: view.newest(stream) for stream in _LOOKED_AT}
        self._before = {stream: entry.id if entry else b"0-0" for stream, entry in newest.items()}

    def tell(self) -> None:
        """Print it."""
        orders = self._count("orders", PlaceOrder)
        fills, refused = self._count("executions", Fill), self._count("executions", OrderRejected)
        alerts = self._count("alerts", Alert)
        made = [f"{orders} orders", f"{fills} fills", *([f"{refused} refused"] if refused else [])]
        made += [
            f"net {net}" if (net := self._net()) else "no P&L",
            *([f"{alerts} alerts"] if alerts else []),
        ]
        # Behind what an earlier part of the same replay made, say, the numbers are not the desk's.
        new = ", new" if any(last != b"0-0" for last in self._before.values()) else ""
        screen.line(f"desk {self._view.desk}{new}: {', '.join(made)}")
        screen.note(f"see `sauda orders --desk {self._view.desk}`, and fills, positions, pnl alike")

    def _count(self, stream: str, kind: type[Message]) -> int:
        entries = self._view.forwards(stream, b"(" + self._before[stream])
        return sum(isinstance(read_entry(entry).message, kind) for entry in entries)

    def _net(self) -> str | None:
        for entry in self._view.backwards("pnl", b"+", b"(" + self._before["pnl"]):
            message = read_entry(entry).message
            if isinstance(message, DeskPnl):
                return to_indian(message.net)
        return None
