"""What the present holder of a unit was built with is found wherever it stands in the journal, archived or not."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest
import redis

from sauda.codec import encode
from sauda.contracts import Commit, Message, Opened
from sauda.newest_opening import newest_opening
from tests.integration.archive_desk import ArchiveDesk

UNIT: Final = "execution.paper"
OTHER: Final = "pnl.valuation"


@pytest.fixture
def at(redis_url: str, desk: str, tmp_path: Path) -> Iterator[ArchiveDesk]:
    made = ArchiveDesk(redis_url, desk, tmp_path / "archive")
    yield made
    made.close()


def opened(epoch: int, unit: str = UNIT) -> Opened:
    return Opened(unit, epoch, "1", {}, {"max_daily_loss": epoch})


def commits(epoch: int, count: int, unit: str = UNIT) -> list[Message]:
    return [Commit(unit, epoch, {}, {"ticks": f"{n}-0"}, 0) for n in range(count)]


def write(at: ArchiveDesk, url: str, messages: Sequence[Message], seed: int) -> None:
    """Write *messages* at instants that *seed* draws: many to a millisecond, or hours of nothing between two."""
    draw, ms, number = random.Random(seed), 1_000, 0
    with redis.Redis.from_url(url) as client, client.pipeline() as pipeline:
        for message in messages:
            step = draw.choice((0, 0, 1, 7, 40_000, 9_000_000))
            ms, number = ms + step, 0 if step else number + 1
            fields = {b"d": encode(message), b"c": b""}
            pipeline.xadd(at.redis.keys.stream("journal"), fields, id=f"{ms}-{number}")
        pipeline.execute()


@pytest.mark.parametrize("seed", range(8))
def test_it_is_found_between_the_commits_of_all_holders_and_units(
    at: ArchiveDesk, redis_url: str, seed: int
) -> None:
    story = [opened(1), *commits(1, 60), opened(2), opened(3), *commits(3, 5), opened(4), *commits(4, 40)]
    strangers = [opened(9, OTHER), *commits(9, 80, OTHER)]
    draw = random.Random(seed)
    messages: list[Message] = []
    while story or strangers:
        messages.append((story if not strangers or (story and draw.random() < 0.5) else strangers).pop(0))
    write(at, redis_url, messages, seed)
    at.archive("journal", 100)
    at.trim("journal")

    record = at.record()

    assert newest_opening(record, UNIT) == opened(4)
    assert newest_opening(record, OTHER) == opened(9, OTHER)
    record.close()


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([], None),
        (commits(1, 3), None),
        ([opened(1, OTHER)], None),
        ([opened(1), *commits(1, 9), opened(2)], opened(2)),
        ([opened(1)], opened(1)),
    ],
    ids=["nothing", "only its commits", "another unit's", "nothing done yet", "alone"],
)
def test_a_journal_that_hardly_says_anything(
    at: ArchiveDesk, redis_url: str, messages: list[Message], expected: Opened | None
) -> None:
    write(at, redis_url, messages, 1)
    record = at.record()
    assert newest_opening(record, UNIT) == expected
    record.close()


def test_few_entries_are_read_however_long_the_desk_has_run(at: ArchiveDesk, redis_url: str) -> None:
    write(at, redis_url, [opened(1), *commits(1, 60_000)], 2)
    record = at.record()
    reads = 0
    forwards = record.forwards

    def counted(stream: str, start: bytes = b"-", end: bytes = b"+"):  # type: ignore[no-untyped-def]
        nonlocal reads
        for entry in forwards(stream, start, end):
            reads += 1
            yield entry

    record.forwards = counted  # type: ignore[method-assign]
    assert newest_opening(record, UNIT) == opened(1)
    assert reads < 100
    record.close()
