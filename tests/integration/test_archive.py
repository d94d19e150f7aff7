"""The archiver: everything goes into the archive once, and leaves Redis only when it is safe there and read by all."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis

from sauda.archive.book import ArchivedBook
from sauda.archive.finding import open_store
from sauda.archive.looking import check_book
from sauda.archive.segment import DamagedError
from sauda.archive.span import HIGHEST, text_of
from sauda.archive.store import ArchiveAwayError, FolderStore
from sauda.clock import SystemClock, wall_ms
from sauda.codec import decode, encode
from sauda.contracts import Alert
from sauda.errors import LeaseLostError
from sauda.log import Output, Position, Step
from sauda.metrics.desk import DeskFigures
from sauda.metrics.measures import ENTRIES
from sauda.metrics.records import RECONNECTS
from sauda.record import Record
from sauda.redis_book import RedisBook
from sauda.redis_consumer import RedisConsumer
from sauda.redis_shelf import RedisShelf
from sauda.runner import Carrier
from sauda.settings import Settings
from sauda.testing.builders import DAY, a_tick, after
from sauda.testing.counting import counter_unit
from sauda_archive.archiver import Archiver
from sauda_archive.copying import copy
from sauda_archive.measured import ArchiveFigures
from sauda_archive.settings import Limits

AT_ONCE = Limits(every_s=0.000_001, keep_ms=0, settle_s=0)
"""Archives whatever it sees, keeps nothing."""


class Desk:
    """A desk, its archive, and an archiver that moves when it is told to."""

    def __init__(self, url: str, desk: str, root: Path) -> None:
        self.settings = Settings(redis_url=url, desk=desk, archive=str(root))
        self.log = RedisBook(url, desk)
        self.figures = ArchiveFigures(DeskFigures(url, desk, wall_ms))
        self.events: list[str] = []
        self.archiver = self.another(AT_ONCE)

    def another(self, limits: Limits) -> Archiver:
        url = self.settings.redis_url
        return Archiver(
            RedisBook(url, self.settings.desk),
            open_store(self.settings),
            limits,
            "tests",
            open_desk=lambda name: RedisBook(url, name),
            on_event=self._note,
        )

    def _note(self, event: str, facts: dict[str, object]) -> None:
        self.events.append(event)
        self.figures.note(event, facts)

    @property
    def found_again(self) -> list[str]:
        """What the page counts as connections made anew."""
        return [event for event in self.events if event in RECONNECTS]

    def write(self, stream: str, payloads: list[bytes]) -> list[bytes]:
        return self.log.append([Output(stream, data, b"") for data in payloads])

    def turn(self, times: int = 3) -> None:
        for _ in range(times):
            self.archiver.turn()
            SystemClock().sleep(0.002)

    @property
    def archived(self) -> ArchivedBook:
        book = self.log.book()
        assert book is not None
        return ArchivedBook(open_store(self.settings), self.settings.desk.partition("@")[0], book)

    def recorded(self, stream: str, desk: str | None = None) -> list[bytes]:
        record = Record.open(self.settings, desk)
        try:
            return [entry.data for entry in record.forwards(stream)]
        finally:
            record.close()

    def alerts(self) -> list[str]:
        messages = map(decode, self.recorded("alerts"))
        return [message.code for message in messages if isinstance(message, Alert)]


@pytest.fixture
def at(redis_url: str, desk: str, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(redis_url, desk, tmp_path / "archive")
    yield made
    made.log.close()


def numbered(start: int, stop: int) -> list[bytes]:
    return [b'{"n":%d}' % n for n in range(start, stop)]


def test_what_is_written_is_archived_and_leaves_redis(at: Desk) -> None:
    at.write("ticks", numbered(0, 3000))
    at.write("journal", numbered(0, 300))

    at.turn()

    assert at.log.length("ticks") < 200
    assert at.recorded("ticks") == numbered(0, 3000)
    assert at.recorded("journal") == numbered(0, 300)
    assert at.archiver.ready
    told = {one.labels: one.value for one in at.figures.readings() if one.measure is ENTRIES}
    assert told == {("archive", "ticks"): 3000, ("archive", "journal"): 300}


def test_the_streams_that_are_read_from_their_beginning_stay_though_archived(at: Desk) -> None:
    for stream in ("instruments", "subscriptions", "control"):
        at.write(stream, numbered(0, 500))

    at.turn()

    for stream in ("instruments", "subscriptions", "control"):
        assert at.log.length(stream) == 500
        assert at.archived.length(stream) == 500


def test_entries_are_filed_by_the_date_of_their_market_time(at: Desk) -> None:
    seconds = (0, 1, 86_400, 5)
    at.write("ticks", [encode(a_tick(at_ns=after(second))) for second in seconds])

    at.turn()

    days = [
        (segment.day, at.archived.file(segment).facts.entries) for segment in at.archived.segments("ticks")
    ]
    assert [count for _, count in days] == [2, 2]
    assert days[0][0] == DAY
    assert (days[1][0] - DAY).days == 1


def test_an_entry_of_somebody_elses_writing_comes_back_as_it_was(at: Desk) -> None:
    with redis.Redis.from_url(at.settings.redis_url) as client:
        client.xadd(at.log.keys.stream("signals"), {"x": b"\xff\x00", "d": b"1"})
        client.xadd(at.log.keys.stream("signals"), {"only": b""})
    whole = at.log.entries("signals")
    assert whole[0].raw == {b"x": b"\xff\x00", b"d": b"1"}

    at.turn()
    at.write("signals", numbered(0, 300))
    at.turn()

    assert at.log.entries("signals", count=1)[0].id > whole[1].id
    record = Record.open(at.settings)
    assert record.entries("signals", count=2) == whole
    record.close()


def test_nothing_is_written_again_by_an_archiver_that_starts_anew(at: Desk) -> None:
    at.write("ticks", numbered(0, 1000))
    at.turn()
    at.archiver = at.another(AT_ONCE)
    release_lease(at)

    at.turn()
    at.write("ticks", numbered(1000, 1100))
    at.turn()

    assert [at.archived.file(one).facts.entries for one in at.archived.segments("ticks")] == [1000, 100]
    assert at.recorded("ticks") == numbered(0, 1100)


def test_a_second_archiver_waits_and_a_zombie_is_refused(at: Desk) -> None:
    at.write("ticks", numbered(0, 1000))
    at.turn()
    second = at.another(AT_ONCE)

    second.turn()

    assert second.phase == "standby"
    release_lease(at)
    at.write("ticks", numbered(1000, 2000))
    second.turn()
    assert second.phase == "holding"
    at.turn(1)
    assert at.archiver.phase != "away"
    for _ in range(3):
        second.turn()
    assert at.recorded("ticks") == numbered(0, 2000)


def test_an_archiver_that_was_paused_past_its_lease_may_write_what_another_has_written(at: Desk) -> None:
    at.write("ticks", numbered(0, 1000))
    zombie = at.another(replace(AT_ONCE, file_entries=300, at_once=300, keep_ms=3_600_000))
    zombie.turn()
    release_lease(at)
    at.archiver = at.another(replace(AT_ONCE, keep_ms=3_600_000))
    at.turn()
    assert zombie._book is not None

    # What it was about to do when it was paused: its knowledge is old, its writing goes through.
    book = zombie._book
    written = list(
        copy(
            book.redis,
            book.archived,
            "ticks",
            HIGHEST,
            limits=replace(AT_ONCE, file_entries=400),
            keep=lambda: None,
        )
    )

    assert written[0].entries == 400
    assert len(at.archived.segments("ticks")) == 3
    assert at.recorded("ticks") == numbered(0, 1000)
    zombie.turn()
    assert zombie.phase == "holding"
    assert at.log.entries("ticks")


def test_a_lease_that_ran_out_and_was_nobodys_meanwhile_costs_nothing(at: Desk) -> None:
    at.write("ticks", numbered(0, 1000))
    at.turn()
    book = at.archiver._book
    release_lease(at)

    at.write("ticks", numbered(1000, 2000))
    at.turn()

    assert at.archiver._book is book
    assert at.recorded("ticks") == numbered(0, 2000)


def release_lease(at: Desk) -> None:
    with redis.Redis.from_url(at.settings.redis_url) as client:
        client.delete(at.log.keys.lease("archive"))


def test_no_entry_leaves_that_a_unit_has_not_passed(at: Desk) -> None:
    unit = counter_unit()
    lease = at.log.acquire(unit.name, "tests", 60_000)
    assert lease is not None
    carrier = Carrier(unit, at.log, lease, batch=100)
    at.write("ticks", [b'{"n":%d}' % n for n in range(1000)])
    carrier.step()
    passed = carrier.positions["ticks"]
    assert passed.passed == 100

    at.turn()

    left = at.log.entries("ticks", b"(" + passed.id)
    assert len(left) == 900
    assert at.archived.length("ticks") == 1000
    while carrier.step():
        pass
    at.turn()
    assert at.log.length("ticks") < 200


def test_no_entry_leaves_that_a_writer_has_in_hand(at: Desk) -> None:
    ids = at.write("pnl", numbered(0, 1000))
    writer = RedisConsumer(at.settings.redis_url, at.settings.desk, "writer.sql", "one", ("pnl",))
    writer.open()
    in_hand = writer.fresh(1000, 0)
    writer.settle(in_hand[:400] + in_hand[401:], ())

    at.turn()

    assert writer.mine(10) == in_hand[400:401]
    assert at.log.entries("pnl", ids[400], ids[400])
    writer.settle(in_hand[400:401], ())
    at.turn()
    assert at.log.length("pnl") < 200
    writer.close()


@pytest.mark.parametrize(
    ("check", "dropped"),
    [
        ("last-delivered-id", ("local passed = facts['last-delivered-id']", "local passed = ARGV[4]")),
        ("pending", ("facts['pending'] > 0", "false")),
        ("both", ("redis.call('XINFO', 'GROUPS', KEYS[3])", "{}")),
    ],
)
def test_without_the_checks_of_the_script_entries_would_be_lost(
    at: Desk, check: str, dropped: tuple[str, str]
) -> None:
    """The two tests above can fail: each check that is taken out of the script loses what it guards."""
    trim: Any = at.archiver._redis._trim
    assert dropped[0].encode() in trim.text
    trim.text = trim.text.replace(dropped[0].encode(), dropped[1].encode())
    trim.digest = "0" * 40
    ids = at.write("pnl", numbered(0, 1000))
    writer = RedisConsumer(at.settings.redis_url, at.settings.desk, "writer.sql", "one", ("pnl",))
    writer.open()
    if check != "last-delivered-id":
        in_hand = writer.fresh(1000, 0)
        writer.settle(in_hand[:400] + in_hand[401:], ())

    at.turn()

    assert not at.log.entries("pnl", ids[400], ids[400])
    writer._client.close()


def test_entries_stay_as_long_as_the_desk_keeps_them_unless_memory_presses(at: Desk) -> None:
    at.archiver = at.another(replace(AT_ONCE, keep_ms=3_600_000))
    at.write("ticks", numbered(0, 3000))
    at.turn()
    assert at.archived.length("ticks") == 3000
    assert at.log.length("ticks") == 3000

    release_lease(at)
    at.archiver = at.another(replace(AT_ONCE, keep_ms=3_600_000, budget_bytes=10_000))
    at.turn()

    assert at.log.length("ticks") < 200
    assert at.recorded("ticks") == numbered(0, 3000)


def test_who_keeps_more_on_redis_than_the_budget_is_named_once_as_long_as_it_lasts(at: Desk) -> None:
    at.archiver = at.another(replace(AT_ONCE, budget_bytes=60_000))
    writer = RedisConsumer(at.settings.redis_url, at.settings.desk, "writer.sql", "one", ("pnl",))
    writer.open()
    at.write("pnl", numbered(0, 200))
    at.turn()
    assert at.alerts() == []

    for start in (1000, 11_000):
        for part in range(3):
            at.write("pnl", numbered(start + part * 3000, start + (part + 1) * 3000))
            at.turn()
        assert at.archiver.memory > 60_000
        while in_hand := writer.fresh(1000, 0):
            writer.settle(in_hand, ())
        at.turn()
        assert at.archiver.memory < 60_000

    assert at.alerts() == ["ARCHIVE_HELD_UP"] * 2
    text = at.recorded("alerts")[0].decode()
    assert "writer.sql keeps archived entries of pnl" in text
    assert "sauda archive forget writer.sql" in text
    writer.close()


def test_the_youngest_entries_wait_until_they_are_settled(at: Desk) -> None:
    seconds = [100.0]
    at.archiver = at.another(replace(AT_ONCE, settle_s=5.0))
    at.archiver._seconds = lambda: seconds[0]
    at.write("ticks", numbered(0, 300))
    at.turn()
    seconds[0] += 4.9
    at.write("ticks", numbered(300, 400))
    at.turn()
    assert at.archived.last("ticks") is None

    seconds[0] += 0.2
    at.turn()

    assert at.archived.length("ticks") == 300
    seconds[0] += 5.1
    at.turn()
    assert at.archived.length("ticks") == 400


def test_while_the_archive_is_away_nothing_is_trimmed_and_one_alert_says_so(at: Desk, tmp_path: Path) -> None:
    root = tmp_path / "archive"
    at.write("ticks", numbered(0, 1000))
    at.turn()
    root.rename(tmp_path / "elsewhere")
    at.write("ticks", numbered(1000, 2000))

    at.turn(5)

    assert not at.archiver.ready
    assert "away" in at.archiver.away
    assert at.log.entries("ticks")[-1000].data == b'{"n":1000}'
    (tmp_path / "elsewhere").rename(root)
    at.turn()
    assert at.archiver.ready
    assert at.recorded("ticks") == numbered(0, 2000)
    assert at.alerts() == ["ARCHIVE_AWAY", "ARCHIVE_BACK"]
    assert at.found_again == ["store_back"]


def test_a_replica_that_takes_over_in_an_outage_does_not_repeat_the_alert(at: Desk, tmp_path: Path) -> None:
    root = tmp_path / "archive"
    at.write("ticks", numbered(0, 10))
    root.write_text("a file where the folder should be")
    at.turn()
    release_lease(at)
    at.archiver = at.another(AT_ONCE)

    at.turn()

    root.unlink()
    at.turn()
    assert at.alerts() == ["ARCHIVE_AWAY", "ARCHIVE_BACK"]
    assert at.recorded("ticks") == numbered(0, 10)


def test_an_alert_that_a_full_server_refused_is_said_when_it_has_room(own_redis: Any, tmp_path: Path) -> None:
    at = Desk(own_redis.url, "full", tmp_path / "archive")
    at.write("ticks", numbered(0, 10))
    (tmp_path / "archive").write_text("a file where the folder should be")
    with redis.Redis.from_url(own_redis.url) as client:
        client.config_set("maxmemory", 1)
        at.turn()
        assert at.archiver.away
        assert not at.log.entries("alerts")

        client.config_set("maxmemory", 0)
        at.turn(1)

    assert len(at.log.entries("alerts")) == 1
    at.log.close()


def test_a_second_outage_is_told_though_another_replica_told_the_end_of_the_first(
    at: Desk, tmp_path: Path
) -> None:
    root, first = tmp_path / "archive", at.archiver
    at.write("ticks", numbered(0, 10))
    root.write_text("a file where the folder should be")
    first.turn()
    release_lease(at)
    root.unlink()
    at.archiver = at.another(AT_ONCE)
    at.turn()
    for _ in range(2):
        first.turn()
    assert first.phase == "standby"
    assert not first.away

    at.archiver.run(rung())
    root.rename(tmp_path / "elsewhere")
    root.write_text("a file where the folder should be")
    at.archiver = first
    at.write("ticks", numbered(10, 20))
    at.turn()
    root.unlink()
    (tmp_path / "elsewhere").rename(root)
    at.turn()

    assert at.alerts() == ["ARCHIVE_AWAY", "ARCHIVE_BACK"] * 2


def rung() -> threading.Event:
    bell = threading.Event()
    bell.set()
    return bell


class TakenOver(FolderStore):
    """A folder in which somebody else sweeps while a file is written."""

    def __init__(self, root: Path, meanwhile: Callable[[], object]) -> None:
        super().__init__(root)
        self._meanwhile = meanwhile

    def write(self, path: str, data: bytes) -> None:
        self._meanwhile()
        raise ArchiveAwayError("its folders vanish")


def test_who_lost_the_lease_while_writing_does_not_speak_of_an_outage(at: Desk, tmp_path: Path) -> None:
    at.write("ticks", numbered(0, 10))
    successor = at.another(AT_ONCE)

    def meanwhile() -> None:
        release_lease(at)
        successor.turn()

    redis_book = RedisBook(at.settings.redis_url, at.settings.desk)
    store = TakenOver(tmp_path / "archive", meanwhile)
    zombie = Archiver(redis_book, store, AT_ONCE, "zombie", open_desk=lambda _name: redis_book)

    for _ in range(3):
        zombie.turn()

    assert successor.phase == "holding"
    assert zombie.phase == "standby"
    assert at.alerts() == []


def test_an_archiver_behind_whose_back_the_stream_was_trimmed_writes_no_file_with_a_hole(at: Desk) -> None:
    at.write("ticks", numbered(0, 1000))
    zombie = at.another(replace(AT_ONCE, file_entries=100, at_once=100, keep_ms=3_600_000))
    zombie.turn()
    book = zombie._book
    assert book is not None
    release_lease(at)
    at.turn()
    assert at.log.length("ticks") < 900

    with pytest.raises(LeaseLostError, match="trimmed behind"):
        list(copy(book.redis, book.archived, "ticks", HIGHEST, limits=AT_ONCE, keep=lambda: None))

    assert at.recorded("ticks") == numbered(0, 1000)


def test_an_archive_that_does_not_give_back_what_was_put_in_is_not_relied_on(at: Desk) -> None:
    class Liar:
        """A disk that loses the last byte of what it was given."""

        def __init__(self, store: Any) -> None:
            self._store, self.lies = store, True

        def __getattr__(self, name: str) -> Any:
            return getattr(self._store, name)

        def write(self, path: str, data: bytes) -> None:
            self._store.write(path, data[:-1] if self.lies else data)

    store = at.archiver._store = Liar(at.archiver._store)
    at.write("ticks", numbered(0, 1000))

    at.turn()

    assert at.log.length("ticks") == 1000
    assert at.archived.segments("ticks") == []
    store.lies = False
    at.turn()
    assert at.log.length("ticks") < 200
    assert at.recorded("ticks") == numbered(0, 1000)


def test_a_damaged_newest_file_stops_the_trimming(at: Desk, tmp_path: Path) -> None:
    at.write("ticks", numbered(0, 1000))
    at.turn()
    segment = at.archived.segments("ticks")[-1]
    path = tmp_path / "archive" / at.archived.folder / segment.path
    whole = path.read_bytes()
    path.write_bytes(whole[:60] + bytes([whole[60] ^ 1]) + whole[61:])
    release_lease(at)
    at.archiver = at.another(AT_ONCE)
    at.write("ticks", numbered(1000, 1500))

    at.turn()

    assert segment.path in at.archiver.away
    assert len(at.log.entries("ticks")) >= 500
    path.write_bytes(whole)
    at.turn()
    assert at.recorded("ticks") == numbered(0, 1500)


def test_an_archive_that_lacks_what_was_trimmed_is_not_written_on(at: Desk, tmp_path: Path) -> None:
    at.write("ticks", numbered(0, 1000))
    at.turn()
    (tmp_path / "archive").rename(tmp_path / "elsewhere")
    at.write("ticks", numbered(1000, 1500))
    release_lease(at)
    at.archiver = at.another(AT_ONCE)

    at.turn()

    assert "is it the right place" in at.archiver.away
    assert not (tmp_path / "archive").exists()
    with redis.Redis.from_url(at.settings.redis_url) as client:
        client.delete(at.log.keys.book)
    at.turn()
    assert at.archiver.ready
    assert at.recorded("ticks")[-500:] == numbered(1000, 1500)


def test_a_book_that_was_put_aside_is_archived_whole_and_closed(at: Desk) -> None:
    at.write("ticks", numbered(0, 500))
    at.turn()
    at.write("ticks", numbered(500, 600))
    feed = at.log.acquire("feed", "tests", 60_000)
    assert feed is not None
    at.log.commit(feed, Step(changes={b"feed/row": b"7"}, outputs=[Output("ticks", b'{"n":600}')]))
    shelf = RedisShelf(at.settings.redis_url, at.settings.desk)
    old = shelf.put_aside(feed)
    at.write("ticks", numbered(9000, 9010))

    at.turn(6)

    view = RedisBook(at.settings.redis_url, old)
    assert view.length("ticks") == 0
    assert at.recorded("ticks", old) == numbered(0, 601)
    assert at.recorded("ticks") == numbered(9000, 9010)
    with redis.Redis.from_url(at.settings.redis_url) as client:
        client.delete(*client.keys(f"{{{at.settings.desk}}}@1:*"))
    assert at.recorded("ticks", old) == numbered(0, 601)
    record = Record.open(at.settings, old)
    assert record.state_of("feed") == {b"feed/row": b"7"}
    for each in (view, shelf):
        each.close()


def test_a_damaged_book_that_was_put_aside_does_not_stop_the_present_one(at: Desk, tmp_path: Path) -> None:
    at.write("ticks", numbered(0, 1000))
    at.turn()
    path = tmp_path / "archive" / at.archived.folder / at.archived.segments("ticks")[-1].path
    whole = path.read_bytes()
    path.write_bytes(whole[:60] + bytes([whole[60] ^ 1]) + whole[61:])
    old = put_aside(at)
    at.write("ticks", numbered(1000, 2000))
    release_lease(at)
    at.archiver = at.another(AT_ONCE)

    at.turn(5)

    assert at.log.length("ticks") < 200
    assert at.recorded("ticks") == numbered(1000, 2000)
    assert old in at.archiver.away
    assert path.name in at.archiver.away
    path.write_bytes(whole)
    at.turn(5)
    assert at.archiver.ready
    assert at.recorded("ticks", old) == numbered(0, 1000)
    assert at.alerts() == ["ARCHIVE_AWAY", "ARCHIVE_BACK"]


def put_aside(at: Desk) -> str:
    feed = at.log.acquire("feed", "tests", 60_000)
    assert feed is not None
    shelf = RedisShelf(at.settings.redis_url, at.settings.desk)
    old = shelf.put_aside(feed)
    shelf.close()
    return old


def test_a_file_that_is_missing_between_two_is_named_and_not_passed_over(at: Desk, tmp_path: Path) -> None:
    ids: list[bytes] = []
    for part in range(4):
        ids += at.write("ticks", numbered(part * 1000, part * 1000 + 1000))
        at.turn()
    assert [one.problem for one in check_book(at.archived)] == [""] * 4
    segments = at.archived.segments("ticks")

    (tmp_path / "archive" / at.archived.folder / segments[1].path).unlink()

    behind, first, last = (ids[place].decode() for place in (999, 2000, 1999))
    problems = {one.file: one.problem for one in check_book(at.archived) if one.problem}
    assert list(problems) == [f"{at.archived.folder}/{segments[2].path}"]
    problem = problems.popitem()[1]
    assert f"behind {behind} up to {last}" in problem
    with pytest.raises(DamagedError, match=last):
        at.recorded("ticks")
    record = Record.open(at.settings)
    assert len(list(record.forwards("ticks", first.encode()))) == 2000
    assert len(list(record.backwards("ticks", start=first.encode()))) == 2000
    with pytest.raises(DamagedError, match=last):
        list(record.backwards("ticks", start=behind.encode()))
    record.close()


def test_a_book_put_aside_before_it_was_ever_archived_comes_first(at: Desk) -> None:
    at.write("ticks", numbered(0, 50))
    feed = at.log.acquire("feed", "tests", 60_000)
    assert feed is not None
    shelf = RedisShelf(at.settings.redis_url, at.settings.desk)
    old = shelf.put_aside(feed)
    at.write("ticks", numbered(50, 60))

    at.turn(5)

    assert at.recorded("ticks", old) == numbered(0, 50)
    assert at.recorded("ticks") == numbered(50, 60)
    first = RedisBook(at.settings.redis_url, old)
    assert str(first.book()) < str(at.log.book())
    first.close()
    shelf.close()


def test_a_unit_reads_on_where_the_stream_was_trimmed_behind_it(at: Desk) -> None:
    unit = counter_unit()
    lease = at.log.acquire(unit.name, "tests", 60_000)
    assert lease is not None
    carrier = Carrier(unit, at.log, lease)
    for round_ in range(5):
        at.write("ticks", [b'{"n":%d}' % n for n in range(200)])
        while carrier.step():
            pass
        at.turn()
        if round_ == 2:
            carrier = Carrier(unit, at.log, lease)  # loaded anew from what was committed
    assert carrier.positions["ticks"].passed == 1000
    assert next(one.groups[0].lag for one in at.log.lag() if one.stream == "ticks") == 0
    at.write("ticks", [b'{"n":1}'] * 7)
    assert next(one.groups[0].lag for one in at.log.lag() if one.stream == "ticks") == 7
    assert len(at.log.read({"ticks": Position(carrier.positions["ticks"].id, 0)}, 100, 0)) == 7


def test_a_killed_redis_comes_back_trimmed_or_not_and_nothing_is_missing(
    own_redis: Any, tmp_path: Path
) -> None:
    at = Desk(own_redis.url, "killed", tmp_path / "archive")
    for start in range(0, 5000, 1000):
        at.write("ticks", numbered(start, start + 1000))
        at.turn()
        own_redis.kill()
        at.turn(1)
        assert at.archiver.phase == "away"
        own_redis.start()
        at.turn(5)

    assert at.recorded("ticks") == numbered(0, 5000)
    assert at.log.length("ticks") < 200
    assert at.found_again == ["redis_back"] * 5
    at.log.close()


def test_a_server_whose_memory_is_full_gets_room_from_an_archiver_that_starts_then(
    own_redis: Any, tmp_path: Path
) -> None:
    at = Desk(own_redis.url, "full", tmp_path / "archive")
    with redis.Redis.from_url(own_redis.url) as client:
        at.write("ticks", [b"x" * 500] * 20_000)
        client.config_set("maxmemory", int(client.info("memory")["used_memory"]) - 1_000_000)
        with pytest.raises(redis.OutOfMemoryError):
            client.set("a", "b")

        at.turn(5)

        client.set("a", "b")
    assert at.recorded("ticks") == [b"x" * 500] * 20_000
    at.log.close()


def test_the_name_of_the_file_is_its_first_and_last_id(at: Desk) -> None:
    ids = at.write("ticks", numbered(0, 10))
    at.turn()
    (segment,) = at.archived.segments("ticks")
    assert (text_of(segment.first), text_of(segment.last)) == (ids[0], ids[-1])
