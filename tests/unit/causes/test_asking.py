"""Whoever knows the names of all orders and fills reads none of them in search of another name."""

from collections.abc import Iterator
from typing import Any

import pytest

from sauda.causes.asking import NothingFoundError, find
from sauda.codec import encode
from sauda.log import Entry, Output
from sauda.memory_log import MemoryLog
from sauda.testing.builders import an_order
from sauda.testing.recorded import Recorded


class Watched(Recorded):
    """Notes which streams are read through."""

    def __init__(self, log: MemoryLog) -> None:
        super().__init__(log)
        self.read: list[str] = []

    def backwards(self, stream: str, end: bytes = b"+", start: bytes = b"-") -> Iterator[Entry]:
        self.read.append(stream)
        return super().backwards(stream, end, start)


@pytest.fixture
def record() -> Watched:
    log = MemoryLog()
    log.append([Output("orders", encode(an_order()))])
    return Watched(log)


def test_a_name_that_nobody_has_is_looked_for_among_the_points_alone(record: Any) -> None:
    with pytest.raises(NothingFoundError, match="is called 'nobody'"):
        find(record, ["nobody"], lambda _: False)

    assert set(record.read) == {"pnl"}


def test_a_name_that_is_known_is_found(record: Any) -> None:
    order_id = an_order().order_id

    assert find(record, [order_id], {order_id}.__contains__) == find(record, [order_id])
