"""How much makes a file, how soon it is written, how long entries stay in Redis."""

from dataclasses import dataclass, replace

from sauda.settings import Settings


@dataclass(frozen=True, slots=True)
class Limits:
    """What the archiver goes by."""

    lease_ms: int = 5_000
    """A file may take seconds to be written; a successor can wait that long, for nothing is lost meanwhile."""
    every_s: float = 300.0
    """A stream's entries wait so long for more of them at the most."""
    keep_ms: int = 3_600_000
    """Archived entries stay in Redis so long, unless memory presses."""
    budget_bytes: int = 1_024_000_000
    """What the desk's streams may take of Redis' memory."""
    file_entries: int = 100_000
    """Enough for a file: a second or two of reading, some megabytes."""
    file_bytes: int = 32_000_000
    """Of messages and causes, before they are compressed."""
    at_once: int = 5_000
    """Entries in one read: a few milliseconds of the server's time."""
    settle_s: float = 5.0
    """Younger entries are left alone: a host that dies may take the last seconds of Redis' own file with it, and the archive must
    never remember what Redis does not."""
    pressed_at: float = 0.4
    """Of the budget. The rest is room for what comes while files are written, or while nobody holds the archive's lease."""
    pressed_every_s: float = 5.0
    """`every_s` while memory presses."""
    pressed_entries: int = 20_000
    """`file_entries` while memory presses."""

    def for_entries_of(self, size: int) -> "Limits":
        """Return the limits where an entry takes *size* bytes: fewer of long ones make a file."""
        return replace(self, file_entries=max(1, min(self.file_entries, self.file_bytes // max(1, size))))

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """Return what the settings say."""
        return cls(
            lease_ms=5 * settings.lease_ms,
            every_s=settings.archive_every_s,
            keep_ms=round(settings.archive_keep_s * 1000),
            budget_bytes=round(settings.archive_budget_mb * 1e6),
        )
