"""What a source of market data can do, whatever stands behind it: a broker, a file, a generator."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from sauda.clock import UnixNs
from sauda.contracts import (
    BrokerUpdate,
    ClockTick,
    FeedGap,
    Instrument,
    InstrumentId,
    MarginReply,
    MarginRequest,
    Tick,
)
from sauda.history.knowers import Knower
from sauda_feed.terms import Terms

MarketMessage: TypeAlias = Tick | ClockTick | FeedGap | BrokerUpdate
"""What a source says of the market, in the order of market time."""


def time_of(message: MarketMessage) -> UnixNs:
    """Return the market time to which *message* brings a desk."""
    match message:
        case ClockTick():
            return message.event_ns
        case FeedGap():
            return message.to_ns
        case Tick() | BrokerUpdate():
            return message.recv_ns


@dataclass(frozen=True, slots=True)
class Resume:
    """Where a desk left off."""

    row: int = 0
    """Rows of the recording that the desk has had."""
    market_ns: UnixNs | None = None
    """Market time that the desk has seen; None for a desk that has seen nothing."""
    quoted_ns: UnixNs | None = None
    """Market time of the newest price that the desk has; None for a desk that has none."""
    wanted: frozenset[InstrumentId] = frozenset()
    """What was subscribed then, and has been honoured."""


def together(resumes: Sequence[Resume]) -> Resume:
    """Return where to begin so that no desk misses anything."""
    seen = [resume.market_ns for resume in resumes if resume.market_ns is not None]
    if len(seen) < len(resumes):
        return Resume()
    return Resume(
        row=min(resume.row for resume in resumes),
        market_ns=min(seen),
        quoted_ns=min((one.quoted_ns for one in resumes if one.quoted_ns is not None), default=None),
        wanted=frozenset().union(*(resume.wanted for resume in resumes)),
    )


@dataclass(slots=True)
class Batch:
    """What has come from a source since it was asked last."""

    messages: list[MarketMessage] = field(default_factory=list)
    rows: list[int] | None = None
    """For each message the row of the recording behind it; None where there is nothing to resume from."""
    next_row: int = 0
    """The row that comes after this batch."""
    instruments: list[Instrument] | None = None
    """All definitions, when they are new or have changed."""
    market_ns: UnixNs | None = None
    """Market time after this batch; None while it is not known yet."""
    terms: dict[InstrumentId, Terms] = field(default_factory=dict)
    """What was learned of contracts beside their definitions."""


class Source(Protocol):
    """One origin of market data. One thread calls it; what it needs besides, it starts itself."""

    name: str
    """What it is, as far as resuming goes: `recording:<fingerprint>`, `noren`."""
    lag_free: bool
    """Whether it waits for us while we are away (a file does, a market does not)."""

    def start(self, resume: Resume) -> None:
        """Begin to work; returns at once, what takes long shows in `poll` and `condition`.

        Raises:
            ConfigError: it cannot ever work with these settings.
        """

    def subscribe(self, wanted: frozenset[InstrumentId]) -> None:
        """Send these instruments from now on, and no others but indices."""

    def poll(self, limit: int, timeout_s: float) -> Batch:
        """Return what has arrived, about *limit* messages at the most; wait up to *timeout_s* for the first.

        Raises:
            ConfigError, ContractError: the source cannot go on; the message says why.
        """

    def margin(self, request: MarginRequest, now_ns: UnixNs) -> MarginReply | None:
        """Return what the broker would block; None while it is being asked, which the first call begins.

        Never waits, and never fails: a broker that cannot be asked, or does not answer in time, is a reply with `error`.
        A reply is returned once; asking for it again asks the broker again.

        Args:
            request: Positions that somebody wants to hold.
            now_ns: The market's time.
        """

    @property
    def past(self) -> Knower:
        """Return whom to ask about bars of the past; only ever called by a thread of its own, so it may wait."""

    def conflate(self, away: bool) -> None:
        """While *away*, keep only the newest tick of each instrument; report the hole afterwards."""

    def condition(self) -> str:
        """Say in a word or a line how it is: `live`, `logging in`, `over`."""

    def close(self) -> None:
        """Let everything go."""


def no_broker(request: MarginRequest, source: str, now_ns: UnixNs) -> MarginReply:
    """Return what a source answers that has no broker behind it."""
    return MarginReply(request.request_id, now_ns, error=f"no broker: the source is {source}")
