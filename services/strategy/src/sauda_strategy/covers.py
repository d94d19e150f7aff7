"""Wings and what they cover: bought first, sold last, and never left behind by what they cover.

    wings bought ──all held──► shorts sold ──last short flat, none to come──► wings sold

When a wing is lost while a short is open (a trader sold it), the short is bought back.
"""

from collections.abc import Callable

from sauda.clock import UnixNs
from sauda.contracts import Message
from sauda_strategy.book import Book, Leg, round_of
from sauda_strategy.legs import Legs


class Covers:
    """Looks after the wings of one strategy; does nothing for one that buys none."""

    def __init__(self, book: Book, legs: Legs, comes_again: Callable[[str], bool]) -> None:
        """Look after *book*; *comes_again* says of a leg whether it may still be sold anew."""
        self._book = book
        self._legs = legs
        self._comes_again = comes_again

    def tend(self, now_ns: UnixNs) -> list[Message]:
        """Do what is due; harmless at any time."""
        out: list[Message] = []
        for name in sorted({round_of(key) for key in self._book.all() if self._book[key].is_wing}):
            out += self._release(name, now_ns) + self._uncovered(name, now_ns) + self._let_go(name, now_ns)
        return out

    def _release(self, name: str, now_ns: UnixNs) -> list[Message]:
        """Sell what waited for the wings, once all of them are held whole."""
        staged = [key for key in self._book.of_round(name) if self._book[key].staged]
        if not staged or not all(_is_whole(self._book[key]) for key in self._book.wings(name)):
            return []
        return [self._legs.enter(key, now_ns) for key in staged]

    def _uncovered(self, name: str, now_ns: UnixNs) -> list[Message]:
        """Buy back what is short and has lost its wing; the exchange may be closing it in this very step."""
        if not any(self._is_lost(key) for key in self._book.wings(name)):
            return []
        return [
            message
            for key in self._book.open_shorts(name)
            if not self._book[key].closing
            for message in self._legs.stand_aside(key, "its wing is gone", now_ns)
        ]

    def _let_go(self, name: str, now_ns: UnixNs) -> list[Message]:
        """Sell the wings when nothing is left that they cover."""
        keys = self._book.of_round(name)
        if self._book.open_shorts(name) or any(self._is_to_come(key) for key in keys):
            return []
        out: list[Message] = []
        for key in self._book.wings(name):
            leg = self._book[key]
            if not leg.closing:
                out += self._legs.stand_aside(key, "nothing is left that it covers", now_ns)
            elif leg.retry_ns is None:
                out += self._legs.tend(key, now_ns)
        return out

    def _is_lost(self, key: str) -> bool:
        leg = self._book[key]
        return leg.closing != "expired" and (bool(leg.closing) or leg.held < leg.qty)

    def _is_to_come(self, key: str) -> bool:
        leg = self._book[key]
        if leg.staged:  # Until one of its wings is given up.
            return not any(self._book[wing].closing for wing in self._book.wings(round_of(key)))
        return not leg.is_wing and self._comes_again(key)


def _is_whole(leg: Leg) -> bool:
    return not leg.closing and leg.held == leg.qty
