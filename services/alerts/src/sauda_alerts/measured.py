"""What a courier is handed where it is measured: a reader and a destination that keep figures. What they do is their own."""

from collections.abc import Callable

from sauda.clock import monotonic_s, wall_ms
from sauda.errors import TransientError
from sauda.metrics.measured_log import StepFigures
from sauda.metrics.measures import COMMIT, FAILURES, Reading
from sauda.metrics.writing import MeasuredReader, WritingFigures
from sauda.writer import GroupReader
from sauda_alerts.sending import Sender
from sauda_alerts.wording import Wording


class CourierFigures:
    """See `sauda.metrics.measures.Figures`: those of a writer, and how long its ledger's commits took."""

    def __init__(self, writing: WritingFigures, steps: StepFigures) -> None:
        self._writing = writing
        self._steps = steps

    def readings(self) -> list[Reading]:
        """See `Figures`."""
        commits = [one for one in self._steps.readings() if one.measure in (COMMIT, FAILURES)]
        return [*self._writing.readings(), *commits]


class MeasuredSender:
    """See `sauda_alerts.sending.Sender`."""

    def __init__(
        self, sender: Sender, figures: WritingFigures, seconds: Callable[[], float] = monotonic_s
    ) -> None:
        self._sender = sender
        self._figures = figures
        self._seconds = seconds

    def open(self) -> None:
        """See `Sender`."""
        self._sender.open()

    def send(self, wording: Wording) -> None:
        """See `Sender`."""
        begun_s = self._seconds()
        try:
            self._sender.send(wording)
        except TransientError:
            self._figures.write_failures += 1
            raise
        finally:
            self._figures.write.note(self._seconds() - begun_s)


def measured_courier(
    unit: str, reader: GroupReader, sender: Sender, steps: StepFigures
) -> tuple[MeasuredReader, MeasuredSender, CourierFigures]:
    """Return what *unit* works with instead of *reader* and *sender*, and the figures that they keep beside *steps*."""
    figures = WritingFigures(unit)
    return (
        MeasuredReader(reader, figures, wall_ms),
        MeasuredSender(sender, figures),
        CourierFigures(figures, steps),
    )
