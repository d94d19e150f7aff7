"""Three desks over the same market: as it was, the same in lock step, and with the change."""

from dataclasses import dataclass, field

from sauda.contracts import InstrumentId
from sauda.whatif.desk import LockStepDesk
from sauda.whatif.told import Told


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    record: Told
    as_made: LockStepDesk
    changed: LockStepDesk
    heard: set[InstrumentId] = field(default_factory=set)
    """Instruments that the record has ticks of."""
