"""Where the programs of a desk on one machine are measured: a port each, and the list of them that Prometheus reads.

In containers every service has the same port on an address of its own, and Prometheus asks the network's names for them.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Final

from sauda.errors import ConfigError
from sauda.runtime.compose import Service
from sauda.runtime.place import Place, write_private
from sauda.runtime.ports import LOOPBACK

ROOM: Final = 10
"""Ports kept for the replicas of one service; those beyond are not measured."""
_HIGHEST: Final = 65_535


def first_ports(services: Iterable[Service], variables: Mapping[str, str]) -> dict[str, int]:
    """Return the port of each service's first replica, in the order of *services*; empty where nothing is measured.

    Raises:
        ConfigError: there are not so many ports behind the one that was asked for.
    """
    base = int(variables.get("SAUDA_METRICS_PORT") or 0)
    measured = [one.name for one in services if one.package is not None]
    if not base:
        return {}
    if base + ROOM * len(measured) - 1 > _HIGHEST:
        raise ConfigError(
            f"SAUDA_METRICS_PORT={base}: {len(measured)} services take {ROOM * len(measured)} ports from there on,"
            f" and the last one is {_HIGHEST}"
        )
    return {name: base + ROOM * at for at, name in enumerate(measured)}


def told(name: str, first: int | None, variables: Mapping[str, str]) -> dict[str, str]:
    """Return what the replica *name* (`pnl-2`) is told, if its service's first one is measured at *first*."""
    number = int(name.rpartition("-")[2])
    if first is None or number > ROOM:
        return {}
    return {
        "SAUDA_METRICS_PORT": str(first + number - 1),
        "SAUDA_METRICS_HOST": variables.get("SAUDA_METRICS_HOST") or LOOPBACK,
    }


def write_targets(place: Place, addresses: Mapping[str, str]) -> None:
    """Write what Prometheus reads with `file_sd_configs`: replica -> `127.0.0.1:9410`."""
    targets = [
        {"targets": [address], "labels": {"service": name.rpartition("-")[0], "replica": name}}
        for name, address in addresses.items()
    ]
    write_private(place.run / "metrics.json", json.dumps(targets, indent=1) + "\n")
