"""The stack for a swarm says what the compose file says, or says that it cannot."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())
ENTRIES = {name: one for name, one in COMPOSE["services"].items() if not one.get("profiles")}


@pytest.fixture(scope="module")
def program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("stack", REPOSITORY / "deploy/swarm/stack.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def configured() -> dict[str, Any]:
    """Return the compose file as `docker compose config` gives it, as far as the stack reads it."""
    services = {}
    for name, entry in ENTRIES.items():
        volumes = [volume.removesuffix(":ro").rpartition(":") for volume in entry.get("volumes", ())]
        bound = [{"type": "volume", "source": source, "target": target} for source, _, target in volumes]
        services[name] = {**entry, "volumes": bound, "networks": {"default": None}}
    return {"name": "sauda", "services": services, "volumes": COMPOSE["volumes"]}


def test_every_service_is_there_with_its_environment_and_limits(program: ModuleType) -> None:
    stack = program.stack_of(configured(), "registry.example/")

    assert set(stack["services"]) == set(ENTRIES)
    for name, entry in ENTRIES.items():
        made = stack["services"][name]
        told = {key: value for key, value in entry.get("environment", {}).items() if value is not None}
        assert made.get("environment", {}) == told, name
        limits = made["deploy"]["resources"]["limits"]
        assert limits == {"memory": entry["mem_limit"], "cpus": str(entry["cpus"])}, name
        assert made["image"] == (f"registry.example/sauda-{name}" if "build" in entry else entry["image"])
        assert (made["cap_drop"], made.get("read_only")) == (["ALL"], entry.get("read_only"))
        assert {one["target"] for one in made["volumes"]} >= {
            volume.removesuffix(":ro").rpartition(":")[2] for volume in entry.get("volumes", ())
        }


def test_a_folder_in_memory_is_a_mount_of_its_size(program: ModuleType) -> None:
    mounts = program.stack_of(configured())["services"]["pnl"]["volumes"]

    assert {"type": "tmpfs", "target": "/tmp", "tmpfs": {"size": 64 * 2**20}} in mounts


def test_nothing_is_published_and_nothing_is_killed_for_waiting(program: ModuleType) -> None:
    stack = program.stack_of(configured())

    assert "ports" not in json.dumps(stack)
    for name, entry in ENTRIES.items():
        if "build" in entry:
            assert stack["services"][name]["healthcheck"]["test"][-1] == "--alive", name


def test_what_a_stack_cannot_say_is_refused_by_name(program: ModuleType) -> None:
    compose = configured()
    compose["services"]["feed"]["gpus"] = "all"

    with pytest.raises(ValueError, match="feed: gpus"):
        program.stack_of(compose)
