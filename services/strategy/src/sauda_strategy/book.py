"""The legs of a strategy and their orders, as far as they have come. Pure bookkeeping: `legs` decides what to do."""

from collections.abc import Sequence

import msgspec

from sauda.clock import UnixNs
from sauda.contracts import InstrumentId, Right
from sauda.money import Paise, Units
from sauda.state import State
from sauda_strategy.orders import Orders, Role


def leg_key(day: str, right: Right) -> str:
    """Return the key of a leg: `20261123-CE`; *day* is `YYYY-MM-DD`."""
    return f"{day.replace('-', '')}-{right.value}"


def day_of(key: str) -> str:
    """Return the day in a leg's key: `20261123`."""
    return key.partition("-")[0]


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """One option sold."""

    instrument: InstrumentId
    expiry: str
    """`YYYY-MM-DD`."""
    tick_size: Paise
    qty: Units
    """What was to be sold."""
    held: Units = 0
    """What it is short now: units sold less units bought back."""
    closing: str = ""
    """Why it is being bought back; empty while it is not."""
    question: str = ""
    """While the exchange squares off: the id that it was asked about, see `Legs.stand_aside`."""
    retry_ns: UnixNs | None = None
    """From when on the contract's next tick starts another try of what was refused."""
    refusals: int = 0
    """How often buying it back was refused."""

    @property
    def will_enter(self) -> bool:
        """Whether it was refused and is to be sold at the contract's next tick."""
        return self.retry_ns is not None and not self.closing

    def having(self, **changes: object) -> "Leg":
        """Return the leg with *changes*."""
        return msgspec.structs.replace(self, **changes)

    def __str__(self) -> str:
        return f"{self.held} short of {self.instrument}"


class Book:
    """All legs of one strategy, of today and, while they are open, of days before."""

    def __init__(self, state: State, strategy: str) -> None:
        self._legs = state.table("legs", Leg)
        """`<yyyymmdd>-<CE|PE>` -> what was sold there"""
        self._foreign = state.table("foreign", str)
        """id of a live order that we did not make (a square-off, a trader) -> the leg that it trades"""
        self.orders = Orders(state, strategy)

    def all(self) -> list[str]:
        """Return the keys of all legs there are."""
        return list(self._legs)

    def get(self, key: str) -> Leg | None:
        """Return the leg, or None."""
        return self._legs.get(key)

    def __getitem__(self, key: str) -> Leg:
        return self._legs[key]

    def put(self, key: str, leg: Leg) -> None:
        """Set the leg."""
        self._legs.put(key, leg)

    def discard(self, key: str) -> None:
        """Forget a leg, if it exists; its order ids stay used."""
        self._legs.drop(key)

    def forget(self, key: str) -> None:
        """Forget a leg whose day is over, with its orders."""
        self._legs.drop(key)
        self.orders.forget(key)
        for order_id in [name for name, leg in self._foreign.items() if leg == key]:
            self._foreign.drop(order_id)

    def is_open(self, key: str) -> bool:
        """Whether the leg is short, or may still become so."""
        leg = self._legs.get(key)
        if leg is None:
            return False
        return leg.held > 0 or leg.will_enter or bool(leg.question) or bool(self.orders.live(key))

    def any_open(self) -> bool:
        """Whether any leg is open."""
        return any(self.is_open(key) for key in self._legs)

    def retrying(self) -> frozenset[InstrumentId]:
        """Return the contracts whose next tick is to start another try."""
        return frozenset(leg.instrument for leg in self._legs.values() if leg.retry_ns is not None)

    def entering(self, keys: Sequence[str]) -> bool:
        """Whether an entry among these legs has not been answered yet."""
        return any(order.role is Role.ENTRY for key in keys for _, order in self.orders.live(key))

    def unsold(self, keys: Sequence[str]) -> bool:
        """Whether all of these legs were refused, sold nothing, and wait for another try."""
        legs = [self._legs.get(key) for key in keys]
        return all(leg is not None and leg.will_enter and not leg.held for leg in legs)

    def open_leg_of(self, instrument: InstrumentId) -> str | None:
        """Return the open leg in *instrument*, the oldest if there are several."""
        return next(
            (key for key in self._legs if self._legs[key].instrument == instrument and self.is_open(key)),
            None,
        )

    def leg_asking(self, question: str) -> str | None:
        """Return the leg that asked the exchange about the id *question*."""
        return next((key for key, leg in self._legs.items() if leg.question == question), None)

    def foreign_began(self, order_id: str, key: str) -> None:
        """Somebody else's order for the leg stands in the market."""
        self._foreign.put(order_id, key)

    def foreign_ended(self, order_id: str) -> str | None:
        """Somebody else's order is over; return its leg."""
        key = self._foreign.get(order_id)
        self._foreign.drop(order_id)
        return key if key in self._legs else None

    def has_foreign(self, key: str) -> bool:
        """Whether somebody else's order for the leg stands in the market."""
        return key in self._foreign.values()
