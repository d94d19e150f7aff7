"""Noren's quote frames, merged into ticks.

A frame `tk` or `dk` acknowledges a subscription and shows everything; a `tf` or `df` shows only the keys whose value changed.
All values are strings; a key may be missing, hold "NA", or hold a zero that means nothing. Broker words end here.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, TypeAlias

from sauda.clock import NS_PER_S, UnixNs, ist_date
from sauda.contracts import BookLevel, Depth, InstrumentId, Tick
from sauda.errors import ContractError
from sauda.money import to_paise
from sauda_feed.terms import Terms

Token: TypeAlias = tuple[str, str]
"""(exchange, token): a bare token names different things on different exchanges."""

_LEVELS: Final = range(1, 6)
_PRICES: Final = frozenset({"lp", "uc", "lc", *(f"{side}p{level}" for side in "bs" for level in _LEVELS)})
_COUNTS: Final = frozenset(
    {"v", "oi", "ft", *(f"{side}{what}{n}" for side in "bs" for what in "qo" for n in _LEVELS)}
)
_IS_PRICE: Final = dict.fromkeys(_PRICES, True) | dict.fromkeys(_COUNTS, False)
_NOTHING_AT_ZERO: Final = frozenset({"lp", "ft", "uc", "lc"})
"""Keys that a zero must not overwrite; a zero in the book does say something: that side is empty."""
_LONGEST: Final = 16
_AHEAD_NS: Final = 86_400 * NS_PER_S
"""How far a broker's clock may be ahead of ours: beyond a day a feed time is no time."""
_SNAPSHOTS: Final = frozenset({"tk", "dk"})


@dataclass(slots=True)
class _Quote:
    values: dict[str, int] = field(default_factory=dict)
    """key -> paise, units or seconds"""
    stamps: dict[str, int] = field(default_factory=dict)
    """key -> feed time, seconds, of the frame that it came with"""
    whole: bool = False
    """Whether a snapshot has come since the connection was opened; until then nothing is published."""
    latest: Tick | None = None
    reached_s: int = 0
    """Feed time that was published before the connection was lost."""


class Quotes:
    """What is known of each instrument; one thread feeds it."""

    def __init__(
        self,
        names: Mapping[Token, InstrumentId],
        on_terms: Callable[[InstrumentId, Terms], None] = lambda _instrument, _terms: None,
    ) -> None:
        """*on_terms* is told a contract's circuit limits when they are known or have changed."""
        self.names = names
        self._on_terms = on_terms
        self._terms: dict[InstrumentId, Terms] = {}
        self.defects: Counter[str] = Counter()
        """Frames that gave nothing: `malformed`, `out_of_order`, `duplicate`, `unknown_token`, `unpriced`, `stale`; books: `torn_depth`."""
        self._quotes: dict[Token, _Quote] = {}
        self._reached_s: dict[Token, int] = {}
        """Feed times that earlier connections had come to: a snapshot out of an old cache is no news."""

    def forget(self) -> None:
        """Begin anew: the connection was lost, and with it we do not know what."""
        for token, quote in self._quotes.items():
            if quote.latest is not None:
                self._reached_s[token] = max(quote.reached_s, quote.values.get("ft", 0))
        self._quotes.clear()

    def take(self, frame: Mapping[str, Any], recv_ns: UnixNs) -> Tick | None:
        """Merge one frame; return the tick that it makes, or None if it makes none.

        A frame that cannot be read changes nothing at all: half of it might be a wrong price.
        """
        token = (str(frame.get("e")), str(frame.get("tk")))
        instrument = self.names.get(token)
        if instrument is None:
            self.defects["unknown_token"] += 1
            return None
        try:
            values = _numbers(frame)
        except ContractError:
            self.defects["malformed"] += 1
            return None
        if values.get("ft", 0) * NS_PER_S > recv_ns + _AHEAD_NS:
            # Everything that follows would be older than this, and never be told.
            self.defects["malformed"] += 1
            return None
        quote = self._quotes.get(token)
        if quote is None:
            quote = self._quotes[token] = _Quote(reached_s=self._reached_s.get(token, 0))
        if not _merge(quote, values, snapshot=frame.get("t") in _SNAPSHOTS):
            self.defects["out_of_order"] += 1
            return None
        if "uc" in values or "lc" in values:
            self._note_limits(instrument, quote, recv_ns)
        return self._tick(instrument, quote, recv_ns)

    def _note_limits(self, instrument: InstrumentId, quote: _Quote, recv_ns: UnixNs) -> None:
        """Pass limits on; those of an old cache may be yesterday's."""
        values, seconds = quote.values, quote.values.get("ft")
        old = seconds is not None and ist_date(seconds * NS_PER_S) != ist_date(recv_ns)
        terms = Terms(low_limit=values.get("lc"), high_limit=values.get("uc"))
        if old or terms == self._terms.get(instrument):
            return
        if (
            terms.low_limit is not None
            and terms.high_limit is not None
            and terms.low_limit >= terms.high_limit
        ):
            self.defects["malformed"] += 1
            return
        self._terms[instrument] = terms
        self._on_terms(instrument, terms)

    def _tick(self, instrument: InstrumentId, quote: _Quote, recv_ns: UnixNs) -> Tick | None:
        values = quote.values
        if not quote.whole or "lp" not in values:
            self.defects["unpriced"] += 1
            return None
        seconds = values.get("ft")
        if seconds is not None and seconds < quote.reached_s:
            self.defects["stale"] += 1
            return None
        bid, ask = values.get("bp1") or None, values.get("sp1") or None
        # By position: names would take half as long again, 0.4 µs of the frame's 6.
        tick = Tick(
            instrument,
            recv_ns if seconds is None else seconds * NS_PER_S,
            recv_ns,
            values["lp"],
            bid,
            ask,
            values.get("bq1") if bid else None,
            values.get("sq1") if ask else None,
            values.get("v"),
            values.get("oi"),
            self._depth(values) if "bp2" in values or "sp2" in values else None,
        )
        if quote.latest is not None and _same(quote.latest, tick):
            self.defects["duplicate"] += 1
            return None
        quote.latest = tick
        return tick

    def _depth(self, values: Mapping[str, int]) -> Depth | None:
        """Return the book; one whose levels contradict each other is of several moments, and is none."""
        bids, asks = _ladder(values, "b"), _ladder(values, "s")
        torn = any(better.price <= worse.price for better, worse in pairwise(bids))
        torn |= any(better.price >= worse.price for better, worse in pairwise(asks))
        if torn or (bids and asks and bids[0].price > asks[0].price):
            self.defects["torn_depth"] += 1
            return None
        return Depth(bids, asks)


