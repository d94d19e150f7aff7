"""What of the alerts that have come is delivered now, what waits and what is over already. Pure: time is handed in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sauda.alerted import COURIER, EVERYBODY, TEST
from sauda.clock import NS_PER_MS, NS_PER_S, UnixNs
from sauda.contracts import Alert, Level
from sauda.merge import id_parts
from sauda_alerts.destinations import Handling
from sauda_alerts.ledger import OLD_NS, Ledger, Told, Waiting
from sauda_alerts.likeness import ends, sameness


class Coming(NamedTuple):
    """An alert on its way."""

    key: str
    """Stream and id of its entry."""
    alert: Alert

    @property
    def arrived_ns(self) -> UnixNs:
        """Return when it came to Redis, by the server's clock."""
        return id_parts(self.key.partition(" ")[2].encode()).ms * NS_PER_MS


class Line(NamedTuple):
    """One alert as it is delivered."""

    alert: Alert
    level: Level
    held: int = 0
    """How often it was not delivered since the last time."""


@dataclass(slots=True)
class Plan:
    """What is to be delivered, and what the ledger says afterwards."""

    lines: list[Line] = field(default_factory=list)
    too_old: int = 0
    told: dict[str, Told] = field(default_factory=dict)
    waiting: dict[str, Waiting | None] = field(default_factory=dict)
    """What waits from now on; None: no more."""
    done: list[str] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)
    """Keys of the lines."""
    tested: str = ""
    """The newest test among them."""

    @property
    def speaks(self) -> bool:
        """Return whether anything is to be delivered."""
        return bool(self.lines or self.too_old)

    @property
    def changes(self) -> bool:
        """Return whether the ledger says anything else afterwards."""
        return bool(self.told or self.waiting or self.done)

    def delivered(self, now_ns: UnixNs) -> None:
        """Take note of when it was delivered: a slow destination took it long after it was decided, and debounces begin then."""
        for key in self.spoken:
            self.told[key] = Told(now_ns)

    def apply(self, ledger: Ledger) -> None:
        """Write it into *ledger*: the delivery has succeeded, or there was none."""
        for key, told in self.told.items():
            ledger.told.put(key, told)
        for key, waiting in self.waiting.items():
            if waiting is None:
                ledger.waiting.drop(key)
            else:
                ledger.waiting.put(key, waiting)
        for key in self.done:
            ledger.done.put(key, True)
        if self.tested:
            ledger.facts.put("tested", self.tested)


def decide(coming: Sequence[Coming], ledger: Ledger, handling: Handling, name: str, now_ns: UnixNs) -> Plan:
    """Decide about *coming*, and about what waited.

    Args:
        coming: Entries that are not decided yet, in their order.
        ledger: What the destination was told; not changed.
        handling: Levels, debounces, quiet hours.
        name: Of the destination.
        now_ns: Wall time.
    """
    return _Deciding(ledger, handling, name, now_ns).about(coming)


class _Deciding:
    """One decision at one instant."""

    def __init__(self, ledger: Ledger, handling: Handling, name: str, now_ns: UnixNs) -> None:
        self._ledger = ledger
        self._handling = handling
        self._name = name
        self._now_ns = now_ns
        self._plan = Plan()
        self._lines: list[tuple[UnixNs, Line]] = []
        """With when each arrived."""

    def about(self, coming: Sequence[Coming]) -> Plan:
        """Return what becomes of *coming*, and of what has waited long enough."""
        for one in coming:
            if one.key not in self._ledger.done:
                self._plan.done.append(one.key)
                self._place(one)
        for key, waited in self._waiting().items():
            if not self._must_wait(key, waited.alert):
                self._deliver(key, waited)
        self._plan.lines = [line for _, line in sorted(self._lines, key=lambda one: one[0])]
        return self._plan

    def _place(self, one: Coming) -> None:
        alert, handling, level = one.alert, self._handling, self._level(one.alert)
        if alert.code == TEST:
            if alert.source in (EVERYBODY, f"{COURIER}{self._name}"):
                self._lines.append((one.arrived_ns, Line(alert, level)))
                self._plan.tested = one.key
            return
        if one.arrived_ns < int(self._ledger.facts.get("begun") or 0):
            return
        self._let_go(alert)
        if handling.is_mute(alert.code) or not handling.policy.hears(level):
            return
        key = sameness(alert, level)
        before = self._waiting().get(key)
        came = Waiting(alert, one.arrived_ns, before.more + 1 if before else 0)
        if self._must_wait(key, alert):
            self._plan.waiting[key] = came
        else:
            self._deliver(key, came)

    def _let_go(self, alert: Alert) -> None:
        """Let nobody be told of a trouble whose end has come meanwhile, nor of an end behind which it began again."""
        for key, waiting in self._waiting().items():
            last = self._told(key)
            # What only the night holds back is told all the same: nobody was told anything of it.
            known = last is not None and waiting.arrived_ns - last.at_ns < self._debounce_ns(waiting.alert)
            if (known and ends(alert, waiting.alert)) or ends(waiting.alert, alert):
                self._plan.waiting[key] = None
                if last:
                    self._plan.told[key] = Told(last.at_ns, last.held + 1 + waiting.more)

    def _deliver(self, key: str, came: Waiting) -> None:
        last = self._told(key)
        if key in self._ledger.waiting:
            self._plan.waiting[key] = None
        if self._now_ns - came.arrived_ns > OLD_NS:
            self._plan.too_old += 1 + came.more
            return
        self._plan.told[key] = Told(self._now_ns)
        self._plan.spoken.append(key)
        line = Line(came.alert, self._level(came.alert), came.more + (last.held if last else 0))
        self._lines.append((came.arrived_ns, line))

    def _must_wait(self, key: str, alert: Alert) -> bool:
        last, quiet = self._told(key), self._handling.policy.waits(self._level(alert), self._now_ns)
        # A clock that was put back must not silence anybody until it has caught up.
        return quiet or (last is not None and 0 <= self._now_ns - last.at_ns < self._debounce_ns(alert))

    def _debounce_ns(self, alert: Alert) -> int:
        return self._handling.debounce_s(alert.code) * NS_PER_S

    def _level(self, alert: Alert) -> Level:
        return self._handling.level_of(alert.code, alert.level)

    def _told(self, key: str) -> Told | None:
        return self._plan.told.get(key) or self._ledger.told.get(key)

    def _waiting(self) -> dict[str, Waiting]:
        found = {**dict(self._ledger.waiting.items()), **self._plan.waiting}
        return {key: one for key, one in found.items() if one is not None}
