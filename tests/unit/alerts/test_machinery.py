"""Rules about the machinery: judged from what was measured, said once, and once that it is over, by whoever watches."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sauda.clock import NS_PER_MS, NS_PER_S, ManualClock
from sauda.codec import decode, encode
from sauda.contracts import Alert, Level
from sauda.log import Entry
from sauda.memory_log import MemoryLog
from sauda.redis_view import GroupLag, StreamLag, UnitHolding
from sauda.testing.builders import a_clock, a_gap, a_tick
from sauda_alerts.facts import Disk, Facts, Newest, Server
from sauda_alerts.machinery import Machinery
from sauda_alerts.measuring import disks_of, newest_of, server_of
from sauda_alerts.rules import Rules
from sauda_alerts.watcher import Watcher
from tests.unit.alerts.made import NOW, at

WELL = Server(used=10, limit=100, writes_its_file=True)


def facts(seconds: float = 0, **changed: Any) -> Facts:
    now_ns = NOW + round(seconds * NS_PER_S)
    known: dict[str, Any] = {
        "now_ns": now_ns,
        "streams": (),
        "units": (),
        "pending": {},
        "letters": 0,
        "newest": Newest(now_ns, now_ns),
        "server": WELL,
        "disks": (),
    }
    return Facts(**known | changed)


def a_unit(name: str, *, held: bool) -> UnitHolding:
    return UnitHolding(name, held, "host:1", 1, 500 if held else None, {})


def a_stream(last: str, position: str, group: str = "pnl.valuation", name: str = "ticks") -> StreamLag:
    return StreamLag(name, 10, last, [GroupLag(group, position, 3, 0, 1)])


def machinery(speed: float = 1.0, rules: Rules | None = None) -> Machinery:
    return Machinery(rules or Rules(), lambda _last, now_ns: now_ns < at("15:30"), speed, ("mail",))


def codes(machinery: Machinery, *looks: Facts) -> list[list[str]]:
    return [[one.code for one in machinery.judge(look)] for look in looks]


def test_all_is_well() -> None:
    held = [a_unit("feed", held=True)]

    assert codes(machinery(), facts(units=held, streams=[a_stream("9-0", "9-0")])) == [[]]


def test_a_unit_that_nobody_carries_is_said_when_it_has_lasted() -> None:
    gone, back = [a_unit("feed", held=False)], [a_unit("feed", held=True)]
    looks = [facts(0, units=gone), facts(14, units=gone), facts(15, units=gone), facts(16, units=back)]
    again = [facts(17, units=gone), facts(20, units=gone)]

    assert codes(machinery(), *looks, *again) == [[], [], ["UNIT_WITHOUT_HOLDER"], [], [], []]


def test_a_destination_that_was_taken_away_is_missed_by_nobody() -> None:
    gone = [a_unit("alerts.to.mail", held=False), a_unit("alerts.to.pager", held=False)]
    judged = machinery()
    judged.judge(facts(0, units=gone))

    assert [one.key for one in judged.judge(facts(60, units=gone))] == ["holder alerts.to.mail"]


def test_units_of_a_desk_that_a_replay_made_rest() -> None:
    units = [a_unit("replay", held=False), a_unit("feed", held=False)]
    old = Newest(NOW, NOW)

    assert codes(machinery(), facts(0, units=units), facts(99, units=units, newest=old)) == [[], []]


def test_a_reader_lags_that_does_not_come_to_where_the_stream_was() -> None:
    units = [a_unit("pnl.valuation", held=True)]
    looks = [facts(second, units=units, streams=[a_stream("5-0", "3-0")]) for second in (0, 2, 31, 32)]
    (late,) = [facts(33, units=units, streams=[a_stream("9-0", "5-0")])]

    assert codes(machinery(), *looks, late) == [[], [], [], ["LAG"], []]


def test_a_reader_that_is_always_a_little_behind_does_not_lag() -> None:
    units = [a_unit("pnl.valuation", held=True)]
    looks = [
        facts(second, units=units, streams=[a_stream(f"{second + 2}-0", f"{second}-0")])
        for second in range(0, 120, 2)
    ]

    assert all(found == [] for found in codes(machinery(), *looks))


def test_a_night_without_entries_is_no_lag_when_the_next_one_comes() -> None:
    units = [a_unit("pnl.valuation", held=True)]
    quiet = facts(0, units=units, streams=[a_stream("5-0", "5-0")])
    first = facts(36_000, units=units, streams=[a_stream("9-0", "5-0")])

    assert codes(machinery(), quiet, first) == [[], []]


def test_a_writer_is_behind_while_what_it_has_read_is_not_written() -> None:
    streams = [a_stream("5-0", "5-0", "writer.sql", "pnl")]
    stuck = [facts(second, streams=streams, pending={("pnl", "writer.sql"): "5-0"}) for second in (0, 2, 62)]
    done = facts(64, streams=streams)

    assert codes(machinery(), *stuck, done) == [[], [], ["WRITER_BEHIND"], []]


def test_a_writer_that_always_has_something_in_hand_is_not_behind() -> None:
    looks = [
        facts(
            second,
            streams=[a_stream(f"{second + 9}-0", f"{second + 8}-0", "writer.sql", "pnl")],
            pending={("pnl", "writer.sql"): f"{second + 1}-0"},
        )
        for second in range(0, 200, 2)
    ]

    assert all(found == [] for found in codes(machinery(), *looks))


def test_who_has_no_holder_is_not_also_said_to_lag() -> None:
    units = [a_unit("pnl.valuation", held=False)]
    looks = [facts(second, units=units, streams=[a_stream("5-0", "3-0")]) for second in (0, 2, 40)]

    assert codes(machinery(), *looks)[-1] == ["UNIT_WITHOUT_HOLDER"]


def test_a_feed_that_is_silent_is_missed_while_its_exchange_is_open() -> None:
    silent = Newest(NOW, NOW)
    evening = Newest(NOW, at("15:29:50"))

    assert codes(machinery(), facts(19, newest=silent), facts(20, newest=silent)) == [[], ["FEED_DOWN"]]
    assert codes(machinery(), facts(20, newest=evening)) == [[]]
    assert codes(machinery(), facts(20, newest=None)) == [[]]
    # At 60x the market would have closed meanwhile: 09:30 is over after 6 hours, 360 s of the desk.
    assert codes(machinery(60), facts(400, newest=silent)) == [[]]


def test_full_stores_and_open_letters_are_said_at_once() -> None:
    full = Server(used=80, limit=100, writes_its_file=False)
    look = facts(letters=2, server=full, disks=[Disk("/a", 100, 10), Disk("/b", 100, 11)])

    assert codes(machinery(), look) == [["DEAD_LETTERS", "DISK_FULL", "REDIS_MEMORY", "REDIS_DISK"]]


def test_a_rule_that_is_off_says_nothing() -> None:
    rules = Rules(dead_letters=Rules().dead_letters.model_copy(update={"enabled": False}))

    assert codes(machinery(rules=rules), facts(letters=2)) == [[]]


class Looks:
    """Hands out one look after the other; stands in for the measuring, which test_alerts.py has for real."""

    def __init__(self, *looks: Facts) -> None:
        self.next = list(looks)

    def look(self) -> Facts:
        return self.next.pop(0)


def said(log: MemoryLog) -> list[tuple[str, Level]]:
    alerts = [decode(entry.data) for entry in log.entries("alerts")]
    return [(one.code, one.level) for one in alerts if isinstance(one, Alert)]


def watch(log: MemoryLog, clock: ManualClock, looks: Sequence[Facts]) -> Watcher:
    watcher = Watcher(
        log,
        Looks(*looks),
        machinery(),
        holder="tests",
        clock=clock,
        seconds=lambda: clock.now_ns() / NS_PER_S,
    )
    for look in looks:
        clock.advance_to(look.now_ns)
        watcher.turn()
    return watcher


def test_trouble_is_said_once_and_once_that_it_is_over() -> None:
    clock = ManualClock(NOW)
    log = MemoryLog(clock=clock)
    looks = [facts(second, letters=1) for second in range(0, 200, 2)]
    grown = [facts(200, letters=3), facts(202, letters=2)]
    watch(log, clock, [*looks, *grown, facts(204), facts(206)])

    assert said(log) == [
        ("DEAD_LETTERS", Level.WARNING),
        ("DEAD_LETTERS", Level.WARNING),
        ("DEAD_LETTERS_OVER", Level.INFO),
    ]


def test_a_watcher_that_takes_over_says_nothing_again_and_nothing_too_soon() -> None:
    clock = ManualClock(NOW)
    log = MemoryLog(clock=clock)
    gone = [a_unit("feed", held=False)]
    watch(log, clock, [facts(second, units=gone) for second in range(0, 22, 2)])
    assert said(log) == [("UNIT_WITHOUT_HOLDER", Level.CRITICAL)]
    # The lease of the first, which was killed, runs out; the second begins to time anew.
    later = [facts(second, units=gone) for second in range(40, 160, 2)]
    watch(log, clock, later)

    assert len(said(log)) == 1
    watch(log, clock, [facts(second) for second in range(180, 300, 2)])
    assert said(log)[1:] == [("UNIT_WITHOUT_HOLDER_OVER", Level.INFO)]


@pytest.mark.parametrize(
    ("message", "market_ns"),
    [
        (a_tick(at_ns=NOW), NOW),
        (a_clock(NOW), NOW),
        (a_gap(NOW, NOW + 5), NOW + 5),
    ],
)
def test_the_newest_entry_tells_the_markets_time(message: Any, market_ns: int) -> None:
    entry = Entry("ticks", b"%d-0" % (NOW // NS_PER_MS), encode(message), b"")

    assert newest_of(entry) == Newest(NOW, market_ns)
    assert newest_of(entry._replace(data=b"no message")) is None


def test_a_server_says_whether_it_can_write() -> None:
    info = {"used_memory": 5, "maxmemory": 9, "aof_last_write_status": "ok"}

    assert server_of(info) == Server(5, 9, writes_its_file=True)
    assert not server_of({**info, "aof_last_write_status": "err"}).writes_its_file


def test_a_folder_that_is_not_there_yet_is_measured_where_it_will_be(tmp_path: Path) -> None:
    (disk,) = disks_of([tmp_path / "not" / "yet", tmp_path])

    assert disk.folder == str(tmp_path)
    assert 0 < disk.free <= disk.total
