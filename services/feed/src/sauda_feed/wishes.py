"""What a desk wants of the feed: its stream `subscriptions`, as far as it was read."""

from collections.abc import Sequence

from sauda.clock import UnixNs
from sauda.codec import decode, encode
from sauda.contracts import (
    Alert,
    HistoryRequest,
    Instrument,
    InstrumentId,
    Level,
    MarginRequest,
    Subscribe,
    Unsubscribe,
)
from sauda.errors import ContractError
from sauda.log import BEGINNING, Entry, Output, Position
from sauda.parking import parked
from sauda.subscriptions import Subscriptions
from sauda_feed.historian import HistoryQuestion
from sauda_feed.history_questions import HistoryQuestions
from sauda_feed.progress import UNIT, Progress
from sauda_feed.questions import Question, Questions


class Wishes:
    """Subscriptions, questions, and what is wrong with them."""

    def __init__(self, progress: Progress) -> None:
        """*progress* says up to which entry questions have had their reply."""
        self.read_to = Position(BEGINNING, 0)
        self.questions = Questions(progress.answered)
        self.history = HistoryQuestions(progress.told)
        self.complaints: list[Output] = []
        """Alerts and dead letters that go out with the next commit."""
        self._subscriptions = Subscriptions()
        self._unchecked: set[InstrumentId] = set()
        """Newly subscribed instruments that were not yet looked up in the definitions."""

    @property
    def wanted(self) -> frozenset[InstrumentId]:
        """Return what is subscribed."""
        return self._subscriptions.wanted

    def take(self, entries: Sequence[Entry], *, honoured: bool) -> None:
        """Read on; of what was *honoured* before a restart nothing is complained of again."""
        for entry in entries:
            self.read_to = Position(entry.id, self.read_to.passed + 1)
            try:
                message = decode(entry.data)
            except ContractError as error:
                if not honoured:
                    self.complaints += parked(UNIT, entry, str(error))
                continue
            match message:
                case Subscribe() | Unsubscribe():
                    self._subscriptions.apply(message)
                    if isinstance(message, Subscribe) and not honoured:
                        self._unchecked.update(message.instruments)
                case MarginRequest():
                    self.questions.add(Question(entry.id, message))
                case HistoryRequest():
                    self.history.add(HistoryQuestion(entry.id, message))
                case _:
                    pass  # somebody else's writing, and readable: it asks nothing of us

    def check(self, known: dict[InstrumentId, Instrument], market_ns: UnixNs) -> None:
        """Raise an alert for what was subscribed and does not exist; everything else goes on."""
        for instrument in sorted(self._unchecked - known.keys()):
            by = ", ".join(self._subscriptions.wanted_by(instrument))
            text = (
                f"{instrument} was subscribed by {by} and does not exist; the name is EXCHANGE:TRADINGSYMBOL"
            )
            alert = Alert(UNIT, Level.WARNING, "UNKNOWN_INSTRUMENT", text, market_ns)
            self.complaints.append(Output("alerts", encode(alert)))
        self._unchecked.clear()
