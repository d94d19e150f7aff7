"""What is to be done with one instrument: an entry, or a closing, or a closing and then an entry. Pure rows."""

import msgspec

from sauda.clock import UnixNs
from sauda.contracts import Side
from sauda.money import Paise, Units


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Units to be bought or sold that open a position or add to one."""

    side: Side
    qty: Units
    since_ns: UnixNs
    """When it was decided."""
    traded: Units = 0
    limit: Paise | None = None
    stop: Paise | None = None
    target: Paise | None = None
    stop_away: Paise | None = None
    """How far from its price the stop stands, on the losing side, where `stop` is None: it takes a rolled position's place."""
    target_away: Paise | None = None
    """How far from its price the target stands, on the winning side, where `target` is None."""
    tries: int = 0
    """Orders that were sent for it."""
    retry_ns: UnixNs | None = None
    """From when on the instrument's next tick sends (another) order; None: one is in the market."""
    unsized: bool = False
    """Whether how many cannot be said before there is a price; `qty` is 0 until then."""
    overnight: bool = False
    """Whether it was decided while the market was closed, and waits for the opening."""
    follows: str | None = None
    """The exit before it, where a position is turned round: its order names it, so that it is no duplicate of it."""

    @property
    def open_qty(self) -> Units:
        """Return what is still to be traded."""
        return self.qty - self.traded

    def having(self, **changes: object) -> "Entry":
        """Return it with *changes*."""
        return msgspec.structs.replace(self, **changes)


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """A position to be brought down."""

    why: str
    goal: Units = 0
    """Signed units that stay."""
    limit: Paise | None = None
    """None: at the market."""
    then: Entry | None = None
    """What is opened when it is done: the position is turned round."""
    question: str = ""
    """While the exchange squares off: the id that it was asked about, see `Closer.stand_aside`."""
    unsure: bool = False
    """Whether an entry traded, or somebody else's order was taken back: another may stand in its place, to be told next."""
    retry_ns: UnixNs | None = None
    """From when on the instrument's next tick tries again what was refused."""
    refusals: int = 0
    repriced: int = 0
    exit_id: str | None = None
    """The newest order that was sent for it."""

    def surplus(self, held: Units) -> Units:
        """Return the signed units that must go: it never opens, so beyond zero everything must."""
        kept = max(0, min(held, self.goal)) if self.goal >= 0 else min(0, max(held, self.goal))
        return held - kept

    def having(self, **changes: object) -> "Closing":
        """Return it with *changes*."""
        return msgspec.structs.replace(self, **changes)
