"""A desk of real processes, measured: what the page tells is what stands in Redis, and a real Prometheus reads and understands it."""

import json
import os
import re
import shutil
import signal
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.grafana.boards import BOARDS
from deploy.grafana.panels import PROMETHEUS
from sauda.clock import monotonic_s, wall_ms
from sauda.codec import decode, encode
from sauda.contracts import OrderRejected
from sauda.errors import LeaseLostError
from sauda.log import Output, Position, Step
from sauda.metrics.desk import PATIENCE_S, DeskFigures
from sauda.metrics.measured_log import MeasuredLog, StepFigures
from sauda.metrics.timed_line import TimedLine
from sauda.redis_log import RedisLog
from sauda.testing.builders import a_tick, an_order
from tests.integration.conftest import Server
from tests.integration.desk_processes import Replica, start_replicas, wait_until
from tests.integration.noren_simulator import free_port

RULES = Path(__file__).parents[2] / "deploy" / "prometheus" / "alerts.yml"
SOON_S = 60.0


def binary(name: str) -> str:
    """Return where *name* of Debian's package `prometheus` is; CI must have it, a laptop may not."""
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not here (Debian: apt-get install prometheus), and CI skips nothing")
        pytest.skip(f"{name} is not here (Debian: apt-get install prometheus)")
    return found


