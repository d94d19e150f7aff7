"""Runs the feed: settings -> source -> desk, until told to stop."""

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from sauda.calendar import Calendar, load_calendar
from sauda.clock import SystemClock
from sauda.errors import ConfigError
from sauda.history.archived import ArchivedPast
from sauda.history.finding import Finder
from sauda.history.knowers import Knower
from sauda.history.markets import market_of
from sauda.history.store import HistoryStore
from sauda.history.stored import StoredPast
from sauda.log import Log
from sauda.logs import Channel, logger
from sauda.record import Record
from sauda.redis_shelf import RedisShelf
from sauda.service import Role, holder_name, open_log, run
from sauda.settings import Settings
from sauda_feed.desk import Desk
from sauda_feed.feed import Feed
from sauda_feed.historian import Historian
from sauda_feed.market_clock import MarketClock
from sauda_feed.noren import NorenSource
from sauda_feed.noren_login import account_from
from sauda_feed.noren_masters import Masters
from sauda_feed.noren_session import NorenSession
from sauda_feed.source import Source

if TYPE_CHECKING:
    from sauda.metrics.measured_log import StepFigures

_ORDINARY: Final = frozenset(
    {
        "book_put_aside",
        "feed_serving",
        "feed_standby",
        "feed_starting",
        "feed_stopped",
        "instruments_read",
        "logged_in",
        "recording_is_over",
        "recording_opened",
        "socket_open",
        "source_is",
    }
)
"""Events of an ordinary day. Everything else is a warning, so that nobody can forget to make it one."""
_WORST: Final = frozenset({"login_refused", "session_failed"})
"""Events after which nothing arrives until somebody does something."""


def wire(settings: Settings) -> Sequence[Role]:
    """Build the one role of this service.

    Raises:
        ConfigError: a setting is missing or wrong; the message names it.
    """
    calendar = load_calendar(settings.config / "market")
    make_source = (
        _recording(settings, calendar) if settings.source == "recording" else _noren(settings, calendar)
    )
    log, figures = _log(settings)
    desk = Desk(log, holder_name(), settings.lease_ms)
    shelf = RedisShelf(settings.redis_url, settings.desk)
    feed = Feed(
        [desk],
        make_source,
        on_event=_events(Channel.APP),
        shelves={desk.name: shelf},
        make_historian=_historian(settings, calendar),
    )
    return [Role(name="feed", run=feed.run, ready=lambda: feed.ready, facts=feed.facts, figures=figures)]


def _log(settings: Settings) -> "tuple[Log, StepFigures | None]":
    """Return the desk's log, and its figures where it is measured."""
    if settings.metrics_port is None:
        return open_log(settings), None
    from sauda.metrics.measured_log import StepFigures
    from sauda.metrics.units import measured_log

    figures = StepFigures("feed")
    return measured_log(settings, figures), figures


def _historian(settings: Settings, calendar: Calendar) -> Callable[[Source], Historian]:
    """Return what makes the one who looks bars up: in the store, in the desk's own record, and at the source."""
    market = market_of(settings)
    store = HistoryStore(settings.history, market)
    archive = ArchivedPast(lambda: Record.open(settings))
    tell = _events(Channel.APP)

    def complain(event: str, why: str) -> None:
        tell(event, {"why": why})

    def make(source: Source) -> Historian:
        knowers: list[Knower] = [StoredPast(store), archive, source.past]
        finder = Finder(knowers, calendar, keeper=store, complain=complain)
        return Historian(finder, market=market, complain=complain)

    return make


def _recording(settings: Settings, calendar: Calendar) -> Callable[[], Source]:
    # Reading recordings takes pandas, a third of this service's start-up: the broker's feed does not wait for it.
    from sauda.recordings.timeline import Recording
    from sauda_feed.pace import Scaled
    from sauda_feed.recording import RecordingSource

    settings.require("recording")
    path = settings.config if settings.recording is None else settings.recording
    try:
        recording = Recording(path, frozenset(settings.underlyings), calendar)
    except ConfigError as error:
        raise ConfigError(f"SAUDA_RECORDING, SAUDA_UNDERLYINGS: {error}") from error
    tell = _events(Channel.APP)
    tell(
        "recording_opened",
        {
            "file": str(path),
            "rows": recording.rows,
            "instruments": len(recording.instruments),
            "counted_in_lots": sorted(recording.in_lots),
            "ignored_columns": recording.ignored_columns,
        },
    )
    return lambda: RecordingSource(recording, Scaled(settings.speed), on_event=tell)


def _noren(settings: Settings, calendar: Calendar) -> Callable[[], Source]:
    account = account_from(settings)

    def make() -> Source:
        clock = MarketClock(SystemClock())
        masters = Masters(account.masters, settings.underlyings)
        tell = _events(Channel.WEBSOCKET)
        return NorenSource(
            lambda inbox: NorenSession(
                account,
                masters=masters,
                clock=clock,
                hours=calendar,
                inbox=inbox,
                on_event=tell,
                depth=settings.feed_depth,
            ),
            clock,
            name=settings.source,
        )

    return make


def _events(channel: Channel) -> Callable[[str, dict[str, object]], None]:
    """Return what writes an event to the log of *channel*."""
    records = logger(channel)

    def tell(event: str, facts: dict[str, object]) -> None:
        records.log(level_of(event), event, **facts)

    return tell


def level_of(event: str) -> int:
    """Return how loudly *event* is logged, as a level of `logging`."""
    if event in _WORST:
        return logging.ERROR
    return logging.INFO if event in _ORDINARY else logging.WARNING


if __name__ == "__main__":
    run("feed", wire)
