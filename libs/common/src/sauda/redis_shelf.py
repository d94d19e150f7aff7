"""Where finished books go: a desk that is to follow another market begins a new book, the old one stays readable.

`live` put aside for the first time is `live@1`: every command that takes `--desk` can read it.
"""

from collections.abc import Sequence

from sauda.errors import ConfigError
from sauda.log import Lease
from sauda.redis_log import RedisLog, Script
from sauda.redis_view import RedisView


class RedisShelf:
    """Puts the books of one desk aside."""

    def __init__(self, url: str, desk: str) -> None:
        self._view = RedisView(url, desk)
        self._log = RedisLog(url, desk)
        self._aside = Script("aside")

    def unread(self) -> list[str]:
        """Return who has not finished with the book, `writer.sql on pnl: 12 entries`; a new book would leave that behind.

        A group that nobody works for any more (a strategy or database that was taken away) is passed over.
        """
        held = self.held()
        return [
            f"{group.group} on {stream.stream}: {(group.lag or 0) + group.pending} entries"
            for stream in self._view.lag()
            for group in stream.groups
            if (group.lag or group.pending) and (group.consumers or group.group in held)
        ]

    def held(self) -> frozenset[str]:
        """Return the units that somebody carries now."""
        return frozenset(unit.unit for unit in self._view.units() if unit.held)

    def put_aside(self, lease: Lease) -> str:
        """Rename every key of the desk but the fencing tokens, which never go back; return the old book's new name.

        Holders of units lose their leases with it, take them again, and find an empty book.

        Raises:
            LeaseLostError: *lease* is not ours any more; nothing more was done.
            ConfigError: the desk is itself a book that was put aside.
        """
        if "@" in self._log.desk:
            raise ConfigError(f"desk {self._log.desk!r} was put aside: it can be read, not traded on")
        # One look, one step: what is written after the look belongs to the new book already.
        number = self._log.run(
            self._aside, self._book(lease), (lease.epoch, lease.unit, f"{{{self._log.desk}}}")
        )
        return f"{self._log.desk}@{number}"

    def newest(self) -> str:
        """Return the name of the book that was put aside last."""
        return f"{self._log.desk}@{self._log.number(self._log.keys.aside)}"

    def close(self) -> None:
        """Let the connections go."""
        self._view.close()
        self._log.close()

    def _book(self, lease: Lease) -> Sequence[str]:
        """Return the caller's lease, the counter, and the keys to be moved."""
        keys = self._log.keys
        stay = {keys.lease(lease.unit), keys.holder(lease.unit), keys.aside, keys.book}
        moving = [
            key for key in self._log.key_names() if key not in stay and not key.startswith(keys.epoch(""))
        ]
        # The book's name always goes along, also where the archive gives it between this look and the step.
        return [keys.lease(lease.unit), keys.aside, keys.book, *sorted(moving)]
