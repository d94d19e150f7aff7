"""When a message happened on the market: of a message, of its bytes, of an entry without one. Pure.

Streams whose messages carry no time (definitions, dead letters, the journal) go by their arrival.
"""

from typing import Final

import msgspec

from sauda.clock import NS_PER_MS, UnixNs
from sauda.contracts import (
    STREAM_OF,
    Audited,
    BrokerUpdate,
    Commit,
    DeadLetter,
    FeedGap,
    Instrument,
    Message,
    Requeued,
    Tick,
)

RISING: Final = frozenset({"ticks", "pnl"})
"""Streams whose times only rise, by the promise of their one writer, so that a time is found by halving.
In the others a strategy that was late may write an older time behind a newer one; they are short and are read through."""

BY_ARRIVAL: Final = frozenset(STREAM_OF[kind] for kind in (Instrument, DeadLetter, Requeued, Commit, Audited))
"""Streams whose messages carry no market time."""


class _Stamps(msgspec.Struct):
    """Whatever of a message can be its time; the rest is passed over, which costs a fifth of reading it."""

    recv_ns: int | None = None
    to_ns: int | None = None
    event_ns: int | None = None


_stamps: Final = msgspec.json.Decoder(_Stamps)


def time_of(message: Message) -> UnixNs | None:
    """Return the market time that *message* carries, or None."""
    match message:
        case Tick() | BrokerUpdate():
            return message.recv_ns
        case FeedGap():
            return message.to_ns
    stamp: UnixNs | None = getattr(message, "event_ns", None)
    return stamp


def arrival_ns(entry_id: bytes) -> UnixNs:
    """Return when the entry reached Redis, to the millisecond."""
    return int(entry_id.partition(b"-")[0]) * NS_PER_MS


def stamp_of(data: bytes) -> UnixNs | None:
    """Return the market time in a message's bytes, or None: what `time_of` would return, without reading all of it."""
    try:
        stamps = _stamps.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return next((one for one in (stamps.recv_ns, stamps.to_ns, stamps.event_ns) if one is not None), None)
