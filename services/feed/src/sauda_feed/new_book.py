"""Begins a new book on a desk whose old one belongs to another market, and waits for a desk's readers.

Nothing of the old book is left behind: the feed is the only source of a desk, so while it waits here everybody works off what there is.
"""

from collections.abc import Callable
from typing import Final, Protocol

from sauda.clock import monotonic_s
from sauda.log import Lease
from sauda.runner import Stop
from sauda_feed.desk import Desk

TELL_EVERY_S: Final = 30.0
"""How often it is told whom the new book waits for: a writer whose database is away must not lose the old one's end."""
HOLDERS_S: Final = 15.0
"""How long the units' holders may take to open the new one."""
DEFINITIONS_S: Final = 5.0
"""How long a recording waits for readers of new definitions; one that is down must not stop it for ever."""
_LOOK_S: Final = 0.05


class StoppedError(Exception):
    """We were told to stop while waiting."""


class Shelf(Protocol):
    """Where old books go: `sauda.redis_shelf.RedisShelf` is one."""

    def unread(self) -> list[str]:
        """Return who has not finished with the book."""

    def held(self) -> frozenset[str]:
        """Return the units that somebody carries now."""

    def put_aside(self, lease: Lease) -> str:
        """Put the book aside; return its new name."""

    def newest(self) -> str:
        """Return the name of the book that was put aside last."""


def begin_new_book(
    desk: Desk, shelf: Shelf, stop: Stop, tell: Callable[[str, dict[str, object]], None]
) -> None:
    """Put the desk's book aside once its readers are done with it, and wait until the units are open on the new one.

    Raises:
        StoppedError: we were told to stop meanwhile; the book is as it was.
    """
    while not _wait(lambda: not shelf.unread(), TELL_EVERY_S, desk, stop):
        tell("new_book_waits_for_readers", {"desk": desk.name, "readers": shelf.unread()})
    carried = shelf.held()
    # An answer that was lost: it was done, and doing it again would put the new book aside.
    name = shelf.newest() if desk.is_bare() else shelf.put_aside(desk.lease)
    tell("book_put_aside", {"desk": desk.name, "old_book": name})
    desk.start_book(old=name)
    if not _wait(lambda: carried <= shelf.held(), HOLDERS_S, desk, stop):
        tell("units_not_back", {"desk": desk.name, "units": sorted(carried - shelf.held())})


def wait_for_readers(desk: Desk, shelf: Shelf, stop: Stop) -> None:
    """Let the desk read its contracts and say what it wants: a recording can wait, so no first minute is missed at 600x."""
    _wait(lambda: not shelf.unread(), DEFINITIONS_S, desk, stop)


def _wait(until: Callable[[], bool], seconds: float, desk: Desk, stop: Stop) -> bool:
    deadline_s = monotonic_s() + seconds
    while not until():
        if stop.wait(_LOOK_S):
            raise StoppedError
        if monotonic_s() > deadline_s:
            return False
        desk.keep()
    return True
