"""Mistakes of a commit and of a lease."""

from dataclasses import replace

from sauda.log import Lease, Move, Step
from sauda.memory_log import MemoryLog, _Unit


class NoLeaseCheck(MemoryLog):
    """The commit does not ask whose the lease is."""

    _committing = False

    def commit(self, lease: Lease, step: Step) -> None:
        """See `sauda.log.Log`."""
        self._committing = True
        try:
            super().commit(lease, step)
        finally:
            self._committing = False

    def _held(self, lease: Lease) -> _Unit:
        return self._units[lease.unit] if self._committing else super()._held(lease)


class NoPositionCheck(MemoryLog):
    """The commit does not ask whether the batch is the next one."""

    def _check(self, known: _Unit, name: str, move: Move) -> None:
        """Look at nothing."""


class OutputsBeforeChecks(MemoryLog):
    """The commit writes, and only then asks whether it may."""

    def commit(self, lease: Lease, step: Step) -> None:
        """See `sauda.log.Log`."""
        self.append(step.outputs)
        super().commit(lease, replace(step, outputs=()))


class SameEpoch(MemoryLog):
    """A new holder gets the old one's token."""

    def acquire(self, unit: str, holder: str, ttl_ms: int) -> Lease | None:
        """See `sauda.log.Log`."""
        lease = super().acquire(unit, holder, ttl_ms)
        if lease is None:
            return None
        self._units[unit].lease_epoch = 1
        return replace(lease, epoch=1)


class LeaseForEver(MemoryLog):
    """A lease never runs out: who died with it holds it to the end of days."""

    def left_ms(self, unit: str) -> int:
        """See `sauda.log.Log`."""
        known = self._units.get(unit)
        return 1_000 if known is not None and known.lease_epoch else 0

    def acquire(self, unit: str, holder: str, ttl_ms: int) -> Lease | None:
        """See `sauda.log.Log`."""
        return None if self.left_ms(unit) else super().acquire(unit, holder, ttl_ms)
