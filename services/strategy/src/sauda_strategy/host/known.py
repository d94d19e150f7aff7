"""Definitions of the contracts that one strategy may trade, and what they say of its underlyings."""

from collections.abc import Collection
from typing import Final

from sauda.contracts import Instrument, InstrumentId
from sauda.state import State


class Known:
    """Those that it named, and all contracts on the underlyings that it named."""

    def __init__(self, state: State) -> None:
        self._rows = state.table("instruments", Instrument)
        """instrument -> its definition; expired ones are dropped when a day begins"""
        self._names: frozenset[InstrumentId] = frozenset()
        self._underlyings: frozenset[str] = frozenset()
        self._by_underlying: dict[str, list[Instrument]] = {}
        self.version = 0
        """Counts changes, for whoever derives something from them."""

    def want(self, names: Collection[InstrumentId], underlyings: Collection[str]) -> None:
        """Learn of these from now on."""
        self._names, self._underlyings = frozenset(names), frozenset(underlyings)
        self._changed()

    def learn(self, definition: Instrument) -> bool:
        """Take a definition that concerns us; return whether it says something new."""
        wanted = definition.instrument in self._names or definition.underlying in self._underlyings
        # The masters come again every morning, mostly unchanged.
        if not wanted or self._rows.get(definition.instrument) == definition:
            return False
        self._rows.put(definition.instrument, definition)
        self._changed()
        return True

    def get(self, instrument: InstrumentId) -> Instrument | None:
        """Return a definition, or None."""
        return self._rows.get(instrument)

    def of(self, underlying: str) -> list[Instrument]:
        """Return the contracts on *underlying*."""
        found = self._by_underlying.get(underlying)
        if found is None:
            found = [one for one in self._rows.values() if one.underlying == underlying]
            self._by_underlying[underlying] = found
        return found

    def begin_day(self, day: str, kept: Collection[InstrumentId]) -> None:
        """Forget what expired before *day* (`YYYY-MM-DD`), except *kept*: somebody holds it still."""
        gone = [name for name, one in self._rows.items() if one.expiry and one.expiry < day]
        for name in gone:
            if name not in kept:
                self._rows.drop(name)
        self._changed()

    def _changed(self) -> None:
        self._by_underlying.clear()
        self.version += 1


NOT_KNOWN: Final = "is not among the desk's instruments"