def asked(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        text: str = answer.read().decode()
        return text


def told(figures: DeskFigures) -> dict[tuple[str, ...], Any]:
    return {(one.measure.name.removeprefix("sauda_"), *one.labels): one.value for one in figures.readings()}


def test_the_desks_figures_are_those_of_redis(desk_log: RedisLog, redis_url: str) -> None:
    client = desk_log._client
    desk_log.append([Output("orders", encode(an_order()))] * 3)
    key = desk_log.keys.stream("orders")
    client.xgroup_create(key, "writer.test", "0")
    client.xreadgroup("writer.test", "me", {key: ">"}, count=1)
    lease = desk_log.acquire("execution.paper", "tests", 60_000)
    figures = DeskFigures(redis_url, desk_log.desk, lambda: wall_ms() + 7_000)

    now = told(figures)

    assert lease is not None
    assert now["stream_entries", "orders"] == 3
    assert now["lag_entries", "writer.test", "orders"] == 2
    assert now["pending_entries", "writer.test", "orders"] == 1
    assert 7 <= now["lag_seconds", "writer.test", "orders"] < 60
    assert 7 <= now["stream_age_seconds", "orders"] < 60
    assert now["unit_held", "execution.paper"] == 1
    assert now["unit_epoch", "execution.paper"] == lease.epoch
    assert now["desk_seen",] == 1
    assert now["redis_memory_bytes",] > 0
    desk_log.release(lease)
    client.xreadgroup("writer.test", "me", {key: ">"})
    later = told(figures)
    assert later["lag_seconds", "writer.test", "orders"] == later["lag_entries", "writer.test", "orders"] == 0
    assert later["unit_held", "execution.paper"] == 0
    figures.close()


def test_a_commit_that_goes_with_a_read_is_timed_by_its_own_answer_and_counted_once_when_it_was_done(
    redis_url: str, desk: str
) -> None:
    log = RedisLog(redis_url, desk, TimedLine)
    line, figures = log.line, StepFigures("counter")
    assert isinstance(line, TimedLine)
    measured = MeasuredLog(log, figures, wall_ms, line=line)
    lease = measured.acquire("counter", "tests", 60_000)
    assert lease is not None
    ticks = {"ticks": Position(b"0-0", 0)}
    step = Step(outputs=[Output("ticks", encode(a_tick()))])

    # The server lost its scripts: the commit is said again by itself, and the line knows no first answer.
    log._client.script_flush()
    assert len(measured.commit_and_read(lease, step, ticks, 10, 50)) == 1
    assert line.first_s is None
    begun_s = monotonic_s()
    assert len(measured.commit_and_read(lease, step, ticks, 10, 50)) == 2
    assert begun_s <= (line.first_s or 0) <= monotonic_s()
    measured.release(lease)
    with pytest.raises(LeaseLostError):
        measured.commit_and_read(lease, step, ticks, 10, 50)

    assert figures.written == {"ticks": 2}
    assert sum(figures.commit.counts) == 2
    assert figures.failures == 0
    log.close()


def test_a_redis_that_is_away_leaves_the_page_readable() -> None:
    figures = DeskFigures(f"redis://127.0.0.1:{free_port()}/0", "live", wall_ms)

    assert told(figures) == {("desk_seen",): 0}


def test_a_redis_that_hangs_does_not_keep_the_page_longer_than_a_scraper_waits(own_redis: Server) -> None:
    figures = DeskFigures(own_redis.url, "live", wall_ms)
    assert told(figures)["desk_seen",] == 1
    assert own_redis.process is not None
    pool = figures._client.connection_pool
    connection = pool.get_connection()
    assert (connection.socket_timeout, connection.socket_connect_timeout) == (PATIENCE_S, PATIENCE_S)
    pool.release(connection)

    own_redis.process.send_signal(signal.SIGSTOP)
    try:
        assert told(figures) == {("desk_seen",): 0}
    finally:
        own_redis.process.send_signal(signal.SIGCONT)

    assert told(figures)["desk_seen",] == 1


@pytest.fixture
def a_log(any_redis: Server, desk: str) -> Iterator[RedisLog]:
    """The test's own desk, on whichever server there is."""
    opened = RedisLog(any_redis.url, desk)
    yield opened
    opened.close()


@pytest.fixture
def exchange(a_log: RedisLog, any_redis: Server, tmp_path: Path) -> Iterator[tuple[Replica, int]]:
    """The execution service as a process, and the port of its page."""
    port = free_port()
    environ = {
        "SAUDA_REDIS_URL": any_redis.url,
        "SAUDA_DESK": a_log.desk,
        "SAUDA_METRICS_PORT": str(port),
        "SAUDA_LOG_FORMAT": "json",
    }
    (replica,) = start_replicas(tmp_path, environ, {"execution": 1})
    yield replica, port
    replica.kill()


@pytest.fixture
def prometheus(exchange: tuple[Replica, int], tmp_path: Path) -> Iterator[str]:
    """A real Prometheus that reads the page each second, with our own rules."""
    port = free_port()
    jobs = [{"job_name": "sauda", "static_configs": [{"targets": [f"127.0.0.1:{exchange[1]}"]}]}]
    times = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config = {"global": times, "rule_files": [str(RULES)], "scrape_configs": jobs}
    (tmp_path / "prometheus.json").write_text(json.dumps(config))
    command = [binary("prometheus"), f"--config.file={tmp_path / 'prometheus.json'}"]
    command += [f"--storage.tsdb.path={tmp_path / 'data'}", f"--web.listen-address=127.0.0.1:{port}"]
    with (tmp_path / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.wait(10)


def found(base: str, query: str) -> list[dict[str, Any]]:
    """Return what Prometheus answers; a query that it does not understand is an error."""
    try:
        answer = asked(f"{base}/api/v1/query?{urllib.parse.urlencode({'query': query})}")
    except ConnectionError:
        return []
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{query}: {error.read().decode()}") from error
    except urllib.error.URLError:
        return []
    series: list[dict[str, Any]] = json.loads(answer)["data"]["result"]
    return series


def test_a_refused_order_is_on_the_page_in_prometheus_and_in_the_log(
    exchange: tuple[Replica, int], prometheus: str, a_log: RedisLog
) -> None:
    replica, port = exchange
    page = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(f"{page}/ready"), SOON_S, "the service is ready")
    (placed,) = a_log.append([Output("orders", encode(an_order()))])
    wait_until(lambda: a_log.entries("executions"), SOON_S, "the order is answered")
    (refusal,) = [
        message
        for entry in a_log.entries("executions")
        if isinstance(message := decode(entry.data), OrderRejected)
    ]
    labels = f'desk="{a_log.desk}",reason="{refusal.reason.value}",strategy="{refusal.strategy}"'

    wait_until(
        lambda: f"sauda_refusals_total{{{labels}}} 1.0" in asked(f"{page}/metrics"), SOON_S, "the page tells"
    )
    wait_until(
        lambda: found(prometheus, f"sauda_refusals_total{{{labels}}} == 1"), SOON_S, "Prometheus has it"
    )
    (hop,) = re.findall(
        r'^sauda_hop_seconds_count\{.*stream="orders".*\} (.*)$', asked(f"{page}/metrics"), re.MULTILINE
    )
    assert float(hop) == 1
    records = [json.loads(line) for line in replica.log.read_text().splitlines()]
    (record,) = [one for one in records if one["event"] == "order_rejected"]
    assert record["cause"] == f"orders/{placed.decode()}"
    all_queries_are_understood(prometheus, a_log.desk)


def answers(url: str) -> bool:
    try:
        asked(url)
    except (urllib.error.URLError, ConnectionError):
        return False
    return True


def all_queries_are_understood(prometheus: str, desk: str) -> None:
    """Ask Prometheus everything that a board asks, and whether it could evaluate each rule."""
    for board in BOARDS.values():
        for panel in board.panels if board.source is PROMETHEUS else ():
            for _, query in panel.asked:
                found(prometheus, query.replace("$desk", desk).replace("$__rate_interval", "10s"))
    wait_until(
        lambda: all(one["health"] == "ok" for one in rules_in(prometheus)), SOON_S, "every rule was evaluated"
    )
    assert rules_in(prometheus)
    assert found(prometheus, "sauda_ready == 1")


def rules_in(prometheus: str) -> list[dict[str, Any]]:
    """Return the rules as Prometheus has them; `health` is `unknown`, `ok` or `err`."""
    groups = json.loads(asked(f"{prometheus}/api/v1/rules"))["data"]["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_the_rules_and_both_configurations_are_valid(tmp_path: Path) -> None:
    promtool, folder = binary("promtool"), RULES.parent
    for what, name in (("config", "prometheus.yml"), ("config", "local.yml"), ("rules", "alerts.yml")):
        done = subprocess.run(
            [promtool, "check", what, str(folder / name)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run(
        [promtool, "test", "rules", str(folder / "alerts_test.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
