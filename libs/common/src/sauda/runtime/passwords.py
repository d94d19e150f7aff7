"""Passwords nobody could guess, made once, for what the containers listen with; the project's own name, and whose its files are."""

import hashlib
import os
import secrets
from collections.abc import Mapping

from dotenv import dotenv_values

from sauda.runtime import influx_tokens, redis_users
from sauda.runtime.place import Place, write_private

_PROJECT = "COMPOSE_PROJECT_NAME"
_HEADER = "# Made by `sauda up`. Passwords: keep this file to yourself. Settings of your own may be added.\n"


def project_name(place: Place) -> str:
    """Return the name that Docker knows this desk by; two clones of the project have two."""
    written = dotenv_values(place.dotenv, interpolate=False) if place.dotenv.is_file() else {}
    return os.environ.get(_PROJECT) or written.get(_PROJECT) or _derived_name(place)


def ensure_passwords(place: Place) -> None:
    """Write into `.env` what is missing there; what stands there stays."""
    owner = place.archive.stat() if place.archive.is_dir() else place.root.stat()
    wanted = {
        # For `docker compose up` by hand: the archive writes its files as the owner of their folder.
        "DESK_UID": str(owner.st_uid),
        "DESK_GID": str(owner.st_gid),
        _PROJECT: _derived_name(place),
        # Of a database that was set up before its tokens were told apart, the one there was is its administrator's.
        influx_tokens.ADMIN: known(place).get(influx_tokens.WRITES) or secrets.token_urlsafe(32),
        "DESK_INFLUX_PASSWORD": secrets.token_urlsafe(18),
        "DESK_GRAFANA_PASSWORD": secrets.token_urlsafe(18),
        **_redis(),
    }
    _write_missing(place, wanted)


def ensure_redis_passwords(place: Place) -> None:
    """Write into `.env` the passwords of Redis' users that are missing there: of the rest, processes need none."""
    _write_missing(place, _redis())


def _redis() -> dict[str, str]:
    # All 256 bits: the server's file holds plain digests of them.
    return {name: secrets.token_urlsafe(32) for name in redis_users.variables()}


def known(place: Place) -> dict[str, str]:
    """Return what stands in `.env`."""
    written = dotenv_values(place.dotenv, interpolate=False) if place.dotenv.is_file() else {}
    return {name: value for name, value in written.items() if value}


def remember(place: Place, values: Mapping[str, str]) -> None:
    """Write *values* into `.env`, each in the place of what stands there under its name; all else stays as it is."""
    text = place.dotenv.read_text() if place.dotenv.is_file() else _HEADER
    kept = [line for line in text.splitlines() if line.partition("=")[0].strip() not in values]
    write_private(
        place.dotenv, "\n".join([*kept, *(f"{name}={value}" for name, value in values.items()), ""])
    )


def _write_missing(place: Place, wanted: Mapping[str, str]) -> None:
    there = known(place)
    if missing := {name: value for name, value in wanted.items() if name not in there}:
        remember(place, missing)


def _derived_name(place: Place) -> str:
    digest = hashlib.sha256(str(place.root).encode()).hexdigest()[:8]
    return f"sauda-{digest}"
