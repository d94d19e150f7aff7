"""One desk as a load, in a process of its own: a source that commits ticks and a unit that sums them up, exactly once, in turn.

python -m benchmarks.cluster_desk URL DESK SECONDS      # prints the ticks that were carried through, and the processor time
"""

import sys
import time
from collections.abc import Sequence

from sauda.clock import SystemClock, monotonic_s
from sauda.codec import encode
from sauda.log import Lease, Log, Output, Step
from sauda.redis_replicated import log_at
from sauda.runner import Carrier
from sauda.testing.builders import a_tick
from sauda.testing.counting import counter_unit
from sauda.unit import Unit

ROW = b"load/row"
LEASE_MS = 1_000
"""As services have it."""
_UNDISTURBED_MS = 60_000
"""For a desk that shares two cores with many others and is not to be measured by who takes over."""


class LoadedDesk:
    """Steps of the source and of the unit, one after the other."""

    def __init__(self, log: Log, batch: int, lease_ms: int = LEASE_MS) -> None:
        self._log = log
        self._ticks = [Output("ticks", encode(a_tick(100_00 + number))) for number in range(batch)]
        self._lease = taken(log, "source", lease_ms)
        self.row = row_of(log.load(self._lease, ()).state)
        """Steps of the source that were acknowledged."""
        self._unit: Unit = counter_unit()
        self._carrier = Carrier(self._unit, log, taken(log, self._unit.name, lease_ms), batch)

    def step(self) -> None:
        """Write a batch of ticks and let the unit work it."""
        self._log.commit(self._lease, Step(changes={ROW: b"%d" % (self.row + 1)}, outputs=self._ticks))
        self.row += 1
        while self._carrier.step():
            pass


def row_of(state: dict[bytes, bytes]) -> int:
    """Return how many steps of the source are committed."""
    return int(state.get(ROW, b"0"))


def taken(log: Log, unit: str, lease_ms: int) -> Lease:
    """Take the lease of *unit* as soon as it is free."""
    while (lease := log.acquire(unit, "benchmark", lease_ms)) is None:
        SystemClock().sleep(0.01)
    return lease


def main(arguments: Sequence[str]) -> None:
    """Be a desk for some seconds."""
    url, name, seconds, batch = arguments[0], arguments[1], float(arguments[2]), 500
    print("ready", flush=True)
    sys.stdin.readline()
    desk = LoadedDesk(log_at(url, name), batch, _UNDISTURBED_MS)
    began_cpu_s, first, end_s = time.process_time(), desk.row, monotonic_s() + seconds
    while monotonic_s() < end_s:
        desk.step()
    print((desk.row - first) * batch, time.process_time() - began_cpu_s, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
