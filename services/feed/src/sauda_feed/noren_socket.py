"""The one socket to a Noren broker: frames in, ticks out, through the unmodified library.

The library calls back from a thread of its own; the callbacks merge and append, they never wait. What it leaves to us:

    subscriptions are not repeated after a reconnect       `_on_open` forgets what was sent, `subscribe` sends it again
    a half-open socket is never noticed                    `heard_s` says when the last frame came, `shut` ends the socket
    a stale session gets a `ck` that is not OK, and silence  `_on_error` sets `expired`
    `subscribe` blocks for as long as the socket is down   only the session's thread calls it, and only while `open`
"""

import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from NorenRestApiPy.NorenApi import FeedType, NorenApi

from sauda.clock import UnixNs, monotonic_s
from sauda.contracts import BrokerUpdate, FeedGap, Instrument, InstrumentId, InstrumentKind
from sauda.errors import ContractError
from sauda_feed.inbox import Inbox
from sauda_feed.market_clock import MarketClock
from sauda_feed.noren_quotes import Quotes, Token
from sauda_feed.terms import TermsNews

_BATCH: Final = 100
"""Instruments in one subscription frame, and the pause between two: what other clients of this broker do."""
_BATCH_PAUSE_S: Final = 0.1
_COMPLAIN_EVERY_S: Final = 10.0

Events = Callable[[str, dict[str, object]], None]


