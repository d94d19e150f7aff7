"""Which topics of state are made of which prices: a chain is made anew with each price that it shows, and with no other. Pure."""

from collections.abc import Collection, Sequence

from sauda.contracts import InstrumentId
from sauda_gateway.market.catalogue import canonical_or_same
from sauda_gateway.market.showing import Showing
from sauda_gateway.stream.topics import Name


class Interest:
    """The chains that somebody follows."""

    def __init__(self) -> None:
        self._chains: dict[InstrumentId, set[str]] = {}

    def touched_by(self, instrument: InstrumentId) -> Collection[str]:
        """Return the topics that a price of *instrument* changes."""
        return self._chains.get(instrument, ())

    def expect(self, text: str, instruments: Sequence[InstrumentId]) -> None:
        """Take note of what the chain *text* is made of now: it moves with the money."""
        self.drop(text)
        for instrument in instruments:
            self._chains.setdefault(instrument, set()).add(text)

    def drop(self, text: str) -> None:
        """Forget the chain *text*."""
        for instrument in [one for one, chains in self._chains.items() if text in chains]:
            self._chains[instrument].discard(text)
            if not self._chains[instrument]:
                del self._chains[instrument]

    def clear(self) -> None:
        """Forget all of them."""
        self._chains.clear()


def instruments_of(name: Name, showing: Showing) -> Sequence[InstrumentId]:
    """Return all whose prices the topic *name* is made of."""
    match name.family:
        case "ticks":
            return (name.subject,)
        case "chain":
            return showing.chain_instruments(canonical_or_same(name.subject), name.detail, name.around)
        case _:
            return ()
