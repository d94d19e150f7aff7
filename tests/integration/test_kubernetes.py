"""The manifests hold what docker-compose.yml says, are valid for a current Kubernetes, and ask for no right they do not need."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml
from redis import Redis

from sauda.log import Output
from sauda.redis_consumer import RedisConsumer
from sauda.redis_log import RedisLog
from sauda.runtime import redis_users
from sauda.runtime.compose import Service, read_services
from tests.integration.kubernetes_manifests import (
    OVERLAYS,
    Manifest,
    container,
    environment,
    of_kind,
    pod,
    render,
    secret_names,
    workloads,
)

COMPOSE = (Path(__file__).parents[2] / "docker-compose.yml").read_text()
ENTRIES: dict[str, Any] = {
    name: entry for name, entry in yaml.safe_load(COMPOSE)["services"].items() if not entry.get("profiles")
}
SECRET = re.compile(r"OWN_REDIS_URL|TOKEN\b|PASSWORD|SECRET|_KEY$|SQL_URL|NOREN_(USER|VENDOR_CODE|IMEI)")
SCALED = frozenset(
    {"address", "host", "port", "databaseIndex", "stream", "consumerGroup", "enableTLS", "unsafeSsl"}
    | {"pendingEntriesCount", "streamLength", "lagCount", "activationLagCount"}
    | {"addressFromEnv", "hostFromEnv", "portFromEnv", "usernameFromEnv", "passwordFromEnv"}
)
"""The fields that KEDA documents for its Redis Streams scaler."""


@pytest.fixture(scope="module")
def overlays(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Manifest]]:
    return {name: render(name, tmp_path_factory.mktemp("overlay")) for name in OVERLAYS}


@pytest.fixture(params=OVERLAYS)
def rendered(request: pytest.FixtureRequest, overlays: dict[str, list[Manifest]]) -> list[Manifest]:
    return overlays[request.param]


@pytest.fixture
def single(overlays: dict[str, list[Manifest]]) -> list[Manifest]:
    return overlays["single-node"]


@pytest.fixture
def cluster(overlays: dict[str, list[Manifest]]) -> list[Manifest]:
    return overlays["cluster"]


def composed(manifests: list[Manifest]) -> dict[str, Service]:
    """Return the services of docker-compose.yml, with the passwords that the manifests have."""
    variables = environment(workloads(manifests)["influxdb"], manifests)
    passwords = {
        "DESK_INFLUX_PASSWORD": variables["DOCKER_INFLUXDB_INIT_PASSWORD"],
        # One token there: nobody asks the database for narrower ones (docs/kubernetes.md).
        "DESK_INFLUX_ADMIN_TOKEN": variables["DOCKER_INFLUXDB_INIT_ADMIN_TOKEN"],
        "SAUDA_INFLUX_TOKEN": variables["DOCKER_INFLUXDB_INIT_ADMIN_TOKEN"],
    }
    addresses = {
        name: environment(one, manifests).get("SAUDA_OWN_REDIS_URL")
        for name, one in workloads(manifests).items()
    }
    passwords |= {
        redis_users.variable_of(name): urlsplit(address).password or ""
        for name, address in addresses.items()
        if address
    }
    return read_services(COMPOSE, passwords)


def test_each_resource_is_valid_for_a_current_kubernetes(
    single: list[Manifest], cluster: list[Manifest]
) -> None:
    for manifest in [*single, *(one for one in cluster if one not in single)]:
        if not manifest["apiVersion"].startswith("keda.sh/"):
            kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)


def test_a_resource_with_a_wrong_field_is_not_valid(single: list[Manifest]) -> None:
    feed = workloads(single)["feed"]
    wrong = {**feed, "spec": {**feed["spec"], "replica": 2}}

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, kubernetes_validate.latest_version(), strict=True)


def test_every_service_of_the_compose_file_is_there_and_no_other(rendered: list[Manifest]) -> None:
    assert set(workloads(rendered)) == set(ENTRIES)


def test_a_service_is_told_what_the_compose_file_tells_it(single: list[Manifest]) -> None:
    for name, service in composed(single).items():
        told = environment(workloads(single)[name], single)
        assert {key: told.get(key) for key in service.environment} == dict(service.environment), name


def test_secrets_reach_the_services_that_need_them_and_no_other(single: list[Manifest]) -> None:
    for name, entry in ENTRIES.items():
        if name == "simulator":
            continue  # its login is for paper, and no secret
        secret = {key for key in entry.get("environment", ()) if SECRET.search(key)}
        assert set(secret_names(workloads(single)[name])) == secret, name
    for settings in of_kind(single, "ConfigMap").values():
        assert not [key for key in settings["data"] if SECRET.search(key)]


def test_limits_and_the_time_to_end_are_those_of_the_compose_file(single: list[Manifest]) -> None:
    for name, entry in ENTRIES.items():
        limits = container(workloads(single)[name])["resources"]["limits"]
        assert limits["memory"] == entry["mem_limit"].replace("g", "Gi"), name
        assert float(limits["cpu"]) == entry["cpus"], name
        grace = pod(workloads(single)[name])["terminationGracePeriodSeconds"]
        assert f"{grace}s" == entry["stop_grace_period"], name


def test_what_is_kept_is_on_a_volume(single: list[Manifest]) -> None:
    for name, entry in ENTRIES.items():
        inside = {volume.removesuffix(":ro").rpartition(":")[2] for volume in entry.get("volumes", ())}
        mounts = {one["mountPath"] for one in container(workloads(single)[name])["volumeMounts"]}
        # The image holds the configuration; recordings are played on the machine that has them.
        assert inside - {"/app/config", "/recordings"} <= mounts, name


def test_redis_starts_as_the_compose_file_starts_it(single: list[Manifest]) -> None:
    redis = ENTRIES["redis"]
    [script] = [
        one["data"]["redis-start.sh"]
        for one in of_kind(single, "ConfigMap").values()
        if "redis-start.sh" in one["data"]
    ]
    theirs = redis["entrypoint"][2].replace("$$", "$").replace('"$0" "$@"', '"$@"')

    assert container(workloads(single)["redis"])["args"] == redis["command"]
    assert script.partition("\n")[2] == theirs


def test_no_pod_has_rights_that_it_does_not_need(rendered: list[Manifest]) -> None:
    for name, workload in workloads(rendered).items():
        whole, one = pod(workload)["securityContext"], container(workload)["securityContext"]
        assert whole["runAsNonRoot"], name
        assert whole["seccompProfile"] == {"type": "RuntimeDefault"}
        assert (one["allowPrivilegeEscalation"], one["capabilities"]) == (False, {"drop": ["ALL"]})
        assert one.get("readOnlyRootFilesystem", False) is bool(ENTRIES[name].get("read_only")), name
        assert pod(workload)["automountServiceAccountToken"] is False


def test_a_pod_is_probed_and_may_be_moved_one_at_a_time(rendered: list[Manifest]) -> None:
    budgets = of_kind(rendered, "PodDisruptionBudget")
    assert set(budgets) == set(ENTRIES)
    for name, workload in workloads(rendered).items():
        assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(container(workload)), name
        labels = workload["spec"]["template"]["metadata"]["labels"]
        assert budgets[name]["spec"]["selector"]["matchLabels"].items() <= labels.items()
        if "build" in ENTRIES[name]:
            assert container(workload)["readinessProbe"]["exec"]["command"][:3] == [
                "python",
                "-m",
                "sauda.health",
            ]


def test_each_address_that_is_told_has_a_service_and_a_way_in(single: list[Manifest]) -> None:
    policies = of_kind(single, "NetworkPolicy")
    assert policies["nothing"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    services = of_kind(single, "Service")
    for name, service in composed(single).items():
        if service.ports:
            assert [one["port"] for one in services[name]["spec"]["ports"]] == [
                one.inside for one in service.ports
            ]
            doors = [
                rule["ports"][0]["port"]
                for one in policies.values()
                if one["spec"]["podSelector"].get("matchLabels") == {"app.kubernetes.io/name": name}
                for rule in one["spec"].get("ingress", ())
            ]
            assert [port.inside for port in service.ports] == doors, name


def test_a_cluster_has_a_standby_of_every_unit(cluster: list[Manifest]) -> None:
    running = workloads(cluster)

    assert {name for name, one in running.items() if one["spec"].get("replicas") == 2} == {
        "feed",
        "bars",
        "strategy",
        "execution",
        "archive",
        "alerts",
    }
    assert "replicas" not in running["pnl"]["spec"], "KEDA says how many"
    claims = of_kind(cluster, "PersistentVolumeClaim")
    shared = {
        volume["persistentVolumeClaim"]["claimName"]
        for one in running.values()
        if one["spec"].get("replicas") == 2
        for volume in pod(one)["volumes"]
        if "persistentVolumeClaim" in volume
    }
    assert shared == {"history"}
    assert claims["history"]["spec"]["accessModes"] == ["ReadWriteMany"]


def test_the_writers_are_scaled_by_the_lag_that_redis_tells(
    cluster: list[Manifest], redis_url: str, desk: str
) -> None:
    [scaled] = of_kind(cluster, "ScaledObject").values()
    [trigger] = scaled["spec"]["triggers"]
    about = trigger["metadata"]
    assert (scaled["apiVersion"], trigger["type"]) == ("keda.sh/v1alpha1", "redis-streams")
    assert set(about) <= SCALED
    assert all(isinstance(value, str) for value in about.values()), "KEDA takes strings"
    assert scaled["spec"]["scaleTargetRef"]["name"] in workloads(cluster)

    log = RedisLog(redis_url, desk)
    consumer = RedisConsumer(redis_url, desk, about["consumerGroup"], "one", ("pnl",))
    consumer.open()
    log.append([Output("pnl", b"%d" % n) for n in range(50)])
    consumer.settle(consumer.fresh(20, 0), [])
    key = about["stream"].replace("live", desk)
    with Redis.from_url(redis_url) as client:
        # What the archive has taken off Redis does not count, nor does it make the number unknown.
        client.xtrim(key, maxlen=35, approximate=False)
        [group] = client.xinfo_groups(key)
    log.close()

    assert (group["name"].decode(), group["lag"]) == (about["consumerGroup"], 30)
