"""One order for entries of several streams: by entry id, ties by the order of the streams. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

from sauda.columns import joined
from sauda.log import Entry, EntryId


class IdParts(NamedTuple):
    """An entry id as numbers, so that ids compare as they were given out."""

    ms: int
    sequence: int


def id_parts(entry_id: EntryId) -> IdParts:
    """Split `<milliseconds>-<sequence>`; a missing sequence is 0."""
    ms, _, sequence = entry_id.partition(b"-")
    return IdParts(int(ms), int(sequence or 0))


def merge(streams: Sequence[Sequence[Entry]], count: int) -> Sequence[Entry]:
    """Return the entries of all *streams* in one order.

    A stream that came back with *count* entries was cut: what lies behind its last entry is unknown, so entries of
    the others with a higher id are left for the next read. So a unit that comes back late meets orders and
    prices in the order in which they were written.
    """
    filled = [stream for stream in streams if stream]
    if len(filled) < 2:
        return filled[0] if filled else []
    horizon = min((id_parts(stream[-1].id) for stream in filled if len(stream) >= count), default=None)
    longest = max(filled, key=len)
    if sum(map(len, filled)) - len(longest) > len(longest) // _FEW:
        return _sorted(filled, horizon)
    return _threaded(longest, filled, horizon)


_FEW: Final = 8
"""Below one entry of the others to so many of the longest stream, looking up their places is cheaper than reading
every id: 0.2 instead of 1.7 µs an entry for 1,000 ticks and 28 points of P&L."""


def _sorted(streams: Sequence[Sequence[Entry]], horizon: IdParts | None) -> list[Entry]:
    keyed = [(id_parts(entry.id), entry) for stream in streams for entry in stream]
    if horizon is not None:
        keyed = [pair for pair in keyed if pair[0] <= horizon]
    keyed.sort(key=lambda pair: pair[0])  # stable: ties stay in the order of the streams
    return [entry for _, entry in keyed]


def _threaded(
    longest: Sequence[Entry], streams: Sequence[Sequence[Entry]], horizon: IdParts | None
) -> Sequence[Entry]:
    """Return what `_sorted` does, with few entries put between those of the *longest* stream."""
    rank = next(at for at, stream in enumerate(streams) if stream is longest)
    few = [
        (id_parts(entry.id), at < rank, entry)
        for at, stream in enumerate(streams)
        if at != rank
        for entry in stream
    ]
    few.sort(key=lambda one: one[0])
    pieces: list[Sequence[Entry]] = []
    start = 0
    for parts, goes_first, entry in few:
        if horizon is not None and parts > horizon:
            break
        place = (bisect_left if goes_first else bisect_right)(longest, parts, start, key=_parts_of)
        pieces += (longest[start:place], [entry])
        start = place
    end = len(longest) if horizon is None else bisect_right(longest, horizon, start, key=_parts_of)
    return joined([*pieces, longest[start:end]])


def _parts_of(entry: Entry) -> IdParts:
    return id_parts(entry.id)
