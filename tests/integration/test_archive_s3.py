"""The archive on an object store: a real S3 protocol over HTTP, served by this machine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from sauda.archive.finding import books_of, desks_in, open_store
from sauda.archive.objects import ObjectStore
from sauda.archive.store import ArchiveAwayError, FolderStore, Store
from sauda.clock import SystemClock
from sauda.log import Output
from sauda.record import Record
from sauda.redis_book import RedisBook
from sauda.settings import Settings
from sauda_archive.archiver import Archiver
from sauda_archive.settings import Limits
from tests.integration.test_archive import AT_ONCE, numbered


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A bucket called `desk` on a server of our own."""
    server = pytest.importorskip("moto.server").ThreadedMotoServer(
        ip_address="127.0.0.1", port=0, verbose=False
    )
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    store: Any = on_s3(url)
    store._files.makedirs("desk", exist_ok=True)  # the made-up store outlives its server
    yield url
    server.stop()


def on_s3(endpoint: str, url: str = "s3://desk/archive", desk: str = "live", redis_url: str = "") -> Any:
    return open_store(settings_of(endpoint, url, desk, redis_url))


def settings_of(endpoint: str, url: str, desk: str, redis_url: str) -> Settings:
    return Settings(
        redis_url=redis_url,
        desk=desk,
        archive=url,
        archive_endpoint=endpoint,
        archive_key=SecretStr("key"),
        archive_secret=SecretStr("secret"),
    )


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Both kinds keep the same promises."""
    if request.param == "folder":
        return FolderStore(tmp_path / "archive")
    made: ObjectStore = on_s3(request.getfixturevalue("endpoint"), f"s3://desk/{tmp_path.name}")
    return made


def test_a_file_is_there_whole_under_its_name(store: Store) -> None:
    store.write("live/1/ticks/a.parquet", b"one")
    store.write("live/1/ticks/b.parquet", b"")
    store.write("live/1/ticks/a.parquet", b"two")

    assert store.read("live/1/ticks/a.parquet") == b"two"
    assert store.names("live/1/ticks") == ["a.parquet", "b.parquet"]
    assert store.names("live") == ["1"]
    assert store.names("") == ["live"]


def test_what_is_not_there_is_told_from_what_is_away(store: Store) -> None:
    assert store.names("nowhere") == []
    with pytest.raises(FileNotFoundError):
        store.read("nowhere/x")
    store.remove("nowhere/x")
    store.tidy("nowhere")


def test_a_removed_file_is_gone_for_every_reader(store: Store) -> None:
    store.write("live/1/x", b"1")
    assert store.names("live/1") == ["x"]
    store.remove("live/1/x")

    assert store.names("live/1") == []


def test_desks_and_books_are_found(store: Store) -> None:
    for book in ("1795580105123", "995580105123"):
        store.write(f"live/{book}/ticks/2026-11-23/1-0_2-0.parquet", b"")

    assert books_of(store, "live") == ["995580105123", "1795580105123"]
    assert desks_in(store) == ["live@995580105123", "live@1795580105123"]


def test_a_desk_is_archived_to_s3_and_read_from_there(endpoint: str, redis_url: str, desk: str) -> None:
    settings = settings_of(endpoint, "s3://desk/whole", desk, redis_url)
    log = RedisBook(redis_url, desk)
    archiver = archiver_of(settings, AT_ONCE)
    for start in range(0, 3000, 1000):
        log.append([Output("ticks", data) for data in numbered(start, start + 1000)])
        archiver.turn()
        SystemClock().sleep(0.002)
        archiver.turn()

    assert archiver.away == ""
    assert log.length("ticks") < 200
    record = Record.open(settings)
    assert [entry.data for entry in record.forwards("ticks")] == numbered(0, 3000)
    assert [entry.data for entry in record.backwards("ticks")] == numbered(0, 3000)[::-1]
    record.close()
    log.close()


@pytest.mark.parametrize("how", ["no such bucket", "nobody there"])
def test_a_store_that_refuses_keeps_everything_on_redis(
    endpoint: str, redis_url: str, desk: str, how: str
) -> None:
    url = "s3://nobucket/x" if how == "no such bucket" else "s3://desk/x"
    where = endpoint if how == "no such bucket" else "http://127.0.0.1:1"
    settings = settings_of(where, url, desk, redis_url)
    log = RedisBook(redis_url, desk)
    log.append([Output("ticks", data) for data in numbered(0, 1000)])
    archiver = archiver_of(settings, AT_ONCE)

    archiver.turn()
    SystemClock().sleep(0.002)
    archiver.turn()

    assert not archiver.ready
    assert url in archiver.away
    assert "secret" not in archiver.away
    assert log.length("ticks") == 1000
    with pytest.raises(ArchiveAwayError):
        open_store(settings).write("x", b"")
    log.close()


def archiver_of(settings: Settings, limits: Limits) -> Archiver:
    return Archiver(
        RedisBook(settings.redis_url, settings.desk),
        open_store(settings),
        limits,
        "tests",
        open_desk=lambda name: RedisBook(settings.redis_url, name),
    )
