"""Who knows bars of the past, and what they say when asked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from sauda.bars.timeframes import Hours
from sauda.clock import UnixNs
from sauda.contracts import InstrumentId, PastBar
from sauda.errors import SaudaError
from sauda.history.spans import Span
from sauda.history.timeframes import end_of

_SETTLED_NS: Final[UnixNs] = 30 * 60 * 10**9


class NotKnownError(SaudaError):
    """Somebody cannot say anything about the bars asked for; the message says why."""


class Day(NamedTuple):
    """One session, and the part of it that is asked for."""

    session: Hours
    span: Span
    """Only bars in it are wanted; all of them have ended."""


class NobodysPast:
    """The past of a source that has none."""

    name = "nobody"

    def look(self, wanted: "Wanted") -> "Found":
        """See `Knower`.

        Raises:
            NotKnownError: always.
        """
        raise NotKnownError(f"{wanted.instrument}: the source keeps no bars")


class Wanted(NamedTuple):
    """A question about some sessions in a row, oldest first."""

    instrument: InstrumentId
    timeframe: str
    days: Sequence[Day]
    now_ns: UnixNs
    """The market's time: whatever lies behind it is not known to anybody."""

    @property
    def span(self) -> Span:
        """Return from the first instant wanted to the last."""
        return Span(self.days[0].span.from_ns, self.days[-1].span.to_ns)


@dataclass(slots=True)
class Found:
    """What one of them knows."""

    bars: list[PastBar] = field(default_factory=list)
    """In any order; those outside of what was asked are passed over."""
    looked: list[Span] = field(default_factory=list)
    """Where no more bars are to be had than these."""
    problem: str | None = None
    """Why it may be less than there is."""


def certain(day: Day, bars: Sequence[PastBar], timeframe: str, now_ns: UnixNs) -> Span:
    """Return the part of *day* of which *bars*, all that somebody has of it, are certainly all there are.

    A broker may be a little behind the market: what follows its last bar may still come, until half an hour after the close.
    """
    settled = now_ns >= day.session.close_ns + _SETTLED_NS
    last_ns = end_of(bars[-1].start_ns, timeframe, day.session)
    return Span(day.span.from_ns, day.span.to_ns if settled else min(day.span.to_ns, last_ns))


class Knower(Protocol):
    """Somebody who can be asked. It may take its time: whoever asks has a thread for it."""

    @property
    def name(self) -> str:
        """Return `store`, `archive`, `broker` or `recording`."""

    def look(self, wanted: Wanted) -> Found:
        """Return what it knows.

        Raises:
            NotKnownError: nothing, and why.
        """
