"""Stretches of market time, and which of them were looked into. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from sauda.clock import UnixNs


class Span(NamedTuple):
    """From one instant to another, which is no part of it."""

    from_ns: UnixNs
    to_ns: UnixNs


def joined(spans: Iterable[Span]) -> list[Span]:
    """Return *spans* in order, those that touch or overlap as one; empty ones are left out."""
    found: list[Span] = []
    for span in sorted(one for one in spans if one.to_ns > one.from_ns):
        if found and span.from_ns <= found[-1].to_ns:
            found[-1] = Span(found[-1].from_ns, max(found[-1].to_ns, span.to_ns))
        else:
            found.append(span)
    return found


def holds(spans: Iterable[Span], wanted: Span) -> bool:
    """Return whether all of *wanted* lies in *spans*, which are joined."""
    return any(one.from_ns <= wanted.from_ns and wanted.to_ns <= one.to_ns for one in spans)


def common(spans: Iterable[Span], within: Span) -> list[Span]:
    """Return the parts of *spans* that lie within *within*."""
    cut = (Span(max(one.from_ns, within.from_ns), min(one.to_ns, within.to_ns)) for one in spans)
    return [one for one in cut if one.to_ns > one.from_ns]
