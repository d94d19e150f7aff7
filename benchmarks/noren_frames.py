"""Frames of a broker, built before the clock starts: touchlines of thousands of instruments, in the simulator's own wire format.

They are one endless sequence. Frame *n* is of instrument `n % size`, in round `n // size`; the values of a round are those of
one of a few moments of a simulated day, again and again, under a feed time that is a second later each round. So what was
said last of each instrument follows from *n* alone.
"""

import json
import struct
from dataclasses import dataclass
from typing import Final

from sauda.clock import NS_PER_S
from sauda_simulator.market.day import MarketDay
from sauda_simulator.market.listing import Contract
from sauda_simulator.wire import identity, touchline

EXPIRIES: Final = 3
"""What the feed defines of each underlying's options: the nearest ones."""
MOMENTS: Final = 6
"""Different sets of values."""
_FIRST_S: Final = 30
_APART_S: Final = 20
"""Seconds of the session between two moments: most values of an instrument change from one to the next."""
_QUARTERS: Final = 4
_DIGITS: Final = 10
"""Of a feed time, today and for the next 250 years."""


@dataclass(frozen=True, slots=True)
class Said:
    """What was said last of one instrument."""

    values: dict[str, str]
    """As the wire has it, without the feed time."""
    feed_s: int
    """Feed time, seconds."""


class Frames:
    """The sequence for some instruments."""

    def __init__(self, contracts: list[Contract], values: list[list[dict[str, str]]], base_s: int) -> None:
        """*values* of each contract and moment, without `ft`; *base_s* is the feed time of the first round."""
        self.contracts = contracts
        self._values = values
        self.base_s = base_s
        """Feed time of the first round."""
        self._heads = [
            [_head(contract, said[moment], said[moment - 1]) for moment in range(MOMENTS)]
            for contract, said in zip(contracts, values, strict=True)
        ]

    @property
    def size(self) -> int:
        """Return how many instruments there are."""
        return len(self.contracts)

    def wire(self, first: int, count: int) -> bytes:
        """Return *count* frames from *first* on, as they go over a WebSocket."""
        size, heads = self.size, self._heads
        parts: list[bytes] = []
        for number in range(first, first + count):
            rounds, place = divmod(number, size)
            parts += (heads[place][rounds % MOMENTS], b'%d"}' % (self.base_s + rounds))
        return b"".join(parts)

    def last(self, place: int, sent: int) -> Said:
        """Return what was said last of the instrument at *place* when *sent* frames were sent."""
        rounds = (sent - 1 - place) // self.size
        return Said(self._values[place][rounds % MOMENTS], self.base_s + rounds)

    def snapshot(self, place: int, sent: int) -> str:
        """Return the frame that acknowledges a subscription."""
        contract, said = self.contracts[place], self.last(place, sent)
        return _text("tk", contract, identity(contract) | said.values | {"ft": str(said.feed_s)})


def frames_of(day: MarketDay, size: int) -> Frames:
    """Build the frames of *size* contracts of *day* that a feed defines, indices first.

    Raises:
        ValueError: so many contracts are not quoted at every moment.
    """
    moments = [(_FIRST_S + number * _APART_S) * _QUARTERS for number in range(MOMENTS)]
    contracts: list[Contract] = []
    values: list[list[dict[str, str]]] = []
    for contract in sorted(_defined(day.contracts), key=lambda one: (one.expiry is not None, one.key)):
        said = [touchline(day, contract, moment) for moment in moments]
        if len(contracts) < size and all(one.keys() == said[0].keys() for one in said):
            contracts.append(contract)
            values.append([{key: text for key, text in one.items() if key != "ft"} for one in said])
    if len(contracts) < size:
        raise ValueError(f"only {len(contracts)} of {size} contracts are quoted all the time")
    return Frames(contracts, values, day.hours.open_ns // NS_PER_S)


def _defined(contracts: list[Contract]) -> list[Contract]:
    """Return all but the options of far expiries."""
    series = {(one.underlying, one.expiry) for one in contracts if one.strike is not None and one.expiry}
    far = {
        one
        for one in series
        if sum(name == one[0] and expiry <= one[1] for name, expiry in series) > EXPIRIES
    }
    return [one for one in contracts if one.strike is None or (one.underlying, one.expiry) not in far]


def _head(contract: Contract, said: dict[str, str], before: dict[str, str]) -> bytes:
    """Return a frame up to its feed time: the WebSocket's header, and what has changed."""
    changed = {key: text for key, text in said.items() if before[key] != text}
    text = _text("tf", contract, changed | {"ft": "0" * _DIGITS}).encode()
    size = len(text)
    header = bytes((0x81, size)) if size < 126 else b"\x81\x7e" + struct.pack("!H", size)
    return header + text[: -_DIGITS - 2]


def _text(kind: str, contract: Contract, values: dict[str, str]) -> str:
    return json.dumps(
        {"t": kind, "e": contract.exchange, "tk": contract.token} | values, separators=(",", ":")
    )
