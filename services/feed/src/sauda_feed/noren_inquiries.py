"""What is asked of the broker beside its quotes, in a thread of its own: no tick and no session ever waits for an answer.

One call at a time, each with a deadline. The library itself waits for ever: a call that has not come back is left behind, and
once several hang nothing more is asked until one of them returns. Margins come first; in between, each contract that is newly
subscribed is asked once for the most that one order may ask for.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from sauda.clock import UnixNs, monotonic_s
from sauda.contracts import Instrument, InstrumentId, InstrumentKind, MarginReply, MarginRequest
from sauda.errors import ContractError, TransientError
from sauda_feed.market_clock import MarketClock
from sauda_feed.noren_login import INQUIRY, ask
from sauda_feed.noren_margin import positions, reply_to
from sauda_feed.terms import Terms, TermsNews

DEADLINE_S: Final = 5.0
"""Seconds after which a question is answered with an error."""
FREEZE_DEADLINE_S: Final = 2.0
"""Seconds that a margin may have to wait for a freeze quantity."""
FREEZE_EVERY_S: Final = 0.4
"""Seconds between two contracts that are asked for theirs: sister brokers of this one take three such calls a second."""
MOST_HANGING: Final = 8
"""Calls that may be left behind before no other is begun."""

_MOST_UNITS: Final = 10**9

T = TypeVar("T")


class Inquiries:
    """Questions to the broker and its answers; any thread may ask, none waits."""

    def __init__(
        self,
        host: str,
        clock: MarketClock,
        terms: TermsNews,
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
            terms: Takes the freeze quantities.
            complain: Logs an event and its reason, not too often.
            expired: Is told when the broker says that our session has ended.
            wake: Is called when an answer is there.
            deadline_s: How long one may take.
        """
        self._host = host
        self._clock = clock
        self._terms = terms
        self._complain = complain
        self._expired = expired
        self._wake = wake
        self._deadline_s = deadline_s
        self._api: Any = None
        self._known: Mapping[InstrumentId, Instrument] = {}
        self._work = threading.Condition()
        self._margins: dict[MarginRequest, MarginReply | None] = {}
        """question -> its answer, in the order in which they were asked; None while there is none"""
        self._undescribed: deque[InstrumentId] = deque()
        self._described: set[InstrumentId] = set()
        """Contracts that were asked about since they were defined, or will be."""
        self._freeze_s = 0.0
        """When a freeze quantity was last asked for."""
        self._hanging = 0
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="noren-inquiries", daemon=True)

    def start(self, api: Any) -> None:
        """Begin to ask *api*, which is logged in."""
        self._api = api
        self._thread.start()

    def define(self, instruments: list[Instrument]) -> None:
        """Know these contracts."""
        with self._work:
            self._known = {one.instrument: one for one in instruments}
            # A new day may bring new quantities, and tokens for certain.
            self._described.clear()
            self._undescribed.clear()

    def describe(self, instruments: Iterable[InstrumentId]) -> None:
        """Ask for the freeze quantities of those that were not asked about yet."""
        with self._work:
            for name in sorted(set(instruments) - self._described):
                known = self._known.get(name)
                if known is not None and known.kind is not InstrumentKind.INDEX:
                    self._undescribed.append(name)
                    self._described.add(name)
            if self._undescribed:
                self._work.notify()

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
                while not (self._stopped or self._next() is not None or self._freeze_wait_s() == 0):
                    self._work.wait(self._freeze_wait_s())
                if self._stopped:
                    return
                request = self._next()
                contract = None if request else self._known.get(self._undescribed.popleft())
            if request is not None:
                reply = self._margin(request)
                with self._work:
                    self._margins[request] = reply
                self._wake()
            elif contract is not None:
                self._freeze(contract)

    def _freeze_wait_s(self) -> float | None:
        """Return the seconds until the next freeze quantity may be asked for; None while there is none to ask for."""
        if not self._undescribed:
            return None
        # Nobody waits for it: a broker that does not answer is left in peace.
        return 1.0 if self._hanging else max(0.0, self._freeze_s + FREEZE_EVERY_S - monotonic_s())

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

    def _freeze(self, contract: Instrument) -> None:
        """Ask for one freeze quantity; without an answer the contract has none until it is asked about anew."""
        self._freeze_s = monotonic_s()
        try:
            info = self._call(
                lambda: self._api.get_security_info(contract.exchange, contract.token), FREEZE_DEADLINE_S
            )
            found = str(info.get("frzqty") or "") if isinstance(info, Mapping) else ""
            if found.isascii() and found.isdigit() and 0 < int(found) <= _MOST_UNITS:
                self._terms.put(contract.instrument, Terms(freeze_qty=int(found)))
                return
            why = f"GetSecurityInfo of {contract.instrument} has no freeze quantity: {found[:24]!r}"
        except Exception as error:  # noqa: BLE001  (as above)
            why = f"{contract.instrument}: {type(error).__name__}: {error}"
        self._complain("freeze_quantity_not_known", why)

    def _call(self, call: Callable[[], T], deadline_s: float | None = None) -> T:
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

        return ask(counted, self._host, deadline_s or self._deadline_s, thread=INQUIRY)

    def _notice_expiry(self, answer: object) -> None:
        if isinstance(answer, Mapping) and "session" in str(answer.get("emsg")).lower():
            self._expired()

    def _now_ns(self) -> UnixNs:
        return self._clock.now_ns()
