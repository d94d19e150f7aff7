"""A made-up market of any size without end: NIFTY and its options of several expiries, the same stretch of it forth and back.

The messages are made once and stamped anew in each round, so that giving them costs a tenth of a microsecond and no memory.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Final

from msgspec.structs import replace as stamped

from sauda.clock import NS_PER_S, UnixNs, from_ist
from sauda.contracts import ClockTick, Instrument, Tick
from sauda.testing.market import MadeUpMarket, index_tick, option_tick

TICKS_A_SECOND: Final = 2_000
"""Of market time: one a second for each of 2,000 instruments, as a broker sends them."""
ROUND_S: Final = 30
"""Market seconds that are made; a round goes through them forth and back."""
_STRIKES: Final = 250
_WEEK: Final = timedelta(days=7)


class MadeUpChain:
    """The messages of a market with about *contracts* options, in order of time."""

    def __init__(self, contracts: int, day: date = date(2026, 11, 23)) -> None:
        self.instruments = _instruments(contracts)
        self.first_ns: UnixNs = from_ist(day, time(9, 19, 30))
        self._round = list(self._made())
        self._given = 0

    def next(self, count: int) -> list[Tick | ClockTick]:
        """Return the next *count* messages, or fewer where a round ends."""
        rounds, start = divmod(self._given, len(self._round))
        later_ns = rounds * 2 * ROUND_S * NS_PER_S
        found = self._round[start : start + count]
        self._given += len(found)
        return [_later(message, later_ns) for message in found] if later_ns else found

    def _made(self) -> Iterator[Tick | ClockTick]:
        walk = random.Random(1)
        spots = [24_500_00.0]
        while len(spots) < ROUND_S:
            spots.append(spots[-1] + walk.gauss(0, 2_00))
        options, turn = self.instruments[1:], 0
        for second, spot in enumerate([*spots, *reversed(spots)]):
            now_ns = self.first_ns + second * NS_PER_S
            yield ClockTick(now_ns)
            yield index_tick(spot, now_ns)
            for number in range(1, TICKS_A_SECOND):
                option = options[turn % len(options)]
                yield option_tick(option, spot, now_ns + number * (NS_PER_S // TICKS_A_SECOND))
                turn += 1


def _instruments(contracts: int) -> list[Instrument]:
    near = MadeUpMarket(strikes=min(_STRIKES, contracts // 2))
    found = near.instruments()
    expiry = near.expiry
    while len(found) <= contracts:
        expiry += _WEEK
        found += replace(near, expiry=expiry).instruments()[1:]
    return found[: contracts + 1]


def _later(message: Tick | ClockTick, by_ns: int) -> Tick | ClockTick:
    if type(message) is Tick:
        return stamped(message, event_ns=message.event_ns + by_ns, recv_ns=message.recv_ns + by_ns)
    return ClockTick(message.event_ns + by_ns)
