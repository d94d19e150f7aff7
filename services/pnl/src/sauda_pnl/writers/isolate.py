"""Finds the few records that a database will never take, so that all the others are written. Pure."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from sauda.batch import Refusal

T = TypeVar("T")


class NeverError(Exception):
    """The database refused the batch for what is in it: some of it, or all."""


def write_the_rest(batch: Sequence[T], write: Callable[[Sequence[T]], None], first: int = 0) -> list[Refusal]:
    """Write *batch*; where that is refused, halve it until each culprit stands alone.

    k culprits among n cost about k * log2(n) writes more. *write* is repeated for records that were taken already, so it
    must be idempotent. Whatever else it raises ends the search.

    Args:
        batch: What to write.
        write: Writes all that it is given, or raises NeverError.
        first: The place of the batch's first record in what the caller holds.
    """
    try:
        write(batch)
    except NeverError as error:
        if len(batch) == 1:
            return [Refusal(first, str(error))]
        half = len(batch) // 2
        refused = write_the_rest(batch[:half], write, first)
        return refused + write_the_rest(batch[half:], write, first + half)
    return []
