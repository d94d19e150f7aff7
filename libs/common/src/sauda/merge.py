"""One order for entries of several streams: by entry id, ties by the order of the streams. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from sauda.log import Entry, EntryId


class IdParts(NamedTuple):
    """An entry id as numbers, so that ids compare as they were given out."""

    ms: int
    sequence: int


def id_parts(entry_id: EntryId) -> IdParts:
    """Split `<milliseconds>-<sequence>`; a missing sequence is 0."""
    ms, _, sequence = entry_id.partition(b"-")
    return IdParts(int(ms), int(sequence or 0))


def merge(streams: Sequence[list[Entry]], count: int) -> list[Entry]:
    """Return the entries of all *streams* in one order.

    A stream that came back with *count* entries was cut: what lies behind its last entry is unknown, so entries of
    the others with a higher id are left for the next read. So a unit that comes back late meets orders and
    prices in the order in which they were written.
    """
    filled = [stream for stream in streams if stream]
    if len(filled) < 2:
        return filled[0] if filled else []
    horizon = min((id_parts(stream[-1].id) for stream in filled if len(stream) >= count), default=None)
    keyed = [(id_parts(entry.id), entry) for stream in filled for entry in stream]
    if horizon is not None:
        keyed = [pair for pair in keyed if pair[0] <= horizon]
    keyed.sort(key=lambda pair: pair[0])  # stable: ties stay in the order of the streams
    return [entry for _, entry in keyed]
