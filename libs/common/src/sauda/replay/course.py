"""What a replay plays: streams, from where to where. Fixed when it begins, so that it can be resumed to the byte."""

import msgspec

from sauda.log import EntryId


class Part(msgspec.Struct, frozen=True):
    """The part of one stream; it has at least one entry."""

    first: EntryId
    last: EntryId
    from_ns: int | None = None
    """Entries between the two that carry an older time are left out."""
    to_ns: int | None = None


class Course(msgspec.Struct, frozen=True):
    """The whole of it."""

    source: str
    """The desk that is read."""
    parts: dict[str, Part]
    """stream -> part, in the order that breaks ties between entries with equal ids."""
    where: tuple[str, ...] = ()
    definitions_until: EntryId = b""
    """If set: before all else, the definitions of `instruments` that were valid before this entry."""
    day: str = ""
    """The market's date at the first entry, `YYYY-MM-DD`; what expired earlier is not defined again."""
    first_ns: int | None = None
    last_ns: int | None = None
    """Market times of the first and the last entry that have one."""
    asked: str = ""
    """How it was asked for, for people and to tell whether the same is asked for again."""

    @property
    def streams(self) -> list[str]:
        """Return the streams that are written to, definitions included."""
        extra = ["instruments"] if self.definitions_until and "instruments" not in self.parts else []
        return [*extra, *self.parts]
