"""Tries examples until all that shall happen has happened: a guard for laws against a generator that stopped making something."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from hypothesis import Phase, find, settings
from hypothesis.errors import NoSuchExample
from hypothesis.strategies import SearchStrategy

T = TypeVar("T")


def assert_reached(
    examples: SearchStrategy[T],
    happens_in: Callable[[T], Iterable[str]],
    wanted: Mapping[str, int],
    most: int,
) -> None:
    """Insist that each of the *wanted* happens so many times in at *most* so many examples; it ends as soon as all have."""
    seen: Counter[str] = Counter()

    def enough(example: T) -> bool:
        seen.update(happens_in(example))
        return all(seen[what] >= times for what, times in wanted.items())

    tried = settings(
        max_examples=most, phases=[Phase.generate], deadline=None, derandomize=True, database=None
    )
    try:
        find(examples, enough, settings=tried)
    except NoSuchExample:
        rare = {what: seen[what] for what, times in wanted.items() if seen[what] < times}
        raise AssertionError(f"in {most} examples no more than {rare} of {wanted}") from None
