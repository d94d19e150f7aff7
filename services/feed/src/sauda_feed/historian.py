"""Questions about bars of the past and their answers, in a thread of its own: no tick ever waits for a chart."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

import msgspec

from sauda.clock import UnixNs
from sauda.contracts import HistoryReply, HistoryRequest
from sauda.history.finding import Answer, Finder
from sauda.history.replies import replies_of
from sauda.log import EntryId

_STRATEGY: Final = "strategy."
"""What the name of a strategy's unit begins with."""


class HistoryQuestion(NamedTuple):
    """A request and the entry of the stream `subscriptions` that holds it."""

    entry: EntryId
    request: HistoryRequest


Key: TypeAlias = tuple[str, EntryId]
"""Desk and entry."""


class Historian:
    """Looks into one question after the other; any thread may ask, none waits."""

    def __init__(
        self,
        finder: Finder,
        *,
        market: str,
        complain: Callable[[str, str], None] = lambda _event, _why: None,
    ) -> None:
        """Prepare.

        Args:
            finder: Finds the answers.
            market: Whose prices they are.
            complain: Logs an event and its reason.
        """
        self._finder = finder
        self._market = market
        self._complain = complain
        self._work = threading.Condition()
        self._open: deque[tuple[Key, HistoryRequest, UnixNs]] = deque()
        self._answers: dict[Key, list[HistoryReply] | None] = {}
        """question -> its answer; None while there is none"""
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="historian", daemon=True)

    def answer(self, desk: str, question: HistoryQuestion, now_ns: UnixNs) -> list[HistoryReply] | None:
        """Return the parts of the answer once; None while there is none. The first call asks."""
        key = (desk, question.entry)
        with self._work:
            if key not in self._answers:
                self._answers[key] = None
                self._open.append((key, question.request, now_ns))
                self._start()
                self._work.notify()
            replies = self._answers[key]
            if replies is None:
                return None
            del self._answers[key]
        # The market has gone on meanwhile: an answer carries the time at which it is given.
        return [msgspec.structs.replace(one, event_ns=now_ns) for one in replies]

    def close(self) -> None:
        """End the thread; a call that hangs is left behind."""
        with self._work:
            self._stopped = True
            self._work.notify()

    def _start(self) -> None:
        """Begin with the first question: most feeds are never asked one."""
        if not self._thread.is_alive() and not self._stopped:
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._work:
                while not (self._stopped or self._open):
                    self._work.wait()
                if self._stopped:
                    return
                key, request, now_ns = self._next()
            replies = self._replies(request, now_ns)
            with self._work:
                self._answers[key] = replies

    def _next(self) -> tuple[Key, HistoryRequest, UnixNs]:
        """Take the question that is answered next: a strategy cannot trade before its answer, all others can wait."""
        first = next((one for one in self._open if one[1].by.startswith(_STRATEGY)), self._open[0])
        self._open.remove(first)
        return first

    def _replies(self, request: HistoryRequest, now_ns: UnixNs) -> list[HistoryReply]:
        try:
            answer = self._finder.find(request, now_ns)
        except Exception as error:  # noqa: BLE001  (whatever it is, the thread goes on and the desk gets its reply)
            answer = Answer(problems=[f"{type(error).__name__}: {error}"])
            self._complain("history_not_answered", answer.problems[0])
        return replies_of(request, answer, now_ns, self._market)


def answer_to(
    question: HistoryQuestion, desk: str, now_ns: UnixNs, historian: Historian | None
) -> list[HistoryReply] | None:
    """Return the parts of the answer to *question*; None while it is being looked into."""
    if historian is None:
        return replies_of(question.request, Answer(problems=["this feed looks nothing up"]), now_ns)
    return historian.answer(desk, question, now_ns)