def _merge(quote: _Quote, values: dict[str, int], *, snapshot: bool) -> bool:
    """Merge *values*; return whether any of them was news. What is older than what we have is not."""
    known_s = quote.values.get("ft", 0)
    given_s = values.get("ft", known_s)
    if snapshot and not (quote.whole and given_s < known_s):
        # Changes may overtake the snapshot that they change: they stay on top of it.
        later = {key: number for key, number in quote.values.items() if quote.stamps[key] > given_s}
        quote.stamps = {key: quote.stamps[key] if key in later else given_s for key in {*values, *later}}
        quote.values = {**values, **later}
        quote.whole = True
        return True
    if given_s < known_s:
        values = {key: number for key, number in values.items() if quote.stamps.get(key, 0) < given_s}
    elif given_s == known_s and values.get("v", 0) < quote.values.get("v", 0) and "v" in values:
        # The day's volume never falls: within one second of feed time it alone tells which frame is older.
        return False
    quote.values.update(values)
    quote.stamps.update(dict.fromkeys(values, given_s))
    return bool(values)


def _numbers(frame: Mapping[str, Any]) -> dict[str, int]:
    """Return what a frame says, as ints.

    Raises:
        ContractError: one of its values is no number, or a negative one.
    """
    found: dict[str, int] = {}
    for key, text in frame.items():
        is_price = _IS_PRICE.get(key)
        if is_price is None:
            continue
        # `12.35` and `650`, as nearly all of them are written, are read here: a call for each was half the cost of a frame.
        digits = text
        if type(text) is str and is_price:
            digits = text[:-3] + text[-2:] if text[-3:-2] == "." else ""
        if type(digits) is str and digits.isdigit() and digits.isascii() and len(digits) < _LONGEST:
            number: int | None = int(digits)
        else:
            number = _number(key, text, hundredfold=is_price)
        if number or (number == 0 and key not in _NOTHING_AT_ZERO):
            found[key] = number
    return found


def _number(key: str, text: object, *, hundredfold: bool) -> int | None:
    if text in ("NA", "", None):
        return None
    digits = str(text)
    # No sign and no exponent: "1e999999" is a number too, and would take all memory there is.
    if len(digits) > _LONGEST or not (digits.isascii() and digits.replace(".", "", 1).isdigit()):
        raise ContractError(f"{key} is no price or quantity: {digits[:_LONGEST]!r}")
    whole, _, part = digits.partition(".")
    if not hundredfold:
        return int(whole or "0")
    # Two decimals, as all of them have, need no Decimal: that was half the cost of a frame.
    return int(whole or "0") * 100 + int(f"{part}00"[:2]) if len(part) <= 2 else to_paise(digits)


def _ladder(values: Mapping[str, int], side: str) -> tuple[BookLevel, ...]:
    return tuple(
        BookLevel(values[f"{side}p{n}"], values[f"{side}q{n}"], values.get(f"{side}o{n}", 0))
        for n in _LEVELS
        if values.get(f"{side}p{n}") and values.get(f"{side}q{n}")
    )


def _same(one: Tick, other: Tick) -> bool:
    """Return whether two ticks say the same; when they arrived is not part of it."""
    return (
        one.event_ns == other.event_ns
        and one.ltp == other.ltp
        and one.bid == other.bid
        and one.ask == other.ask
        and one.bid_qty == other.bid_qty
        and one.ask_qty == other.ask_qty
        and one.volume == other.volume
        and one.oi == other.oi
        and one.depth == other.depth
    )
