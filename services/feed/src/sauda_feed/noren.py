"""A Noren broker, or the simulator that speaks like one, as a source."""

from collections.abc import Callable
from typing import Final

from sauda.clock import UnixNs
from sauda.contracts import ClockTick, InstrumentId, MarginReply, MarginRequest
from sauda.errors import ConfigError, InvariantError
from sauda_feed.inbox import Inbox
from sauda_feed.market_clock import MarketClock
from sauda_feed.noren_session import NorenSession
from sauda_feed.source import Batch, MarketMessage, Resume, time_of

_LOOK_S: Final = 0.002
"""How exactly the heartbeats are met; ticks do not wait for it."""


class NorenSource:
    """The market as it happens: what is not taken in time is gone, and told as a gap."""

    lag_free = False

    def __init__(
        self, make_session: Callable[[Inbox], NorenSession], clock: MarketClock, name: str = "noren"
    ) -> None:
        self.name = name
        self._inbox = Inbox()
        self._session = make_session(self._inbox)
        self.past = self._session.past
        self._clock = clock
        self._beat_ns: UnixNs = 0
        """The last heartbeat that the clock has struck."""

    def start(self, resume: Resume) -> None:
        """See `Source`."""
        self._session.want(resume.wanted)
        # A desk that heard nothing while its feed still ran has missed that, too.
        self._session.start(resume.market_ns if resume.quoted_ns is None else resume.quoted_ns)

    def subscribe(self, wanted: frozenset[InstrumentId]) -> None:
        """See `Source`."""
        self._session.want(wanted)

    def poll(self, limit: int, timeout_s: float) -> Batch:
        """See `Source`.

        Raises:
            ConfigError: the session cannot work with these settings.
            InvariantError: the session's thread has ended of something that nobody expected.
        """
        self._require_session()
        instruments = self._session.take_instruments()
        if not self._clock.known:
            self._inbox.take(0, timeout_s, 0)
            return Batch(instruments=instruments)
        wait_s = 0.0 if instruments else min(timeout_s, max(_LOOK_S, self._clock.until_beat_s()))
        messages = self._inbox.take(limit, wait_s, self._clock.now_ns())
        now_ns = self._clock.now_ns()
        self._strike(messages, now_ns)
        terms = self._session.terms.take()
        return Batch(messages=messages, instruments=instruments, terms=terms, market_ns=now_ns)

    def _require_session(self) -> None:
        failure = self._session.failure
        if isinstance(failure, ConfigError):
            raise failure
        if failure is not None:
            raise InvariantError(
                f"the session at the broker has failed, start the feed again: {type(failure).__name__}: {failure}"
            ) from failure

    def _strike(self, messages: list[MarketMessage], now_ns: UnixNs) -> None:
        """Put the heartbeat where it belongs, if a new one is due; those slept through are not made up."""
        beat_ns = now_ns - now_ns % self._clock.beat_ns()
        if beat_ns <= self._beat_ns:
            return
        at = len(messages)
        while at and time_of(messages[at - 1]) >= beat_ns:
            at -= 1
        if at == len(messages) and not self._inbox.idle():
            return  # what comes next may have arrived before the beat, and market time must not go back
        self._beat_ns = beat_ns
        messages.insert(at, ClockTick(beat_ns))

    def margin(self, request: MarginRequest, now_ns: UnixNs) -> MarginReply | None:
        """See `Source`."""
        return self._session.inquiries.margin(request)

    def conflate(self, away: bool) -> None:
        """See `Source`."""
        self._inbox.conflate(away)

    def condition(self) -> str:
        """See `Source`."""
        return self._session.condition

    def close(self) -> None:
        """See `Source`."""
        self._session.close()
