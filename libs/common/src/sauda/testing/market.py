"""A small made-up market for tests and benchmarks: NIFTY and a chain around it, deterministic by its seed.

It is a random walk with a straight line for option prices: lively enough to trigger stops, not a model of anything.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time

from sauda.clock import NS_PER_S, UnixNs, from_ist
from sauda.contracts import ClockTick, Instrument, InstrumentKind, Message, Right, Tick
from sauda.money import Paise

INDEX = "NSE:Nifty 50"
_START: Paise = 24_500_00
_STEP: Paise = 50_00


@dataclass(frozen=True, slots=True)
class MadeUpMarket:
    """One trading day of NIFTY, its index and the calls and puts of one expiry."""

    day: date = date(2026, 11, 23)
    expiry: date = date(2026, 12, 1)
    strikes: int = 16
    """Strikes of the chain; each has a call and a put."""
    seed: int = 1
    volatility: Paise = 2_00
    """Standard deviation of the index's change in one second."""

    def instruments(self) -> list[Instrument]:
        """Return the definitions: the index, then the chain in the order of strikes."""
        index = Instrument(INDEX, "NSE", "26000", "NIFTY", InstrumentKind.INDEX)
        return [index, *(self._option(strike, right) for strike in self._ladder() for right in Right)]

    def seconds(self, ticks: int, start: str = "09:15:00", options: int = 2) -> Iterator[list[Message]]:
        """Yield one second's messages at a time, clock first, until *ticks* ticks were given.

        Each second has the index and so many *options*, in turn, so that every contract is heard.
        """
        walk = random.Random(self.seed)  # noqa: S311  (a made-up market needs no secrets)
        chain = self.instruments()[1:]
        spot, given, turn = float(_START), 0, 0
        now_ns = from_ist(self.day, time.fromisoformat(start))
        while given < ticks:
            spot += walk.gauss(0, self.volatility)
            heard: list[Message] = [ClockTick(now_ns), index_tick(spot, now_ns)]
            next_up = (chain[number % len(chain)] for number in range(turn, turn + options))
            heard += [option_tick(option, spot, now_ns) for option in next_up]
            turn += options
            given += options + 1
            now_ns += NS_PER_S
            yield heard[: len(heard) - max(0, given - ticks)]

    def _ladder(self) -> range:
        low = _START - self.strikes // 2 * _STEP
        return range(low, low + self.strikes * _STEP, _STEP)

    def _option(self, strike: Paise, right: Right) -> Instrument:
        name = f"NIFTY{self.expiry:%d%b%y}{right.value[0]}{strike // 100}".upper()
        return Instrument(
            instrument=f"NFO:{name}",
            exchange="NFO",
            token=str(strike // 100) + ("1" if right is Right.CALL else "2"),
            underlying="NIFTY",
            kind=InstrumentKind.OPTION,
            lot_size=65,
            tick_size=5,
            expiry=self.expiry.isoformat(),
            strike=strike,
            right=right,
        )


def index_tick(spot: float, now_ns: UnixNs) -> Tick:
    """Return the index at *spot* paise."""
    return Tick(INDEX, now_ns - now_ns % NS_PER_S, now_ns, round(spot / 5) * 5)


def option_tick(option: Instrument, spot: float, now_ns: UnixNs) -> Tick:
    """Return an option's price: what it is worth now, and a time value that falls away from the money."""
    strike = option.strike or 0
    distance = spot - strike if option.right is Right.CALL else strike - spot
    time_value = max(5.0, 120_00 - abs(spot - strike) / 4)
    ltp = max(5, round((max(0.0, distance) + time_value) / 5) * 5)
    spread = max(5, ltp // 400 // 5 * 5)
    return Tick(
        instrument=option.instrument,
        event_ns=now_ns - now_ns % NS_PER_S,
        recv_ns=now_ns,
        ltp=ltp,
        bid=max(5, ltp - spread),
        ask=ltp + spread,
        bid_qty=650,
        ask_qty=1300,
        volume=1_000_000,
        oi=9_124_050,
    )
