"""The market of a run: a made-up afternoon as a recording, and what the stream `ticks` must then hold, entry for entry.

What is expected comes from the same generator as the file, not from reading the file: so a feed that reads wrongly is found too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
import yaml
from pyarrow import parquet

from sauda.calendar import load_calendar
from sauda.clock import NS_PER_MS, NS_PER_S, UnixNs, to_ist
from sauda.contracts import ClockTick, InstrumentId, Tick
from sauda.testing.market import MadeUpMarket

DAY: Final = date(2026, 11, 23)
SESSION_S: Final = 6 * 3600
"""Of the session of 6 h 15 min, a quarter of an hour is left alone: contracts have to be defined first."""
FASTEST: Final = 100.0
TICKS_PER_S: Final = 500.0
"""Of wall time, undisturbed: every unit reads all of them."""
STEP_NS: Final = 20 * NS_PER_MS
"""Between two ticks of one second."""


@dataclass(frozen=True, slots=True)
class Market:
    """An afternoon of NIFTY that lasts *wall_s* when nothing disturbs it."""

    wall_s: float
    close_ns: UnixNs
    seed: int = 1

    @property
    def speed(self) -> float:
        """Return market seconds in a second."""
        return min(FASTEST, SESSION_S / self.wall_s)

    @property
    def seconds(self) -> int:
        """Return market seconds from the first tick to the close."""
        return round(self.wall_s * self.speed)

    def messages(self) -> Iterator[Tick | ClockTick]:
        """Yield what a feed says that leaves nothing out and repeats nothing, up to the close."""
        now_ns = 0
        for heard in self._generated():
            for number, message in enumerate(heard):
                # The clock strikes behind the ticks of its instant; the index is the only one at the full second.
                now_ns = _stamp(message) + (0 if number < 2 else (number - 1) * STEP_NS)
                yield msgspec.structs.replace(message, **_at(message, now_ns))
        for second in range(now_ns // NS_PER_S + 1, self.close_ns // NS_PER_S + 1):
            yield ClockTick(second * NS_PER_S)

    def instruments(self) -> tuple[InstrumentId, ...]:
        """Return everything that ticks."""
        return tuple(one.instrument for one in MadeUpMarket(DAY, seed=self.seed).instruments())

    def write(self, path: Path) -> int:
        """Write the recording; return how many ticks it has."""
        rows = [_row(message) for message in self.messages() if isinstance(message, Tick)]
        parquet.write_table(pa.Table.from_pylist(rows), path)
        return len(rows)

    def write_straddles(self, folder: Path, straddles: int) -> None:
        """Write rules for so many straddles, spread over the afternoon, with stops so tight that many trigger."""
        folder.mkdir(parents=True)
        start = to_ist(self.close_ns) - timedelta(seconds=self.seconds)
        gap_s = self.seconds * 0.7 / straddles
        for number in range(straddles):
            entry = start + timedelta(seconds=120 + number * gap_s)
            exits = min(
                entry + timedelta(minutes=4 + number % 7 * 5), to_ist(self.close_ns) - timedelta(minutes=2)
            )
            rules = {
                "kind": "short_straddle",
                "tsymbol": "NIFTY",
                "quantity": 1 + number % 3,
                "stop_loss_percentage": 3 + number % 4,
                "entry_time": f"{entry:%H:%M}",
                "exit_time": f"{max(exits, entry + timedelta(minutes=1)):%H:%M}",
            }
            (folder / f"s{number:02}.yaml").write_text(yaml.safe_dump(rules))

    def _generated(self) -> Iterator[list[Tick | ClockTick]]:
        """Yield a second's messages at a time, the clock behind the index."""
        options = max(2, min(30, round(TICKS_PER_S / self.speed) - 1))
        start = to_ist(self.close_ns) - timedelta(seconds=self.seconds)
        market = MadeUpMarket(DAY, seed=self.seed, volatility=6_00)
        seconds = market.seconds(1 << 40, f"{start:%H:%M:%S}", options)
        for _, heard in zip(range(self.seconds), seconds, strict=False):
            clock, index, *rest = (one for one in heard if isinstance(one, Tick | ClockTick))
            yield [index, clock, *rest]


def close_of(market: Path) -> UnixNs:
    """Return when the day of every run ends, by the calendar in the folder *market*."""
    calendar = load_calendar(market)
    return max(
        hours.close_ns for name in ("NSE", "NFO") if (hours := calendar.session(name, DAY)) is not None
    )


def _stamp(message: Tick | ClockTick) -> int:
    return message.recv_ns if isinstance(message, Tick) else message.event_ns


def _at(message: Tick | ClockTick, now_ns: int) -> dict[str, Any]:
    if isinstance(message, ClockTick):
        return {"event_ns": now_ns}
    return {"event_ns": now_ns, "recv_ns": now_ns}


def _row(tick: Tick) -> dict[str, Any]:
    exchange, _, symbol = tick.instrument.partition(":")
    prices = {"ltp": tick.ltp, "bid": tick.bid, "ask": tick.ask}
    return {
        "ts_utc_ns": tick.recv_ns,
        "exchange": exchange,
        "trading_symbol": symbol,
        **{name: None if paise is None else paise / 100 for name, paise in prices.items()},
        "bid_qty": tick.bid_qty,
        "ask_qty": tick.ask_qty,
        "volume": tick.volume,
        "oi": tick.oi,
        "lot_size": 65,
    }
