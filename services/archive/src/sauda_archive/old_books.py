"""The books that were put aside: each is archived and trimmed whole, and closed. One that cannot be does not stop the others."""

from collections.abc import Callable

from sauda.archive.segment import DamagedError
from sauda.archive.store import ArchiveAwayError
from sauda.log import Lease
from sauda.redis_book import RedisBook
from sauda_archive.closing import close_book
from sauda_archive.open_book import LostPartError, OpenBook


class OldBooks:
    """What is left to do on the books that a desk put aside."""

    def __init__(
        self,
        redis: RedisBook,
        lease_key: str,
        open_desk: Callable[[str], RedisBook],
        opened: Callable[[RedisBook, str, bool], OpenBook],
        on_event: Callable[[str, dict[str, object]], None],
    ) -> None:
        """Know nothing yet.

        Args:
            redis: The present book, whose desk put them aside.
            lease_key: Where the archiver's lease is kept.
            open_desk: Opens a book on Redis by its desk's name, `live@1`.
            opened: Opens a book in the archive as well: by its name, and whether it was named just now.
            on_event: Is told of each that is complete.
        """
        self.trouble = ""
        """What kept a book from being finished at the last look; empty: nothing did."""
        self._redis = redis
        self._lease_key = lease_key
        self._open_desk = open_desk
        self._opened = opened
        self._on_event = on_event
        self._books: dict[int, OpenBook | None] = {}
        """Number of a book -> what is done on it; None once it is complete."""

    def finish(self, lease: Lease, tend: Callable[[OpenBook], bool]) -> bool:
        """Let *tend* work on each that is not complete; return whether there is more to do at once."""
        more, troubles = False, []
        for number in range(1, self._redis.number(self._redis.keys.aside) + 1):
            try:
                more = self._finish(number, lease, tend) or more
            except (ArchiveAwayError, DamagedError, LostPartError) as error:
                troubles.append(
                    f"the book {self._redis.desk}@{number}, put aside, cannot be finished: {error}"
                )
        self.trouble = "; ".join(troubles)
        return more

    def forget(self) -> None:
        """Read what is not complete from the archive again."""
        self.trouble = ""
        for book in filter(None, self._books.values()):
            book.redis.close()
        self._books = {number: book for number, book in self._books.items() if book is None}

    def _finish(self, number: int, lease: Lease, tend: Callable[[OpenBook], bool]) -> bool:
        if number not in self._books:
            self._books[number] = self._open(number, lease)
        book = self._books[number]
        if book is None:
            return False
        more = tend(book)
        if book.is_empty():
            close_book(book.redis, book.archived)
            self._on_event("book_closed", {"desk": book.redis.desk, "book": book.archived.book})
            book.redis.close()
            self._books[number] = None
        return more

    def _open(self, number: int, lease: Lease) -> OpenBook | None:
        """Return the book put aside as *number*, if it is not complete yet."""
        redis = self._open_desk(f"{self._redis.desk}@{number}")
        book = None
        try:
            found = redis.begin(lease, self._lease_key)
            if found is not None:
                opened = self._opened(redis, *found)
                book = None if opened.archived.about().get("closed") else opened
        finally:
            # One that cannot be opened is tried again and again, each time on a connection of its own.
            if book is None:
                redis.close()
        return book
