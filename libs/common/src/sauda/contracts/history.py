"""Questions about bars of the past, and their answers."""

import msgspec

from sauda.contracts.instants import UnixNs
from sauda.contracts.market import InstrumentId
from sauda.money import Paise, Units


class PastBar(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One bar of an answer; instrument and timeframe are those of the question."""

    start_ns: UnixNs
    open: Paise
    high: Paise
    low: Paise
    close: Paise
    volume: Units | None = None
    oi: Units | None = None


class HistoryRequest(msgspec.Struct, frozen=True, tag="history_request", omit_defaults=True):
    """Asks the feed for complete bars that ended no later than `to_ns`."""

    request_id: str
    """Derived, and never used again: `<by>-<instrument>-<timeframe>-<to_ns>`."""
    by: str
    instrument: InstrumentId
    timeframe: str
    to_ns: UnixNs
    event_ns: UnixNs
    """Market time of the question."""
    from_ns: UnixNs | None = None
    """The first start wanted; None: as many as `count` says."""
    count: int | None = None
    """The newest so many, over as many sessions as that takes."""


class HistoryReply(msgspec.Struct, frozen=True, tag="history_reply", omit_defaults=True):
    """A part of the answer: bars oldest first, none twice, none that trades still. Parts come in order."""

    request_id: str
    by: str
    instrument: InstrumentId
    timeframe: str
    event_ns: UnixNs
    """Market time of the answer."""
    bars: tuple[PastBar, ...] = ()
    part: int = 1
    parts: int = 1
    source: str = ""
    """Who knew: `broker`, `store`, `archive`, `recording`; several joined by `+`."""
    error: str | None = None
    """Why there are no bars, or fewer than were asked for."""
    market: str = ""
    """Whose prices these are: `real`, or `simulated-11` by the simulator's seed. They are never kept together."""
