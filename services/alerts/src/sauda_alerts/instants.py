"""Instants by name that change with every tick: kept in memory, one row each a step."""

from collections.abc import Iterator

from sauda.clock import UnixNs
from sauda.state import State


class Instants:
    """A table of instants whose rows are written when a step is committed."""

    def __init__(self, state: State, name: str) -> None:
        self._table = state.table(name, int)
        self._now: dict[str, UnixNs] = {}
        self._changed: set[str] = set()
        state.before_commit(self._write)

    def reach(self, name: str, instant_ns: UnixNs) -> None:
        """Let *name* stand at *instant_ns*, unless it stands later already."""
        if instant_ns > self._now.get(name, -1):
            self._now[name] = instant_ns
            self._changed.add(name)

    def get(self, name: str) -> UnixNs:
        """Return where *name* stands; 0 before it ever did."""
        return self._now.get(name, 0)

    def drop(self, name: str) -> None:
        """Forget *name*."""
        if self._now.pop(name, None) is not None:
            self._changed.add(name)

    def __contains__(self, name: object) -> bool:
        return name in self._now

    def __iter__(self) -> Iterator[str]:
        """Walk in the order of the names, as a unit that was loaded does."""
        return iter(sorted(self._now))

    def restored(self) -> None:
        """Read the rows back."""
        self._now = dict(self._table.items())
        self._changed.clear()

    def _write(self) -> None:
        for name in sorted(self._changed):
            if name in self._now:
                self._table.put(name, self._now[name])
            else:
                self._table.drop(name)
        self._changed.clear()
