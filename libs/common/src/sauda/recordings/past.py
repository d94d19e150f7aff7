"""A recording as one who knows bars of the past: of its own rows, those that the market has passed already."""

from typing import Final

from sauda.history.knowers import Found, NotKnownError, Wanted
from sauda.history.made import made
from sauda.history.timeframes import length_ns
from sauda.recordings.timeline import Recording

_DAY_NS: Final = 86_400 * 10**9


class RecordedPast:
    """The rows of one file; read by a thread of its own, without a trace in what is played."""

    name = "recording"

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    def look(self, wanted: Wanted) -> Found:
        """See `Knower`.

        Raises:
            NotKnownError: the file has no such instrument, only longer bars, or begins later.
        """
        known = {one.instrument for one in self._recording.instruments}
        if wanted.instrument not in known:
            raise NotKnownError(f"{self._recording.path.name} has no rows of {wanted.instrument}")
        self._refuse_shorter(wanted.timeframe)
        # Every day wanted has an end that the market has reached; what lies behind is the future.
        end_ns = min(wanted.span.to_ns, wanted.now_ns)
        ticks = self._recording.ticks_of(wanted.instrument, wanted.span.from_ns, end_ns)
        bars = made(ticks, wanted.days, wanted.timeframe)
        if not bars:
            raise NotKnownError(
                f"{self._recording.path.name} has no rows of {wanted.instrument} of those days"
            )
        return Found(bars)

    def _refuse_shorter(self, timeframe: str) -> None:
        row_ns = self._recording.bar_ns
        asked_ns = length_ns(timeframe) or _DAY_NS
        if row_ns and asked_ns % row_ns:
            minutes = row_ns // (60 * 10**9)
            raise NotKnownError(
                f"{self._recording.path.name} holds bars of {minutes} minutes, not of {timeframe}"
            )
