"""The archive service as real processes, killed at random while a feed writes and a unit reads: everything is there once."""

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmarks.archive import Proof
from sauda.archive.finding import open_store
from sauda.clock import SystemClock
from sauda.codec import decode
from sauda.contracts import Alert
from sauda.health import read
from sauda.log import Output
from sauda.record import Record
from sauda.redis_book import RedisBook
from sauda.settings import Settings
from tests.integration.desk_processes import Replica, start_replicas, wait_until

QUICK = {
    "SAUDA_ARCHIVE_EVERY_S": "0.2",
    "SAUDA_ARCHIVE_KEEP_S": "0",
    "SAUDA_ARCHIVE_BUDGET_MB": "4",
    "SAUDA_LOG_FORMAT": "json",
}


@contextmanager
def archivers(url: str, desk: str, folder: Path, count: int, **more: str) -> Iterator[list[Replica]]:
    environ = {
        "SAUDA_REDIS_URL": url,
        "SAUDA_DESK": desk,
        "SAUDA_ARCHIVE": str(folder / "archive"),
        **QUICK,
        **more,
    }
    replicas = start_replicas(folder, environ, {"archive": count})
    try:
        yield replicas
    finally:
        for replica in replicas:
            if replica.process is not None and replica.process.poll() is None:
                replica.kill()


def recorded(settings: Settings, stream: str) -> list[bytes]:
    record = Record.open(settings)
    try:
        return [entry.data for entry in record.forwards(stream)]
    finally:
        record.close()


def test_archivers_that_are_killed_all_the_time_leave_no_entry_out_and_none_twice(
    own_redis: Any, tmp_path: Path
) -> None:
    settings = Settings(redis_url=own_redis.url, desk="killed", archive=str(tmp_path / "archive"))
    log = RedisBook(own_redis.url, "killed")
    chance = random.Random(11)
    written: list[bytes] = []
    with archivers(own_redis.url, "killed", tmp_path, 2) as replicas:
        wait_until(lambda: log.number(log.keys.epoch("archive")), 20, "an archiver holds the lease")
        for _ in range(12):
            for _ in range(chance.randint(3, 12)):
                more = [
                    b'{"n":%d,"of":"%s"}' % (len(written) + n, b"x" * chance.randint(0, 300))
                    for n in range(500)
                ]
                log.append([Output("ticks", data) for data in more])
                written += more
                SystemClock().sleep(chance.uniform(0.0, 0.15))
            victim = chance.choice(replicas)
            victim.kill()
            # A killed holder's lease has to run out; taking it away lets more kills into the test.
            log._client.delete(log.keys.lease("archive"))
            victim.start()
            if chance.random() < 0.3:
                replicas[0].pause()
                log._client.delete(log.keys.lease("archive"))
                SystemClock().sleep(0.3)
                replicas[0].resume()
        wait_until(lambda: log.length("ticks") < 500, 60, "the archive catches up")
        assert recorded(settings, "ticks") == written
        book = log.book()
        assert book is not None

    assert sum(replica.kills for replica in replicas) >= 12
    assert recorded(settings, "ticks") == written
    log.close()


def test_a_full_disk_stops_the_archive_not_the_desk_and_room_lets_it_go_on(
    own_redis: Any, tmp_path: Path
) -> None:
    settings = Settings(redis_url=own_redis.url, desk="full", archive=str(tmp_path / "archive"))
    log = RedisBook(own_redis.url, "full")
    chance = random.Random(5)
    written = [chance.randbytes(200).hex().encode() for _ in range(3000)]
    environ = {
        "SAUDA_REDIS_URL": own_redis.url,
        "SAUDA_DESK": "full",
        "SAUDA_ARCHIVE": str(tmp_path / "archive"),
    }
    with full_disk(tmp_path, {**environ, **QUICK}) as process:
        log.append([Output("ticks", data) for data in written])
        wait_until(lambda: codes(settings) == ["ARCHIVE_AWAY"], 30, "the alert that the archive is away")

        assert log.length("ticks") == 3000
        # The health file follows the alert by half a second.
        wait_until(
            lambda: not read(tmp_path / "health.json").ready, 10, "the service says that it is not ready"
        )
        assert "away since" in str(read(tmp_path / "health.json").facts)
        assert not [
            path for path in (tmp_path / "archive").rglob("*") if path.is_file() and "ticks" in str(path)
        ]
        process.kill()
    log._client.delete(log.keys.lease("archive"))
    with archivers(own_redis.url, "full", tmp_path, 1):
        wait_until(lambda: log.length("ticks") < 500, 60, "the archive goes on")
        wait_until(
            lambda: codes(settings) == ["ARCHIVE_AWAY", "ARCHIVE_BACK"], 30, "the alert that it is back"
        )
    assert recorded(settings, "ticks") == written
    log.close()


@contextmanager
def full_disk(folder: Path, environ: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the service where no file may grow beyond 64 kB: what a full disk says, said by the kernel, without a disk."""
    environ = {**environ, "SAUDA_HEALTH_FILE": str(folder / "health.json"), "PATH": "/usr/bin:/bin"}
    # Python would leave half of a compiled module where the next test finds it.
    environ["PYTHONDONTWRITEBYTECODE"] = "1"
    # The kernel's own limit on a file's size; `ulimit -f` counts in blocks of 1,024 bytes.
    command = ["bash", "-c", f"ulimit -f 64; exec {sys.executable} -m sauda_archive"]
    with subprocess.Popen(
        command,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def codes(settings: Settings) -> list[str]:
    found = map(decode, recorded(settings, "alerts"))
    return [alert.code for alert in found if isinstance(alert, Alert)]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"SAUDA_ARCHIVE": "s3://"}, "names no bucket"),
        ({"SAUDA_ARCHIVE": "nonsense://bucket/x"}, "cannot be opened"),
        ({"SAUDA_ARCHIVE": "s3://me:very-secret@bucket"}, "credentials do not belong in the address"),
        ({"SAUDA_ARCHIVE": "s3://bucket", "SAUDA_ARCHIVE_KEY": "k"}, "go together"),
        ({"SAUDA_ARCHIVE": "s3://bucket", "AWS_EC2_METADATA_DISABLED": "true"}, "no credentials"),
    ],
)
def test_an_archive_that_cannot_be_meant_is_refused_at_the_start(
    tmp_path: Path, setting: dict[str, str], said: str
) -> None:
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **setting}
    done = subprocess.run(
        [sys.executable, "-m", "sauda_archive"],
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "very-secret" not in done.stderr


@pytest.mark.slow
def test_memory_stays_below_the_budget_while_the_archiver_is_killed(tmp_path: Path) -> None:
    proof = Proof(tmp_path, ticks=250_000, budget_mb=32, kills=3, rate=20_000, lease_ms=400)

    found = proof.run()

    assert found.problems == []
    assert found.replayed == 250_000
    assert found.kills == 3


def test_the_store_knows_what_the_settings_mean(tmp_path: Path) -> None:
    assert open_store(Settings(archive=str(tmp_path))).where == str(tmp_path)
