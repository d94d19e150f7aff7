"""Work that is done beside one's own: by another thread, or, where time is made up, when its outcome is asked for."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
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
    """A thread for each piece of work. Like those of a service's roles it does not keep the process from ending.

    Not a pool's: at its end Python waits for those, and a database that takes a batch and says nothing would hold up the SIGTERM.
    """

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    def submit(self, work: Callable[[], T], /) -> Outcome[T]:
        """See `Beside`."""
        self.shutdown()
        outcome: Future[T] = Future()

        def do() -> None:
            try:
                outcome.set_result(work())
            except BaseException as error:  # noqa: BLE001  (raised where the outcome is asked for)
                outcome.set_exception(error)

        self._thread = threading.Thread(target=do, name="beside", daemon=True)
        self._thread.start()
        return outcome

    def shutdown(self) -> None:
        """See `Beside`."""
        if self._thread is not None:
            self._thread.join()


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
