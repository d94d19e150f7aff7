"""What of the present quotes has been taken already: no quantity that was shown once is traded twice.

The market cannot know of a paper trade: it goes on showing what was taken. So the exchange remembers it until the
instrument ticks again; from then on what is shown counts as new.
"""

from collections.abc import Callable, Mapping

import msgspec

from sauda.contracts import InstrumentId, Side
from sauda.money import Paise, Units
from sauda.state import State


class Taken(msgspec.Struct, frozen=True, omit_defaults=True):
    """Units taken of one quote, by the price of the level."""

    asks: dict[Paise, Units] = {}
    bids: dict[Paise, Units] = {}


_NOTHING: Mapping[Paise, Units] = {}


class Liquidity:
    """What was taken of the quotes that stand now."""

    def __init__(self, state: State) -> None:
        self._taken = state.table("taken", Taken)
        self.used: set[InstrumentId] = set()
        """Instruments of whose quote something is gone: derived, to be asked on every tick."""

    def taken(self, instrument: InstrumentId, side: Side) -> Mapping[Paise, Units]:
        """Return what orders of *side* have taken of the instrument's quote: price -> units."""
        if instrument not in self.used:
            return _NOTHING
        taken = self._taken[instrument]
        return taken.asks if side is Side.BUY else taken.bids

    def take(self, instrument: InstrumentId, side: Side, price: Paise, qty: Units) -> None:
        """Remember that an order of *side* took *qty* at the level *price*."""
        before = self._taken.get(instrument) or Taken()
        levels = dict(before.asks if side is Side.BUY else before.bids)
        levels[price] = levels.get(price, 0) + qty
        after = Taken(levels, before.bids) if side is Side.BUY else Taken(before.asks, levels)
        self._taken.put(instrument, after)
        self.used.add(instrument)

    def renew(self, instrument: InstrumentId) -> None:
        """Forget what was taken: the instrument has ticked."""
        if instrument in self.used:
            self.used.discard(instrument)
            self._taken.drop(instrument)

    def forget(self, is_gone: Callable[[InstrumentId], bool]) -> None:
        """Forget what was taken of quotes that are no more: their contracts may never tick again."""
        for instrument in self._taken:
            if is_gone(instrument):
                self.renew(instrument)

    def restored(self) -> None:
        """Find again of which quotes something is gone."""
        self.used = set(self._taken)
