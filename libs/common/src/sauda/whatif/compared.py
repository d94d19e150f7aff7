"""Two lists of orders or fills beside each other: what appears, what vanishes, what changes. Pure."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

T = TypeVar("T")


class Changed(NamedTuple, Generic[T]):
    """One thing that is in both, and differs."""

    before: T
    now: T
    fields: dict[str, tuple[Any, Any]]


class Compared(NamedTuple, Generic[T]):
    """What came of it."""

    appear: list[T]
    vanish: list[T]
    change: list[Changed[T]]

    @property
    def same(self) -> bool:
        """Return whether nothing differs."""
        return not (self.appear or self.vanish or self.change)


def compared(before: Sequence[T], now: Sequence[T], keys: Sequence[Callable[[T], Hashable]]) -> Compared[T]:
    """Match *before* and *now* by the first of *keys* that finds a pair, and say how the pairs differ."""
    gone, new = list(before), list(now)
    pairs: list[tuple[T, T]] = []
    for key in keys:
        waiting: dict[Hashable, list[T]] = {}
        for one in new:
            waiting.setdefault(key(one), []).append(one)
        unmatched: list[T] = []
        for one in gone:
            found = waiting.get(key(one))
            if found:
                pairs.append((one, found.pop(0)))
            else:
                unmatched.append(one)
        gone, new = unmatched, [one for rest in waiting.values() for one in rest]
    changes = (Changed(was, came, _fields(was, came)) for was, came in pairs)
    return Compared(_in_order(new, now), gone, [change for change in changes if change.fields])


def _in_order(some: Iterable[T], all_of_them: Sequence[T]) -> list[T]:
    ids = {id(one) for one in some}
    return [one for one in all_of_them if id(one) in ids]


def _fields(before: Any, now: Any) -> dict[str, tuple[Any, Any]]:
    was, came = msgspec.to_builtins(before), msgspec.to_builtins(now)
    return {name: (was[name], came[name]) for name in was if was[name] != came.get(name)}
