"""Calls a strategy's handlers, and keeps what goes wrong in them away from everything else.

A handler that raises has said nothing: its intents are dropped, what it had set on itself stays as it left it, and the message
was worked all the same, so that positions, bars and times of day are right. That is deterministic: the same messages raise at
the same place. After `TOO_MANY` failures without a call that went well in between, or one in `setup`, the strategy is not called
any more.
"""

import traceback
from collections.abc import Iterable
from typing import Any, Final

from sauda.state import State, Table
from sauda_strategy.api import Buy, Exit, Intent, Intents, Opinion, Sell, Strategy, Target
from sauda_strategy.host.sound import check

TOO_MANY: Final = 5
"""Failures in a row after which a strategy is stopped."""
_INTENTS: Final = (Buy, Sell, Target, Exit, Opinion)
_HANDLERS: Final = ("on_start", "on_tick", "on_bar", "on_fill", "on_time")


class Handlers:
    """Those of one strategy."""

    def __init__(self, state: State) -> None:
        self._rows = state.table("failures", int)
        """`in_a_row` -> handlers that raised one after the other; without a row the last one went well"""
        self._broken: Table[str] = state.table("broken", str)
        """`why` -> why the strategy is not called any more"""
        self.has_failed = False
        """Whether the last call failed; a plain attribute, as it is asked for with every tick."""
        self.strategy: Strategy | None = None
        self.written: frozenset[str] = frozenset()
        """Handlers that the class overrides: the others need not be called."""

    @property
    def broken(self) -> str | None:
        """Return why the strategy is not called any more, or None."""
        return self._broken.get("why")

    def take_up(self, strategy: Strategy) -> None:
        """Call this one from now on."""
        self.strategy = strategy
        self.has_failed = "in_a_row" in self._rows
        self.written = frozenset(
            name for name in _HANDLERS if getattr(type(strategy), name) is not getattr(Strategy, name)
        )

    def give_up(self, why: str) -> None:
        """Call it no more."""
        self._broken.put("why", why)

    def mend(self) -> None:
        """Give it another chance."""
        self._broken.drop("why")
        self.went_well()

    def call(self, name: str, *args: Any) -> tuple[list[Intent], str | None]:
        """Call a handler; return what it wants, or what it failed with."""
        if self.strategy is None or name not in self.written or self.broken is not None:
            return [], None
        try:
            intents = intents_of(name, getattr(self.strategy, name)(*args))
        except Exception as error:  # noqa: BLE001  (whatever a user's code does wrong)
            return [], self.failed(name, error)
        self.went_well()
        return intents, None

    def went_well(self) -> None:
        """Forget the failures before."""
        if self.has_failed:
            self.has_failed = False
            self._rows.drop("in_a_row")

    def failed(self, name: str, error: Exception) -> str:
        """Count a failure; return what to say about it."""
        count = (self._rows.get("in_a_row") or 0) + 1
        self._rows.put("in_a_row", count)
        self.has_failed = True
        text = f"{name}: {type(error).__name__}: {' '.join(str(error).split())}{_where(error)}"
        if count >= TOO_MANY:
            self.give_up(f"{count} failures in a row, the last one in {text}")
        return text


def intents_of(name: str, said: Intents) -> list[Intent]:
    """Return what a handler returned as a list.

    Raises:
        TypeError: something in it is no intent, or one with a field that is not of its type.
    """
    if said is None:
        return []
    if isinstance(said, _INTENTS):
        check(name, said)
        return [said]
    if not isinstance(said, Iterable) or isinstance(said, str):
        raise TypeError(f"{name} returned {said!r}: return an intent, several of them, or None")
    listed = list(said)
    for one in listed:
        if not isinstance(one, _INTENTS):
            raise TypeError(f"{name} returned {one!r} among its intents")
        check(name, one)
    return listed


def _where(error: Exception) -> str:
    """Return the last line of the traceback that is a user's: where to look."""
    frames = traceback.extract_tb(error.__traceback__)
    frame = frames[-1] if frames else None
    # The file's name alone: its folder is another one on every machine, and a replay must say the same.
    return f" ({frame.filename.rpartition('/')[2]}, line {frame.lineno})" if frame else ""
