"""A desk's questions about margin: each gets one reply, in the order in which they were asked.

A question is answered in the commit that moves `Progress.answered` past it, so a feed that is killed in between asks the broker
again and the desk still reads one reply. A question that was overtaken before its turn came (the same asker asked again about
the same underlyings) costs the broker no call.
"""

from collections import deque
from typing import NamedTuple

from sauda.clock import UnixNs
from sauda.contracts import InstrumentId, MarginReply, MarginRequest
from sauda.errors import ContractError
from sauda.instruments import parse_symbol
from sauda.log import EntryId
from sauda.merge import id_parts


class Question(NamedTuple):
    """A request and the entry of the stream `subscriptions` that holds it."""

    entry: EntryId
    request: MarginRequest


class Questions:
    """What still needs a reply, oldest first."""

    def __init__(self, answered: str) -> None:
        """*answered* is the entry up to which all have had theirs."""
        self._answered = id_parts(answered.encode())
        self._open: deque[Question] = deque()
        self._asked: EntryId | None = None
        """Which of them the source is looking into."""

    def add(self, question: Question) -> None:
        """Take a question as it is read, unless it has had its reply."""
        if id_parts(question.entry) > self._answered:
            self._open.append(question)

    @property
    def first(self) -> Question | None:
        """Return the oldest one that is open."""
        return self._open[0] if self._open else None

    def asked(self, question: Question) -> None:
        """Remember that the source is looking into *question*: its answer is taken, whoever asks again meanwhile."""
        self._asked = question.entry

    def overtaken(self, question: Question, now_ns: UnixNs) -> MarginReply | None:
        """Return the reply to *question* if a later one has made it needless."""
        if question.entry == self._asked:
            return None
        subject = _subject(question.request)
        later = (one.request for one in self._open if one.entry != question.entry)
        newer = next((request for request in later if _subject(request) == subject), None)
        if newer is None:
            return None
        error = f"overtaken: {newer.request_id} asks about the same underlyings"
        return MarginReply(question.request.request_id, now_ns, error=error)

    def answered(self, question: Question) -> None:
        """Drop *question*: its reply is committed."""
        self._answered = id_parts(question.entry)
        self._open.popleft()


def _subject(request: MarginRequest) -> tuple[str, frozenset[str]]:
    return request.by, frozenset(_underlying(leg.instrument) for leg in request.legs)


def _underlying(instrument: InstrumentId) -> str:
    exchange, _, symbol = instrument.partition(":")
    try:
        return parse_symbol(exchange, symbol).underlying
    except ContractError:
        return instrument
