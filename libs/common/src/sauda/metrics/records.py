"""How often what happened: log records counted by the name of their event, which is a constant. A processor of structlog.

Connections that were lost or made anew are read off the same counts, so that nothing else need tell of them.
"""

from typing import Final

from structlog.typing import EventDict

from sauda.metrics import measures
from sauda.metrics.measures import Reading
from sauda.metrics.tally import Counts

RECONNECTS: Final = {
    "socket_open": "broker",
    "redis_back": "redis",
    "unit_away": "redis",
    "feed_away": "redis",
    "database_back": "database",
    "destination_back": "destination",
    "store_back": "archive",
}
"""event -> to what a connection was made anew: the broker's socket (its first one counts too), or one that had been lost (a store or a destination: one that takes things again)."""

MOST: Final = 1000
"""Different records that are told apart, should somebody ever put a value into an event's name."""


class RecordCounts:
    """Counts what is logged; see `sauda.logs.configure`."""

    def __init__(self) -> None:
        self._counts = Counts()

    def __call__(self, _logger: object, method: str, event: EventDict) -> EventDict:
        """Count *event*, and hand it on as it is."""
        labels = (str(event.get("channel", "")), method, str(event.get("event", "")))
        if len(self._counts.by) < MOST or labels in self._counts.by:
            self._counts.add(labels)
        return event

    def readings(self) -> list[Reading]:
        """See `Figures`."""
        records = self._counts.all()
        found = [Reading(measures.RECORDS, labels, count) for labels, count in records]
        anew: dict[str, float] = {}
        for (_, _, event), count in records:
            if event in RECONNECTS:
                anew[RECONNECTS[event]] = anew.get(RECONNECTS[event], 0) + count
        return found + [Reading(measures.RECONNECTS, (to,), count) for to, count in anew.items()]
