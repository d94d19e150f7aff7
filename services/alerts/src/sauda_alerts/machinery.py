"""What is wrong with the machinery, judged from what was measured of it. Pure: it reads no clock and asks nobody.

What has to last is timed by the server's clock between two looks, so a watcher that begins again begins to wait again.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from sauda.alerted import COURIER
from sauda.clock import NS_PER_S, UnixNs, clock_text
from sauda.merge import id_parts
from sauda_alerts.facts import Facts
from sauda_alerts.rules import OF_THE_DESK, Patient, Rule, Rules

WRITER: Final = "writer."
_MB: Final = 1_000_000


class Trouble(NamedTuple):
    """Something that is wrong now."""

    key: str
    """The same as long as it lasts."""
    rule: Rule
    code: str
    text: str
    size: int = 0
    """When this has grown, it is said again."""
    since_ns: UnixNs | None = None
    """Where it is known: a watcher that begins again need not wait again."""


class Machinery:
    """Judges one look after the other."""

    def __init__(
        self,
        rules: Rules,
        is_missed: Callable[[UnixNs, UnixNs], bool],
        speed: float,
        destinations: Iterable[str] = (),
    ) -> None:
        """Know nothing yet.

        Args:
            rules: What is watched.
            is_missed: Whether a feed that was heard last at an instant of market time is missed at a later one.
            speed: Market seconds in a second of the desk.
            destinations: Those that there are couriers for; one that was taken away is missed by nobody.
        """
        self._rules = rules
        self._is_missed = is_missed
        self._speed = speed
        self._couriers = {f"{COURIER}{name}" for name in destinations}
        self._since: dict[str, UnixNs] = {}
        """What is wrong -> since when"""
        self._marks: dict[str, str] = {}
        """`group stream` -> the entry that it has to reach"""

    @property
    def slowest_s(self) -> int:
        """Return the seconds until the most patient rule speaks."""
        rules = (getattr(self._rules, name) for name in Rules.model_fields if name not in OF_THE_DESK)
        return max(rule.after_s for rule in rules if isinstance(rule, Patient))

    def judge(self, facts: Facts) -> list[Trouble]:
        """Return what is wrong and has been for long enough."""
        found = [
            *self._feed(facts),
            *self._holders(facts),
            *self._readers(facts),
            *self._letters(facts),
            *self._stores(facts),
        ]
        seen = {one.key for one in found}
        for key in [key for key in self._since if key not in seen]:
            del self._since[key]
        lasting = []
        for one in found:
            seen_ns = self._since.setdefault(one.key, facts.now_ns)
            since_ns = seen_ns if one.since_ns is None else one.since_ns
            patience_ns = one.rule.after_ns if isinstance(one.rule, Patient) else 0
            if facts.now_ns - since_ns >= patience_ns and one.rule.enabled:
                lasting.append(one)
        return lasting

    def _feed(self, facts: Facts) -> Iterator[Trouble]:
        if facts.newest is None or _is_made_by_a_replay(facts):
            return
        silent_ns = facts.now_ns - facts.newest.arrived_ns
        # By now the market's time would be so far: at night nobody misses the feed.
        market_ns = facts.newest.market_ns
        if silent_ns > NS_PER_S and self._is_missed(market_ns, market_ns + round(silent_ns * self._speed)):
            last = clock_text(facts.newest.arrived_ns)
            text = f"nothing has come on ticks since {last} IST, not even the clock: the feed is down or disconnected"
            rule = self._rules.feed_down
            yield Trouble("feed_down", rule, "FEED_DOWN", text, since_ns=facts.newest.arrived_ns)

    def _holders(self, facts: Facts) -> Iterator[Trouble]:
        if _is_made_by_a_replay(facts):
            return
        for unit in facts.units:
            gone = unit.unit.startswith(COURIER) and unit.unit not in self._couriers
            if not unit.held and not gone:
                service = unit.unit.partition(".")[0]
                text = f"nobody carries {unit.unit} (the last was {unit.holder}): `make ps`, then `make restart s={service}`"
                rule = self._rules.unit_without_holder
                yield Trouble(f"holder {unit.unit}", rule, "UNIT_WITHOUT_HOLDER", text)

    def _readers(self, facts: Facts) -> Iterator[Trouble]:
        """Yield who has not come, since the last looks, to where a stream ended then."""
        unheld = {unit.unit for unit in facts.units if not unit.held}
        known = {unit.unit for unit in facts.units}
        for stream in facts.streams:
            for group in stream.groups:
                writes = group.group.startswith((WRITER, COURIER)) or group.group not in known
                pending = facts.pending.get((stream.stream, group.group))
                key = f"reader {group.group} {stream.stream}"
                waits = self._waits(key, stream.last_id, group.position, pending)
                if not waits or group.group in unheld:
                    continue  # Nobody carries it: that is said already.
                # Always "at least": the server does not always know, and the same trouble is to be told by the same words.
                behind = f"at least {group.lag + group.pending:,}"
                text = f"{group.group} is behind on {stream.stream}: {behind} entries wait (`sauda lag`)"
                yield Trouble(
                    key,
                    self._rules.writer_behind if writes else self._rules.lag,
                    "WRITER_BEHIND" if writes else "LAG",
                    text,
                )

    def _waits(self, key: str, last_id: str, position: str, pending: str | None) -> bool:
        """Return whether a reader has not come to its mark; one that has gets a new mark, the end of the stream."""
        before, last = id_parts(position.encode()), id_parts(last_id.encode())
        mark = self._marks.get(key)
        behind = before < last or pending is not None
        if not behind:
            self._marks.pop(key, None)
            return False
        oldest = id_parts(pending.encode()) if pending is not None else None
        reached = mark is None or (
            before >= id_parts(mark.encode()) and (oldest is None or oldest > id_parts(mark.encode()))
        )
        if reached:
            self._marks[key] = last_id
        return not reached

    def _letters(self, facts: Facts) -> Iterator[Trouble]:
        if facts.letters:
            text = f"{facts.letters} dead letters wait for a decision: `sauda dead-letters list`"
            yield Trouble("letters", self._rules.dead_letters, "DEAD_LETTERS", text, facts.letters)

    def _stores(self, facts: Facts) -> Iterator[Trouble]:
        for disk in facts.disks:
            used = disk.total - disk.free
            if disk.total and 100 * used >= self._rules.disk.percent * disk.total:
                text = f"the disk of {disk.folder} is {100 * used // disk.total} % full, {disk.free // _MB:,} MB are free"
                yield Trouble(f"disk {disk.folder}", self._rules.disk, "DISK_FULL", text)
        server, memory = facts.server, self._rules.redis_memory
        if server.limit and 100 * server.used >= memory.percent * server.limit:
            share = 100 * server.used // server.limit
            text = (
                f"Redis uses {share} % of its {server.limit // _MB:,} MB: at the limit the desk stands still"
            )
            yield Trouble("redis memory", memory, "REDIS_MEMORY", text)
        if not server.writes_its_file:
            text = "Redis cannot write its append-only file: its disk is full or broken, and a crash now loses the book"
            yield Trouble("redis disk", self._rules.redis_disk, "REDIS_DISK", text)


def _is_made_by_a_replay(facts: Facts) -> bool:
    return any(unit.unit == "replay" for unit in facts.units)
