"""What a strategy sets on itself: kept in the state, and back on it after a restart.

Names that begin with `_` and the indicators that it tracks (`Series` keeps those) are not looked at. What `setup` sets comes
from `setup` again where that gives another value than before: other rules, or another version of the class, say so.
"""

from collections.abc import Collection
from typing import Any, Final

import msgspec

from sauda.state import State
from sauda_strategy.api import Strategy, Study
from sauda_strategy.plain_values import UnkeepableError, frozen, thawed

_PLAIN: Final = frozenset({bool, float, int, str, type(None)})
"""Whatever is of these types can be kept."""


class Attributes:
    """Those of one strategy."""

    def __init__(self, state: State) -> None:
        self._rows = state.table("attributes", msgspec.Raw)
        """name -> its value, see `plain_values`"""
        self._first = state.table("first_attributes", msgspec.Raw)
        """name -> its value when `setup` had run"""
        self._owner: Strategy | None = None
        self._apart: frozenset[str] = frozenset()
        self._usual: frozenset[str] | None = None
        """Their names when `setup` had run, if none of them was to be looked at."""
        self.touched = False
        """Whether a handler ran since the rows were written."""

    def take(self, strategy: Strategy, tracked: Collection[object]) -> None:
        """Begin to keep those of *strategy*, which has just been set up; put back what it had.

        Raises:
            UnkeepableError: `setup` sets something that cannot be kept; nothing is put back.
        """
        self._owner = strategy
        own = {id(one) for one in tracked}
        self._apart = frozenset(
            {"rules", *(name for name, value in vars(strategy).items() if id(value) in own)}
        )
        first = self._frozen()
        self._usual = None if first else frozenset(vars(strategy))
        for name in [one for one in self._rows if one not in self._apart]:
            if bytes(first.get(name, b"")) == bytes(self._first.get(name) or b""):
                self._put_back(strategy, name)
        self._replace(self._first, first)
        self.touched = True

    def check(self) -> None:
        """Make sure that all of them can be kept.

        Raises:
            UnkeepableError: one cannot; names it.
        """
        if self._owner is None or vars(self._owner).keys() == self._usual:
            return
        apart = self._apart
        for name, value in vars(self._owner).items():
            # Most are numbers, or are kept elsewhere: this runs after every handler.
            if name in apart or name[0] == "_":
                continue
            if type(value) not in _PLAIN or (type(value) is str and not value.isascii()):
                _row(name, value)

    def write(self) -> None:
        """Bring the rows up to date.

        Raises:
            UnkeepableError: one cannot be kept; the rows stay as they were.
        """
        if self.touched:
            self._replace(self._rows, self._frozen())
            self.touched = False

    def leave(self) -> None:
        """Keep the rows as they are: there is no strategy to look at."""
        self._owner, self.touched = None, False

    def _put_back(self, strategy: Strategy, name: str) -> None:
        value, kept = vars(strategy).get(name), thawed(self._rows[name])
        if isinstance(value, Study):
            value.thaw(kept)
        else:
            setattr(strategy, name, kept)

    def _frozen(self) -> dict[str, msgspec.Raw]:
        if self._owner is None:
            return {}
        values: dict[str, Any] = vars(self._owner)
        rows: dict[str, msgspec.Raw] = {}
        for name, value in values.items():
            if name[0] == "_" or name in self._apart:
                continue
            rows[name] = _row(name, value)
        return rows

    @staticmethod
    def _replace(table: Any, rows: dict[str, msgspec.Raw]) -> None:
        for name in [one for one in table if one not in rows]:
            table.drop(name)
        for name, row in rows.items():
            before = table.get(name)
            # By their bytes: 1, 1.0 and True are equal, and not the same.
            if before is None or bytes(before) != bytes(row):
                table.put(name, row)


def _row(name: str, value: Any) -> msgspec.Raw:
    try:
        # One that is not tracked is fed by hand, with ticks or by another one: it is kept like anything else.
        return frozen(value.freeze() if isinstance(value, Study) else value)
    except UnkeepableError as error:
        raise UnkeepableError(f"self.{name} cannot be kept: it is {error}") from error
