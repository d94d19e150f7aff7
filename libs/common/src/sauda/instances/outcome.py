"""What a person wants of a strategy, and what came of it. Pure."""

from collections.abc import Sequence
from typing import Final

import msgspec

from sauda.contracts import Alert, ChangeRules, Level, Plain, Signal, Start, Stop

REFUSED: Final = "BROKEN_RULES"
"""The alert of a strategy that could not begin: nobody will take the wish up."""


class Change(msgspec.Struct, frozen=True):
    """One rule."""

    key: str
    before: Plain
    after: Plain


class Wish(msgspec.Struct, frozen=True):
    """What was written for one strategy."""

    strategy: str
    what: str
    """`start`, `stop`, `reload`, `set`."""
    message: Start | Stop | ChangeRules | None
    """None: there was nothing to ask for."""
    changes: list[Change] = []
    is_new: bool = False
    """Whether nobody carried it before."""


class Outcome(msgspec.Struct, frozen=True):
    """What came of a wish."""

    strategy: str
    what: str
    taken: bool
    new: bool
    changes: list[Change]
    alerts: list[Alert]
    signals: list[Signal]
    refused: str | None = None
    """Why nothing was sent."""

    @property
    def is_answered(self) -> bool:
        """Return whether there is nothing more to wait for."""
        return self.taken or self.refused is not None or any(alert.code == REFUSED for alert in self.alerts)

    @property
    def is_well(self) -> bool:
        """Return whether it was taken up and nothing bad was said of it."""
        return self.taken and all(alert.level is Level.INFO for alert in self.alerts)


def refused(name: str, what: str, why: str) -> Outcome:
    """Return the outcome of a wish that was not sent."""
    return Outcome(name, what, taken=False, new=False, changes=[], alerts=[], signals=[], refused=why)


def differences(before: dict[str, Plain], after: dict[str, Plain]) -> list[Change]:
    """Return the rules that differ, in the order in which they stand."""
    keys = [*after, *(key for key in before if key not in after)]
    return [Change(key, before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)]


def by_strategy(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return one outcome a strategy: `start` of a new one is two messages."""
    found: dict[str, Outcome] = {}
    for one in outcomes:
        first = found.get(one.strategy, one)
        if first is not one:
            one = Outcome(  # noqa: PLW2901
                strategy=one.strategy,
                what=one.what,
                taken=first.taken and one.taken,
                new=first.new or one.new,
                changes=[*first.changes, *one.changes],
                alerts=[*first.alerts, *one.alerts],
                signals=[*first.signals, *one.signals],
            )
        found[one.strategy] = one
    return list(found.values())
