"""The desk as somebody needs it who trades by hand: what time it is, which contracts there are, are they quoted, what came of it.

Nothing here decides about an order: it is written to the stream `orders` like a strategy's, and the exchange answers.
"""

from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from typing import Final

import msgspec

from sauda.clock import NS_PER_S, UnixNs, clock_text, monotonic_s
from sauda.codec import encode
from sauda.contracts import (
    STREAM_OF,
    Instrument,
    InstrumentId,
    Message,
    OrderAccepted,
    OrderRejected,
    PlaceBasket,
    PlaceOrder,
    Side,
    Signal,
    Subscribe,
    Tick,
)
from sauda.errors import ConfigError, SaudaError
from sauda.hand.terms import new_id
from sauda.hand.who import who
from sauda.log import BEGINNING, Output, Position
from sauda.market_time import time_of
from sauda.reading import Read, read_entry, readable
from sauda.record import Record
from sauda.redis_book import RedisBook

EXCHANGE: Final = "execution.paper"
"""The unit that carries the account."""
SILENT_S: Final = 10.0
"""The feed writes market time once a second of it; a desk that said nothing for so long does not trade."""
FRESH_NS: Final = 30 * NS_PER_S
"""A quote that is younger in market time needs no new subscription: what the exchange takes for fresh by default."""
LOOKED_THROUGH: Final = 20_000
"""Ticks read back in search of a quote: a busy desk's half minute."""
QUOTE_S: Final = 5.0
"""A feed sends the first quote of what is subscribed within a second or two."""
_POLL_MS: Final = 200
_AT_ONCE: Final = 500


class DeskAsleepError(SaudaError):
    """The desk is not running, or its market stands still: an order would not be answered."""


class UnknownInstrumentError(SaudaError):
    """No contract of that name is defined on the desk."""


class UnknownOrderError(SaudaError):
    """No order of that id was placed on the desk today."""