class NorenSocket:
    """Keeps what was subscribed, merges what comes, and tells of every hole."""

    def __init__(
        self,
        clock: MarketClock,
        inbox: Inbox,
        on_event: Events,
        news: threading.Event,
        terms: TermsNews,
        *,
        depth: bool = False,
    ) -> None:
        """*news* is set when the session's thread should have a look; with *depth* five levels are asked for."""
        self.open = False
        """Whether the broker has acknowledged the present connection."""
        self.expired = False
        """Whether it said that our session is not valid."""
        self.heard_s = monotonic_s()
        """When the last frame came, or when the socket was last given a new chance."""
        self._clock = clock
        self._inbox = inbox
        self._on_event = on_event
        self._news = news
        self._terms = terms
        self._depth = depth
        self._api: Any = None
        self._quotes = Quotes({})
        self._by_name: dict[InstrumentId, Instrument] = {}
        self._sent: set[InstrumentId] = set()
        """What the present connection was asked for."""
        self._heard_ns: UnixNs | None = None
        """Market time of the last quote."""
        self._hole_from_ns: UnixNs | None = None
        """Since when the desk sees nothing; None while it sees the market."""
        self._hole_why = "the feed was not running"
        self._complaints: dict[str, float] = {}
        """event -> when it was last logged: a socket that fails ten times a second is one line in ten seconds"""

    @property
    def exchanges(self) -> list[str]:
        """Return the exchanges of what is defined."""
        return sorted({one.exchange for one in self._by_name.values()})

    def start(self, api: NorenApi, hole_from_ns: UnixNs | None) -> None:
        """Open the socket of *api*, once: a second call would leave two threads fighting over one socket.

        Args:
            api: Logged in.
            hole_from_ns: What the desk saw last; None for one that has seen nothing.
        """
        self._api = api
        self._hole_from_ns = hole_from_ns
        self.heard_s = monotonic_s()
        api.start_websocket(
            subscribe_callback=self._on_quote,
            order_update_callback=self._on_order,
            socket_open_callback=self._on_open,
            socket_close_callback=self._on_close,
            socket_error_callback=self._on_error,
        )

    def define(self, instruments: list[Instrument]) -> None:
        """Know these instruments, and no others, by their tokens of today."""
        names: dict[Token, InstrumentId] = {(one.exchange, one.token): one.instrument for one in instruments}
        self._by_name = {one.instrument: one for one in instruments}
        # A new one, whole: the library's thread may be in the middle of a frame.
        self._quotes = Quotes(names, self._terms.put)
        # Tokens may have changed hands overnight: what was sent under the old ones no longer counts.
        self._sent.clear()

    def subscribe(self, wanted: frozenset[InstrumentId], stop: threading.Event) -> None:
        """Ask for *wanted* and all indices, and for nothing else any more."""
        indices = {name for name, one in self._by_name.items() if one.strike is None and one.expiry is None}
        names = {name for name in wanted | indices if name in self._by_name}
        new, old = sorted(names - self._sent), sorted(self._sent - names)
        for deep in (False, True):
            self._send([name for name in new if self._deep(name) == deep], stop, asks=True, deep=deep)
            self._send([name for name in old if self._deep(name) == deep], stop, asks=False, deep=deep)

    def shut(self) -> None:
        """Shut the raw socket, so that the library notices: nothing else works on a half-open one."""
        self.heard_s = monotonic_s()
        app = getattr(self._api, "_NorenApi__websocket", None)
        connection = getattr(getattr(app, "sock", None), "sock", None)
        if connection is not None:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # closed already: that is what we wanted

    def close(self) -> None:
        """End the library's thread; its own close_websocket() does not when the socket is down at the moment."""
        if self._api is not None:
            getattr(self._api, "_NorenApi__stop_event", threading.Event()).set()
            self.shut()

    def begin_hole(self, why: str) -> None:
        """Remember that the desk sees nothing any more; it is told when it sees again."""
        if self._hole_from_ns is None:
            self._hole_from_ns, self._hole_why = self._heard_ns or self._clock.now_ns(), why

    def complain(self, event: str, why: str) -> None:
        """Log *event*, at most every ten seconds."""
        now_s = monotonic_s()
        if now_s - self._complaints.get(event, -_COMPLAIN_EVERY_S) >= _COMPLAIN_EVERY_S:
            self._complaints[event] = now_s
            self._on_event(event, {"why": why})

    def _deep(self, name: InstrumentId) -> bool:
        """Whether the order book of *name* is asked for: an index has none."""
        known = self._by_name.get(name)
        return self._depth and known is not None and known.kind is not InstrumentKind.INDEX

    def _send(self, names: list[InstrumentId], stop: threading.Event, *, asks: bool, deep: bool) -> None:
        call = self._api.subscribe if asks else self._api.unsubscribe
        kind = FeedType.SNAPQUOTE if deep else FeedType.TOUCHLINE
        for start in range(0, len(names), _BATCH):
            if not self.open or (start and stop.wait(_BATCH_PAUSE_S)):
                return
            batch = names[start : start + _BATCH]
            found = [self._by_name[name] for name in batch if name in self._by_name]
            # Before the frame goes out: a reconnect in between clears it, and all is sent again.
            (self._sent.update if asks else self._sent.difference_update)(batch)
            try:
                call([f"{one.exchange}|{one.token}" for one in found], feed_type=kind)
            except Exception as error:  # noqa: BLE001  (the socket closed under us: the open callback starts anew)
                self.complain("subscription_not_sent", f"{type(error).__name__}: {error}")
                return

    # What follows is called by the library's thread.

    def _on_quote(self, frame: dict[str, Any]) -> None:
        self._arrive(self._quote, frame)

    def _on_order(self, frame: dict[str, Any]) -> None:
        self._arrive(self._order, frame)

    def _arrive(self, take: Callable[[dict[str, Any]], None], frame: dict[str, Any]) -> None:
        self._inbox.arriving = True  # said before the clock is read: a heartbeat waits for this frame
        try:
            take(frame)
        finally:
            self._inbox.arriving = False

    def _quote(self, frame: dict[str, Any]) -> None:
        self.heard_s = monotonic_s()
        self._heard_ns = recv_ns = self._clock.now_ns()
        tick = self._quotes.take(frame, recv_ns)
        if tick is None:
            return
        if self._hole_from_ns is not None:
            self._inbox.put(FeedGap(min(self._hole_from_ns, recv_ns), recv_ns, self._hole_why))
            self._hole_from_ns = None
        self._inbox.put(tick)

    def _order(self, frame: dict[str, Any]) -> None:
        self.heard_s = monotonic_s()
        payload = {_writable(key): _writable(value) for key, value in frame.items()}
        self._inbox.put(BrokerUpdate(payload, self._clock.now_ns()))

    def _on_open(self) -> None:
        self.heard_s = monotonic_s()
        self._quotes.forget()
        self._sent.clear()
        self.open = True
        self._on_event("socket_open", {})
        self._api.subscribe_orders()
        self._news.set()

    def _on_close(self) -> None:
        if self.open:
            self.begin_hole("the connection was lost")
        self.open = False
        self.complain("socket_closed", "the library tries again every 0.1 s")

    def _on_error(self, error: object) -> None:
        if isinstance(error, Mapping):
            self.expired = True
            self.complain("session_expired", f"the broker answers {error.get('s')!r} to our session")
            self._news.set()
        elif isinstance(error, ContractError | ValueError | KeyError | TypeError):
            self.complain("frame_unreadable", f"{type(error).__name__}: {error}")
        else:
            self.complain("socket_error", f"{type(error).__name__}: {error}")


def _writable(value: object) -> str:
    """Return *value* as text that can be written: JSON can name half a character, which UTF-8 cannot."""
    return str(value).encode(errors="replace").decode()
