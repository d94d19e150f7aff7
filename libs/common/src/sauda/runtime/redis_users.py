"""The users of the desk's own Redis: passwords made once, kept in `.env`, and the file that the server reads at its start.

Both runtimes use it. A Redis that is not the desk's own has the users that its owner gave it.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from dotenv import dotenv_values

from sauda.access.declared import PEOPLE, declared
from sauda.access.users import acl_file, names
from sauda.runtime.place import Place, write_private


def variable_of(user: str) -> str:
    """Return what the password of *user* is called in `.env` and in the compose file."""
    return f"DESK_REDIS_{user.upper()}_PASSWORD"


def variables() -> list[str]:
    """Return what the passwords of all users are called."""
    return [variable_of(user) for user in names(declared())]


def file_of(place: Place) -> Path:
    """Return where the server's users are written."""
    return place.secrets / "redis.acl"


def write_users(place: Place, desk: str) -> None:
    """Write the file for *desk*; the passwords are in `.env` (`ensure_passwords`).

    Raises:
        ConfigError: no service is installed here.
    """
    known, services = _passwords(place), declared()
    place.secrets.mkdir(parents=True, exist_ok=True)
    place.secrets.chmod(0o700)
    passwords = {user: known[variable_of(user)] for user in names(services)}
    write_private(file_of(place), acl_file(services, desk, passwords))


def digest(place: Place) -> str:
    """Return what changes with the users, so that a server which knows others is started anew; empty: it has none."""
    path = file_of(place)
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() else ""


def login(place: Place, user: str = PEOPLE.user) -> str:
    """Return `user:password@`, as it stands in an address; empty for who has none, or where nobody has."""
    password = _passwords(place).get(variable_of(user)) if file_of(place).is_file() else None
    return f"{user}:{quote(password, safe='')}@" if password else ""


def _passwords(place: Place) -> Mapping[str, str]:
    written = dotenv_values(place.dotenv, interpolate=False) if place.dotenv.is_file() else {}
    return {name: value for name, value in written.items() if value}
