"""The proof of the archive: `python -m benchmarks.archive ticks=10000000 budget_mb=256 rate=30000 kills=5`.

Writes so many ticks into a desk while the real archive service works and is killed with -9 again and again; watches the memory of
Redis all the time; then reads archive and stream as one and compares every byte with what was written.

The feed waits for room when four fifths of the budget are full, as a recording can and a market cannot: how long it did is reported
(`waited s`), and 0 means that the archive kept up by itself. On a machine that does other work besides, it will not be 0.
"""

import hashlib
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

import redis

from benchmarks.server import private_server
from sauda.archive.finding import open_store
from sauda.archive.naming import Segment
from sauda.clock import NS_PER_S, SystemClock, monotonic_s
from sauda.log import Lease, Move, Output, Position, Step
from sauda.merge import id_parts
from sauda.record import Record
from sauda.redis_log import RedisLog
from sauda.settings import Settings
from sauda.testing.builders import NOW

DESK: Final = "proof"
_BATCH: Final = 500
_STRIKES: Final = 100
_LEASE_MS: Final = 60_000
_PATIENCE_S: Final = 120
"""How long the reader may take to come to the end when all is written, and the archive to make room."""
_FULL: Final = 0.8


@dataclass
class Found:
    """What came of it; `problems` is empty if every promise was kept."""

    ticks: int
    budget_mb: float
    kills: int = 0
    peak_mb: float = 0.0
    waited_s: float = 0.0
    """How long the feed waited for room."""
    written_per_s: float = 0.0
    replayed: int = 0
    replayed_per_s: float = 0.0
    read_by_the_unit: int = 0
    files: int = 0
    archived: int = 0
    bytes_per_tick: float = 0.0
    json_bytes_per_tick: float = 0.0
    left_on_redis: int = 0
    problems: list[str] = field(default_factory=list)


