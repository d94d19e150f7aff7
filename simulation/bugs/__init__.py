"""Planted bugs: each is a small mistake that somebody could make, and that a simulation has to find.

None of them is a switch in what trades: they are subclasses, put in the place of the real part of one simulated desk.
"""

from collections.abc import Mapping
from typing import Final

from sauda.memory_log import MemoryLog
from simulation.bugs.in_a_unit import derived_forgotten, ids_from_the_clock, order_of_history
from simulation.bugs.in_the_log import (
    LeaseForEver,
    NoLeaseCheck,
    NoPositionCheck,
    OutputsBeforeChecks,
    SameEpoch,
)
from simulation.bugs.in_the_runner import (
    AckBeforeWrite,
    AsksUnderItsLease,
    CursorNotReset,
    ForgetsItsDoubt,
    HalfChanged,
    LeftoversForgotten,
    OldState,
    PositionWithoutState,
    SaidAgain,
    SaysAgain,
    StateWithoutPosition,
)
from simulation.desk import Parts
from simulation.server import MakeLog, ServerClock


def _log(kind: type[MemoryLog]) -> MakeLog:
    def make(clock: ServerClock) -> MemoryLog:
        return kind("simulated", clock, one_count=False)

    return make


BUGS: Final[Mapping[str, Parts]] = {
    "commit without the lease check": Parts(make_log=_log(NoLeaseCheck)),
    # The runner never says a step again, so the position check is a second line: a run shows that it is gone only
    # together with a mistake that it is there for. `tests/integration/test_model.py` shows it alone.
    "commit without the position check, and a step said again": Parts(
        make_log=_log(NoPositionCheck), runner=SaysAgain
    ),
    "outputs written before a check that fails": Parts(make_log=_log(OutputsBeforeChecks)),
    "the same epoch for every holder": Parts(make_log=_log(SameEpoch)),
    "a lease that never runs out": Parts(make_log=_log(LeaseForEver)),
    "a position without its state": Parts(runner=PositionWithoutState),
    "a state without its position": Parts(runner=StateWithoutPosition),
    "a cursor that is not reset on take-over": Parts(runner=CursorNotReset),
    "a state that is not loaded again on take-over": Parts(runner=OldState),
    "a half-done change that stays": Parts(runner=HalfChanged),
    "a lost answer, and the commit said again": Parts(feed_desk=SaidAgain),
    "a late request, asked after under its own lease": Parts(feed_desk=AsksUnderItsLease),
    "a server's lost moments unnoticed": Parts(feed_desk=ForgetsItsDoubt),
    "acknowledged before it was written": Parts(writer=AckBeforeWrite),
    "leftovers that nobody asks for": Parts(writer=LeftoversForgotten),
    "an id from the clock": Parts(change=ids_from_the_clock),
    "an order of rows that depends on history": Parts(change=order_of_history),
    "an index that is not rebuilt after a restart": Parts(change=derived_forgotten),
}
