"""A session at a Noren broker, kept alive by a thread of its own: login, symbol masters, clock, subscriptions, silence.

Everything that waits happens in this thread, so that neither frames nor desks wait for it.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, Protocol

from NorenRestApiPy.NorenApi import NorenApi
from tenacity import RetryCallState, Retrying, retry_if_exception_type, sleep_using_event, stop_when_event_set
from tenacity.wait import wait_base, wait_exponential, wait_random

from sauda.clock import UnixNs, ist_date, monotonic_s
from sauda.contracts import Instrument, InstrumentId
from sauda.errors import TransientError
from sauda.logs import hide
from sauda_feed.inbox import Inbox
from sauda_feed.market_clock import MarketClock, simulated_segments
from sauda_feed.noren_inquiries import Inquiries
from sauda_feed.noren_line import NorenLine
from sauda_feed.noren_login import Account, RefusedError, ReplyTap, ask, log_in
from sauda_feed.noren_masters import Masters
from sauda_feed.noren_past import NorenPast
from sauda_feed.noren_socket import Events, NorenSocket
from sauda_feed.terms import TermsNews

SILENCE_S: Final = 10.0
"""Seconds without a frame during a session after which a socket is taken for dead: an index ticks every second."""
_LOOK_EVERY_S: Final = 0.25
_CLOCK_EVERY_S: Final = 30.0
_LONGEST_BACKOFF_S: Final = 30.0


class OpenHours(Protocol):
    """The part of the calendar that knows when there should be frames."""

    def is_open(self, exchange: str, instant_ns: UnixNs) -> bool:
        """Whether *exchange* trades at that instant."""


class Backoff(wait_base):
    """Exponential with jitter, 30 s at the most; a refusal starts at five, because haste locks accounts."""

    def __init__(self) -> None:
        self._usual = wait_exponential(multiplier=0.5, max=_LONGEST_BACKOFF_S) + wait_random(0, 0.5)
        self._refused = wait_exponential(multiplier=5, max=_LONGEST_BACKOFF_S) + wait_random(0, 2)

    def __call__(self, retry_state: RetryCallState) -> float:
        """Return the seconds to wait before the next attempt."""
        outcome = retry_state.outcome
        refused = outcome is not None and isinstance(outcome.exception(), RefusedError)
        wait_s = (self._refused if refused else self._usual)(retry_state)
        return min(wait_s, _LONGEST_BACKOFF_S)


class NorenSession:
    """Keeps one login and one socket in working order."""

    def __init__(
        self,
        account: Account,
        *,
        masters: Masters,
        clock: MarketClock,
        hours: OpenHours,
        inbox: Inbox,
        on_event: Events,
        silence_s: float = SILENCE_S,
        depth: bool = False,
    ) -> None:
        """*depth* asks for five levels of each order book; the rest is what a session is made of."""
        self._account = account
        self._masters = masters
        self._clock = clock
        self._hours = hours
        self._inbox = inbox
        self._on_event = on_event
        self._silence_s = silence_s
        self._tap = ReplyTap()
        self._api: NorenApi | None = None
        self._stop = threading.Event()
        self._news = threading.Event()
        self.terms = TermsNews()
        """What the broker tells of contracts beside their definitions, until it is taken."""
        self._socket = NorenSocket(clock, inbox, on_event, self._news, self.terms, depth=depth)
        self.inquiries = Inquiries(
            account.host,
            clock,
            self.terms,
            complain=self._socket.complain,
            expired=self._renew,
            wake=inbox.wake,
        )
        self.past = NorenPast(
            account.host,
            self._tap,
            self._stop,
            complain=self._socket.complain,
            expired=self._renew,
        )
        self._stale = False
        """Whether the broker refused an inquiry because our session has ended, while its quotes still came."""
        self._thread = threading.Thread(target=self._keep, name="noren-session", daemon=True)
        self._trouble: str | None = "logging in"
        self.failure: Exception | None = None
        """What ended the session's thread before it was told to end: nothing arrives any more."""
        self._instruments: list[Instrument] | None = None
        self._masters_day: date | None = None
        self._clock_read_s = 0.0
        self._closed_s = 0.0
        """When all exchanges were last seen closed."""
        self._wanted: frozenset[InstrumentId] = frozenset()
        self._seen_ns: UnixNs | None = None

    @property
    def condition(self) -> str:
        """Return `live`, or what we are waiting for."""
        return self._trouble or ("live" if self._socket.open else "connecting")

    def start(self, seen_ns: UnixNs | None) -> None:
        """Begin; *seen_ns* is the market time of what the desk saw last, None for one that has seen nothing."""
        self._seen_ns = seen_ns
        self._tap.install()
        self._thread.start()

    def want(self, instruments: frozenset[InstrumentId]) -> None:
        """Subscribe these and nothing else but indices."""
        self._wanted = instruments
        self._news.set()

    def take_instruments(self) -> list[Instrument] | None:
        """Return the definitions if they are new since the last call."""
        found, self._instruments = self._instruments, None
        return found

    def close(self) -> None:
        """End both threads and the socket; a call that hangs is left behind."""
        self._stop.set()
        self._news.set()
        self._socket.close()
        self.inquiries.close()
        if self._thread.is_alive():
            self._thread.join(2)
        self._tap.remove()

    def _keep(self) -> None:
        try:
            self._connect()
            while not self._stop.is_set():
                self._news.wait(_LOOK_EVERY_S)
                self._news.clear()
                self._look()
        except Exception as error:  # noqa: BLE001  (raised again by `NorenSource.poll`, in the feed's thread)
            # It must not end in silence: whoever polls the source fails with it.
            self._trouble = f"failed: {error}"
            self._on_event("session_failed", {"why": f"{type(error).__name__}: {error}"})
            self.failure = error
            self._inbox.wake()

    def _connect(self) -> None:
        self._api = NorenLine(self._account.host, self._account.websocket)
        self._insist(self._log_in)
        self._insist(self._read_masters)
        if not self._stop.is_set():
            self._socket.start(self._api, self._seen_ns)
            self.inquiries.start(self._api)
            self.past.start(self._api)

    def _look(self) -> None:
        if self._stop.is_set():
            return
        if self._socket.expired:
            self._log_in_again()
        elif self._stale:
            # The open socket is left alone: as long as it delivers, the desk misses nothing.
            self._insist(self._log_in)
        if self._masters_day != ist_date(self._clock.now_ns()):
            self._insist(self._read_masters)
        if monotonic_s() - self._clock_read_s > _CLOCK_EVERY_S:
            self._attempt(self._read_clock)
        if self._socket.open:
            self._socket.subscribe(self._wanted, self._stop)
            self.inquiries.describe(self._wanted)
        self._watch()

    def _insist(self, action: Callable[[], None]) -> None:
        """Do *action* until it works or we are to stop."""
        retrying = Retrying(
            wait=Backoff(),
            retry=retry_if_exception_type(TransientError),
            stop=stop_when_event_set(self._stop),
            sleep=sleep_using_event(self._stop),
            before_sleep=self._tell_retry,
            reraise=True,
        )
        try:
            retrying(action)
        except TransientError:
            return  # told to stop
        self._trouble = None

    def _tell_retry(self, state: RetryCallState) -> None:
        why = str(state.outcome.exception()) if state.outcome else ""
        again_s = round(state.next_action.sleep, 1) if state.next_action else 0.0
        refused = state.outcome is not None and isinstance(state.outcome.exception(), RefusedError)
        self._trouble = f"login refused: {why}" if refused else f"waiting for the broker: {why}"
        self._on_event(
            "login_refused" if refused else "broker_not_ready",
            {"why": why, "attempt": state.attempt_number, "again_in_s": again_s},
        )

    def _attempt(self, action: Callable[[], None]) -> None:
        try:
            action()
        except TransientError as error:
            self._socket.complain("broker_stumbled", str(error))

    def _log_in(self) -> None:
        hide(log_in(self._api, self._account, self._tap))
        self._socket.expired = self._stale = False
        self._on_event("logged_in", {"user": self._account.user, "host": self._account.host})
        self._read_clock()

    def _log_in_again(self) -> None:
        self._socket.begin_hole("the session had expired")
        self._trouble = "logging in"
        self._insist(self._log_in)
        # The library sends the session's token when a socket opens: let it open one.
        self._socket.shut()

    def _renew(self) -> None:
        self._stale = True
        self._news.set()

    def _read_clock(self) -> None:
        self._clock_read_s = monotonic_s()
        self._clock.follow(simulated_segments(self._account.host))

    def _read_masters(self) -> None:
        day = ist_date(self._clock.now_ns())
        found = self._masters.read(day)
        if not found:
            raise TransientError(
                f"the symbol masters at {self._account.masters} define nothing that we trade"
            )
        self._socket.define(found)
        self.inquiries.define(found)
        self.past.define(found)
        self._masters_day = day
        self._instruments = found
        self._on_event("instruments_read", {"count": len(found), "day": day.isoformat()})
        self._inbox.wake()

    def _watch(self) -> None:
        """Look for a socket that is open and dead."""
        now_s = monotonic_s()
        if not self._market_is_open():
            # The silence of the night is none of the morning's: an exchange that opens has been quiet for hours.
            self._closed_s = now_s
            return
        silent_s = now_s - max(self._socket.heard_s, self._closed_s)
        if silent_s < self._silence_s:
            return
        self._socket.begin_hole(f"nothing was heard for {silent_s:.0f} s")
        self._on_event("broker_silent", {"seconds": round(silent_s, 1)})
        self._attempt(self._probe)
        self._socket.shut()

    def _market_is_open(self) -> bool:
        now_ns = self._clock.now_ns()
        return any(self._hours.is_open(exchange, now_ns) for exchange in self._socket.exchanges)

    def _probe(self) -> None:
        """Ask for the limits: the one call whose refusal the library lets us see."""
        api = self._api
        if api is None:
            return
        reply = ask(api.get_limits, self._account.host, deadline_s=5)
        if isinstance(reply, Mapping) and "session" in str(reply.get("emsg")).lower():
            self._socket.expired = True
