"""Archive and stream are read as one: nothing missing, nothing twice, whatever is moved while somebody reads."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import redis

from sauda.archive.store import ArchiveAwayError
from sauda.codec import encode
from sauda.errors import ConfigError, TransientError
from sauda.log import Step
from sauda.record import NewBookError, Record
from sauda.redis_shelf import RedisShelf
from sauda.rerun.checking import check
from sauda.runner import UnitRunner
from sauda.settings import Settings
from sauda.testing.builders import a_tick, after
from sauda.testing.counting import counter_unit
from tests.integration.archive_desk import ArchiveDesk


@pytest.fixture
def at(redis_url: str, desk: str, tmp_path: Path) -> Iterator[ArchiveDesk]:
    made = ArchiveDesk(redis_url, desk, tmp_path / "archive")
    yield made
    made.close()


def numbered(start: int, stop: int) -> list[bytes]:
    return [b'{"n":%d}' % n for n in range(start, stop)]


def payloads(record: Record, stream: str = "ticks", start: bytes = b"-", end: bytes = b"+") -> list[bytes]:
    return [entry.data for entry in record.forwards(stream, start, end)]


def test_archive_and_stream_are_one_forwards_and_backwards(at: ArchiveDesk) -> None:
    at.write("ticks", numbered(0, 5000))
    for count in (700, 1, 1800):
        at.archive("ticks", count)
    at.trim("ticks")
    assert at.on_redis("ticks") < 3000

    record = at.record()

    assert payloads(record) == numbered(0, 5000)
    assert [entry.data for entry in record.backwards("ticks")] == numbered(0, 5000)[::-1]
    assert record.length("ticks") == 5000
    record.close()


def test_any_part_of_it_is_what_the_untrimmed_stream_had(at: ArchiveDesk) -> None:
    ids = at.write("ticks", numbered(0, 400))
    at.archive("ticks", 150)
    at.archive("ticks", 100)
    whole = at.redis.entries("ticks")
    bounds = [
        b"-",
        b"+",
        ids[0],
        b"(" + ids[10],
        ids[149],
        b"(" + ids[149],
        ids[249],
        b"(" + ids[250],
        ids[399],
    ]
    bounds += [ids[200].partition(b"-")[0]]
    wanted = {
        (a, b): at.redis.entries("ticks", a, b) for a in bounds for b in bounds if a != b"+" and b != b"-"
    }
    at.trim("ticks")

    record = at.record()

    for (start, end), entries in wanted.items():
        assert record.entries("ticks", start, end) == entries, (start, end)
        assert list(record.backwards("ticks", end, start)) == entries[::-1], (start, end)
        assert record.entries("ticks", start, end, 7) == entries[:7]
    assert record.newest("ticks") == whole[-1]
    record.close()


@pytest.mark.parametrize("read_before", [0, 1, 49, 50, 51, 700, 2049, 2050, 2051, 4000])
def test_a_reader_on_whom_the_stream_is_trimmed_misses_nothing(at: ArchiveDesk, read_before: int) -> None:
    at.write("ticks", numbered(0, 6000))
    at.archive("ticks", 600)
    at.trim("ticks")
    reading = at.record().forwards("ticks")

    first = [entry.data for entry in islice(reading, read_before)]
    at.archive("ticks", 4900)
    at.trim("ticks")
    at.write("ticks", numbered(6000, 6100))
    rest = [entry.data for entry in reading]

    assert first + rest == numbered(0, 6100)


@pytest.mark.parametrize("read_before", [0, 1, 49, 50, 51, 700, 2050, 5900])
def test_a_reader_who_goes_back_misses_nothing_either(at: ArchiveDesk, read_before: int) -> None:
    at.write("ticks", numbered(0, 6000))
    at.archive("ticks", 600)
    at.trim("ticks")
    reading = at.record().backwards("ticks")

    first = [entry.data for entry in islice(reading, read_before)]
    at.archive("ticks", 4900)
    at.trim("ticks")
    rest = [entry.data for entry in reading]

    assert first + rest == numbered(0, 6000)[::-1]


def test_files_that_overlap_give_each_entry_once(at: ArchiveDesk) -> None:
    at.write("ticks", numbered(0, 300))
    entries = at.redis.entries("ticks")
    for start, stop in ((0, 100), (0, 150), (50, 120), (100, 250), (150, 200)):
        at.put("ticks", entries[start:stop])
    at.trim("ticks")

    record = at.record()

    assert payloads(record) == numbered(0, 300)
    assert [entry.data for entry in record.backwards("ticks")] == numbered(0, 300)[::-1]
    assert record.length("ticks") == 300
    record.close()


def test_what_was_just_written_needs_no_archive(at: ArchiveDesk, tmp_path: Path) -> None:
    ids = at.write("ticks", numbered(0, 3000))
    at.archive("ticks", 1000)
    at.trim("ticks")
    record = at.record()
    (tmp_path / "archive").rename(tmp_path / "gone")
    (tmp_path / "archive").write_text("no folder")

    assert payloads(record, start=b"(" + ids[2000]) == numbered(2001, 3000)
    assert [e.data for e in islice(record.backwards("ticks"), 100)] == numbered(2900, 3000)[::-1]
    record.close()


def test_a_file_that_vanishes_while_it_is_needed_is_an_error_not_a_hole(at: ArchiveDesk) -> None:
    at.write("ticks", numbered(0, 3000))
    at.archive("ticks", 1000)
    segment = at.archive("ticks", 1000)
    assert segment is not None
    at.trim("ticks")
    record = at.record()
    reading = record.forwards("ticks")
    next(reading)
    at.store.remove(f"{at.archived.folder}/{segment.path}")

    with pytest.raises(ArchiveAwayError, match="was there and is gone"):
        list(reading)
    record.close()


def test_a_book_that_was_put_aside_is_read_under_both_its_names(at: ArchiveDesk) -> None:
    at.write("ticks", numbered(0, 500))
    at.archive("ticks", 200)
    at.trim("ticks")
    book = at.book
    feed = at.redis.acquire("feed", "tests", 60_000)
    assert feed is not None
    shelf = RedisShelf(at.settings.redis_url, at.settings.desk)
    name = shelf.put_aside(feed)
    shelf.close()
    at.redis.commit(feed, Step())
    at.write("ticks", numbered(7000, 7010))

    old, new, by_name = at.record(name), at.record(), at.record(f"{at.settings.desk}@{book}")

    assert payloads(old) == numbered(0, 500)
    assert payloads(new) == numbered(7000, 7010)
    assert payloads(by_name) == numbered(0, 200)
    for each in (old, new, by_name):
        each.close()


def test_two_books_are_never_mixed_though_one_begins_in_between(at: ArchiveDesk) -> None:
    at.write("ticks", numbered(0, 3000))
    at.archive("ticks", 10)
    feed = at.redis.acquire("feed", "tests", 60_000)
    assert feed is not None
    reading = at.record().forwards("ticks")
    next(reading)
    shelf = RedisShelf(at.settings.redis_url, at.settings.desk)
    shelf.put_aside(feed)
    shelf.close()
    at.write("ticks", numbered(7000, 7010))

    with pytest.raises(NewBookError):
        list(reading)


def test_a_desk_that_only_the_archive_remembers_is_read_from_there(
    at: ArchiveDesk, redis_url: str, desk: str
) -> None:
    at.write("ticks", numbered(0, 50))
    at.archive("ticks", 50)
    with redis.Redis.from_url(redis_url) as client:
        client.delete(*client.keys(f"{{{desk}}}:*"))

    record = at.record()

    assert record.exists()
    assert payloads(record) == numbered(0, 50)
    assert [stream.length for stream in record.lag()] == [50]
    with pytest.raises(ConfigError, match="only in the archive"):
        record.append([])


def test_a_complete_book_needs_no_redis_and_another_one_says_so(at: ArchiveDesk, tmp_path: Path) -> None:
    at.write("ticks", numbered(0, 50))
    at.archive("ticks", 50)
    folder, book = tmp_path / "archive" / at.settings.desk, at.book
    nowhere = Settings(
        redis_url="redis://127.0.0.1:1/0", desk=at.settings.desk, archive=str(tmp_path / "archive")
    )

    with pytest.raises(TransientError):
        Record.open(nowhere)
    assert payloads(Record.open(nowhere, f"{at.settings.desk}@{book}")) == numbered(0, 50)
    (folder / book / "book.json").write_text(
        '{"closed": true, "units": {"feed": {"@ticks": "5-0", "feed/row": "7"}}}'
    )
    closed = Record.open(nowhere)

    assert payloads(closed) == numbered(0, 50)
    assert closed.state_of("feed") == {b"feed/row": b"7"}


def test_a_desk_without_an_archive_is_read_as_before(at: ArchiveDesk) -> None:
    ids = at.write("orders", numbered(0, 3000))

    record = at.record()

    assert payloads(record, "orders") == numbered(0, 3000)
    assert record.entries("orders", ids[5], ids[7]) == at.redis.entries("orders", ids[5], ids[7])
    assert record.newest("signals") is None
    assert record.length("orders") == 3000
    record.close()


@pytest.mark.parametrize("entry_id", ["{}-0", "7-{}"])
def test_a_unit_that_is_new_to_a_trimmed_stream_is_run_again_over_what_it_saw(
    at: ArchiveDesk, entry_id: str
) -> None:
    with redis.Redis.from_url(at.settings.redis_url) as client:
        for n in range(1000):
            fields: dict[Any, Any] = {"d": encode(a_tick(100_00, at_ns=after(n))), "c": b""}
            client.xadd(at.redis.keys.stream("orders"), fields, entry_id.format(n + 1))
    at.archive("orders", 1000)
    at.trim("orders")
    seen = at.on_redis("orders")
    assert seen < 250
    unit = replace(counter_unit(), inputs=("orders",))
    runner = UnitRunner(unit, at.redis, "newcomer")

    for _ in range(5):
        runner.turn()

    finding = check(at.record(), unit.name, lambda _opened: unit)
    assert finding.same
    assert finding.messages == runner.handled == seen
