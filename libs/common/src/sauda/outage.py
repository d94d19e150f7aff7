"""An outage of a database or of Redis: the same thing is tried again until it is over, and since when is remembered."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from sauda.clock import Clock, UnixNs
from sauda.errors import TransientError
from sauda.runner import Stop

T = TypeVar("T")

LONGEST_PAUSE_S: Final = 30.0
"""Between two attempts at the most, so that a database that is back is noticed soon."""

LONGEST_RETRY_AFTER_S: Final = 600.0
"""A server may ask for a longer pause than ours, but not for one that looks like a standstill."""

Pause = Callable[[RetryCallState], float]
"""How long to wait before another attempt, in seconds."""


class SinkAwayError(TransientError):
    """The database cannot take the batch now; it may have said how long to leave it alone."""

    def __init__(self, text: str, retry_after_s: float | None = None) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s


class StoppedError(Exception):
    """The word to stop came while something was away."""


@dataclass(frozen=True, slots=True)
class Away:
    """What a writer is waiting for."""

    what: str
    """`database` or `redis`."""
    since_ns: UnixNs
    why: str


class Outages:
    """What is away now. Two threads may use it, each for a *what* of its own."""

    def __init__(
        self, clock: Clock, pause: Pause | None, on_event: Callable[[str, dict[str, object]], None]
    ) -> None:
        self._clock = clock
        self._backoff = pause or wait_random_exponential(multiplier=0.25, max=LONGEST_PAUSE_S)
        self._on_event = on_event
        self._now: dict[str, Away] = {}

    @property
    def first(self) -> Away | None:
        """Return the outage that began first, of those that last."""
        return next(iter(tuple(self._now.values())), None)

    def sit_out(self, what: str, action: Callable[[], T], stop: Stop) -> T:
        """Do *action* until it succeeds.

        Raises:
            StoppedError: the word to stop came first.
        """

        def pause(seconds: float) -> None:
            if stop.wait(seconds):
                raise StoppedError

        retrying = Retrying(
            retry=retry_if_exception_type(TransientError),
            wait=self._pause_s,
            sleep=pause,
            before_sleep=lambda state: self._note_away(what, state),
        )
        result = retrying(action)
        self._note_back(what)
        return result

    def _pause_s(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked_s = error.retry_after_s if isinstance(error, SinkAwayError) else None
        return max(self._backoff(state), min(asked_s or 0.0, LONGEST_RETRY_AFTER_S))

    def _note_away(self, what: str, state: RetryCallState) -> None:
        why = str(state.outcome.exception()) if state.outcome else ""
        known = self._now.get(what)
        since_ns = known.since_ns if known else self._clock.now_ns()
        self._now[what] = Away(what, since_ns, why)
        pause_s = round(state.upcoming_sleep, 2)
        facts = {"why": why, "attempt": state.attempt_number, "pause_s": pause_s, "since_ns": since_ns}
        self._on_event(f"{what}_away", facts)

    def _note_back(self, what: str) -> None:
        if known := self._now.pop(what, None):
            away_ms = (self._clock.now_ns() - known.since_ns) // 1_000_000
            self._on_event(f"{what}_back", {"away_ms": away_ms})
