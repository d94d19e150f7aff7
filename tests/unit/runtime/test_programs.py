"""A service becomes a process that is told the same as its container, with this machine's addresses."""

import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.errors import ConfigError
from sauda.runtime import redis_users
from sauda.runtime.compose import Service
from sauda.runtime.metrics import first_ports
from sauda.runtime.passwords import ensure_redis_passwords
from sauda.runtime.place import Place, Started
from sauda.runtime.programs import Program, programs_of, redis_url
from sauda.runtime.supervisor import config_of, socket_of

STARTED = Started(ports={"redis": 41000, "simulator": 41001}, redis_server=["/usr/bin/redis-server"])


def a_service(name: str = "feed", **environment: str) -> Service:
    return Service(name, f"sauda_{name}", environment, (), (), (), (), 20)


def told(service: Service, started: Started = STARTED, root: Path = Path("/a desk")) -> dict[str, str]:
    """Return what the first replica's script exports."""
    script = programs_of(service, Place(root), started)[0].script
    exports = [shlex.split(line)[1] for line in script.splitlines() if line.startswith("export ")]
    return dict(one.split("=", 1) for one in exports)


@pytest.mark.parametrize(
    ("in_compose", "here"),
    [
        pytest.param("redis://redis:6379/0", "redis://127.0.0.1:41000/0", id="redis"),
        pytest.param("ws://simulator:9200/NorenWSTP/", "ws://127.0.0.1:41001/NorenWSTP/", id="the simulator"),
        pytest.param("https://api.example.com:443/x", "https://api.example.com:443/x", id="a host elsewhere"),
        pytest.param(
            "redis://:secret@cache:6379/1", "redis://:secret@cache:6379/1", id="one with a password"
        ),
        pytest.param("redis://10.0.0.7:6379/0", "redis://10.0.0.7:6379/0", id="an address"),
        pytest.param("paper-password", "paper-password", id="no URL"),
    ],
)
def test_addresses_of_containers_become_those_of_this_machine(in_compose: str, here: str) -> None:
    assert told(a_service(X=in_compose))["X"] == here


@pytest.mark.parametrize(
    ("given", "here"),
    [
        ("", "redis://127.0.0.1:41000/0"),
        ("redis://redis:6379/0", "redis://127.0.0.1:41000/0"),
        ("redis://cache:6379/0", "redis://cache:6379/0"),
        ("redis+cluster://a:1,b:2?replicas=1", "redis+cluster://a:1,b:2?replicas=1"),
        ("rediss+sentinel://u:p@redis:1/desks", "rediss+sentinel://u:p@redis:1/desks"),
    ],
)
def test_a_redis_that_somebody_named_is_taken_as_it_is(given: str, here: str) -> None:
    started = Started(ports=STARTED.ports, variables={"SAUDA_REDIS_URL": given})

    assert (
        told(a_service(SAUDA_REDIS_URL=given or "redis://redis:6379/0"), started)["SAUDA_REDIS_URL"] == here
    )
    assert redis_url(started) == here


def test_a_service_that_does_not_run_here_is_not_mentioned() -> None:
    assert "SAUDA_INFLUX_URL" not in told(a_service("pnl", SAUDA_INFLUX_URL="http://influxdb:8086"))


def test_sqlite_stands_in_for_the_database_unless_one_is_named() -> None:
    assert told(a_service("pnl", SAUDA_INFLUX_ORG="o"))["SAUDA_SQL_URL"] == "sqlite:////a desk/var/sauda.db"
    named = a_service("pnl", SAUDA_INFLUX_ORG="o", SAUDA_SQL_URL="postgresql://x/y")
    assert told(named)["SAUDA_SQL_URL"] == "postgresql://x/y"


def test_the_simulator_listens_on_this_machine_alone() -> None:
    environment = told(a_service("simulator", SAUDA_SIM_HOST="0.0.0.0", SAUDA_SIM_PORT="9200"))

    assert environment["SAUDA_SIM_HOST"] == "127.0.0.1"
    assert environment["SAUDA_SIM_PORT"] == "41001"


def test_replicas_have_names_and_health_files_of_their_own() -> None:
    started = Started(ports=STARTED.ports, replicas={"pnl": 3})

    programs = programs_of(a_service("pnl"), Place(Path("/d")), started)

    assert [one.name for one in programs] == ["pnl-1", "pnl-2", "pnl-3"]
    assert [f"/d/var/health/{one.name}.json" in one.script for one in programs] == [True] * 3


def test_another_replica_changes_no_script() -> None:
    one = programs_of(a_service("pnl"), Place(Path("/d")), STARTED)
    three = programs_of(
        a_service("pnl"), Place(Path("/d")), Started(ports=STARTED.ports, replicas={"pnl": 3})
    )

    assert three[:1] == one


def test_redis_runs_with_the_options_of_its_container_on_this_machine_alone() -> None:
    command = ("redis-server", "--appendonly", "yes", "--save", "")
    redis = Service("redis", None, {}, command, (), (), (), 30)

    last = programs_of(redis, Place(Path("/d")), STARTED)[0].script.splitlines()[-1]

    assert shlex.split(last)[:6] == ["exec", "/usr/bin/redis-server", "--appendonly", "yes", "--save", ""]
    assert "--bind 127.0.0.1 --port 41000" in last


