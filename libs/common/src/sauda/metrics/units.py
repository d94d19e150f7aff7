"""What a unit is handed where it is measured: a log that keeps figures, and somebody who counts what it said."""

from collections.abc import Callable
from dataclasses import dataclass

from sauda.clock import wall_ms
from sauda.contracts import Message
from sauda.metrics.measured_log import MeasuredLog, StepFigures
from sauda.metrics.measures import Reading
from sauda.metrics.timed_line import TimedLine
from sauda.metrics.trading import TradingFigures
from sauda.redis_log import RedisLog
from sauda.redis_replicated import ReplicatedLog, log_at
from sauda.said import Said
from sauda.settings import Settings


class CountedSaid(Said):
    """See `Said`; what it decodes for the log it counts as well."""

    def __init__(self, unit: str, figures: TradingFigures) -> None:
        super().__init__(unit)
        self._figures = figures

    def _tell(self, message: Message, cause: bytes) -> None:
        self._figures.note(message)
        super()._tell(message, cause)


@dataclass(slots=True)
class MeasuredUnit:
    """A unit's surroundings, and the figures that they keep."""

    log: MeasuredLog
    said: CountedSaid
    steps: StepFigures
    trading: TradingFigures
    is_held: Callable[[], bool] = lambda: True
    """Whether the unit is carried here now."""

    def readings(self) -> list[Reading]:
        """See `Figures`; of a unit that another holder carries the newest point is not known here any more."""
        if not self.is_held():
            self.trading.forget()
        return [*self.steps.readings(), *self.trading.readings()]


def measured_unit(unit: str, settings: Settings) -> MeasuredUnit:
    """Return what *unit* works with instead of the log and the records of the settings' desk."""
    steps, trading = StepFigures(unit), TradingFigures(unit)
    return MeasuredUnit(measured_log(settings, steps), CountedSaid(unit, trading), steps, trading)


def measured_log(settings: Settings, figures: StepFigures) -> MeasuredLog:
    """Return the settings' desk on the settings' Redis, as `sauda.service.open_log` does, keeping *figures*."""
    log = log_at(settings.redis_url, settings.desk, TimedLine)
    return MeasuredLog(log, figures, wall_ms, line=_line_of(log))


def _line_of(log: RedisLog) -> TimedLine | None:
    # With replicas a commit counts only when they have it: its log does commit and read one after the other.
    line = log.line
    return line if isinstance(line, TimedLine) and not isinstance(log, ReplicatedLog) else None
