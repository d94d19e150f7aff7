"""What there is to trade: the definitions, looked up by words, by underlying and by expiry. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from sauda.contracts import Instrument, InstrumentId, InstrumentKind, Right
from sauda.errors import ConfigError
from sauda.instruments import canonical, index_instrument
from sauda.money import Paise, to_rupees

_ORDER: Final = {kind: number for number, kind in enumerate(InstrumentKind)}


class Pair(NamedTuple):
    """The two options of one strike."""

    strike: Paise
    call: Instrument | None
    put: Instrument | None


class Catalogue:
    """All definitions of one desk, the newest of each instrument."""

    def __init__(self) -> None:
        self._known: dict[InstrumentId, Instrument] = {}
        self._words: dict[InstrumentId, str] = {}
        """What a search looks into."""
        self._chains: dict[str, dict[str, dict[Paise, dict[Right, Instrument]]]] = {}
        """underlying -> expiry -> strike -> right -> contract"""
        self._pairs: dict[tuple[str, str], Sequence[Pair]] = {}
        """The same, as it is asked for with each price; made when it is."""
        self._futures: dict[str, dict[str, Instrument]] = {}
        """underlying -> expiry -> contract"""
        self._changes = 0
        self._sorted: tuple[int, Sequence[Instrument]] = (0, ())
        """All of them in order, and after how many changes."""

    def __len__(self) -> int:
        return len(self._known)

    def learn(self, one: Instrument) -> None:
        """Take a definition."""
        if self._known.get(one.instrument) == one:
            return
        self._known[one.instrument] = one
        self._words[one.instrument] = _words_of(one)
        self._changes += 1
        if one.expiry is None:
            return
        if one.kind is InstrumentKind.FUTURE:
            self._futures.setdefault(one.underlying, {})[one.expiry] = one
        elif one.strike is not None and one.right is not None:
            expiries = self._chains.setdefault(one.underlying, {})
            expiries.setdefault(one.expiry, {}).setdefault(one.strike, {})[one.right] = one
            self._pairs.pop((one.underlying, one.expiry), None)

    def get(self, instrument: InstrumentId) -> Instrument | None:
        """Return its definition."""
        return self._known.get(instrument)

    def expiries(self, underlying: str, today: str) -> list[str]:
        """Return the days, from *today* on, on which options of *underlying* expire."""
        return sorted(day for day in self._chains.get(underlying, {}) if day >= today)

    def pairs(self, underlying: str, expiry: str) -> Sequence[Pair]:
        """Return the options of one expiry, by strike."""
        strikes = self._chains.get(underlying, {}).get(expiry)
        if strikes is None:
            return ()
        found = self._pairs.get((underlying, expiry))
        if found is None:
            found = self._pairs[underlying, expiry] = [
                Pair(strike, strikes[strike].get(Right.CALL), strikes[strike].get(Right.PUT))
                for strike in sorted(strikes)
            ]
        return found

    def futures(self, underlying: str, today: str) -> list[Instrument]:
        """Return its futures that live, the nearest first."""
        found = self._futures.get(underlying, {})
        return [found[expiry] for expiry in sorted(found) if expiry >= today]

    def cash(self, underlying: str) -> Instrument | None:
        """Return the index or share itself; None for a commodity."""
        return self._known.get(_cash_name(underlying))

    def search(self, text: str, kind: InstrumentKind | None, today: str) -> Iterator[Instrument]:
        """Yield what all words of *text* stand in, living contracts alone, what is nearest first; in a thread, if one likes."""
        wanted = text.upper().split()
        for one in self._in_order():
            if kind is not None and one.kind is not kind:
                continue
            if one.expiry is not None and one.expiry < today:
                continue
            words = self._words[one.instrument]
            if all(word in words for word in wanted):
                yield one

    def _in_order(self) -> Sequence[Instrument]:
        changes = self._changes
        if self._sorted[0] != changes:
            # A list of its own: definitions may come while it is sorted.
            known = list(self._known.values())
            known.sort(key=_rank)
            self._sorted = changes, known
        return self._sorted[1]


def canonical_or_same(underlying: str) -> str:
    """Return an underlying's one name; a share has no other than its own."""
    try:
        return canonical(underlying)
    except ConfigError:
        return underlying.upper()


def _cash_name(underlying: str) -> InstrumentId:
    try:
        return index_instrument(underlying) or ""
    except ConfigError:
        return f"NSE:{underlying}-EQ"


def _rank(one: Instrument) -> tuple[int, str, str, Paise, str]:
    return (_ORDER[one.kind], one.expiry or "", one.underlying, one.strike or 0, one.instrument)


def _words_of(one: Instrument) -> str:
    strike = "" if one.strike is None else to_rupees(one.strike).removesuffix(".00")
    right = "" if one.right is None else one.right.value
    return f"{one.instrument} {one.underlying} {one.kind.value} {one.expiry or ''} {strike} {right}".upper()
