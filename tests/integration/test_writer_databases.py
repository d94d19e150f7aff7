"""Real SQLite and PostgreSQL under replicas that are killed at random: the tables hold exactly what the streams say."""

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pytest
import redis
from sqlalchemy import create_engine, func, select, text

from sauda.batch import Record
from sauda.clock import SystemClock, monotonic_s
from sauda.codec import encode
from sauda.contracts import (
    STREAM_OF,
    DeskPnl,
    Fill,
    Message,
    OrderAccepted,
    OrderCancelled,
    OrderKind,
    OrderModified,
    OrderTriggered,
    PlaceOrder,
    PositionPnl,
    Side,
    StrategyPnl,
)
from sauda.log import Output
from sauda.outage import SinkAwayError
from sauda.redis_log import RedisLog
from sauda_pnl.writers import tables
from sauda_pnl.writers.sql import SqlSink

NS = 1_795_580_105_123_456_789
OPTION = "NFO:NIFTY01DEC26C24500"
WRITER = Path(__file__).with_name("writer_process.py")
STREAMS = ("pnl", "executions", "orders")


class Server(Protocol):
    """What the fixture `own_redis` gives."""

    @property
    def url(self) -> str: ...


def postgres_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A private PostgreSQL that wants a password; it refuses to run as root, so another user runs it then."""
    programs = postgres_programs()
    if programs is None:
        if os.environ.get("CI"):
            pytest.fail("no PostgreSQL on this machine: install its server")
        pytest.skip("no PostgreSQL on this machine")
    user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="sauda-pg-") as folder, socket.socket() as probe:
        data, secret = Path(folder) / "data", Path(folder) / "secret"
        secret.write_text("open sesame")
        if user is not None:
            shutil.chown(folder, user)
            shutil.chown(secret, user)
        init = [
            str(programs / "initdb"),
            "-D",
            str(data),
            "-U",
            "sauda",
            "-A",
            "scram-sha-256",
            "-E",
            "UTF8",
            "-N",
        ]
        subprocess.run([*init, f"--pwfile={secret}"], check=True, capture_output=True, user=user, cwd=folder)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        options = ["-p", str(port), "-k", folder, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        with (Path(folder) / "log").open("wb") as log:
            command = [str(programs / "postgres"), "-D", str(data), *options]
            server = subprocess.Popen(command, stdout=log, stderr=log, user=user, cwd=folder)
            try:
                url = f"postgresql+psycopg://sauda:open sesame@127.0.0.1:{port}/postgres"
                eventually(lambda: answers(url))
                yield url
            finally:
                # PostgreSQL's "fast" shutdown: it does not wait for sessions to end.
                server.send_signal(signal.SIGINT)
                server.wait(20)


def answers(url: str) -> bool:
    sink = SqlSink(url, desk="probe")
    try:
        sink.write([Record("pnl", b"1-0", desk_pnl(0))])
    except SinkAwayError:
        return False
    finally:
        sink.close()
    return True


def eventually(condition: Callable[[], bool], seconds: float = 60) -> None:
    end_s = monotonic_s() + seconds
    while not condition():
        assert monotonic_s() < end_s, "it did not come to pass"
        SystemClock().sleep(0.05)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/desk.db"
    url = request.getfixturevalue("postgres_url")
    assert isinstance(url, str)
    return url


def desk_pnl(number: int) -> DeskPnl:
    return DeskPnl(number, -3, 1, number - 4, None, None, NS + number)


def life_of(number: int, chance: random.Random) -> list[Message]:
    """One order from the decision to its end."""
    name, at = f"o-{number}", NS + 1000 * number
    qty = 75 * chance.randint(1, 3)
    steps: list[Message] = [
        PlaceOrder(name, "s", OPTION, Side.SELL, qty, OrderKind.SL, at, None, 10_000),
        OrderAccepted(name, "s", OPTION, at + 1),
    ]
    if chance.random() < 0.3:
        steps.append(OrderModified(name, "s", OPTION, at + 2, qty, None, 9_990))
    steps.append(OrderTriggered(name, "s", OPTION, at + 3, 9_985))
    parts = range(0, qty, 75)
    steps += [
        Fill(f"{name}-{left}", name, "s", OPTION, Side.SELL, 75, 9_980 + chance.randint(-5, 5), 3, at + 4)
        for left in parts
    ]
    if chance.random() < 0.1:
        steps.append(OrderCancelled(name, "s", OPTION, at + 5, 0, "end of day"))
    return steps


def story(points: int, orders: int) -> list[Message]:
    chance = random.Random(7)
    told: list[Message] = []
    for number in range(points):
        stamp = NS + number * 1_000_000
        told.append(PositionPnl("s", OPTION, -75, -number, 10_000 + number, number, -7, 1, stamp))
        told.append(StrategyPnl("s", number, -7, 1, number - 8, 5_000_00, 0.5, stamp))
        told.append(DeskPnl(number, -7, 1, number - 8, None, None, stamp))
        if number % (points // orders) == 0:
            told += life_of(number, chance)
    return told


def replica(redis_url: str, desk: str, database: str, log: Path) -> "subprocess.Popen[bytes]":
    with log.open("ab") as errors:
        command = [sys.executable, str(WRITER), redis_url, desk, "sql", database, "400"]
        return subprocess.Popen(command, stderr=errors)


def all_is_written(redis_url: str, desk: str) -> bool:
    with redis.Redis.from_url(redis_url, protocol=2) as client:
        for stream in STREAMS:
            key = f"{{{desk}}}:{stream}"
            groups: Any = client.xinfo_groups(key) if client.exists(key) else []
            last: Any = client.xinfo_stream(key)["last-generated-id"] if groups else None
            if not groups or groups[0]["pending"] or groups[0]["last-delivered-id"] != last:
                return False
    return True


def rows(database: str, table: Any, desk: str) -> list[tuple[Any, ...]]:
    engine = create_engine(database)
    columns = [column for column in table.columns if column.name not in ("desk", *ENTRY_COLUMNS)]
    key = [column for column in table.primary_key if column.name != "desk"]
    with engine.connect() as connection:
        query = select(*columns).where(table.c.desk == desk).order_by(*key)
        found = [tuple(row) for row in connection.execute(query)]
    engine.dispose()
    return found


ENTRY_COLUMNS = ("placed_entry", "seen_entry", "terms_entry", "reason_entry")


def write_calmly(database: str, desk: str, told: Sequence[Message]) -> None:
    sink = SqlSink(database, desk=desk)
    calm = [
        Record(STREAM_OF[type(message)], f"1-{number}".encode(), message)
        for number, message in enumerate(told)
    ]
    for start in range(0, len(calm), 500):
        assert sink.write(calm[start : start + 500]) == []
    sink.close()


@pytest.mark.slow
def test_three_replicas_that_are_killed_and_paused_at_random_write_exactly_what_the_streams_hold(
    own_redis: Server, desk: str, database_url: str, tmp_path: Path
) -> None:
    url, told = own_redis.url, story(points=3_000, orders=300)
    chance = random.Random(11)
    errors = tmp_path / "errors.log"
    replicas = [replica(url, desk, database_url, errors) for _ in range(3)]
    log = RedisLog(url, desk)
    try:
        for start in range(0, len(told), 1_000):
            part = told[start : start + 1_000]
            log.append([Output(STREAM_OF[type(message)], encode(message)) for message in part])
            SystemClock().sleep(chance.uniform(0.1, 1.2))
            victim, zombie = chance.sample(range(3), 2)
            # A zombie wakes up with a batch in hand that its peers have taken over in the meantime.
            replicas[zombie].send_signal(signal.SIGSTOP)
            SystemClock().sleep(0.6)
            replicas[zombie].send_signal(signal.SIGCONT)
            replicas[victim].kill()
            replicas[victim].wait()
            replicas[victim] = replica(url, desk, database_url, errors)
        eventually(lambda: all_is_written(url, desk))
    finally:
        for process in replicas:
            process.terminate()
        codes = {process.wait(20) for process in replicas}
        log.close()

    # The last one may not have come as far as to hear the word to stop.
    assert codes <= {0, -signal.SIGTERM}, errors.read_text()
    write_calmly(database_url, f"{desk}-calm", told)
    for table in tables.metadata.sorted_tables:
        assert rows(database_url, table, desk) == rows(database_url, table, f"{desk}-calm"), table.name
    assert len(rows(database_url, tables.positions, desk)) == 3_000
    assert len(rows(database_url, tables.pnl, desk)) == 6_000
    assert len(rows(database_url, tables.fills, desk)) == sum(isinstance(one, Fill) for one in told)
    with redis.Redis.from_url(url, protocol=2) as client:
        assert client.exists(f"{{{desk}}}:dead_letters") == 0


def write_at_last(sink: SqlSink, batch: Sequence[Record], troubles: list[str]) -> None:
    """Write as the runner does: again after whatever may pass."""
    while True:
        try:
            assert sink.write(batch) == []
        except SinkAwayError as error:
            troubles.append(str(error))
        else:
            return


def test_replicas_that_write_the_same_orders_at_once_neither_lose_a_fill_nor_wait_in_a_circle(
    database_url: str, desk: str
) -> None:
    chance = random.Random(5)
    lives = [life_of(number, chance) for number in range(40)]
    told = [
        Record(STREAM_OF[type(message)], f"{number + 1}-{step}".encode(), message)
        for number, life in enumerate(lives)
        for step, message in enumerate(life)
    ]
    shares = [told[number::4] for number in range(4)]

    troubles: list[str] = []

    def write(share: list[Record]) -> None:
        sink = SqlSink(database_url, desk=desk)
        for start in range(0, len(share), 10):
            write_at_last(sink, share[start : start + 10], troubles)
        sink.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, shares))

    filled = {
        life[0].order_id: sum(one.qty for one in life if isinstance(one, Fill))
        for life in lives
        if isinstance(life[0], PlaceOrder)
    }
    engine = create_engine(database_url)
    with engine.connect() as connection:
        query = select(tables.orders).where(tables.orders.c.desk == desk)
        found = {row["order_id"]: row for row in connection.execute(query).mappings()}
    engine.dispose()
    assert {name: row["filled_quantity"] for name, row in found.items()} == filled
    assert {row["status"] for row in found.values()} == {"FILLED"}
    assert not [trouble for trouble in troubles if "deadlock" in trouble]


def test_replicas_that_start_together_make_the_tables_once(database_url: str, desk: str) -> None:
    ready = threading.Barrier(4)
    troubles: list[str] = []

    def start(number: int) -> None:
        sink = SqlSink(database_url, desk=desk)
        ready.wait()
        write_at_last(sink, [Record("pnl", b"1-0", desk_pnl(number))], troubles)
        sink.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(start, range(4)))

    assert len(rows(database_url, tables.pnl, desk)) == 4
    assert all("locked" in trouble for trouble in troubles)


def test_the_columns_that_an_older_version_lacks_are_added_once_by_replicas_that_start_together(
    database_url: str, desk: str
) -> None:
    first = SqlSink(database_url, desk=desk)
    first.write([Record("pnl", b"1-0", desk_pnl(1))])
    first.close()
    engine = create_engine(database_url)
    with engine.begin() as connection:
        for name in ("peak_margin", "peak", "drawdown", "day_pnl"):
            connection.execute(text(f"ALTER TABLE pnl DROP COLUMN {name}"))
    engine.dispose()

    def start(number: int) -> None:
        sink = SqlSink(database_url, desk=desk)
        full = DeskPnl(10, 0, 0, 10, 99_99, None, NS + number, 1_00_00, 50, 40, -7)
        sink.write([Record("pnl", f"{number}-0".encode(), full)])
        sink.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(start, range(2, 6)))

    found = rows(database_url, tables.pnl, desk)
    assert [row[-1] is None for row in found] == [True, False, False, False, False]


@pytest.mark.parametrize("name", ["s", '3",NULL}', "{a\\\\b}", "NULL", "", "श्री 'x' --", "a\tb\nc"])
def test_a_point_that_comes_twice_in_a_batch_is_one_row_whatever_its_strategy_is_called(
    database_url: str, desk: str, name: str
) -> None:
    position = PositionPnl(name, OPTION, -75, -123_456, 100_05, 7, -2_345, 1, NS)
    flat = PositionPnl(name, "NSE:Nifty 50", 0, 0, 2**40 + 1, -(2**40) - 1, 0, 0, NS)
    total = StrategyPnl(name, 10, -3, 1, 6, None, 0.25, NS, 6_000_00, 10, 4, -5)
    told = [Record("pnl", b"1-0", one) for one in (total, position, flat, desk_pnl(0), position, total)]
    sink = SqlSink(database_url, desk=desk)

    assert sink.write(told) == []
    sink.close()

    shown = [
        [float(cell) if isinstance(cell, Decimal) else cell for cell in row]
        for row in rows(database_url, tables.pnl, desk)
    ]
    assert [row[:2] + row[3:] for row in shown if row[0] == name] == [
        [name, NS, 0.1, -0.03, 0.01, 0.06, None, 0.25, 6_000.0, 0.1, 0.04, -0.05]
    ]
    assert len(shown) == 2
    found = [
        [float(cell) if isinstance(cell, Decimal) else cell for cell in row]
        for row in rows(database_url, tables.positions, desk)
    ]
    assert [row[:3] + row[4:] for row in found] == [
        [name, OPTION, NS, -75, 16.4608, 100.05, 0.07, -23.45, 0.01, -23.39],
        [name, "NSE:Nifty 50", NS, 0, None, 10995116277.77, -10995116277.77, 0.0, 0.0, -10995116277.77],
    ]


def test_postgresql_holds_rupees_exactly(postgres_url: str, desk: str) -> None:
    sink = SqlSink(postgres_url, desk=desk)
    points = [
        Record("pnl", f"{n}-0".encode(), DeskPnl(10, 0, 0, 10, 99_99, None, NS + n)) for n in range(1000)
    ]
    sink.write(points)
    sink.close()
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        total = connection.execute(select(func.sum(tables.pnl.c.realised)).where(tables.pnl.c.desk == desk))
        assert total.scalar_one() == Decimal("100.00")
    engine.dispose()


def test_a_row_that_postgresql_cannot_hold_is_refused_and_the_rest_is_written(
    postgres_url: str, desk: str
) -> None:
    nul = StrategyPnl("a\0b", 1, 1, 1, 1, None, None, NS)
    sink = SqlSink(postgres_url, desk=desk)

    refusals = sink.write(
        [Record("pnl", b"1-0", desk_pnl(1)), Record("pnl", b"2-0", nul), Record("pnl", b"3-0", desk_pnl(3))]
    )
    sink.close()

    assert [refusal.place for refusal in refusals] == [1]
    assert "NUL" in refusals[0].reason
    assert len(rows(postgres_url, tables.pnl, desk)) == 2


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (("open sesame", "geheim 123"), "password authentication failed"),
        (("127.0.0.1", "no-such-host.invalid"), "no-such-host.invalid"),
        (("/postgres", "/nosuchdatabase"), 'database "nosuchdatabase" does not exist'),
    ],
)
def test_a_database_that_cannot_be_reached_is_named_without_its_password(
    postgres_url: str, desk: str, spoil: tuple[str, str], says: str
) -> None:
    head, tail = postgres_url.split("://")
    sink = SqlSink(f"{head}://{tail.replace(*spoil)}", desk=desk)

    with pytest.raises(SinkAwayError) as caught:
        sink.write([Record("pnl", b"1-0", desk_pnl(1))])

    assert says in str(caught.value)
    assert "geheim 123" not in str(caught.value)
    assert "open sesame" not in str(caught.value)


def test_a_file_that_another_program_keeps_locked_is_waited_for(tmp_path: Path, desk: str) -> None:
    url = f"sqlite:///{tmp_path}/desk.db"
    sink = SqlSink(url, desk=desk)
    sink.write([Record("pnl", b"1-0", desk_pnl(1))])
    blocker = create_engine(url, isolation_level="AUTOCOMMIT")
    with blocker.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(SinkAwayError, match="database is locked"):
            sink.write([Record("pnl", b"2-0", desk_pnl(2))])
        connection.exec_driver_sql("COMMIT")
    blocker.dispose()

    assert sink.write([Record("pnl", b"2-0", desk_pnl(2))]) == []
    sink.close()
    assert len(rows(url, tables.pnl, desk)) == 2
