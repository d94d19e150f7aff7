"""A fixed piece of Python for a yardstick: how fast this machine runs an interpreter's everyday work, now.

What is measured by processor time in one process has no server or rival to stand beside; it stands beside this. The work is
of the kind that units do: frozen structs, dictionaries, method calls, small integers, a message decoded and encoded.
"""

from time import process_time
from typing import Final

import msgspec

from benchmarks.figures import Figure

ROUNDS: Final = 20_000
NAME: Final = "a fixed piece of Python"
_DATA: Final = (
    b'{"name":"NFO:NIFTY01DEC26C22000","at":1795580105123000000,"price":10005,"size":650,"volume":1000}'
)


class _Quote(msgspec.Struct, frozen=True):
    name: str
    at: int
    price: int
    size: int
    volume: int


class _Book:
    def __init__(self) -> None:
        self.newest: dict[str, _Quote] = {}
        self.value = 0

    def take(self, quote: _Quote) -> None:
        before = self.newest.get(quote.name)
        if before is not None and quote.price > before.price:
            self.value += (quote.price - before.price) * quote.size // 100
        self.newest[quote.name] = quote


class Work:
    """The work itself."""

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder(_Quote).decode
        self._encode = msgspec.json.Encoder().encode

    def rounds(self, count: int) -> int:
        """Do so many rounds; return something that depends on all of them."""
        book, decode, encode = _Book(), self._decode, self._encode
        for number in range(count):
            quote = decode(_DATA)
            book.take(_Quote(quote.name, quote.at + number, quote.price + number % 7, quote.size, number))
            encode(quote)
        return book.value


def us_a_round(turns: int = 5) -> float:
    """Return the processor time of one round, microseconds: the best of *turns*, some hundredths of a second each."""
    work, best = Work(), float("inf")
    for _ in range(turns):
        began = process_time()
        work.rounds(ROUNDS)
        best = min(best, process_time() - began)
    return best / ROUNDS * 1e6


def figure(turns: int = 5) -> Figure:
    """Return the yardstick as a figure: measure it right before or after what stands beside it."""
    return Figure(NAME, us_a_round(turns), "µs", "processor time, best of several turns", less_is_better=True)
