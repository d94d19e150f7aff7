"""What must be seen because it is held: each position's own prices, and those of the index that will settle it.

A strategy that was stopped, or a person who traded by hand and went home, asks for no prices any more; the exchange does.
"""

from collections.abc import Iterable

from sauda.clock import UnixNs
from sauda.contracts import InstrumentId, Subscribe, Unsubscribe
from sauda.state import State
from sauda_execution.acts import Act, Say


class Sight:
    """The exchange's own subscriptions."""

    def __init__(self, state: State, by: str) -> None:
        self._by = by
        self._subscribed = state.table("subscribed", int)
        """Instrument -> when it was asked for."""

    def need(self, wanted: Iterable[InstrumentId], now_ns: UnixNs) -> list[Act]:
        """Ask for what is wanted and not seen yet."""
        new = sorted({name for name in wanted if name not in self._subscribed})
        for name in new:
            self._subscribed.put(name, now_ns)
        return [Say(Subscribe(self._by, tuple(new), now_ns))] if new else []

    def keep_only(self, wanted: Iterable[InstrumentId], now_ns: UnixNs) -> list[Act]:
        """Ask for what is wanted, and no longer for anything else."""
        names = set(wanted)
        gone = [name for name in self._subscribed if name not in names]
        for name in gone:
            self._subscribed.drop(name)
        acts = self.need(names, now_ns)
        return [*acts, Say(Unsubscribe(self._by, tuple(gone), now_ns))] if gone else acts
