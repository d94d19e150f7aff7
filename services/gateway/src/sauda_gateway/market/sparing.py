"""Answers that take the event loop milliseconds to make: one after the other, and behind each a rest as long as it took.

So they have half of the loop at the most, however many ask, and no request waits behind a hundred of them: the kill switch may be one.
"""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from sauda.clock import monotonic_s
from sauda_gateway.problems import ProblemError

T = TypeVar("T")

MOST_WAITING: Final = 50


class Sparing:
    """Makes them for one event loop."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def do(self, work: Callable[[], T]) -> T:
        """Do *work* when it is its turn.

        Raises:
            ProblemError: 503 if too many wait already.
        """
        if self._waiting >= MOST_WAITING:
            raise ProblemError(503, f"{MOST_WAITING} wait for a chain already", headers={"Retry-After": "1"})
        self._waiting += 1
        try:
            async with self._turn:
                began_s = monotonic_s()
                done = work()
                await asyncio.sleep(monotonic_s() - began_s)
                return done
        finally:
            self._waiting -= 1