class Proof:
    """One run: a private Redis, a feed, a reader, an archiver, somebody who kills it."""

    def __init__(
        self,
        folder: Path,
        *,
        ticks: int,
        budget_mb: float,
        kills: int,
        rate: int = 30_000,
        lease_ms: int = 1_000,
    ) -> None:
        self._ticks = ticks
        self._rate = rate
        self._lease_ms = lease_ms
        self._folder = folder
        self._kills = kills
        self._written = hashlib.sha256()
        self._used_mb = 0.0
        self._size = 0
        self._done = threading.Event()
        self._found = Found(ticks, budget_mb)

    def run(self) -> Found:
        """Do it all; the servers and processes are gone afterwards."""
        with private_server() as (port, _):
            url = f"redis://127.0.0.1:{port}/0"
            settings = Settings(redis_url=url, desk=DESK, archive=str(self._folder / "archive"))
            processes = multiprocessing.get_context("spawn")
            answers, theirs = processes.Pipe()
            reader = processes.Process(target=read_all, args=(url, self._ticks, theirs))
            reader.start()
            answers.recv()  # it stands at the beginning
            helpers = [
                threading.Thread(target=self._watch, args=(url,)),
                threading.Thread(target=self._kill, args=(url, random.Random(3))),
            ]
            for helper in helpers:
                helper.start()
            try:
                self._write(RedisLog(url, DESK))
                self._wait_for_reader(reader, answers)
            finally:
                reader.kill()
                self._done.set()
                for helper in helpers:
                    helper.join()
            self._compare(settings)
            self._weigh(settings)
        return self._found

    def _write(self, log: RedisLog) -> None:
        """Be the feed: one atomic step for a batch, at the given rate."""
        lease = log.acquire("feed", "proof", _LEASE_MS)
        if lease is None:
            raise RuntimeError("the feed's lease is taken on a server of our own")
        began_s = monotonic_s()
        batch: list[Output] = []
        for number, tick in enumerate(ticks(self._ticks), start=1):
            self._written.update(tick)
            self._size += len(tick)
            batch.append(Output("ticks", tick))
            if len(batch) == _BATCH or number == self._ticks:
                self._wait_for_room(log, lease)
                log.commit(lease, Step(outputs=batch))
                batch = []
                ahead_s = number / self._rate - (monotonic_s() - began_s)
                if ahead_s > 0:
                    SystemClock().sleep(ahead_s)
        self._found.written_per_s = self._ticks / (monotonic_s() - began_s)
        log.close()

    def _wait_for_room(self, log: RedisLog, lease: Lease) -> None:
        began_s = monotonic_s()
        while self._used_mb > self._found.budget_mb * _FULL:
            if monotonic_s() - began_s > _PATIENCE_S:
                raise TimeoutError("nothing leaves Redis")
            log.renew(lease)
            SystemClock().sleep(0.05)
            self._found.waited_s += 0.05

    def _watch(self, url: str) -> None:
        """Look at the server's memory twenty times a second."""
        with redis.Redis.from_url(url) as client:
            while not self._done.wait(0.05):
                self._used_mb = client.info("memory")["used_memory"] / 1e6
                self._found.peak_mb = max(self._found.peak_mb, self._used_mb)
        if self._found.peak_mb > self._found.budget_mb:
            self._found.problems.append(f"Redis used {self._found.peak_mb:.1f} MB of {self._found.budget_mb}")

    def _wait_for_reader(self, reader: BaseProcess, answers: Connection) -> None:
        """Take the reader's word: how many it read, and which."""
        if answers.poll(_PATIENCE_S):
            self._found.read_by_the_unit, digest = answers.recv()
            if digest != self._written.hexdigest():
                self._found.problems.append("the unit read other ticks than were written")
        else:
            self._found.problems.append("the unit did not come to the end")
        reader.kill()
        reader.join()

    def _kill(self, url: str, chance: random.Random) -> None:
        """Keep one archiver running, and kill it so often over the run."""
        every_s = self._ticks / self._rate / (self._kills + 1)
        process = self._archiver(url)
        try:
            while self._found.kills < self._kills and not self._done.wait(every_s * chance.uniform(0.8, 1.2)):
                process.kill()
                process.wait()
                self._found.kills += 1
                process = self._archiver(url)
            self._done.wait()
        finally:
            process.kill()
            process.wait()

    def _archiver(self, url: str) -> "subprocess.Popen[bytes]":
        environ = {key: value for key, value in os.environ.items() if not key.startswith("SAUDA_")} | {
            "SAUDA_REDIS_URL": url,
            "SAUDA_DESK": DESK,
            "SAUDA_ARCHIVE": str(self._folder / "archive"),
            "SAUDA_ARCHIVE_BUDGET_MB": str(self._found.budget_mb),
            "SAUDA_LEASE_MS": str(self._lease_ms),
            "SAUDA_LOG_FORMAT": "json",
        }
        with (self._folder / "archive.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "sauda_archive"], env=environ, stdout=log, stderr=log, cwd=self._folder
            )

    def _compare(self, settings: Settings) -> None:
        """Read it all, archive and stream as one."""
        record, seen, last = Record.open(settings), hashlib.sha256(), b"0-0"
        began_s = monotonic_s()
        for piece in record.chunks("ticks"):
            for entry in piece:
                seen.update(entry.data)
            if id_parts(piece[0].id) <= id_parts(last):
                self._found.problems.append(f"{piece[0].id!r} comes behind {last!r}")
            last = piece[-1].id
            self._found.replayed += len(piece)
        self._found.replayed_per_s = self._found.replayed / (monotonic_s() - began_s)
        if seen.digest() != self._written.digest() or self._found.replayed != self._ticks:
            self._found.problems.append(
                f"{self._found.replayed} ticks were read, or others than were written"
            )
        live = record.live
        self._found.left_on_redis = live.length("ticks") if live else 0
        record.close()

    def _weigh(self, settings: Settings) -> None:
        archived = Record.open(settings).archived
        segments: list[Segment] = archived.segments("ticks") if archived else []
        if archived is None or not segments:
            self._found.problems.append("nothing was archived")
            return
        store = open_store(settings)
        size = sum(len(store.read(f"{archived.folder}/{segment.path}")) for segment in segments)
        self._found.files = len(segments)
        self._found.archived = archived.length("ticks")
        self._found.bytes_per_tick = size / sum(archived.file(one).facts.entries for one in segments)
        self._found.json_bytes_per_tick = self._size / self._ticks


