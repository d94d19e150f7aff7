"""Work that is done beside one's own: by another thread, or, where time is made up, when its outcome is asked for."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Outcome(Protocol[T_co]):
    """What will come of the work."""

    def result(self) -> T_co:
        """Wait for it; raise what the work raised."""


class Beside(Protocol):
    """Somebody who does one thing after another."""

    def submit(self, work: Callable[[], T], /) -> Outcome[T]:
        """Have *work* done."""

    def shutdown(self) -> None:
        """Wait until everything is done."""


class BesideThread:
    """A thread, made for the first work."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "beside")

    def submit(self, work: Callable[[], T], /) -> Outcome[T]:
        """See `Beside`."""
        return self._pool.submit(work)

    def shutdown(self) -> None:
        """See `Beside`."""
        self._pool.shutdown()


@dataclass(frozen=True, slots=True)
class _Later(Generic[T]):
    work: Callable[[], T]

    def result(self) -> T:
        return self.work()


class AtLast:
    """Nobody else: the work is done when its outcome is asked for, as late as another thread might come to it."""

    def submit(self, work: Callable[[], T], /) -> Outcome[T]:
        """See `Beside`."""
        return _Later(work)

    def shutdown(self) -> None:
        """See `Beside`."""
