"""Tokens of the desk's own InfluxDB that can do one thing: write its bucket (the pnl service), or read it (Grafana).

The database makes its tokens itself, so they are asked for once it answers, with the token of its administrator, which nobody else
gets. The API is that of InfluxDB 2: /api/v2/buckets, /api/v2/authorizations (docs.influxdata.com/influxdb/v2/api).
"""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sauda.clock import monotonic_s
from sauda.errors import SaudaError

WRITES: Final = "SAUDA_INFLUX_TOKEN"
READS: Final = "DESK_INFLUX_READ_TOKEN"
ADMIN: Final = "DESK_INFLUX_ADMIN_TOKEN"

_ANSWERS_WITHIN_S: Final = 5.0
_LOOK_S: Final = 0.5
_SHOWN: Final = 200
"""Bytes of what a server says of its refusal: a proxy's whole page tells nobody more."""


class NoTokensError(SaudaError):
    """The database does not answer, or makes no tokens; says why."""


@dataclass(frozen=True, slots=True)
class Database:
    """Where tokens are asked for."""

    url: str
    admin_token: str
    org: str
    bucket: str


def missing(known: Mapping[str, str]) -> list[str]:
    """Return which of the narrow tokens are still to be made: those that are not there, or are the administrator's."""
    return [name for name in (WRITES, READS) if not known.get(name) or known[name] == known.get(ADMIN)]


def make(database: Database, names: list[str], patience_s: float = 30.0) -> dict[str, str]:
    """Return a new token for each of *names*.

    Raises:
        NoTokensError: it did not answer within *patience_s*, or refused.
    """
    bucket = _bucket(database, patience_s)
    return {name: _made(database, bucket, name) for name in names}


def _bucket(database: Database, patience_s: float) -> dict[str, Any]:
    """Return the bucket as the database knows it; it may be just starting."""
    deadline_s = monotonic_s() + patience_s
    query = urllib.parse.urlencode({"name": database.bucket, "org": database.org})
    while True:
        try:
            found = _asked(database, f"/api/v2/buckets?{query}", None)
        except urllib.error.HTTPError as error:
            said = error.read(_SHOWN).decode(errors="replace").partition("\n")[0].strip()
            raise NoTokensError(
                f"{database.url} answers {error.code} when asked for the bucket{f': {said}' if said else ''}"
            ) from error
        except ValueError as error:
            raise NoTokensError(f"{database.url} does not answer as InfluxDB does: {error}") from error
        except OSError as error:
            if monotonic_s() > deadline_s:
                raise NoTokensError(f"{database.url} does not answer: {error}") from error
            time.sleep(_LOOK_S)
            continue
        buckets = found.get("buckets") or ()
        if not buckets:
            raise NoTokensError(f"{database.url} has no bucket {database.bucket!r}")
        return dict(buckets[0])


def _made(database: Database, bucket: Mapping[str, Any], name: str) -> str:
    action = "write" if name == WRITES else "read"
    resource = {"type": "buckets", "id": bucket["id"], "orgID": bucket["orgID"]}
    wish = {
        "orgID": bucket["orgID"],
        "description": f"sauda: may {action} the bucket {database.bucket}",
        "permissions": [{"action": action, "resource": resource}],
    }
    try:
        token = _asked(database, "/api/v2/authorizations", wish).get("token")
    except (OSError, ValueError) as error:
        raise NoTokensError(f"{database.url} made no token: {error}") from error
    if not token:
        raise NoTokensError(f"{database.url} made no token and said nothing of it")
    return str(token)


def _asked(database: Database, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310  (an address of our own making, http on this machine)
        database.url + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Token {database.admin_token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=_ANSWERS_WITHIN_S) as answer:  # noqa: S310
        found = json.load(answer)
    if not isinstance(found, dict):
        raise NoTokensError(f"{database.url} does not answer as InfluxDB does")
    return found


def is_own(variables: Mapping[str, str]) -> bool:
    """Return whether the pnl service writes to the database of the compose file, as far as the settings say."""
    return urllib.parse.urlsplit(variables.get("SAUDA_INFLUX_URL", "")).hostname in (None, "influxdb")