def read_all(url: str, count: int, answers: Connection) -> None:
    """Be a unit: read every tick in order and commit how far it is; what it has not passed must not be trimmed."""
    log = RedisLog(url, DESK)
    lease = log.acquire("reader", "proof", _LEASE_MS)
    if lease is None:
        raise RuntimeError("the reader's lease is taken on a server of our own")
    at = log.load(lease, ("ticks",)).positions["ticks"]
    answers.send("ready")
    seen, passed = hashlib.sha256(), 0
    while passed < count:
        entries = log.read({"ticks": at}, 2000, 200)
        if not entries:
            log.renew(lease)
            continue
        seen.update(b"".join(entry.data for entry in entries))
        passed += len(entries)
        after = Position(entries[-1].id, at.passed + len(entries))
        log.commit(lease, Step({"ticks": Move(at, entries[0].id, after)}))
        at = after
    answers.send((passed, seen.hexdigest()))
    log.close()


def ticks(count: int) -> Iterator[bytes]:
    """Yield ticks of an option chain as the feed writes them: prices walk, volumes grow, nanoseconds are any."""
    chance = random.Random(7)
    names = [f"NFO:NIFTY01DEC26{right}{22_000 + 50 * n}" for n in range(_STRIKES) for right in "CP"]
    prices = [chance.randrange(10_00, 500_00, 5) for _ in names]
    volumes = [chance.randrange(10**6) for _ in names]
    interests = [chance.randrange(10**5, 10**7) for _ in names]
    now_ns, pick, rand = NOW, chance.choices, chance.random
    which = range(len(names))
    given = 0
    while given < count:
        for one in pick(which, k=min(1000, count - given)):
            now_ns += int(rand() * 4_000_000)
            step = int(rand() * 5) - 2
            prices[one] = price = max(5, prices[one] + 5 * step)
            volumes[one] += 75 * int(rand() * 20)
            bid_qty, ask_qty = 75 * int(1 + rand() * 40), 75 * int(1 + rand() * 40)
            yield (
                b'{"type":"tick","instrument":"%s","event_ns":%d,"recv_ns":%d,"ltp":%d,"bid":%d,"ask":%d,'
                b'"bid_qty":%d,"ask_qty":%d,"volume":%d,"oi":%d}'
            ) % (
                names[one].encode(),
                now_ns - now_ns % NS_PER_S,
                now_ns,
                *(price, max(5, price - 5), price + 5),
                *(bid_qty, ask_qty, volumes[one], interests[one]),
            )
        given += 1000


def main(arguments: list[str]) -> int:
    """Run the proof and print what came of it; exit 1 if a promise was broken, 2 for an argument that nobody knows."""
    wanted = {"ticks": 10_000_000, "budget_mb": 256, "rate": 30_000, "kills": 5}
    for argument in arguments:
        name, _, value = argument.partition("=")
        if name not in wanted or not value.isdecimal() or (name != "kills" and int(value) < 1):
            sys.stderr.write(
                f"{argument!r}: give {' '.join(f'{key}={known}' for key, known in wanted.items())}\n"
            )
            return 2
        wanted[name] = int(value)
    with tempfile.TemporaryDirectory(prefix="sauda-archive-") as folder:
        found = Proof(Path(folder), **wanted).run()
    for name, value in asdict(found).items():
        shown = (
            f"{value:,.1f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else value
        )
        sys.stdout.write(f"{name.replace('_', ' '):<22} {shown}\n")
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
