"""Follows the streams of one desk by plain XREAD, in a thread: nobody's cursor moves, nothing is written.

It begins with the newest part of each stream, so that there is something to show, and goes on from there. A server that went
away is asked again, ever more slowly; a desk that began a new book is read anew from the start.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from itertools import islice
from typing import Final, NamedTuple

from sauda.codec import decode
from sauda.contracts import Message
from sauda.errors import ContractError, SaudaError
from sauda.log import BEGINNING, Entry, Position
from sauda.merge import merge
from sauda.redis_book import RedisBook
from sauda_gateway.same_book import end_of, is_same_book

TAILS: Final = {
    "instruments": None,
    "ticks": 20_000,
    "bars": 2_000,
    "signals": 1_000,
    "orders": 1_000,
    "executions": 2_000,
    "pnl": 3_000,
    "control": 200,
    "alerts": 1_000,
    "subscriptions": 10_000,
}
"""stream -> entries that are read before following it; None: all, because that stream is never trimmed and says what exists."""

_AT_ONCE: Final = 1_000
_WITHOUT_END: Final = 1 << 62
_READ_MS: Final = 500
_REST_S: Final = 0.005
"""Between two reads: what arrives meanwhile comes together, which costs a third of the processor of one by one."""
_LOOK_EVERY: Final = 200
"""Reads between two looks at whether this is still the same book; one that had to wait counts for more."""
_SHORTEST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 2.0


class Told(NamedTuple):
    """One entry that was understood."""

    stream: str
    id: str
    message: Message


class Phase(Enum):
    """What a batch is."""

    BEGINNING = "beginning"
    """What is known so far comes next: forget all that was."""
    KNOWN = "known"
    """A part of it."""
    LIVE = "live"
    """It has just happened."""


class Batch(NamedTuple):
    """Entries in the order in which they were written, as far as one can tell."""

    phase: Phase
    told: Sequence[Told]
    gone: Mapping[str, str] = {}
    """stream -> the last entry of one of which nothing is left on Redis: all of it was moved to the archive."""


class Follower:
    """One desk."""

    def __init__(
        self,
        open_book: Callable[[], RedisBook],
        take: Callable[[Batch], None],
        away: Callable[[str | None], None],
    ) -> None:
        """Prepare to follow.

        Args:
            open_book: Connects, on first use.
            take: Is given each batch, in this thread; the next is read when it returns.
            away: Is told why the server does not answer, and None when it does again.
        """
        self._open_book = open_book
        self._take = take
        self._away = away
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
        self._positions: dict[str, Position] = {}
        self._book_number = 0
        self.followed = 0
        """Entries so far."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def tell_to_stop(self) -> None:
        """Let it end soon; whoever it waits for need not answer any more."""
        self._stop.set()

    def stop(self, wait_s: float = 3.0) -> None:
        """End, within *wait_s*."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(wait_s)

    @property
    def stopping(self) -> bool:
        """Return whether it was told to end."""
        return self._stop.is_set()

    def _run(self) -> None:
        pause_s, was_away = _SHORTEST_PAUSE_S, False
        book = self._open_book()
        while not self._stop.is_set():
            try:
                if not self._positions or not is_same_book(book, self._book_number, self._positions):
                    self._begin(book)
                if was_away:
                    self._away(None)
                    was_away, pause_s = False, _SHORTEST_PAUSE_S
                self._follow(book)
            except SaudaError as error:
                was_away = True
                self._away(str(error))
                self._stop.wait(pause_s)
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
        book.close()

    def _begin(self, book: RedisBook) -> None:
        """Read what is known so far."""
        self._book_number = book.number(book.keys.aside)
        # Their ends first: what comes meanwhile is in the tails.
        ends = {stream: end_of(book, stream) for stream in TAILS}
        tails = {stream: _tail(book, stream, count) for stream, count in TAILS.items()}
        self._positions = {
            stream: Position(tail[-1].id if tail else ends[stream], 0) for stream, tail in tails.items()
        }
        gone = {
            stream: ends[stream].decode()
            for stream, tail in tails.items()
            if not tail and ends[stream] != BEGINNING
        }
        # Definitions first: all else speaks of them.
        whole = [*tails.pop("instruments"), *merge(list(tails.values()), _WITHOUT_END)]
        self._take(Batch(Phase.BEGINNING, (), gone))
        for at in range(0, len(whole), _AT_ONCE):
            self._take(Batch(Phase.KNOWN, _understood(whole[at : at + _AT_ONCE])))
            if self._stop.is_set():
                return
        # No news is news, too: what was known so far is complete.
        self._take(Batch(Phase.LIVE, ()))

    def _follow(self, book: RedisBook) -> None:
        """Hand over what is new, until it is time to look at the book again."""
        reads = 0
        while reads < _LOOK_EVERY and not self._stop.is_set():
            entries = book.read(self._positions, _AT_ONCE, _READ_MS)
            reads += 1 if entries else _LOOK_EVERY // 4
            if not entries:
                continue
            self.followed += len(entries)
            for entry in entries:
                self._positions[entry.stream] = Position(entry.id, 0)
            self._take(Batch(Phase.LIVE, _understood(entries)))
            self._stop.wait(_REST_S)


def _tail(book: RedisBook, stream: str, count: int | None) -> list[Entry]:
    """Return the last *count* entries of *stream*, oldest first."""
    if count is None:
        return list(book.forwards(stream))
    return list(islice(book.backwards(stream), count))[::-1]


def _understood(entries: Sequence[Entry]) -> list[Told]:
    """Return the entries that are messages; the units have parked the others."""
    told: list[Told] = []
    for entry in entries:
        try:
            told.append(Told(entry.stream, entry.id.decode(), decode(entry.data)))
        except ContractError:
            continue
    return told
