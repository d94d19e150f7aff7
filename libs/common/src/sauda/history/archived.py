"""The desk's own bars as one who knows some of the past: the stream `bars` of the book, archive and Redis as one."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from sauda.clock import NS_PER_S, UnixNs
from sauda.codec import decode
from sauda.contracts import Bar, PastBar
from sauda.errors import ContractError, SaudaError
from sauda.history.knowers import Found, NotKnownError, Wanted
from sauda.history.spans import Span, joined

if TYPE_CHECKING:
    from sauda.record import Record

_STREAM: Final = "bars"
_LATE_NS: Final = 3600 * NS_PER_S
"""A bar may be written so long after a newer one: those behind a feed gap are fetched later."""
_MOST: Final = 200_000
"""Entries read back for one question."""


class ArchivedPast:
    """What the desk saw itself, newest first until it is older than what is asked for."""

    name = "archive"

    def __init__(self, open_record: Callable[[], "Record"]) -> None:
        """*open_record* opens the desk's record; it is closed after each question."""
        self._open_record = open_record

    def look(self, wanted: Wanted) -> Found:
        """See `Knower`. Of a stretch without a bar it says nothing: the desk may not have looked.

        Raises:
            NotKnownError: archive or Redis are away.
        """
        bars: dict[UnixNs, PastBar] = {}
        looked: list[Span] = []
        try:
            record = self._open_record()
            try:
                for bar in _backwards(record, wanted):
                    # What was written last is what is believed: a bar that was torn is written once more when it is whole.
                    if not bar.torn and bar.start_ns not in bars:
                        looked.append(Span(bar.start_ns, bar.event_ns))
                        bars[bar.start_ns] = PastBar(
                            bar.start_ns, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.oi
                        )
            finally:
                record.close()
        except (SaudaError, ImportError) as error:
            # Without its extra an image cannot reach an archive in object storage.
            raise NotKnownError(str(error)) from error
        return Found(list(bars.values()), joined(looked))


def _backwards(record: "Record", wanted: Wanted) -> Iterator[Bar]:
    mark = f'"{wanted.instrument}"'.encode()
    span = wanted.span
    for number, entry in enumerate(record.backwards(_STREAM)):
        if number >= _MOST:
            return
        # Most are of other instruments; reading all of them would cost twenty times as much.
        if mark not in entry.data and number % 100:
            continue
        try:
            bar = decode(entry.data)
        except ContractError:
            continue
        if not isinstance(bar, Bar):
            continue
        if bar.event_ns < span.from_ns - _LATE_NS and not bar.past:
            return
        if (
            bar.instrument == wanted.instrument
            and bar.timeframe == wanted.timeframe
            and span.from_ns <= bar.start_ns < span.to_ns
            and bar.event_ns <= wanted.now_ns
        ):
            yield bar
