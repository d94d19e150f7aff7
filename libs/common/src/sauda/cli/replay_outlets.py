"""Where the entries of a replay go: to the screen, or into another desk."""

from collections.abc import Sequence

from sauda.cli import screen
from sauda.cli.tail import line_of
from sauda.clock import NS_PER_S, monotonic_s
from sauda.reading import read_entry
from sauda.replay.bar import Bar
from sauda.replay.crew import Crew
from sauda.replay.pace import Pace
from sauda.replay.player import Item
from sauda.replay.target import Target, runs


class Shown:
    """An outlet: the screen."""

    def __init__(self, *, as_json: bool, above: Bar | None) -> None:
        self._as_json = as_json
        self._bar = above

    def play(self, items: Sequence[Item]) -> None:
        """Print *items*, a line each."""
        reads = [read_entry(item.entry) for item in items]
        if self._as_json:
            for read in reads:
                screen.json_document(read.wire())
            return
        text = "\n".join(line_of(read) for read in reads)
        if self._bar is None:
            screen.line(text)
        else:
            self._bar.above(text)

    def idle(self) -> None:
        """Nothing to keep."""


class Written:
    """An outlet: another desk, and the services that work there.

    At full speed the services work each second of the market, and what they make of each other's answers, before the
    next second is written: what they decide then depends on the market alone, and not on who was faster.
    """

    def __init__(self, target: Target, crew: Crew | None, pace: Pace) -> None:
        self._target = target
        self._crew = crew
        self._pace = pace
        self._looked_s = monotonic_s()
        self._kept: list[Item] = []
        """The market's present second, which may not be whole yet."""

    def play(self, items: Sequence[Item]) -> None:
        """Write *items*."""
        if self._crew is None or self._pace.speed is not None:
            self.finish()
            for run in runs(items, None):
                self._target.play(run)
            return
        *whole, self._kept = runs([*self._kept, *items], NS_PER_S)
        for second in whole:
            self._work(second)

    def finish(self) -> None:
        """Write what is kept back."""
        kept, self._kept = self._kept, []
        if kept:
            self._work(kept)

    def idle(self) -> None:
        """Keep the lease; see that the services live."""
        self._target.idle()
        if self._pace.paused:
            self.finish()
        if self._crew is not None and monotonic_s() - self._looked_s > 1:
            self._looked_s = monotonic_s()
            self._crew.check()

    def _work(self, second: Sequence[Item]) -> None:
        self._target.play(second, apart=self._crew is not None)
        if self._crew is not None:
            self._crew.settle()
