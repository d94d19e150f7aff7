"""The legs of a strategy and their orders, as far as they have come. Pure bookkeeping: `legs` decides what to do."""

from collections.abc import Sequence

import msgspec

from sauda.clock import UnixNs
from sauda.contracts import Fill, InstrumentId, Product, Side
from sauda.money import Paise, Units
from sauda.state import State
from sauda_strategy.foreign import ForeignOrders
from sauda_strategy.orders import Orders, Role


def round_name(day: str, window: int) -> str:
    """Return what the keys of a window's legs begin with: `20261123`, of the day's second window `20261123w2`.

    Args:
        day: `YYYY-MM-DD`.
        window: 0 for the first.
    """
    return day.replace("-", "") + (f"w{window + 1}" if window else "")


def leg_key(legs_round: str, name: str, number: int = 1) -> str:
    """Return the key of a leg: `20261123-CE`, and `20261123-CE2` when it is sold anew."""
    return f"{legs_round}-{name}{number if number > 1 else ''}"


def round_of(key: str) -> str:
    """Return the round in a leg's key: `20261123`."""
    return key.partition("-")[0]


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """One option sold, or bought: then it is a wing."""

    instrument: InstrumentId
    expiry: str
    """`YYYY-MM-DD`."""
    tick_size: Paise
    qty: Units
    """What was to be sold (of a wing: bought; here and below)."""
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
    sold: Units = 0
    """What its entries sold."""
    repriced: int = 0
    """How often an exit rested untraded and was sent anew."""
    name: str = ""
    """`CE`, `PE`, or of a wing `CEW`, `PEW`."""
    side: Side = Side.SELL
    """How it was opened."""
    cash: Paise = 0
    """What its trades brought in, less what they cost; charges are not counted."""
    premium: Paise = 0
    """What its entries alone brought in; of a wing: what they cost, negative."""
    staged: bool = False
    """Whether it is sold only once the wings are held."""
    stopped_ns: UnixNs | None = None
    """When its stop was touched."""
    number: int = 0
    """How often the leg had been sold anew when this one was."""
    replaced: bool = False
    """Whether it was sold anew after its stop."""

    @property
    def is_wing(self) -> bool:
        """Return whether it was bought."""
        return self.side is Side.BUY

    @property
    def unsold(self) -> Units:
        """What is still to be sold."""
        return self.qty - self.sold

    @property
    def will_enter(self) -> bool:
        """Whether it was refused and is to be sold at the contract's next tick."""
        return self.retry_ns is not None and not self.closing

    def waits_for_a_tick(self, now_ns: UnixNs) -> bool:
        """Return whether it will be sold at the next tick, whenever that comes."""
        return not self.closing and self.retry_ns is not None and self.retry_ns <= now_ns

    def having(self, **changes: object) -> "Leg":
        """Return the leg with *changes*."""
        return msgspec.structs.replace(self, **changes)

    def __str__(self) -> str:
        return f"{self.held} {'long' if self.is_wing else 'short'} of {self.instrument}"


class Book:
    """All legs of one strategy, of today and, while they are open, of days before."""

    def __init__(self, state: State, strategy: str, product: Product = Product.NRML) -> None:
        self._legs = state.table("legs", Leg)
        """`<yyyymmdd>-<name>` -> what was sold there"""
        self.foreign = ForeignOrders(state)
        self.orders = Orders(state, strategy, product)

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

    def traded(self, key: str, fill: Fill) -> Leg:
        """Count *fill*, whoever's order it was of; return the leg as it stands then."""
        leg = self._legs[key]
        held = leg.held + fill.signed_qty * leg.side.sign
        leg = leg.having(held=held, cash=leg.cash - fill.signed_qty * fill.price)
        self._legs.put(key, leg)
        return leg

    def discard(self, key: str) -> None:
        """Forget a leg, if it exists; its order ids stay used."""
        self._legs.drop(key)

    def forget(self, key: str) -> None:
        """Forget a leg whose day is over, with its orders."""
        self._legs.drop(key)
        self.orders.forget(key)
        self.foreign.forget(key)

    def is_open(self, key: str) -> bool:
        """Whether the leg is short (or, by a mishap, long), or may still become so."""
        leg = self._legs.get(key)
        if leg is None:
            return False
        return leg.held != 0 or leg.will_enter or bool(leg.question) or bool(self.orders.live(key))

    def any_open(self) -> bool:
        """Whether any leg is open."""
        return any(self.is_open(key) for key in self._legs)

    def retrying(self) -> frozenset[InstrumentId]:
        """Return the contracts of which a tick may start another try: of what was refused, or rests untraded."""
        return frozenset(leg.instrument for key, leg in self._legs.items() if self._is_waiting(key, leg))

    def _is_waiting(self, key: str, leg: Leg) -> bool:
        if leg.retry_ns is not None or (leg.closing and self.foreign.of(key)):
            return True
        return any(order.since_ns is not None for _, order in self.orders.live(key))

    def entering(self, keys: Sequence[str]) -> bool:
        """Whether an entry among these legs has not been answered yet."""
        return any(order.role is Role.ENTRY for key in keys for _, order in self.orders.live(key))

    def unsold(self, keys: Sequence[str], now_ns: UnixNs) -> bool:
        """Whether all of these legs were refused, sold nothing, and wait for the next tick to try again."""
        legs = [leg for key in keys if not (leg := self._legs[key]).staged]
        return bool(legs) and all(leg.waits_for_a_tick(now_ns) and not leg.sold for leg in legs)

    def of_round(self, name: str) -> list[str]:
        """Return the keys of the legs of one window of one day (`20261123`), in order."""
        return [key for key in self._legs if round_of(key) == name]

    def open_shorts(self, name: str) -> list[str]:
        """Return the keys of a round's legs that were sold and are not flat, or may be sold any moment."""
        return [key for key in self.of_round(name) if not self._legs[key].is_wing and self.is_open(key)]

    def wings(self, name: str) -> list[str]:
        """Return the keys of a round's wings."""
        return [key for key in self.of_round(name) if self._legs[key].is_wing]

    def open_leg_of(self, instrument: InstrumentId) -> str | None:
        """Return the open leg in *instrument*, the oldest if there are several."""
        return next(
            (key for key in self._legs if self._legs[key].instrument == instrument and self.is_open(key)),
            None,
        )

    def leg_asking(self, question: str) -> str | None:
        """Return the leg that asked the exchange about the id *question*."""
        return next((key for key, leg in self._legs.items() if leg.question == question), None)
