"""Mistakes of whoever carries a unit, serves a desk, or writes into a database."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sauda.batch import Batch
from sauda.errors import TransientError
from sauda.log import Entry, Lease, Loaded, Output, Position, Step
from sauda.parking import parked
from sauda.runner import Carrier, UnitRunner
from sauda.unit import Processor, Unit
from sauda.writer import WriterRunner
from sauda_feed.desk import Desk as FeedDesk
from sauda_feed.progress import Progress


class _Steps:
    """A unit's log that changes every step on its way."""

    def __init__(self, log: Any, change: Callable[[Step], Step]) -> None:
        self._log = log
        self._change = change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def commit(self, lease: Lease, step: Step) -> None:
        self._log.commit(lease, self._change(step))

    def commit_and_read(self, lease: Lease, step: Step, *rest: Any) -> list[Entry]:
        found: list[Entry] = self._log.commit_and_read(lease, self._change(step), *rest)
        return found


class PositionWithoutState(UnitRunner):
    """Positions and outputs go in one step, the state in another one behind it."""

    def __init__(self, unit: Unit, log: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(unit, _StateApart(log), *args, **kwargs)


class _StateApart(_Steps):
    def __init__(self, log: Any) -> None:
        super().__init__(log, lambda step: replace(step, changes={}))

    def commit(self, lease: Lease, step: Step) -> None:
        super().commit(lease, step)
        if step.changes:
            self._log.commit(lease, Step(changes=step.changes))

    def commit_and_read(self, lease: Lease, step: Step, *rest: Any) -> list[Entry]:
        self.commit(lease, step)
        found: list[Entry] = self._log.read(*rest)
        return found


class StateWithoutPosition(UnitRunner):
    """The state goes in a step of its own, before positions and outputs."""

    def __init__(self, unit: Unit, log: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(unit, _StateFirst(log), *args, **kwargs)


class _StateFirst(_Steps):
    def __init__(self, log: Any) -> None:
        super().__init__(log, lambda step: replace(step, changes={}))

    def commit(self, lease: Lease, step: Step) -> None:
        if step.changes:
            self._log.commit(lease, Step(changes=step.changes))
        super().commit(lease, step)

    def commit_and_read(self, lease: Lease, step: Step, *rest: Any) -> list[Entry]:
        if step.changes:
            self._log.commit(lease, Step(changes=step.changes))
        return super().commit_and_read(lease, step, *rest)


class SaysAgain(UnitRunner):
    """A step whose answer was lost is simply said again. The position check takes the harm out of it."""

    def __init__(self, unit: Unit, log: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(unit, _Repeating(log), *args, **kwargs)


class _Repeating(_Steps):
    def __init__(self, log: Any) -> None:
        super().__init__(log, lambda step: step)

    def commit(self, lease: Lease, step: Step) -> None:
        try:
            super().commit(lease, step)
        except TransientError:
            super().commit(lease, step)

    def commit_and_read(self, lease: Lease, step: Step, *rest: Any) -> list[Entry]:
        try:
            return super().commit_and_read(lease, step, *rest)
        except TransientError:
            return super().commit_and_read(lease, step, *rest)


class CursorNotReset(UnitRunner):
    """Whoever takes a unit again goes on where it was itself, not where the unit has come since."""

    def __init__(self, unit: Unit, log: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(unit, _Remembering(log), *args, **kwargs)


class _Remembering(_Steps):
    def __init__(self, log: Any) -> None:
        super().__init__(log, self._remember)
        self._positions: dict[str, Position] = {}

    def _remember(self, step: Step) -> Step:
        self._positions.update({name: move.after for name, move in step.moves.items()})
        return step

    def load(self, lease: Lease, inputs: Sequence[str]) -> Loaded:
        loaded: Loaded = self._log.load(lease, inputs)
        return Loaded({**loaded.positions, **self._positions}, loaded.state)


class OldState(UnitRunner):
    """Whoever takes a unit again keeps the state that it had in memory."""

    _old: Processor | None = None

    def _take(self) -> float:
        rest_s = super()._take()
        if self._carrier is not None:
            self._carrier.processor = self._old or self._carrier.processor
            self._old = self._carrier.processor
        return rest_s


class HalfChanged(UnitRunner):
    """What a message changed before its handling failed stays in the state."""

    def _take(self) -> float:
        rest_s = super()._take()
        if self._carrier is not None:
            self._carrier.__class__ = _Hasty
        return rest_s


class _Hasty(Carrier):
    def _work_around(self, entries: Sequence[Entry], reason: str) -> list[Output]:
        outputs = self._work(entries[:-1])
        return [*outputs, *parked(self.unit.name, entries[-1], reason)]


class SaidAgain(FeedDesk):
    """A commit whose answer was lost is simply said again."""

    def _look(self) -> Progress:
        self._in_doubt = False
        return self.progress


class AsksUnderItsLease(FeedDesk):
    """Whether a commit was done is asked under the lease that it was sent under, while it may still be on its way."""

    def _look(self) -> Progress:
        committed = self._committed()
        self._in_doubt = False
        return committed


class ForgetsItsDoubt(FeedDesk):
    """Only a commit's lost answer makes it look; a server that died between two commits goes unnoticed."""

    def read_wishes(self) -> bool:
        """See `sauda_feed.desk.Desk`."""
        before = self._in_doubt
        try:
            return super().read_wishes()
        except TransientError:
            self._in_doubt = before
            raise

    def keep(self) -> None:
        """See `sauda_feed.desk.Desk`."""
        before = self._in_doubt
        try:
            super().keep()
        except TransientError:
            self._in_doubt = before
            raise


class AckBeforeWrite(WriterRunner):
    """Entries are acknowledged before the database has them."""

    def _work(self, batch: Batch, stop: Any) -> Batch | None:
        self._persist("redis", lambda: self._reader.settle(batch.entries, ()), stop)
        return super()._work(batch, stop)


class LeftoversForgotten(WriterRunner):
    """What was handed out in an answer that never came is not asked for again, nor what a peer left."""

    def _next(self) -> list[Entry]:
        self._own_first = False
        self._claim_at_s = float("inf")
        return super()._next()
