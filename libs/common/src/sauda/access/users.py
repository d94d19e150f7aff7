"""All users of one desk as the lines of an ACL file, which Redis reads when it starts (`--aclfile`). Pure.

The file holds digests; a password of 256 random bits cannot be found from one.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

from sauda.access.declared import PEOPLE, Access
from sauda.access.grants import rule_of

HEALTH: Final = "health"
"""May say PING, with any password: whoever starts the server asks so whether it answers."""

_HEADER: Final = (
    # Nobody can log in as `default`. But the server reads its own append-only file as this user: without all rights, every
    # transaction and script in the file would be refused at a restart, and be gone.
    "user default off resetpass ~* &* +@all",
    f"user {HEALTH} on nopass resetkeys resetchannels -@all +ping",
)


def names(declared: Mapping[str, Access]) -> list[str]:
    """Return all users that have a password."""
    return [*sorted(declared), PEOPLE.user]


def acl_file(declared: Mapping[str, Access], desk: str, passwords: Mapping[str, str]) -> str:
    """Return the ACL file for *desk*.

    Args:
        declared: What each service declares.
        desk: The desk that the services work on.
        passwords: One for each of `names`.
    """
    everyone = {**declared, PEOPLE.user: PEOPLE}
    lines = [
        f"user {name} on resetpass #{hashlib.sha256(passwords[name].encode()).hexdigest()} {rule_of(everyone[name], desk)}"
        for name in names(declared)
    ]
    return "\n".join([*_HEADER, *lines, ""])
