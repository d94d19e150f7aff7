"""How long after a kill the desk went on: from the signal to the first step that a later holder of the unit committed.

Read from the record afterwards: the journal names unit and epoch of every step, and an entry's id is the server's own time.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

import redis

from sauda.clock import NS_PER_MS, UnixNs
from sauda.codec import decode
from sauda.contracts import Commit
from sauda.keys import Keys
from sauda.log import Entry
from sauda.merge import id_parts

FEED: Final = "feed"
ARCHIVE: Final = "archive"
"""Nobody waits for it: its lease is five times as long, and its steps leave no line in the journal."""
_SETTLED_MS: Final = 50
"""What a killed feed had already sent has arrived by then: a step of the feed leaves no line in the journal."""


@dataclass(frozen=True, slots=True)
class Kill:
    """A `kill -9` of a service."""

    at_ns: UnixNs
    victim: str
    held: Mapping[str, int] | None
    """unit -> epoch, of what the victim held; None: Redis was away and could not say"""
    at_s: float = 0.0
    """Seconds of the schedule."""


@dataclass
class Witness:
    """Looks at the leases, past all proxies."""

    url: str
    desk: str

    def __post_init__(self) -> None:
        self._client: Any = redis.Redis.from_url(self.url, socket_timeout=0.3, socket_connect_timeout=0.3)
        self._keys = Keys(self.desk)

    def held_by(self, holders: Mapping[str, str]) -> dict[str, dict[str, int]] | None:
        """Return what each of *holders* (its word in a lease -> replica) holds now, with its epoch; None while Redis is away.

        A word that ends with a colon is the host of a container; whatever process holds there is meant.
        """
        try:
            return self._held_by(holders)
        except redis.RedisError:
            return None

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def _held_by(self, holders: Mapping[str, str]) -> dict[str, dict[str, int]]:
        prefix = self._keys.epoch("").encode()
        units = [
            key.removeprefix(prefix).decode() for key in self._client.scan_iter(prefix + b"*", count=1000)
        ]
        if not units:
            return {}
        names = self._client.mget([self._keys.holder(unit) for unit in units])
        leases = self._client.mget([self._keys.lease(unit) for unit in units])
        held: dict[str, dict[str, int]] = {}
        for unit, name, lease in zip(units, names, leases, strict=True):
            whole = (name or b"").decode()
            replica = holders.get(whole) or holders.get(whole.partition(":")[0] + ":")
            if lease is not None and replica is not None and unit != ARCHIVE:
                held.setdefault(replica, {})[unit] = int(lease)
        return held


@dataclass(frozen=True, slots=True)
class Gap:
    """How long one unit stood still after the kill of its holder."""

    kill: Kill
    unit: str
    seconds: float


@dataclass(slots=True)
class Recovery:
    """What all kills of a run came to."""

    gaps: list[Gap] = field(default_factory=list)
    """One for each kill of a process that held something: that of the unit which went on last."""
    of_unit: dict[str, list[float]] = field(default_factory=dict)
    """service -> seconds of each of its units after each kill"""
    unmeasured: int = 0
    """Kills after which a unit never went on, since the market was over."""
    held_nothing: int = 0
    unknown: int = 0
    """Kills while Redis was away, so that nobody could say what the victim held."""

    @property
    def p50_s(self) -> float | None:
        """Return the median; None if no kill could be measured."""
        return round(median(gap.seconds for gap in self.gaps), 3) if self.gaps else None

    @property
    def max_s(self) -> float | None:
        """Return the longest."""
        return round(max(gap.seconds for gap in self.gaps), 3) if self.gaps else None

    @property
    def slowest(self) -> list[Gap]:
        """Return the gaps, longest first."""
        return sorted(self.gaps, key=lambda gap: -gap.seconds)


def recoveries(kills: Iterable[Kill], journal: Iterable[Entry], ticks: Iterable[Entry]) -> Recovery:
    """Return how long the units of each killed process stood still."""
    steps: dict[str, tuple[list[int], list[int]]] = {}
    for entry in journal:
        record = decode(entry.data)
        if isinstance(record, Commit):
            epochs, times = steps.setdefault(record.unit, ([], []))
            if not epochs or record.epoch > epochs[-1]:
                epochs.append(record.epoch)
                times.append(id_parts(entry.id).ms)
    heard = [id_parts(entry.id).ms for entry in ticks]
    found = Recovery()
    for kill in kills:
        _add(kill, steps, heard, found)
    return found


def _add(
    kill: Kill, steps: Mapping[str, tuple[list[int], list[int]]], heard: list[int], found: Recovery
) -> None:
    if kill.held is None:
        found.unknown += 1
        return
    at_ms = kill.at_ns // NS_PER_MS
    gaps: list[Gap] = []
    for unit, epoch in kill.held.items():
        epochs, times = (heard, heard) if unit == FEED else steps.get(unit, ([], []))
        place = bisect_right(epochs, at_ms + _SETTLED_MS if unit == FEED else epoch)
        if place < len(times):
            gaps.append(Gap(kill, unit, (times[place] - at_ms) / 1000))
    if not kill.held:
        found.held_nothing += 1
    elif len(gaps) < len(kill.held):
        found.unmeasured += 1
    else:
        found.gaps.append(max(gaps, key=lambda gap: gap.seconds))
        of_unit = found.of_unit.setdefault(kill.victim.rpartition("-")[0], [])
        of_unit += [gap.seconds for gap in gaps]
