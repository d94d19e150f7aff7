"""Runs the feed: settings -> source -> desk, until told to stop."""

from collections.abc import Callable, Sequence

from sauda.calendar import load_calendar

from sauda.errors import ConfigError
from sauda.logs import Channel, logger
from sauda.service import Role, holder_name, open_log, run
from sauda.settings import Settings
from sauda_feed.desk import Desk
from sauda_feed.feed import Feed
from sauda_feed.pace import Scaled
from sauda_feed.recording import RecordingSource
from sauda_feed.source import Source
from sauda_feed.timeline import Recording


def wire(settings: Settings) -> Sequence[Role]:
    """Build the one role of this service.

    Raises:
        ConfigError: a setting is missing or wrong; the message names it.
    """
    records = logger(Channel.APP)
    desk = Desk(open_log(settings), holder_name(), settings.lease_ms)
    feed = Feed([desk], _source(settings), on_event=lambda event, facts: records.info(event, **facts))
    return [Role(name="feed", run=feed.run, ready=lambda: feed.ready, facts=feed.facts)]


def _source(settings: Settings) -> Callable[[], Source]:
    """Return what makes the source; what is wrong with the settings shows here, not in the middle of a day."""
    calendar = load_calendar(settings.config / "market")
    if settings.source == "recording":
        settings.require("recording")
        if settings.recording is None:
            raise ConfigError("SAUDA_RECORDING is not set")
        recording = Recording(settings.recording, frozenset(settings.underlyings), calendar)
        return lambda: RecordingSource(recording, Scaled(settings.speed))
    raise ConfigError("not yet")


if __name__ == "__main__":
    run("feed", wire)
