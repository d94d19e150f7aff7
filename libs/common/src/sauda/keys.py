"""Every Redis key in one file.

All keys of a desk start with `{<desk>}:`; the braces are a Redis Cluster hash tag, so a desk lives in one
slot and its scripts stay legal on a cluster.
"""

import re

from sauda.errors import ConfigError

_DESK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}(@[0-9]{1,6})?")


class Keys:
    """The key names of one desk. `live@1` is the book of `live` that was set aside first."""

    def __init__(self, desk: str) -> None:
        """Refuse a name that would break the keys' shape.

        Raises:
            ConfigError: the desk's name has a character that a key or a shell would trip over.
        """
        if not _DESK.fullmatch(desk):
            raise ConfigError(f"desk name {desk!r} is not usable: take letters, digits, '.', '_' and '-'")
        self.desk = desk
        name, _, aside = desk.partition("@")
        self.prefix = f"{{{name}}}@{aside}:" if aside else f"{{{name}}}:"
        """What every key of the desk starts with."""

    def stream(self, name: str) -> str:
        """Stream: the messages, fields `d` (JSON) and `c` (cause)."""
        return f"{self.prefix}{name}"

    def unit(self, unit: str) -> str:
        """Hash: a unit's committed positions (`@stream`), counts (`#stream`) and state (`table/key`)."""
        return f"{self.prefix}unit:{unit}"

    def lease(self, unit: str) -> str:
        """String with a time to live: the epoch of the unit's present holder."""
        return f"{self.prefix}lease:{unit}"

    def epoch(self, unit: str) -> str:
        """Counter: the last fencing token given out for the unit; never goes back."""
        return f"{self.prefix}epoch:{unit}"

    def holder(self, unit: str) -> str:
        """String: who holds the unit, for people; `lease` decides."""
        return f"{self.prefix}holder:{unit}"

    @property
    def aside(self) -> str:
        """Counter: how many books of the desk were put aside."""
        return f"{self.prefix}aside"

    @property
    def book(self) -> str:
        """String: names the book in the archive, the server's milliseconds when it was first seen there; goes where the book goes."""
        return f"{self.prefix}book"
