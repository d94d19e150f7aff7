"""The wiring of the archive service: settings -> archive, limits -> one archiver among all replicas."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sauda import service
from sauda.archive.finding import open_store
from sauda.clock import clock_text, wall_ms
from sauda.logs import Channel, logger
from sauda.redis_book import RedisBook
from sauda.service import Role
from sauda.settings import Settings
from sauda_archive.access import UNIT
from sauda_archive.archiver import Archiver
from sauda_archive.settings import Limits

if TYPE_CHECKING:
    from sauda_archive.measured import ArchiveFigures

_QUIET = frozenset(
    {
        "archived",
        "archive_holding",
        "archive_standby",
        "archive_stopped",
        "book_closed",
        "redis_back",
        "store_back",
    }
)


def wire(settings: Settings) -> Sequence[Role]:
    """Build the service's one role; nothing connects yet.

    Raises:
        ConfigError: the archive's address or credentials cannot be right.
    """
    records = logger(Channel.APP)

    figures = _figures(settings)

    def on_event(event: str, facts: dict[str, object]) -> None:
        if figures is not None:
            figures.note(event, facts)
        (records.info if event in _QUIET else records.warning)(event, **facts)

    archiver = Archiver(
        RedisBook(settings.redis_url, settings.desk),
        open_store(settings),
        Limits.of(settings),
        service.holder_name(),
        open_desk=lambda desk: RedisBook(settings.redis_url, desk),
        on_event=on_event,
    )
    return [Role(UNIT, archiver.run, lambda: archiver.ready, lambda: _facts(archiver), figures=figures)]


def _figures(settings: Settings) -> "ArchiveFigures | None":
    if settings.metrics_port is None:
        return None
    from sauda.metrics.desk import DeskFigures
    from sauda_archive.measured import ArchiveFigures

    # Of all services this one has to do with every stream and every reader: it tells of the desk for all of them.
    return ArchiveFigures(DeskFigures(settings.redis_url, settings.desk, wall_ms))


def _facts(archiver: Archiver) -> dict[str, object]:
    known: dict[str, object] = {
        "phase": archiver.phase,
        "handled": archiver.entries,
        "bytes": archiver.bytes,
        "trimmed": archiver.trimmed,
        "memory_mb": round(archiver.memory / 1e6, 1),
    }
    if archiver.away:
        # This line is what `make ps` and `sauda doctor` show.
        known["away"] = f"away since {clock_text(archiver.away_since_ns)} IST: {archiver.away}"
    return known


def main() -> None:
    """Run the service until SIGTERM."""
    service.run("archive", wire)


if __name__ == "__main__":
    main()
