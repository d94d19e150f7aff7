"""The desk in containers does what it does as processes, and each container holds no more than it must."""

import json
import os
import signal
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
import yaml

from tests.containers.conftest import REPOSITORY, Containers

pytestmark = [pytest.mark.containers, pytest.mark.slow, pytest.mark.timeout(1200)]
T = TypeVar("T")
COMPOSED: dict[str, dict[str, Any]] = {
    name: entry
    for name, entry in yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())["services"].items()
    if not entry.get("profiles")
}
OURS = [name for name, entry in COMPOSED.items() if "build" in entry]
EVERY = {f"{name}-1" for name in COMPOSED}


def eventually(ask: Callable[[], T], within_s: float = 90) -> T:
    """Return the first answer of *ask* that is true, as long as it comes in time."""
    deadline = time.monotonic() + within_s
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"not within {within_s} s"
        time.sleep(0.5)
    return answer


def healthy(desk: Containers) -> set[str]:
    return {name for name, one in desk.replicas().items() if one["healthy"]}


def points(desk: Containers, measurement: str) -> list[dict[str, Any]]:
    """Return the database's series whose names begin with *measurement*."""
    query = urllib.parse.urlencode({"match[]": f'{{__name__=~"{measurement}_.*"}}'})
    url = f"{desk.run_env()['SAUDA_INFLUX_URL']}/api/v1/export?{query}"
    with urllib.request.urlopen(url, timeout=10) as answer:
        return [json.loads(line) for line in answer.read().splitlines()]


