"""What a position cost and has made: average cost, in whole paise, with nothing ever rounded away."""

import msgspec

from sauda.contracts import Fill
from sauda.money import Paise, Units


class Position(msgspec.Struct, frozen=True):
    """One strategy's position in one instrument. Buying 65 at 100.00 makes ``qty=65, cost=65_00_00``.

    At all times ``realised - cost`` is the cash that went in and out: no paisa is lost.
    """

    qty: Units = 0
    """Signed: a short is negative."""
    cost: Paise = 0
    """Cash paid to open `qty`; negative when it was received."""
    realised: Paise = 0
    """Profit locked in, before charges."""
    charges: Paise = 0
    """Everything the fills cost besides their price."""

    def apply(self, fill: Fill) -> "Position":
        """Return the position after *fill*: opened, added to, reduced, closed or flipped."""
        closing = self._closing(fill.signed_qty)
        opening = fill.signed_qty + closing
        # Floor division may leave up to a paisa of cost with what stays open; it comes back when
        # that is closed, so nothing is lost.
        released = self.cost * closing // self.qty if closing else 0
        return Position(
            qty=self.qty + fill.signed_qty,
            cost=self.cost - released + opening * fill.price,
            realised=self.realised + closing * fill.price - released,
            charges=self.charges + fill.charges,
        )

    def unrealised(self, ltp: Paise) -> Paise:
        """Return what closing all of it at *ltp* would add to `realised`."""
        return self.qty * ltp - self.cost

    def _closing(self, signed_qty: Units) -> Units:
        """Return how much of `qty`, with its sign, a trade of *signed_qty* closes."""
        if self.qty * signed_qty >= 0:
            return 0
        if self.qty > 0:
            return min(self.qty, -signed_qty)
        return max(self.qty, -signed_qty)
