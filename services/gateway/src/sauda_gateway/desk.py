"""The desk as the gateway knows it: folded from the streams at the start, then followed. No truth of its own."""

from sauda.clock import monotonic_s
from sauda.errors import SaudaError
from sauda.logs import Channel, logger
from sauda.record import Record
from sauda.runner import Stop
from sauda.settings import Settings


class Desk:
    """One desk, followed by one thread."""

    def __init__(self, settings: Settings, name: str) -> None:
        self.name = name
        self._settings = settings
        self.ready = False
        self.handled = 0

    def run(self, stop: Stop) -> None:
        """Fold what is there and follow what comes, until told to stop; an outage costs time only."""
        while not stop.is_set():
            try:
                record = Record.open(self._settings, self.name)
                self.ready = True
                record.close()
            except SaudaError as error:
                self.ready = False
                logger(Channel.APP).warning("desk_not_followed", desk=self.name, why=str(error))
            stop.wait(1.0)


class Desks:
    """The gateway's own desk, and those that somebody looks at beside it: replays."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.own = Desk(settings, settings.desk)
        self.began_s = monotonic_s()