def asked_of_the_gateway(
    desk: Containers, token: str, path: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return what the gateway answers over the port that it publishes on this machine; with *body* it is posted."""
    port = desk.inspected("gateway-1")["HostConfig"]["PortBindings"]["8000/tcp"][0]["HostPort"]
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def test_up_ends_with_every_service_healthy(desk: Containers) -> None:
    assert healthy(desk) == EVERY


def test_the_straddle_is_sold_within_two_minutes(desk: Containers) -> None:
    def sells() -> bool:
        return len([one for one in desk.asked("fills") or [] if one["side"] == "SELL"]) >= 2

    assert eventually(sells, within_s=120)


@pytest.mark.parametrize("measurement", ["pnl", "positions", "fills"])
def test_the_numbers_are_in_the_time_series_database(desk: Containers, measurement: str) -> None:
    series = eventually(lambda: points(desk, measurement))

    assert all(one["metric"]["desk"] == "live" for one in series)


def test_up_again_restarts_nothing(desk: Containers) -> None:
    before = {name: one["where"] for name, one in desk.replicas().items()}

    done = desk.make("up")

    assert done.returncode == 0, done.stdout + done.stderr
    assert {name: one["where"] for name, one in desk.replicas().items()} == before


def test_an_image_holds_its_own_service_and_no_other_but_the_gateways_the_exchange(desk: Containers) -> None:
    code = "import pkgutil; print(*sorted(one.name for one in pkgutil.iter_modules() if one.name.startswith('sauda_')))"
    held = {name: desk.inside(f"{name}-1", "python", "-c", code).stdout.split() for name in OURS}

    # The gateway asks a copy of the exchange what an order would need.
    assert held == {name: [f"sauda_{name}"] for name in OURS} | {
        "gateway": ["sauda_execution", "sauda_gateway"]
    }


def test_the_gateway_in_its_container_is_reached_with_its_token_and_asks_its_copy_of_the_exchange(
    desk: Containers,
) -> None:
    token = (desk.root / "var/secrets/gateway_token").read_text().strip()
    chain = asked_of_the_gateway(desk, token, "chain?underlying=NIFTY&around=1")
    option = chain["rows"][0]["CE"]["instrument"]
    wish = {"instrument": option, "side": "SELL", "qty": 65, "kind": "LIMIT", "limit_price": 10_000}

    preview = asked_of_the_gateway(desk, token, "orders/preview", wish)

    assert preview["margin"] > 0
    with pytest.raises(urllib.error.HTTPError, match="401"):
        asked_of_the_gateway(desk, "sauda_wrong", "orders/preview", wish)


def test_an_image_holds_nothing_that_only_others_need(desk: Containers) -> None:
    code = "import importlib.util as u; print([n for n in ('pandas','aiohttp','supervisor','pytest','pip') if u.find_spec(n)])"

    assert desk.inside("execution-1", "python", "-c", code).stdout.strip() == "[]"
    assert desk.inside("feed-1", "python", "-c", code).stdout.strip() == "['pandas']"


def test_the_sauda_program_in_a_container_sees_what_its_service_may_and_says_so_otherwise(
    desk: Containers,
) -> None:
    said = {name: desk.inside(f"{name}-1", "sauda", "pnl", "--json") for name in OURS}

    # Those that look at the whole desk; a strategy may not even read what it has earned.
    assert {name for name, done in said.items() if done.returncode == 0} == {
        "gateway",
        "alerts",
        "archive",
        "feed",
    }
    assert {done.returncode for done in said.values()} == {0, 2}
    assert "does not let this user do that" in said["strategy"].stderr
    assert "wants a login" in said["simulator"].stderr
    assert all("ask in the gateway's" in done.stderr for done in said.values() if done.returncode)


def test_a_service_can_change_nothing_but_its_own_data(desk: Containers) -> None:
    for service in OURS:
        facts = desk.inspected(f"{service}-1")
        # The archive's and the history's files belong to whoever typed `make up`, who is to read and delete them.
        owner = f"{os.getuid()}:{os.getgid()}" if "user" in COMPOSED[service] else "sauda"
        assert facts["Config"]["User"] == owner
        assert facts["HostConfig"]["ReadonlyRootfs"]
        assert facts["HostConfig"]["CapDrop"] == ["ALL"]
        assert facts["HostConfig"]["Memory"] > 0
        assert facts["HostConfig"]["PidsLimit"] > 0


def test_nothing_listens_beyond_this_machine(desk: Containers) -> None:
    for name in EVERY:
        ports = desk.inspected(name)["HostConfig"]["PortBindings"] or {}
        assert {one["HostIp"] for bindings in ports.values() for one in bindings} <= {"127.0.0.1"}


def test_passwords_are_made_once_and_are_for_the_owner_alone(desk: Containers) -> None:
    file = desk.root / ".env"
    before = file.read_text()

    desk.make("up")

    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text() == before


def test_a_stopped_service_ends_by_itself_within_its_grace(desk: Containers) -> None:
    container = desk.container("strategy-1")

    desk.docker("stop", container)

    # 137 would be the answer of one that had to be killed.
    assert desk.inspected("strategy-1")["State"]["ExitCode"] == 0
    desk.docker("start", container)


def test_a_restart_is_of_the_same_container_and_ends_when_it_is_well(desk: Containers) -> None:
    before = desk.inspected("strategy-1")

    done = desk.make("restart", "s=strategy")

    assert done.returncode == 0, done.stdout + done.stderr
    after = desk.inspected("strategy-1")
    assert after["Id"] == before["Id"]
    assert after["State"]["StartedAt"] > before["State"]["StartedAt"]
    assert after["State"]["Health"]["Status"] == "healthy"


def test_what_does_not_run_is_not_restarted(desk: Containers) -> None:
    done = desk.make("restart", "s=prometheus")

    assert done.returncode == 2
    assert "prometheus does not run here" in done.stderr


@pytest.mark.parametrize("name", ["execution-1", "redis-1"])
def test_what_is_killed_comes_back_and_nothing_is_lost(desk: Containers, name: str) -> None:
    fills = desk.asked("fills")
    pid = desk.inspected(name)["State"]["Pid"]

    os.kill(pid, signal.SIGKILL)

    eventually(lambda: desk.inspected(name)["State"]["Pid"] not in (0, pid))
    eventually(lambda: healthy(desk) == EVERY)
    assert (desk.asked("fills") or [])[: len(fills)] == fills


def test_half_a_transaction_at_the_end_of_the_file_is_taken_off(desk: Containers) -> None:
    fills = desk.asked("fills")
    half = r"*1\r\n\$5\r\nMULTI\r\n*3\r\n\$3\r\nSET\r\n\$4\r\nlos"
    write = f'printf "{half}" >> "$(ls appendonlydir/*.incr.aof | tail -n 1)"'
    check = ("redis-check-aof", "appendonlydir/appendonly.aof.manifest")

    # Frozen, then killed: nothing is written behind the half transaction, as on a host that dies.
    redis = desk.replicas()["redis-1"]["where"]
    desk.docker("kill", "-s", "STOP", redis)
    assert desk.inside("redis-1", "sh", "-c", write).returncode == 0
    assert "is not valid" in desk.inside("redis-1", *check).stdout
    desk.docker("kill", redis)
    desk.docker("start", redis)

    eventually(lambda: healthy(desk) == EVERY)
    assert "Successfully truncated" in desk.docker("logs", "--tail", "300", redis).stdout
    assert (desk.asked("fills") or [])[: len(fills)] == fills


def test_every_unit_says_the_same_again_on_the_host(desk: Containers) -> None:
    found = desk.asked("diff")

    assert found is not None


def test_scaling_disturbs_no_replica_that_runs(desk: Containers) -> None:
    before = {name: one["where"] for name, one in desk.replicas().items()}

    done = desk.make("scale", "s=pnl", "n=3")
    more = desk.replicas()
    desk.make("scale", "s=pnl", "n=1")

    assert done.returncode == 0, done.stdout + done.stderr
    assert set(more) == EVERY | {"pnl-2", "pnl-3"}
    assert {name: more[name]["where"] for name in EVERY} == before


def test_logs_name_the_service_on_every_line(desk: Containers) -> None:
    # `make logs` follows, so its options are tried without that here.
    lines = desk.asked_lines("logs", "strategy", "--no-follow", "--lines", "3")

    assert lines
    assert all(line.startswith("strategy-1") for line in lines)


def test_down_keeps_the_data(desk: Containers) -> None:
    fills = eventually(lambda: desk.asked("fills"))

    assert desk.make("down").returncode == 0
    gone = desk.replicas()
    done = desk.make("up")

    assert gone == {}
    assert done.returncode == 0, done.stdout + done.stderr
    assert desk.asked("fills")[: len(fills)] == fills
