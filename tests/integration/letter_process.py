"""One replica of a unit that adds up prices, as a process of its own: redis address, desk, unit, `old` or `mended`.

The old code cannot work a tick at 13; the mended one can.
"""

import signal
import sys
import threading
from collections.abc import Callable, Sequence

from sauda.contracts import Alert, Level, Message, Tick
from sauda.redis_log import RedisLog
from sauda.runner import UnitRunner
from sauda.service import holder_name
from sauda.state import State
from sauda.unit import Unit

LEASE_MS = 400
UNLUCKY = 13


class Sum:
    """Says the sum of all prices after each tick."""

    def __init__(self, name: str, *, can_work_all: bool) -> None:
        self._name = name
        self._can_work_all = can_work_all
        self.state = State()
        self._sums = self.state.table("sums", int)

    def handle(self, message: Message) -> Sequence[Message]:
        """Add a tick's price."""
        if not isinstance(message, Tick):
            return []
        total = (self._sums.get("all") or 0) + message.ltp
        self._sums.put("all", total)
        if message.ltp == UNLUCKY and not self._can_work_all:
            raise ValueError("unlucky")
        return [Alert(self._name, Level.INFO, "SUM", str(total), message.recv_ns)]

    def restored(self) -> None:
        """Nothing is derived from the state."""


def sum_unit(name: str, *, can_work_all: bool) -> Unit:
    """Return the unit *name*."""
    build: Callable[[], Sum] = lambda: Sum(name, can_work_all=can_work_all)  # noqa: E731  (typed for the unit)
    # It rests between small steps, so that a kill finds work half done.
    return Unit(name, ("ticks",), build, rest_ms=15)


def main() -> None:
    redis_url, desk, name, code = sys.argv[1:]
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    log = RedisLog(redis_url, desk)
    # Small batches: a kill then falls between the steps of what came back.
    unit = sum_unit(name, can_work_all=code == "mended")
    UnitRunner(unit, log, holder_name(), lease_ms=LEASE_MS, batch=3).run(stop)
    log.close()


if __name__ == "__main__":
    main()
