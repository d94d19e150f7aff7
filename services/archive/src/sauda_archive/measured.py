"""What the archive's page for Prometheus tells: the whole desk on Redis, and how much of it was copied into files."""

from collections.abc import Mapping

from sauda.metrics.desk import DeskFigures
from sauda.metrics.measures import BATCH, ENTRIES, Reading
from sauda.metrics.tally import ENTRIES as SIZES
from sauda.metrics.tally import Counts, Distribution
from sauda_archive.access import UNIT


class ArchiveFigures:
    """See `sauda.metrics.measures.Figures`."""

    def __init__(self, desk: DeskFigures) -> None:
        self._desk = desk
        self._copied = Counts()
        """(stream) -> entries"""
        self._files = Distribution(SIZES)

    def note(self, event: str, facts: Mapping[str, object]) -> None:
        """Count a file that was written; nothing else is of interest."""
        if event == "archived" and isinstance(entries := facts["entries"], int):
            self._copied.add((str(facts["stream"]),), entries)
            self._files.note(entries)

    def readings(self) -> list[Reading]:
        """See `Figures`."""
        copied = [Reading(ENTRIES, (UNIT, *labels), count) for labels, count in self._copied.all()]
        return [*self._desk.readings(), *copied, Reading(BATCH, (UNIT,), self._files)]
