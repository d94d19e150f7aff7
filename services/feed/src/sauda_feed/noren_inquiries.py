"""What is asked of the broker beside its quotes, in a thread of its own: no tick and no session ever waits for an answer.

One call at a time, each with a deadline. The library itself waits for ever: a call that has not come back is left behind, and
once several hang nothing more is asked until one of them returns.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from sauda.clock import UnixNs
from sauda.contracts import Instrument, InstrumentId, MarginReply, MarginRequest
from sauda.errors import ContractError, TransientError
from sauda_feed.market_clock import MarketClock
from sauda_feed.noren_login import INQUIRY, ask
from sauda_feed.noren_margin import positions, reply_to

DEADLINE_S: Final = 5.0
"""Seconds after which a question is answered with an error."""
MOST_HANGING: Final = 8
"""Calls that may be left behind before no other is begun."""

T = TypeVar("T")


class Inquiries:
    """Questions to the broker and its answers; any thread may ask, none waits."""

    def __init__(
        self,
        host: str,
        clock: MarketClock,
        *,
        complain: Callable[[str, str], None],
        expired: Callable[[], None],
        wake: Callable[[], None],
        deadline_s: float = DEADLINE_S,
    ) -> None:
        """Prepare.

        Args:
            host: The broker's address, for messages.
            clock: Stamps the replies.
            complain: Logs an event and its reason, not too often.
            expired: Is told when the broker says that our session has ended.
            wake: Is called when an answer is there.
            deadline_s: How long one may take.
        """
        self._host = host
        self._clock = clock
        self._complain = complain
        self._expired = expired
        self._wake = wake
        self._deadline_s = deadline_s
        self._api: Any = None
        self._known: Mapping[InstrumentId, Instrument] = {}
        self._work = threading.Condition()
        self._margins: dict[MarginRequest, MarginReply | None] = {}
        """question -> its answer, in the order in which they were asked; None while there is none"""
        self._hanging = 0
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="noren-inquiries", daemon=True)

    def start(self, api: Any) -> None:
        """Begin to ask *api*, which is logged in."""
        self._api = api
        self._thread.start()

    def define(self, instruments: list[Instrument]) -> None:
        """Know these contracts."""
        self._known = {one.instrument: one for one in instruments}

    def margin(self, request: MarginRequest) -> MarginReply | None:
        """Return the answer to *request* once; None while there is none. The first call asks."""
        with self._work:
            reply = self._margins.setdefault(request, None)
            if reply is None:
                self._work.notify()
            else:
                del self._margins[request]
            return reply

    def close(self) -> None:
        """End the thread; a call that hangs is left behind."""
        with self._work:
            self._stopped = True
            self._work.notify()

    def _run(self) -> None:
        while True:
            with self._work:
                self._work.wait_for(lambda: self._stopped or self._next() is not None)
                request = self._next()
            if self._stopped or request is None:
                return
            reply = self._margin(request)
            with self._work:
                self._margins[request] = reply
            self._wake()

    def _next(self) -> MarginRequest | None:
        return next((request for request, reply in self._margins.items() if reply is None), None)

    def _margin(self, request: MarginRequest) -> MarginReply:
        """Ask for one margin; whatever happens, there is a reply."""
        try:
            if not request.legs:
                return MarginReply(request.request_id, self._now_ns())
            asked = positions(request.legs, self._known)
            answer = self._call(lambda: self._api.span_calculator(None, asked))
            self._notice_expiry(answer)
            return reply_to(request, answer, self._now_ns())
        except Exception as error:  # noqa: BLE001  (the library lets anything out; none of it may end this thread)
            usual = isinstance(error, ContractError | TransientError)
            why = str(error) if usual else f"{type(error).__name__}: {error}"
        self._complain("margin_not_answered", why)
        return MarginReply(request.request_id, self._now_ns(), error=why)

    def _call(self, call: Callable[[], T]) -> T:
        with self._work:
            if self._hanging >= MOST_HANGING:
                raise TransientError(
                    f"the broker at {self._host} still has not answered {self._hanging} earlier questions"
                )
            self._hanging += 1

        def counted() -> T:
            try:
                return call()
            finally:
                with self._work:
                    self._hanging -= 1

        return ask(counted, self._host, self._deadline_s, thread=INQUIRY)

    def _notice_expiry(self, answer: object) -> None:
        if isinstance(answer, Mapping) and "session" in str(answer.get("emsg")).lower():
            self._expired()

    def _now_ns(self) -> UnixNs:
        return self._clock.now_ns()