def test_redis_knows_its_users_and_each_service_logs_in_as_its_own(tmp_path: Path) -> None:
    place = Place(tmp_path)
    ensure_redis_passwords(place)
    redis_users.write_users(place, "live")
    redis = Service("redis", None, {}, ("redis-server",), (), (), (), 30)
    url = "redis://redis:6379/0"

    server = programs_of(redis, place, STARTED)[0].script
    feed = told(a_service("feed", SAUDA_REDIS_URL=url, SAUDA_OWN_REDIS_URL="-"), root=tmp_path)
    simulator = told(a_service("simulator", SAUDA_REDIS_URL=url), root=tmp_path)
    elsewhere = Started(ports=STARTED.ports, variables={"SAUDA_REDIS_URL": "redis://cache:6379/0"})

    assert shlex.split(server.splitlines()[-1])[-2:] == ["--aclfile", str(tmp_path / "var/secrets/redis.acl")]
    assert feed["SAUDA_REDIS_URL"] == f"redis://{redis_users.login(place, 'feed')}127.0.0.1:41000/0"
    assert "SAUDA_OWN_REDIS_URL" not in feed
    assert simulator["SAUDA_REDIS_URL"] == "redis://127.0.0.1:41000/0"
    assert (
        told(a_service(SAUDA_REDIS_URL=url), elsewhere, tmp_path)["SAUDA_REDIS_URL"] == "redis://cache:6379/0"
    )
    redis_users.write_users(place, "other")
    assert programs_of(redis, place, STARTED)[0].script != server


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_any_value_arrives_as_it_is(value: str) -> None:
    script = programs_of(a_service(X="-"), Place(Path("/d")), STARTED)[0].script
    line = next(one for one in script.splitlines() if one.startswith("export X="))
    told_as = line.replace("X=-", f"X={shlex.quote(value)}")

    done = subprocess.run(["sh", "-c", f'{told_as}; printf %s "$X"'], capture_output=True, check=True)

    assert done.stdout == value.encode()


def test_a_changed_rule_changes_the_script(tmp_path: Path) -> None:
    rules = tmp_path / "config" / "strategies" / "mine.yaml"
    rules.parent.mkdir(parents=True)
    rules.write_text("quantity: 1")
    before = programs_of(a_service(), Place(tmp_path), STARTED)

    rules.write_text("quantity: 2")

    assert programs_of(a_service(), Place(tmp_path), STARTED) != before


def test_the_supervisor_sees_a_changed_script() -> None:
    before, after = (config_of([Program("pnl-1", "pnl", text, 20)], Path("/s")) for text in ("a", "b"))

    assert before != after
    assert "stopwaitsecs=20" in before


def test_the_socket_moves_when_its_path_is_too_long() -> None:
    near, far = Place(Path("/home/me/sauda")), Place(Path("/home/me") / ("deep/" * 30))

    assert socket_of(near) == near.run / "supervisor.sock"
    assert len(str(socket_of(far))) < 90
    assert socket_of(far) != socket_of(Place(far.root / "other"))


def measured(names: list[str], replicas: int, variables: dict[str, str]) -> list[Program]:
    """Return the programs of services that compose hands the port on to."""
    services = [a_service(name, **variables) for name in names]
    started = Started(
        ports=STARTED.ports,
        variables=variables,
        replicas=dict.fromkeys(names, replicas),
        metrics=first_ports(services, variables),
    )
    return [one for service in services for one in programs_of(service, Place(Path("/a desk")), started)]


def test_each_replica_of_a_measured_desk_has_a_port_of_its_own_and_no_other_moves_it() -> None:
    asked = {"SAUDA_METRICS_PORT": "9400"}

    two = {one.name: one.measured_at for one in measured(["feed", "pnl"], 2, asked)}
    eleven = {one.name: one.measured_at for one in measured(["feed", "pnl"], 11, asked)}

    assert two == {name: eleven[name] for name in two}
    assert two["pnl-2"] == "127.0.0.1:9411"
    assert eleven["feed-11"] == ""
    taken = [at for at in eleven.values() if at]
    assert len(set(taken)) == len(taken) == 20


def test_a_desk_that_is_not_measured_tells_nobody_of_a_port() -> None:
    (program,) = measured(["feed"], 1, {"SAUDA_METRICS_HOST": "0.0.0.0"})

    assert program.measured_at == ""
    assert "METRICS" not in program.script


def test_an_address_in_a_container_is_this_machines_own_unless_somebody_named_one() -> None:
    compose = a_service("feed", SAUDA_METRICS_PORT="9400", SAUDA_METRICS_HOST="0.0.0.0")

    here = told(compose, Started(ports=STARTED.ports, metrics={"feed": 9400}))
    named = {"SAUDA_METRICS_HOST": "10.0.0.7"}
    there = told(compose, Started(ports=STARTED.ports, metrics={"feed": 9400}, variables=named))

    assert (here["SAUDA_METRICS_HOST"], there["SAUDA_METRICS_HOST"]) == ("127.0.0.1", "10.0.0.7")


def test_ports_that_do_not_exist_are_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="SAUDA_METRICS_PORT=65530: 2 services take 20 ports"):
        first_ports([a_service("feed"), a_service("pnl")], {"SAUDA_METRICS_PORT": "65530"})
