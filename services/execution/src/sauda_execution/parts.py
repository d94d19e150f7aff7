"""A part of the exchange: one concern (legality, risk, margin, groups of orders, the life of a position) with its own state.

The exchange asks every part, in a fixed order, at each of these moments; what a part wants done it returns as acts.
None of it is asked on a tick that concerns nobody: for time, a part names the instant at which it is next due.
"""

from collections.abc import Sequence

from sauda.clock import UnixNs
from sauda.contracts import Fill, Message, PlaceOrder, Tick
from sauda_execution.acts import Act
from sauda_execution.checks import Moment, Refusal

FOREVER_NS: UnixNs = 2**63
"""Later than any instant of the market."""


class Part:
    """Does nothing; a part overrides what concerns it."""

    @property
    def due_ns(self) -> UnixNs:
        """Return when `on_due` is next to be called: at the first message of the market at or after it."""
        return FOREVER_NS

    def refusal(self, order: PlaceOrder, moment: Moment) -> Refusal | None:
        """May *order*, whose terms are sound, be accepted now? Must change nothing."""
        return None

    def basket_refusal(self, legs: Sequence[PlaceOrder], moment: Moment) -> Refusal | None:
        """May all *legs* be accepted together? Asked once for a basket, before its first leg; must change nothing.

        Its legs then come with `Moment.in_basket`: what was judged for all of them is not judged again.
        """
        return None

    def on_accepted(self, order: PlaceOrder) -> Sequence[Act]:
        """*order* is in the market."""
        return ()

    def on_modified(self, order: PlaceOrder) -> Sequence[Act]:
        """*order* stands in the market with new terms."""
        return ()

    def on_fill(self, order: PlaceOrder, fill: Fill) -> Sequence[Act]:
        """*fill* was made for *order*; the book holds it already."""
        return ()

    def on_ended(self, order: PlaceOrder, unfilled: int, reason: str) -> Sequence[Act]:
        """*order* left the market with *unfilled* units untraded (0: all traded)."""
        return ()

    def on_refused(self, order: PlaceOrder, refusal: Refusal) -> Sequence[Act]:
        """*order* was not accepted."""
        return ()

    def on_quote(self, tick: Tick) -> Sequence[Act]:
        """An instrument ticked of which something works or is watched (see `watches`); called after its orders met it."""
        return ()

    def watches(self, instrument: str) -> bool:
        """Does this part want `on_quote` for *instrument* although no order works in it?"""
        return False

    def on_due(self, now_ns: UnixNs) -> Sequence[Act]:
        """Market time has come to `due_ns`."""
        return ()

    def on_message(self, message: Message) -> Sequence[Act]:
        """A message came that is no tick and no order: control, a point of P&L, a reply of the broker, a clock."""
        return ()

    def on_day(self, day_ns: UnixNs) -> Sequence[Act]:
        """A new trading day began; *day_ns* is its midnight (IST)."""
        return ()

    def restored(self) -> None:
        """Rebuild what is derived, after the state was loaded."""
