"""What the broker tells of a contract beside its definition: today's circuit limits, the most that one order may ask for.

It arrives with quotes, contract by contract, long after the definitions. A desk reads it as the contract's definition once more,
with the terms in it: once when they become known, and again when they change.
"""

import threading
from collections.abc import Mapping
from typing import Final

import msgspec

from sauda.contracts import Instrument, InstrumentId
from sauda.errors import InvariantError
from sauda.money import Paise, Units

TABLE: Final = b"terms/"
"""What the rows of the feed's state begin with that say what a desk was told of each contract."""


class Terms(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of one contract; None is what the broker has not told."""

    freeze_qty: Units | None = None
    low_limit: Paise | None = None
    high_limit: Paise | None = None

    def over(self, older: "Terms | None") -> "Terms":
        """Return these terms, and what *older* ones say of the rest."""
        if older is None:
            return self
        known = {name: value for name, value in msgspec.structs.asdict(self).items() if value is not None}
        return msgspec.structs.replace(older, **known)

    def lasting(self) -> "Terms":
        """Return what of them holds on the next day as well: limits are the day's own."""
        return Terms(freeze_qty=self.freeze_qty)


class TermsNews:
    """Terms on their way from the broker's threads to the feed's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._news: dict[InstrumentId, Terms] = {}

    def put(self, instrument: InstrumentId, terms: Terms) -> None:
        """Add what was learned of *instrument*."""
        with self._lock:
            self._news[instrument] = terms.over(self._news.get(instrument))

    def take(self) -> dict[InstrumentId, Terms]:
        """Return what was learned since the last call."""
        with self._lock:
            news, self._news = self._news, {}
        return news


def defined(instrument: Instrument, terms: Mapping[InstrumentId, Terms]) -> Instrument:
    """Return the definition of *instrument* as a desk reads it: with the terms that are known."""
    known = terms.get(instrument.instrument, Terms())
    return msgspec.structs.replace(instrument, **msgspec.structs.asdict(known))


def rows(terms: Mapping[InstrumentId, Terms]) -> dict[bytes, bytes | None]:
    """Return the rows of state that say so; what says nothing has no row."""
    return {
        TABLE + name.encode(): msgspec.json.encode(one) if one != Terms() else None
        for name, one in sorted(terms.items())
    }


def told(state: Mapping[bytes, bytes]) -> dict[InstrumentId, Terms]:
    """Return what a desk was told, as its state holds it.

    Raises:
        InvariantError: a row is not one that this version wrote.
    """
    try:
        return {
            key.removeprefix(TABLE).decode(): msgspec.json.decode(value, type=Terms)
            for key, value in state.items()
            if key.startswith(TABLE)
        }
    except msgspec.DecodeError as error:
        raise InvariantError(f"a contract's terms in the feed's state cannot be read: {error}") from error
