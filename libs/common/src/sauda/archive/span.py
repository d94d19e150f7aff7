"""Entry ids as numbers, and the part of a stream between two of them. Pure."""

from typing import Final, NamedTuple, TypeAlias

from sauda.merge import IdParts, id_parts

Id: TypeAlias = IdParts

LOWEST: Final = IdParts(0, 0)
_MOST: Final = 2**64 - 1
HIGHEST: Final = IdParts(_MOST, _MOST)


class Span(NamedTuple):
    """From *low* to *high*, both included; empty where *low* is behind *high*."""

    low: Id
    high: Id

    @property
    def empty(self) -> bool:
        """Return whether no id lies in it."""
        return self.low > self.high

    @property
    def start(self) -> bytes:
        """Return its begin as Redis reads it."""
        return text_of(self.low)

    @property
    def end(self) -> bytes:
        """Return its end as Redis reads it."""
        return text_of(self.high)


def span_of(start: bytes, end: bytes) -> Span:
    """Read two bounds as `XRANGE` understands them: `-`, `+`, `5`, `5-1`, `(5-1`."""
    return Span(_low_of(start), _high_of(end))


def text_of(entry_id: Id) -> bytes:
    """Return an id as it stands on a stream."""
    return b"%d-%d" % entry_id


def behind(entry_id: Id) -> Id:
    """Return the next id there could be."""
    ms, sequence = entry_id
    return Id(ms, sequence + 1) if sequence < _MOST else Id(ms + 1, 0)


def before(entry_id: Id) -> Id:
    """Return the id before there could be."""
    ms, sequence = entry_id
    return Id(ms, sequence - 1) if sequence else Id(ms - 1, _MOST)


def _low_of(bound: bytes) -> Id:
    if bound == b"-":
        return LOWEST
    if bound == b"+":
        return HIGHEST
    return behind(id_parts(bound[1:])) if bound[:1] == b"(" else id_parts(bound)


def _high_of(bound: bytes) -> Id:
    if bound == b"+":
        return HIGHEST
    if bound == b"-":
        return LOWEST
    whole = bound.removeprefix(b"(")
    found = id_parts(whole) if b"-" in whole else Id(int(whole), _MOST)
    return before(found) if bound[:1] == b"(" else found
