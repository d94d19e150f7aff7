"""Makes the users of a Redis that `sauda up` does not start (Kubernetes, a server of yours): the file that the server reads, and each one's address.

    python -m sauda.access FOLDER [--desk live] [--server redis:6379]

writes FOLDER/redis.acl (for `--aclfile`) and FOLDER/redis-users.env (lines `service=redis://service:password@server/0`
and `service.password=password`). Who has a password keeps it.
"""

import argparse
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

from sauda.access.declared import declared
from sauda.access.users import acl_file, names
from sauda.errors import ConfigError
from sauda.runtime.place import write_private


def main(arguments: Sequence[str] | None = None) -> int:
    """Write both files; return 2 for what cannot be."""
    parser = argparse.ArgumentParser(
        prog="python -m sauda.access", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--desk", default="live")
    parser.add_argument("--server", default="redis:6379", help="host:port, as the services reach it")
    asked = parser.parse_args(arguments)
    try:
        make(asked.folder, asked.desk, asked.server)
    except (ConfigError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def make(folder: Path, desk: str, server: str) -> None:
    """Write the files into *folder*.

    Raises:
        ConfigError: no service is installed here, or *desk* is no name of one.
        OSError: *folder* cannot be written to.
    """
    services, addresses = declared(), folder / "redis-users.env"
    before = dotenv_values(addresses, interpolate=False) if addresses.is_file() else {}
    passwords = {
        user: urlsplit(before.get(user) or "").password or secrets.token_urlsafe(32)
        for user in names(services)
    }
    users = acl_file(services, desk, passwords)
    folder.mkdir(parents=True, exist_ok=True)
    # The addresses first: a file of users whose passwords nobody knows is of no use.
    lines = [
        line
        for user, password in passwords.items()
        for line in (f"{user}=redis://{user}:{password}@{server}/0", f"{user}.password={password}")
    ]
    write_private(addresses, "\n".join([*lines, ""]))
    write_private(folder / "redis.acl", users)


if __name__ == "__main__":
    sys.exit(main())
