"""What of the alerts that have come is delivered now, what waits and what was said already. Pure: time is handed in.

The ledger of one destination is a unit's state: it is committed with a fencing token once the delivery has succeeded.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import msgspec

from sauda.alerted import COURIER, EVERYBODY, TEST
from sauda.clock import NS_PER_MS, NS_PER_S, UnixNs
from sauda.contracts import Alert, Level
from sauda.merge import id_parts
from sauda.state import State
from sauda_alerts.destinations import Handling

OLD_NS: Final = 86_400 * NS_PER_S
"""An alert that could not be delivered for a day is counted instead: nobody can act on it any more."""

_FIGURES: Final = re.compile(r"(?<![A-Za-z0-9_-])-?\d[\d,.:/-]*(?![A-Za-z0-9_])")
"""Figures that stand alone; those of a contract's or an order's name tell it from another."""


class Coming(NamedTuple):
    """An alert on its way."""

    key: str
    """Stream and id of its entry."""
    alert: Alert

    @property
    def arrived_ns(self) -> UnixNs:
        """Return when it came to Redis, by the server's clock."""
        return id_parts(self.key.partition(" ")[2].encode()).ms * NS_PER_MS


class Told(msgspec.Struct, frozen=True):
    """When an alert was delivered last, and how often it was not since."""

    at_ns: UnixNs
    held: int = 0


class Waiting(msgspec.Struct, frozen=True):
    """What came in the quiet hours; the same that comes again is counted."""

    alert: Alert
    arrived_ns: UnixNs
    more: int = 0


class Ledger:
    """What one destination was told."""

    def __init__(self) -> None:
        self.state = State()
        self.told = self.state.table("told", Told)
        """digest of an alert but for its figures -> when it was delivered"""
        self.waiting = self.state.table("waiting", Waiting)
        """digest of an alert but for its figures -> it came in the quiet hours"""
        self.done = self.state.table("done", bool)
        """`stream id` of entries that are decided, until they are acknowledged"""
        self.facts = self.state.table("facts", str)
        """What people ask: instant of the `last` delivery, present `trouble`, the newest that was `tested`; and `begun`, the first instant"""


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
    put_aside: dict[str, Waiting] = field(default_factory=dict)
    taken_up: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    tested: str = ""
    """The newest test among them."""

    @property
    def speaks(self) -> bool:
        """Return whether anything is to be delivered."""
        return bool(self.lines or self.too_old)

    def apply(self, ledger: Ledger) -> None:
        """Write it into *ledger*: the delivery has succeeded, or there was none."""
        for key, told in self.told.items():
            ledger.told.put(key, told)
        for key in self.taken_up:
            ledger.waiting.drop(key)
        for key, waiting in self.put_aside.items():
            ledger.waiting.put(key, waiting)
        for key in self.done:
            ledger.done.put(key, True)
        if self.tested:
            ledger.facts.put("tested", self.tested)


def decide(coming: Sequence[Coming], ledger: Ledger, handling: Handling, name: str, now_ns: UnixNs) -> Plan:
    """Decide about *coming*, and about what waited for the end of the quiet hours.

    Args:
        coming: Entries that are not decided yet, in their order.
        ledger: What the destination was told; not changed.
        handling: Levels, debounces, quiet hours.
        name: Of the destination.
        now_ns: Wall time.
    """
    plan = Plan()
    if not handling.policy.is_quiet(now_ns):
        for key, waited in sorted(ledger.waiting.items(), key=lambda one: one[1].arrived_ns):
            plan.taken_up.append(key)
            _deliver(plan, waited, ledger, handling, now_ns)
    begun_ns = int(ledger.facts.get("begun") or 0)
    for one in coming:
        if one.key not in ledger.done:
            plan.done.append(one.key)
            _place(plan, one, ledger, handling, name=name, now_ns=now_ns, begun_ns=begun_ns)
    return plan


def _place(
    plan: Plan,
    one: Coming,
    ledger: Ledger,
    handling: Handling,
    *,
    name: str,
    now_ns: UnixNs,
    begun_ns: UnixNs,
) -> None:
    alert = one.alert
    level = handling.level_of(alert.code, alert.level)
    came = Waiting(alert, one.arrived_ns)
    if alert.code == TEST:
        if alert.source in (EVERYBODY, f"{COURIER}{name}"):
            plan.lines.append(Line(alert, level))
            plan.tested = one.key
        return
    if one.arrived_ns < begun_ns or handling.is_mute(alert.code) or not handling.policy.hears(level):
        return
    if not handling.policy.waits(level, now_ns):
        _deliver(plan, came, ledger, handling, now_ns)
        return
    key = sameness(alert, level)
    before = plan.put_aside.get(key) or ledger.waiting.get(key)
    plan.put_aside[key] = came if before is None else msgspec.structs.replace(before, more=before.more + 1)


def _deliver(plan: Plan, came: Waiting, ledger: Ledger, handling: Handling, now_ns: UnixNs) -> None:
    alert = came.alert
    level = handling.level_of(alert.code, alert.level)
    key = sameness(alert, level)
    last = plan.told.get(key) or ledger.told.get(key)
    debounce_ns = handling.debounce_s(alert.code) * NS_PER_S
    # A clock that was put back must not silence anybody until it has caught up.
    if last and 0 <= now_ns - last.at_ns < debounce_ns:
        plan.told[key] = Told(last.at_ns, last.held + 1 + came.more)
    elif now_ns - came.arrived_ns > OLD_NS:
        plan.too_old += 1 + came.more
    else:
        plan.told[key] = Told(now_ns)
        plan.lines.append(Line(alert, level, came.more + (last.held if last else 0)))


def sameness(alert: Alert, level: Level) -> str:
    """Return a key that alerts share which say the same of the same, whatever the figures in their texts."""
    text = _FIGURES.sub("#", alert.text)
    said = "\x00".join((alert.source, alert.code, level.value, text))
    return hashlib.blake2b(said.encode(), digest_size=12).hexdigest()


def forget_old(ledger: Ledger, now_ns: UnixNs) -> None:
    """Drop from *ledger* what no debounce reaches any more."""
    for key, told in list(ledger.told.items()):
        if abs(now_ns - told.at_ns) > OLD_NS:
            ledger.told.drop(key)
