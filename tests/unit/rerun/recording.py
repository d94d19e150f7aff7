"""A desk in memory that was recorded, to be run again and tampered with."""

from collections.abc import Callable, Iterator, Sequence

from sauda.codec import encode
from sauda.contracts import Opened, Tick
from sauda.log import Entry, Loaded, Log, Output, Step
from sauda.memory_log import MemoryLog
from sauda.rerun.checking import Finding, Window, check
from sauda.runner import Carrier
from sauda.testing.counting import counter_unit
from sauda.unit import Unit


class Recording:
    """A log in memory, read as a record; whole streams of it may be another's."""

    def __init__(self, log: MemoryLog, **altered: list[Entry]) -> None:
        self.desk = log.desk
        self.log = log
        self.altered = altered
        self.starts: dict[str, Loaded] = {}
        self.stands: Loaded | None = None
        """How every unit is said to stand; None: as it does."""

    def forwards(self, stream: str, start: bytes = b"-", end: bytes = b"+") -> Iterator[Entry]:
        if stream in self.altered:
            return iter(self.altered[stream])
        return iter(self.log.entries(stream, start, end))

    def backwards(self, stream: str, end: bytes = b"+", start: bytes = b"-") -> Iterator[Entry]:
        return reversed(self.log.entries(stream, start, end))

    def committed(self, unit: str) -> Loaded | None:
        positions = self.log.positions_of(unit)
        return self.stands or (Loaded(positions, self.log.state_of(unit)) if positions else None)

    def start_of(self, unit: str) -> Loaded | None:
        return self.starts.get(unit)


def a_tick(ltp: int, instrument: str = "NSE:Nifty 50") -> Output:
    return Output("ticks", encode(Tick(instrument=instrument, event_ns=ltp, recv_ns=ltp, ltp=ltp)))


def carry(log: Log, unit: Unit, batch: int = 500) -> Carrier:
    """Take the unit and open it, as its runner does."""
    lease = log.acquire(unit.name, "tests", 60_000)
    assert lease is not None
    carrier = Carrier(unit, log, lease, batch)
    opened = Opened(unit.name, lease.epoch, unit.version, dict(unit.settings), dict(unit.rules))
    log.commit(lease, Step(outputs=[Output("journal", encode(opened))]))
    return carrier


def run_dry(carrier: Carrier) -> None:
    while carrier.step():
        pass


def counted(prices: Sequence[int], batch: int = 3, unit: Unit | None = None) -> MemoryLog:
    """Return the record of a counter that was given ticks at *prices*, in steps of *batch*."""
    log = MemoryLog()
    carrier = carry(log, unit or counter_unit(), batch)
    log.append([a_tick(price) for price in prices])
    run_dry(carrier)
    return log


def always(unit: Unit) -> Callable[[Opened | None], Unit]:
    return lambda _opened: unit


def checked(record: MemoryLog | Recording, unit: Unit | None = None, window: Window | None = None) -> Finding:
    """Run the unit again as it is made here, over what was recorded."""
    unit = unit or counter_unit()
    recording = record if isinstance(record, Recording) else Recording(record)
    return check(recording, unit.name, always(unit), window=window)
