"""Waiting for something with an end."""

from collections.abc import Callable

from sauda.clock import SystemClock, monotonic_s


class LateError(Exception):
    """What was waited for did not come in time."""


def wait_until(condition: Callable[[], object], seconds: float, what: str, every_s: float = 0.05) -> None:
    """Wait until *condition()* is true.

    Raises:
        LateError: it was not within *seconds*; the text says *what*.
    """
    deadline_s = monotonic_s() + seconds
    while not condition():
        if monotonic_s() > deadline_s:
            raise LateError(f"not within {seconds:.0f} s: {what}")
        SystemClock().sleep(every_s)
