"""What a service needs of a desk's Redis, as the service itself declares it: the one description that users are made from.

A service names its `Access` in the entry point group `sauda.access` of its package, beside the units that it is about.
"""

from dataclasses import dataclass
from enum import Enum
from importlib.metadata import entry_points
from typing import Final

from sauda.errors import ConfigError

GROUP: Final = "sauda.access"


class Duty(Enum):
    """What only one service does, and what no list of streams could say."""

    CARRY = "carry"
    """Nothing else than to carry units and to write out what they made."""
    WATCH = "watch"
    """Also looks at every key of the desk, and at how the server is."""
    PUT_ASIDE = "put aside"
    """Also begins new books: renames every key of the desk."""
    ARCHIVE = "archive"
    """Also reads every stream of the desk, in books put aside too, and takes off what is archived."""
    SERVE = "serve"
    """Carries nothing; reads every desk for people, and writes what they ask for."""


@dataclass(frozen=True, slots=True)
class Access:
    """All that one service's user may do; the same for each of its replicas."""

    user: str
    """The service's name in the compose file, and that of its user on Redis."""
    units: tuple[str, ...] = ()
    """Units that it carries; `strategy.*` stands for any that begins so."""
    reads: tuple[str, ...] = ()
    """Streams that are inputs of its units."""
    writes: tuple[str, ...] = ()
    """Streams that it writes, beside those that everybody writes (`COMMON`)."""
    groups: tuple[str, ...] = ()
    """Streams that it reads as one of several competing consumers."""
    looks_at: tuple[str, ...] = ()
    """Keys of the desk that it reads besides: `alerts`, `unit:*`."""
    duty: Duty = Duty.CARRY


COMMON: Final = ("alerts", "dead_letters", "journal")
"""Streams that every service which carries or writes something may write: what it cries out, parks and records."""

PEOPLE: Final = Access("cli")
"""The `sauda` program's user: people, who may do with any desk what the program can do."""


def declared() -> dict[str, Access]:
    """Return what each installed service declares, by user.

    Raises:
        ConfigError: no service is installed here, or two declare the same user.
    """
    offers = sorted(entry_points(group=GROUP), key=lambda offer: offer.name)
    if not offers:
        raise ConfigError(
            "no service is installed here, so nobody knows what each may do on Redis: use the program in .venv/bin"
        )
    found: dict[str, Access] = {}
    for offer in offers:
        access: Access = offer.load()
        if access.user in (*found, PEOPLE.user):
            raise ConfigError(f"{offer.value}: a user {access.user!r} is declared already")
        found[access.user] = access
    return found
