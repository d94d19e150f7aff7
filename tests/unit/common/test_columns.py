"""Entries in columns are the entries that they stand for, and a unit does with them what it does with each by itself."""

import base64
from collections.abc import Mapping, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.clock import NS_PER_MS
from sauda.codec import encode
from sauda.columns import Columns, columns_of, entries_of
from sauda.contracts import ClockTick, Requeued, Tick
from sauda.log import Entry, Output, Position
from sauda.memory_log import MemoryLog
from sauda.runner import LOOK_EVERY, Carrier
from sauda.testing.counting import POISON_LTP, counter_unit

UNIT = counter_unit()
TICK = encode(Tick("NSE:Nifty 50", 1, 1, 2))


class InColumns(MemoryLog):
    """Reads as a server's log does: in columns, of several streams as well."""

    def read(self, positions: Mapping[str, Position], count: int, block_ms: int = 0) -> list[Entry]:
        found = super().read(positions, count, block_ms)
        if not found:
            return found
        return Columns(*zip(*(entry[:4] for entry in found), strict=True))  # type: ignore[return-value]  # a sequence will do


def letter(unit: str, data: bytes) -> bytes:
    fields = {"d": base64.b64encode(data).decode(), "c": ""}
    return encode(Requeued(unit, "ticks", "5-1", fields, "tests", NS_PER_MS))


outputs = st.lists(
    st.sampled_from(
        [
            *[Output("ticks", TICK)] * 6,
            Output("ticks", encode(ClockTick(1))),
            Output("ticks", encode(Tick("NSE:Nifty 50", 1, 1, POISON_LTP))),
            Output("ticks", b"\xff{"),
            Output("ticks", TICK + b"," + TICK),
            Output("ticks", TICK[:-9]),
            Output("ticks", TICK[-9:]),
            Output("orders", TICK),
            Output("requeued", letter(UNIT.name, TICK)),
            Output("requeued", letter(UNIT.name, b"{")),
            Output("requeued", letter("another", TICK)),
            Output("requeued", b"{"),
        ]
    ),
    max_size=3 * LOOK_EVERY,
)


def said(log: MemoryLog, given_: Sequence[Output], batch: int) -> tuple[object, ...]:
    lease = log.acquire(UNIT.name, "tests", 60_000)
    assert lease is not None
    carrier = Carrier(UNIT, log, lease, batch)
    log.append(given_)
    while carrier.step():
        pass
    entries = [[entry[2:4] for entry in log.entries(name)] for name in ("alerts", "dead_letters")]
    return entries, log.state_of(UNIT.name), log.positions_of(UNIT.name)


@given(outputs)
@settings(max_examples=40)
def test_batches_in_columns_batches_in_rows_and_entries_by_themselves_say_the_same(
    given_: list[Output],
) -> None:
    one_by_one = said(MemoryLog(), given_, 1)

    assert said(MemoryLog(), given_, 500) == one_by_one
    assert said(InColumns(), given_, 500) == one_by_one


rows = st.lists(
    st.tuples(
        st.sampled_from([b"1-1", b"1-2"]),
        st.sampled_from(
            [
                *[[b"d", b"{}", b"c", b""]] * 9,
                [b"c", b"", b"d", b"{}"],
                [b"d", b"{}"],
                [b"d", b"{}", b"c", b"", b"e", b""],
                [b"x", b"{}", b"c", b""],
            ]
        ),
    ),
    min_size=1,
    max_size=9,
)


@given(rows)
def test_columns_are_the_same_entries_and_there_are_none_for_what_is_foreign(
    given_: list[tuple[bytes, list[bytes]]],
) -> None:
    entries, columns = entries_of("ticks", given_), columns_of("ticks", given_)

    if any(entry.raw is not None for entry in entries):
        assert columns is None
    else:
        assert columns == entries
        assert columns is not None
        assert columns[-1] == entries[-1]
        assert isinstance(columns[1:], Columns)
        assert columns[1:] == entries[1:]