class HandDesk:
    """One desk, live on Redis."""

    def __init__(self, record: Record, by: str = "") -> None:
        """Look at *record*.

        Args:
            record: The desk.
            by: Who acts, for the record; empty: the user of this process.

        Raises:
            ConfigError: nothing can be written to it.
        """
        if record.live is None or "@" in record.desk:
            raise ConfigError(f"desk {record.desk!r} is not live on Redis: it can only be read")
        self._record = record
        self._live: RedisBook = record.live
        self.name = record.desk
        self.by = by or who()

    def is_squaring_off(self, strategy: str | None) -> bool:
        """Is the exchange still closing what a square-off of *strategy*, or of the desk, asked for?"""
        return f"flatten/square-off|{strategy or '*'}".encode() in self._record.state_of(EXCHANGE)

    def holders(self) -> list[str]:
        """Return the strategies that hold anything."""
        held = (row for key, row in self._record.state_of(EXCHANGE).items() if key.startswith(b"held/"))
        return sorted({str(msgspec.json.decode(row)["strategy"]) for row in held})

    def check_awake(self) -> UnixNs:
        """Return the market's time.

        Raises:
            DeskAsleepError: nobody carries the exchange, or no market has come for `SILENT_S`.
        """
        if not any(unit.held for unit in self._live.units() if unit.unit.startswith("execution.")):
            raise DeskAsleepError(
                f"nobody carries the paper exchange of desk {self.name}: is it up (`sauda ps`)? Nothing was sent."
            )
        newest = self._live.newest("ticks")
        now_ns = None if newest is None else read_entry(newest).time_ns
        if newest is None or now_ns is None:
            raise DeskAsleepError(f"desk {self.name} has seen no market yet. Nothing was sent.")
        silent_s = (self._live.now_ms() - int(newest.id.partition(b"-")[0])) / 1000
        if silent_s > SILENT_S:
            raise DeskAsleepError(
                f"the market of desk {self.name} stands still at {clock_text(now_ns)} IST"
                f" (nothing for {silent_s:.0f} s): is the feed up, the recording over? Nothing was sent."
            )
        return now_ns

    def now_ns(self) -> UnixNs:
        """Return the market's time: that of the newest tick or heartbeat; 0 before the first."""
        newest = self._live.newest("ticks")
        return (read_entry(newest).time_ns if newest else None) or 0

    def instrument(self, name: str) -> Instrument:
        """Return the contract's newest definition; capitals do not matter.

        Raises:
            UnknownInstrumentError: there is none; names those that are near.
        """
        defined = {
            one.instrument: one
            for one in readable(self._live.forwards("instruments"))
            if isinstance(one, Instrument)
        }
        if name in defined:
            return defined[name]
        folded = {one.casefold(): one for one in defined}
        if (found := folded.get(name.casefold())) is not None:
            return defined[found]
        near = [folded[one] for one in get_close_matches(name.casefold(), folded, n=3, cutoff=0.6)]
        hint = f"did you mean {', '.join(near)}?" if near else "`sauda tail instruments` shows some"
        raise UnknownInstrumentError(
            f"{name!r} is none of desk {self.name}'s {len(defined)} contracts; {hint}"
        )

    def insist_on_quote(self, instrument: InstrumentId) -> bool:
        """Subscribe to *instrument* unless it is quoted, and wait a while for its first quote; return whether one came.

        Whether there is none then, or an old one, the exchange judges: an exit is taken without.
        """
        if self._is_quoted(instrument):
            return True
        after = self.end_of("ticks")
        self._write(Subscribe(f"hand {self.by}", (instrument,), self.now_ns()))
        for read in self._coming("ticks", after, QUOTE_S):
            if isinstance(read.message, Tick) and read.message.instrument == instrument:
                return True
        return False

    def find(self, order_id: str) -> PlaceOrder | None:
        """Return the order as it was placed, by whomever; None if it was not since yesterday."""
        oldest_ns = self.now_ns() - 24 * 3600 * NS_PER_S
        for stream in ("orders", "executions"):
            for message in readable(self._record.backwards(stream)):
                if (found := _placed(message, order_id)) is not None:
                    return found
                if (time_of(message) or 0) < oldest_ns:
                    break
        return None

    def announce(self, side: Side, instrument: InstrumentId, what: str, strategy: str) -> tuple[str, bytes]:
        """Write down who wants what, and return the order's id made of that, and what the order is caused by."""
        now_ns = self.now_ns()
        entry_id = self._write(Signal(strategy, instrument, side, f"by hand, {self.by}: {what}", now_ns))
        return new_id(entry_id, now_ns), b"signals " + entry_id

    def end_of(self, stream: str) -> bytes:
        """Return the id behind which all that is new comes."""
        facts = self._live.facts(stream)
        return BEGINNING if facts is None else b"%d-%d" % facts.last

    def send(
        self, message: Message, cause: bytes = b"", beside: Sequence[Output] = ()
    ) -> tuple[bytes, bytes]:
        """Write *message*, and *beside* in the same step; return its entry id, and behind which execution the answers come."""
        after = self.end_of("executions")
        return self._write(message, cause, beside), after

    def executions(self, after: bytes, until: Callable[[], bool], seconds: float) -> Iterator[Read | None]:
        """Yield what the exchange says behind *after*, None where it said nothing for a moment; end when *until* is true.

        What was written together is given together: `until` is asked in between only.
        """
        deadline_s = monotonic_s() + seconds
        while True:
            entries = self._record.read({"executions": Position(after, 0)}, _AT_ONCE, _POLL_MS)
            for entry in entries:
                after = entry.id
                yield read_entry(entry)
            if not entries:
                yield None
            if until() or monotonic_s() > deadline_s:
                return

    def has_passed(self, stream: str, entry_id: bytes) -> bool:
        """Return whether the exchange is committed behind an entry of one of its inputs."""
        return any(
            _parts(unit.positions[stream].encode()) >= _parts(entry_id)
            for unit in self._live.units()
            if unit.unit.startswith("execution.") and stream in unit.positions
        )

    def said_of(self, order: PlaceOrder) -> list[Message]:
        """Return what the exchange has said so far of an order that was placed before, oldest first."""
        said: list[Message] = []
        for message in readable(self._record.backwards("executions")):
            said.append(message)
            if getattr(message, "order_id", "") == order.order_id and isinstance(
                message, OrderAccepted | OrderRejected
            ):
                return said[::-1]
            if (time_of(message) or 0) < order.event_ns:
                break
        return []

    def newest_of(self, stream: str, kind: type[Message], most: int = 2_000) -> Message | None:
        """Return the newest message of one type among the last *most* of *stream*."""
        for number, message in enumerate(readable(self._live.backwards(stream))):
            if isinstance(message, kind):
                return message
            if number >= most:
                break
        return None

    def _is_quoted(self, instrument: InstrumentId) -> bool:
        oldest_ns = self.now_ns() - FRESH_NS
        for number, message in enumerate(readable(self._live.backwards("ticks"))):
            if number >= LOOKED_THROUGH or (time_of(message) or 0) < oldest_ns:
                return False
            if isinstance(message, Tick) and message.instrument == instrument:
                return True
        return False

    def _coming(self, stream: str, after: bytes, seconds: float) -> Iterator[Read]:
        deadline_s = monotonic_s() + seconds
        while monotonic_s() < deadline_s:
            for entry in self._record.read({stream: Position(after, 0)}, _AT_ONCE, _POLL_MS):
                after = entry.id
                yield read_entry(entry)

    def _write(self, message: Message, cause: bytes = b"", beside: Sequence[Output] = ()) -> bytes:
        return self._record.append([Output(STREAM_OF[type(message)], encode(message), cause), *beside])[0]


def _placed(message: Message, order_id: str) -> PlaceOrder | None:
    match message:
        case PlaceOrder() if message.order_id == order_id:
            return message
        case PlaceBasket():
            return next((leg for leg in message.legs if leg.order_id == order_id), None)
        case OrderAccepted() if message.order_id == order_id:
            return message.terms
        case _:
            return None


def _parts(entry_id: bytes) -> tuple[int, ...]:
    return tuple(map(int, entry_id.split(b"-")))
