"""The desk as the gateway knows it: folded from the streams at the start, then followed. No truth of its own.

One thread reads and folds; requests look at what is folded under a lock, and never read all fills again. What cannot be
known by folding (older signals, causes, the journal) is read from the record when it is asked for.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Final

from sauda.book.valuation import newest_points, read_fills
from sauda.clock import ist_date, monotonic_s
from sauda.contracts import DeskPnl, InstrumentId
from sauda.contracts import Instrument as Definition
from sauda.errors import SaudaError
from sauda.log import BEGINNING, Entry, Position
from sauda.logs import Channel, logger
from sauda.reading import id_at, read_entry
from sauda.record import Record
from sauda.redis_book import RedisBook
from sauda.runner import Stop
from sauda_gateway.ledger import Ledger
from sauda_gateway.same_book import end_of, is_same_book
from sauda_gateway.voices import KEPT, Voices
from sauda_gateway.worth import Worth

FOLLOWED: Final = ("instruments", "orders", "executions", "signals", "alerts", "pnl")
"""In the order in which what came together is folded: an answer behind its order."""
_AT_ONCE: Final = 2_000
_BLOCK_MS: Final = 250
_LOOK_S: Final = 2.0
"""Between two looks at whether this is still the same book."""
_PAUSE_S: Final = 0.2
_DESK_POINT: Final = b'{"type":"desk_pnl"'


class Known:
    """Everything folded, from one book."""

    def __init__(self) -> None:
        self.instruments: dict[InstrumentId, Definition] = {}
        self.ledger = Ledger()
        self.worth = Worth()
        self.voices = Voices()

    def take(self, entry: Entry) -> None:
        """Fold one entry; what cannot be read is nobody's news, the units have parked it."""
        message = read_entry(entry).message
        if message is None:
            return
        match entry.stream:
            case "instruments":
                if isinstance(message, Definition):
                    self.instruments[message.instrument] = message
            case "orders" | "executions":
                self.ledger.take(entry.id, entry.cause, message)
            case "pnl":
                self.worth.take(message)
            case _:
                self.voices.take(entry.id, entry.cause, message)


class Desk:
    """One desk, followed by one thread."""

    def __init__(self, name: str, open_record: Callable[[], Record]) -> None:
        """Prepare; nothing connects yet."""
        self.name = name
        self._open = open_record
        self._known = Known()
        self._lock = threading.Lock()
        self._begun = threading.Event()
        self._positions: dict[str, Position] = {}
        self._book_number = 0
        self.away: str | None = "not read yet"
        """Why it cannot be followed now; None: it is."""
        self.handled = 0

    @property
    def ready(self) -> bool:
        """Return whether what it knows is the desk as it stands."""
        return self._begun.is_set() and self.away is None

    @property
    def is_known(self) -> bool:
        """Return whether it was ever folded: then it can be shown, though it may be old."""
        return self._begun.is_set()

    @contextmanager
    def look(self) -> Iterator[Known]:
        """Give what is known, at rest; briefly: the follower waits."""
        with self._lock:
            yield self._known

    def run(self, stop: Stop) -> None:
        """Fold what is there and follow what comes, until told to stop; an outage costs time only."""
        while not stop.is_set():
            record: Record | None = None
            try:
                record = self._open()
                if record.live is None:
                    self._take_archived(record)
                    stop.wait(_LOOK_S)
                    continue
                self._follow(record, record.live, stop)
            except SaudaError as error:
                if self.away is None or not self._begun.is_set():
                    logger(Channel.APP).warning("desk_not_followed", desk=self.name, why=str(error))
                self.away = str(error)
                stop.wait(_PAUSE_S)
            finally:
                if record is not None:
                    record.close()

    def _follow(self, record: Record, live: RedisBook, stop: Stop) -> None:
        if not self._begun.is_set() or not is_same_book(live, self._book_number, self._positions):
            self._begin(record, live)
        self.away = None
        next_look_s = monotonic_s() + _LOOK_S
        while not stop.is_set():
            entries = live.read(self._positions, _AT_ONCE, _BLOCK_MS)
            if entries:
                self._take(entries)
            if monotonic_s() >= next_look_s:
                next_look_s = monotonic_s() + _LOOK_S
                if not is_same_book(live, self._book_number, self._positions):
                    self._begun.clear()
                    return

    def _take(self, entries: Sequence[Entry]) -> None:
        with self._lock:
            for entry in sorted(entries, key=lambda one: FOLLOWED.index(one.stream)):
                self._known.take(entry)
                self._positions[entry.stream] = Position(entry.id, 0)
        self.handled += len(entries)

    def _begin(self, record: Record, live: RedisBook) -> None:
        """Fold what is known so far, beside what was known before, and then put it in its place."""
        number = live.number(live.keys.aside)
        known = Known()
        positions = {stream: Position(BEGINNING, 0) for stream in FOLLOWED}
        # Answers end before orders do: each answer's order is there.
        ends = {stream: end_of(live, stream) for stream in reversed(FOLLOWED)}
        for stream in FOLLOWED:
            for entry in _first_part(record, stream, ends[stream]):
                known.take(entry)
            positions[stream] = Position(ends[stream], 0)
        _take_worth(record, known, ends["pnl"])
        with self._lock:
            self._known, self._positions, self._book_number = known, positions, number
        self._begun.set()

    def _take_archived(self, record: Record) -> None:
        """Fold a book to which nothing comes any more."""
        if not self._begun.is_set():
            known = Known()
            for stream in FOLLOWED:
                for entry in _first_part(record, stream, b"+"):
                    known.take(entry)
            _take_worth(record, known, b"+")
            with self._lock:
                self._known = known
            self._begun.set()
        self.away = None


def _first_part(record: Record, stream: str, end: bytes) -> Iterator[Entry]:
    """Return the part of *stream* that is folded at the start, oldest first."""
    if stream == "pnl" or end == BEGINNING:
        return iter(())
    if stream in ("signals", "alerts"):
        return iter(list(islice(record.backwards(stream, end), KEPT))[::-1])
    return record.forwards(stream, b"-", end)


def _take_worth(record: Record, known: Known, end: bytes) -> None:
    """Take the newest points, and the curve of the newest day."""
    if end == BEGINNING:
        return
    newest = newest_points(record, read_fills(record))
    known.worth.strategies, known.worth.positions = dict(newest.strategies), dict(newest.positions)
    if newest.desk is None:
        return
    today = ist_date(newest.desk.event_ns)
    begin_ns = newest.desk.event_ns - newest.desk.event_ns % _DAY_NS
    for entry in record.forwards("pnl", id_at(record, "pnl", begin_ns), end):
        if entry.data.startswith(_DESK_POINT):
            point = read_entry(entry).message
            if isinstance(point, DeskPnl) and ist_date(point.event_ns) == today:
                known.worth.take(point)
    known.worth.desk = known.worth.desk or newest.desk


_DAY_NS: Final = 24 * 3600 * 1_000_000_000
"""UTC days: the Indian markets trade within one."""
