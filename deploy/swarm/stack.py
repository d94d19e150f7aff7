"""Writes the stack for Docker Swarm from the compose file: the same services, settings and limits, in the words that Swarm knows.

    docker compose config --format json | python3 deploy/swarm/stack.py >stack.json
    docker stack deploy --compose-file stack.json sauda

Swarm builds nothing, waits for no other service, and would publish a port on every interface of every node: so images
are named, start order is left to the services, which wait for Redis by themselves, and nothing is published.
What a compose file says that a stack cannot is an error, not left out in silence. Needs only Python.
"""

import json
import sys
from typing import Any

REPLICAS = {"feed": 2, "bars": 2, "strategy": 2, "execution": 2, "pnl": 2, "archive": 2, "alerts": 2}
"""Of a unit one replica works and the other stands by; the writers beside the valuation share their work."""
PINNED = "node.labels.sauda.data == true"
"""Where volumes and folders are: a volume of Docker's is on one node, and a service that moves away from it is without."""
SAME = {
    "command", "entrypoint", "environment", "healthcheck", "image", "logging", "read_only", "stop_grace_period",
    "user", "volumes", "cap_add", "cap_drop", "networks",
}  # fmt: skip
"""What a stack says as the compose file does."""
LEFT = {
    "build",
    "depends_on",
    "ports",
    "tmpfs",
    "restart",
    "profiles",
    "security_opt",
    "mem_limit",
    "cpus",
    "pids_limit",
}
"""What a stack says otherwise, or cannot say (docs/swarm.md)."""


HEALTH = {
    "test": ["CMD", "python", "-m", "sauda.health", "--alive"],
    "interval": "10s",
    "timeout": "10s",
    "start_period": "2m",
    "retries": 5,
}
"""Swarm kills what is not well; a service that waits for Redis is well enough."""


def stack_of(compose: dict[str, Any], registry: str = "") -> dict[str, Any]:
    """Return the stack that *compose*, as `docker compose config --format json` prints it, is on a swarm.

    Raises:
        ValueError: the compose file says something that this program does not know.
    """
    services = {name: _service(name, entry, registry) for name, entry in compose["services"].items()}
    volumes: dict[str, Any] = {name: {} for name in compose.get("volumes") or {}}
    return {"version": "3.8", "services": services, "volumes": volumes, "networks": {"default": {}}}


def _service(name: str, entry: dict[str, Any], registry: str) -> dict[str, Any]:
    if unknown := set(entry) - SAME - LEFT:
        raise ValueError(
            f"{name}: {', '.join(sorted(unknown))}: say in deploy/swarm/stack.py what a swarm makes of it"
        )
    kept = {key: value for key, value in entry.items() if key in SAME and value is not None}
    if "build" in entry:
        kept["image"] = f"{registry}sauda-{name}"
        kept["healthcheck"] = HEALTH
    if "environment" in kept:
        kept["environment"] = {key: value for key, value in kept["environment"].items() if value is not None}
    # A dollar that `docker compose config` has doubled is doubled still: a stack reads it the same way.
    in_memory = [_in_memory(one) for one in entry.get("tmpfs") or ()]
    kept["volumes"] = [*map(_volume, kept.get("volumes", ())), *in_memory]
    kept["deploy"] = _deploy(name, entry)
    return kept


def _volume(volume: dict[str, Any]) -> dict[str, Any]:
    return {key: volume[key] for key in ("type", "source", "target", "read_only") if key in volume}


def _in_memory(tmpfs: str) -> dict[str, Any]:
    """Return `/tmp:size=64m,mode=1777` as a mount; a stack would take all of it for a path."""
    target, _, options = tmpfs.partition(":")
    size = dict(one.split("=") for one in options.split(",") if one).get("size", "64m")
    return {"type": "tmpfs", "target": target, "tmpfs": {"size": int(size.removesuffix("m")) * 2**20}}


def _deploy(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    limits = {"memory": str(entry["mem_limit"]), "cpus": str(entry["cpus"])}
    return {
        "replicas": REPLICAS.get(name, 1),
        # A name is the address of the replica itself: where one holds the data there is nothing to balance.
        "endpoint_mode": "dnsrr",
        "resources": {"limits": limits},
        "restart_policy": {"condition": "any", "delay": "2s"},
        # One at a time, the old one first: two would be two owners of one volume.
        "update_config": {"parallelism": 1, "order": "stop-first"},
        "placement": {"constraints": [PINNED] if entry.get("volumes") else []},
    }


def main(arguments: list[str]) -> int:
    """Read the compose file from standard input, write the stack; an argument is the registry, `registry.example/`."""
    json.dump(stack_of(json.load(sys.stdin), *arguments[:1]), sys.stdout, indent=2)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
