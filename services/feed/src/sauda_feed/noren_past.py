"""A Noren broker as one who knows bars of the past. Called by a thread of its own, so it may wait.

The charts of a session, of several at once; with a pause between two calls, a deadline for each, and again with backoff where the
broker stumbles. The library returns None for an empty chart and for a refusal alike; the reason comes out of its own records.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_after_attempt,
    stop_any,
    stop_when_event_set,
    wait_exponential,
    wait_random,
)

from sauda.bars.timeframes import DAY
from sauda.clock import UnixNs, ist_date, monotonic_s
from sauda.contracts import Instrument, InstrumentId, InstrumentKind
from sauda.errors import TransientError
from sauda.history.knowers import Day, Found, NotKnownError, Wanted, certain
from sauda.history.timeframes import MINUTES, base_of, end_of, grown
from sauda_feed.noren_login import CHARTS, ReplyTap, ask
from sauda_feed.noren_series import Rows, bounds, daily, intraday, midnights

EVERY_S: Final = 0.5
"""Seconds between two charts: sister brokers of this one take ten calls a second and 120 a minute of all kinds."""
DEADLINE_S: Final = 20.0
"""Seconds after which one chart is given up: long ranges are slow."""
ATTEMPTS: Final = 4
_MOST_HANGING: Final = 4


class NorenPast:
    """The charts of one session at the broker."""

    name = "broker"

    def __init__(
        self,
        host: str,
        tap: ReplyTap,
        stop: threading.Event,
        *,
        complain: Callable[[str, str], None],
        expired: Callable[[], None],
        every_s: float = EVERY_S,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        """Prepare.

        Args:
            host: The broker's address, for messages.
            tap: Hears why a chart was refused.
            stop: Ends a wait.
            complain: Logs an event and its reason, not too often.
            expired: Is told when the broker says that our session has ended.
            every_s: The least time between two calls.
            deadline_s: How long one may take.
        """
        self._host = host
        self._tap = tap
        self._stop = stop
        self._complain = complain
        self._expired = expired
        self._every_s = every_s
        self._deadline_s = deadline_s
        self._api: Any = None
        self._known: Mapping[InstrumentId, Instrument] = {}
        self._called_s = 0.0
        self._hanging = 0
        self._lock = threading.Lock()

    def start(self, api: Any) -> None:
        """Begin to ask *api*, which is logged in."""
        self._api = api

    def define(self, instruments: list[Instrument]) -> None:
        """Know these contracts: a chart is asked for by the broker's number of a contract."""
        self._known = {one.instrument: one for one in instruments}

    def look(self, wanted: Wanted) -> Found:
        """See `Knower`.

        Raises:
            NotKnownError: the contract is not defined today, or the broker does not answer.
        """
        contract = self._known.get(wanted.instrument)
        if contract is None or self._api is None:
            raise NotKnownError(
                f"{wanted.instrument} is not defined today, and no other charts can be asked for"
            )
        base = base_of(wanted.timeframe)
        found = Found()
        spoilt = 0
        for days in _together(wanted.days, base):
            try:
                rows = self._chart(contract, days, base, wanted.now_ns)
            except TransientError as error:
                # What came before is no worse for it.
                found.problem = str(error)
                break
            spoilt += rows.spoilt
            for day in days:
                self._take(found, rows, day, wanted)
        if spoilt:
            self._complain(
                "chart_spoilt", f"{wanted.instrument}: {spoilt} rows of impossible prices left out"
            )
        return found

    @staticmethod
    def _take(found: Found, rows: Rows, day: Day, wanted: Wanted) -> None:
        session = day.session
        bars = [bar for bar in rows.bars if session.open_ns <= bar.start_ns < session.close_ns]
        if base_of(wanted.timeframe) != wanted.timeframe:
            bars = grown(bars, wanted.timeframe, session)
        bars = [bar for bar in bars if end_of(bar.start_ns, wanted.timeframe, session) <= wanted.now_ns]
        if bars:
            found.bars += bars
            found.looked.append(certain(day, bars, wanted.timeframe, wanted.now_ns))

    def _chart(self, contract: Instrument, days: Sequence[Day], timeframe: str, now_ns: UnixNs) -> Rows:
        index = contract.kind is InstrumentKind.INDEX
        symbol = contract.instrument.partition(":")[2]
        if timeframe == DAY:
            first, last = midnights(days)
            rows = self._insist(
                lambda: self._api.get_daily_price_series(contract.exchange, symbol, first, last)
            )
            return daily(rows, days, now_ns, index=index)
        first, last = bounds(days)
        minutes = MINUTES[timeframe]
        rows = self._insist(
            lambda: self._api.get_time_price_series(contract.exchange, contract.token, first, last, minutes)
        )
        return intraday(rows, days, timeframe, now_ns, index=index)

    def _insist(self, call: Callable[[], Any]) -> Sequence[Any]:
        """Return the rows of one chart, none if the broker has none; again with backoff where it stumbles.

        Raises:
            TransientError: it still does.
        """
        retrying = Retrying(
            wait=wait_exponential(multiplier=0.5, max=8) + wait_random(0, 0.5),
            retry=retry_if_exception_type(TransientError),
            stop=stop_any(stop_after_attempt(ATTEMPTS), stop_when_event_set(self._stop)),
            sleep=sleep_using_event(self._stop),
            before_sleep=self._tell_retry,
            reraise=True,
        )
        rows: Sequence[Any] = retrying(self._once, call)
        return rows

    def _tell_retry(self, state: RetryCallState) -> None:
        self._complain("chart_not_answered", str(state.outcome.exception()) if state.outcome else "")

    def _once(self, call: Callable[[], Any]) -> Sequence[Any]:
        self._wait_for_turn()
        self._tap.chart_reason = None
        rows = ask(self._counted(call), self._host, self._deadline_s, thread=CHARTS)
        if isinstance(rows, list):
            return rows
        why = self._tap.chart_reason or "no reason given"
        if "session" in why.lower():
            self._expired()
        elif "no data" in why.lower():
            return []
        raise TransientError(f"the broker at {self._host} refuses the chart: {why[:200]}")

    def _wait_for_turn(self) -> None:
        wait_s = self._called_s + self._every_s - monotonic_s()
        if (wait_s > 0 and self._stop.wait(wait_s)) or self._stop.is_set():
            raise TransientError("the feed stops")
        self._called_s = monotonic_s()

    def _counted(self, call: Callable[[], Any]) -> Callable[[], Any]:
        with self._lock:
            if self._hanging >= _MOST_HANGING:
                raise TransientError(
                    f"the broker at {self._host} has not answered {self._hanging} earlier charts"
                )
            self._hanging += 1

        def counted() -> Any:
            try:
                return call()
            finally:
                with self._lock:
                    self._hanging -= 1

        return counted


def _together(days: Sequence[Day], timeframe: str) -> list[Sequence[Day]]:
    """Return *days* in groups that one call may ask for, newest first: five calendar days of minutes, more of longer bars."""
    longest = 60 if timeframe == DAY else min(60, 5 * MINUTES[timeframe])
    groups: list[list[Day]] = []
    for day in reversed(days):
        at = ist_date(day.session.open_ns)
        if groups and (ist_date(groups[-1][0].session.open_ns) - at).days < longest:
            groups[-1].append(day)
        else:
            groups.append([day])
    return [group[::-1] for group in groups]
