"""What `--from` and `--to` understand, and how a market time is found among entry ids."""

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.contracts import BrokerUpdate, Commit, Message
from sauda.market_time import arrival_ns, time_of
from sauda.testing.builders import DAY, a_clock, a_gap, a_tick, at
from sauda.window import (
    IdBound,
    TimeBound,
    WindowError,
    first_ms_from,
    parse_bound,
)


@pytest.mark.parametrize("text", ["-", "+", "1795580105123-4", "1795580105123"])
def test_ids_and_ends_are_taken_as_they_are(text: str) -> None:
    assert parse_bound(text) == IdBound(text.encode())


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("09:20", TimeBound(None, time(9, 20))),
        ("9:20", TimeBound(None, time(9, 20))),
        ("09:20:05", TimeBound(None, time(9, 20, 5))),
        ("09:20:05.250", TimeBound(None, time(9, 20, 5, 250_000))),
        ("2026-11-23T09:20", TimeBound(date(2026, 11, 23), time(9, 20))),
        ("2026-11-23 09:20:05", TimeBound(date(2026, 11, 23), time(9, 20, 5))),
    ],
)
def test_a_time_is_read_with_or_without_its_date(text: str, bound: TimeBound) -> None:
    assert parse_bound(text) == bound


@pytest.mark.parametrize("text", ["", "noon", "24:00", "09:60", "09.20", "1-2-3", "2026-02-30T09:20", "-1"])
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(WindowError, match=repr(text)):
        parse_bound(text)


def test_a_time_without_a_date_belongs_to_the_newest_one() -> None:
    assert TimeBound(None, time(9, 20)).instant(DAY) == at("09:20:00")


@pytest.mark.parametrize(
    ("message", "instant"),
    [
        pytest.param(a_tick(at_ns=7), 7, id="a tick when it reached us"),
        pytest.param(a_clock(7), 7, id="a heartbeat when it happened"),
        pytest.param(a_gap(1, 7), 7, id="a gap when it ended"),
        pytest.param(BrokerUpdate(payload={}, recv_ns=7), 7, id="a broker's update when it reached us"),
        pytest.param(Commit("feed", 1, {}, {}, 0), None, id="a journal record has none"),
    ],
)
def test_the_market_time_of_a_message(message: Message, instant: int | None) -> None:
    assert time_of(message) == instant


def test_an_entry_id_tells_when_it_arrived() -> None:
    assert arrival_ns(b"1795580105123-4") == 1795580105123 * 1_000_000


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 50)), min_size=1), st.integers(0, 50))
def test_halving_finds_what_reading_through_finds(rows: list[tuple[int, int]], instant: int) -> None:
    ids = sorted(row[0] for row in rows)
    times = sorted(row[1] for row in rows)

    def time_from(ms: int) -> int | None:
        return next((at for id_ms, at in zip(ids, times, strict=True) if id_ms >= ms), None)

    found = first_ms_from(ids[0], ids[-1] + 1, instant, time_from)

    wanted = [id_ms for id_ms, at in zip(ids, times, strict=True) if at >= instant]
    assert all(id_ms >= found - 1 for id_ms in wanted)
    assert (time_from(found) or instant) >= instant
