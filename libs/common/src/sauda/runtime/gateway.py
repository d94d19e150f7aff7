"""The gateway of a desk: where it listens, and the token that its first visitor needs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sauda.clock import SystemClock
from sauda.contracts import Scope
from sauda.runtime.place import Place, Started, write_private
from sauda.runtime.ports import LOOPBACK
from sauda.tokens import TokenFile

SERVICE: Final = "gateway"
FIRST: Final = "make-up"
"""The name of the token that `up` makes."""


def tokens_of(place: Place) -> Path:
    """Return the file of the tokens' hashes, in a folder that the gateway's container sees alone."""
    return place.var / "secrets" / "gateway" / "tokens.json"


def first_token_of(place: Place) -> Path:
    """Return the file that holds the first token itself, for whoever runs the desk."""
    return place.var / "secrets" / "gateway_token"


def ensure_token(place: Place, variables: Mapping[str, str]) -> None:
    """Make an admin token where there is none at all; what is there stays, and a file of the user's own is his.

    Raises:
        ConfigError: the tokens cannot be read.
    """
    if variables.get("SAUDA_GATEWAY_TOKENS"):
        return
    tokens = TokenFile(tokens_of(place))
    tokens.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not tokens.tokens():
        secret = tokens.issue(FIRST, Scope.ADMIN, SystemClock().now_ns())
        write_private(first_token_of(place), f"{secret}\n")


def as_process(environment: Mapping[str, str], place: Place, started: Started) -> dict[str, str]:
    """Return what replaces a container's addresses and folders in *environment*; nothing for other services."""
    if "SAUDA_GATEWAY_PORT" not in environment:
        return {}
    return {
        "SAUDA_GATEWAY_HOST": started.variables.get("SAUDA_GATEWAY_HOST") or LOOPBACK,
        "SAUDA_GATEWAY_PORT": str(started.ports[SERVICE]),
        "SAUDA_GATEWAY_TOKENS": started.variables.get("SAUDA_GATEWAY_TOKENS") or str(tokens_of(place)),
    }


def where(place: Place, started: Started) -> list[str]:
    """Return what a newcomer types into a browser, and with which token: the path alone, never the token."""
    if SERVICE not in started.ports:
        return []
    found = [f"screen      http://{LOOPBACK}:{started.ports[SERVICE]}"]
    if first_token_of(place).is_file():
        found.append(f"            log in with the token in {first_token_of(place).relative_to(place.root)}")
    return found
