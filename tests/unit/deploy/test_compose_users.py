"""In the compose file each service is a user of its own on Redis, and each container has no right that it does not need."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from sauda.access.declared import declared
from sauda.runtime import redis_users
from sauda.runtime.compose import read_services

COMPOSE = (Path(__file__).parents[3] / "docker-compose.yml").read_text()
ENTRIES: dict[str, Any] = yaml.safe_load(COMPOSE)["services"]
PASSWORDS = {name: f"the-{name}" for name in redis_users.variables()} | {
    "DESK_INFLUX_PASSWORD": "-",
    "DESK_INFLUX_ADMIN_TOKEN": "of the administrator",
    "DESK_GRAFANA_PASSWORD": "-",
}
KEEPS_ITS_OWN_FILES = {"influxdb", "grafana"}
"""Images that are not ours and write beside their volumes."""


def test_each_service_logs_in_as_the_user_that_it_declares_and_no_other_has_one() -> None:
    told = {name: one.environment for name, one in read_services(COMPOSE, PASSWORDS).items()}

    users = {name: one["SAUDA_OWN_REDIS_URL"] for name, one in told.items() if "SAUDA_OWN_REDIS_URL" in one}

    assert users == {
        name: f"redis://{name}:the-{redis_users.variable_of(name)}@redis:6379/0"
        for name in declared()
        if name in told
    }
    assert users.keys() >= {"feed", "bars", "strategy", "execution", "pnl", "archive"}


def test_the_databases_administrator_is_nobody_elses() -> None:
    services = read_services(COMPOSE, PASSWORDS, ENTRIES)

    assert [name for name, one in services.items() if "of the administrator" in one.environment.values()] == [
        "influxdb"
    ]


@pytest.mark.parametrize("name", ENTRIES)
def test_a_container_has_no_right_that_it_does_not_need(name: str) -> None:
    entry = ENTRIES[name]

    assert entry["cap_drop"] == ["ALL"]
    assert entry["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "cpus", "pids_limit"} <= entry.keys()
    assert entry.get("read_only", False) or name in KEEPS_ITS_OWN_FILES
    assert all(
        str(port).startswith("127.0.0.1:") or str(port).startswith("${DESK_TLS_ADDRESS:-127.0.0.1}:")
        for port in entry.get("ports", ())
    )


def test_redis_does_not_start_where_everybody_could_do_all(tmp_path: Path) -> None:
    script = ENTRIES["redis"]["entrypoint"][2].replace("$$", "$")

    done = subprocess.run(
        ["sh", "-c", script, "redis-server"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert "run make up once" in done.stderr
