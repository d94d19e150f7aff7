"""The curve's past comes in parts of bounded work, which together are the whole of it."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.codec import encode
from sauda.contracts import DeskPnl, Message, PositionPnl
from sauda.log import Entry
from sauda_gateway.routes.equity import past_of
from sauda_gateway.worth import CurvePoint

NAME = "NFO:NIFTY01DEC26C24500"


def entries(steps: list[tuple[int, int]]) -> list[Entry]:
    """Return valuations: at each step so many nanoseconds later, of so many positions, the desk's point behind them."""
    found, at_ns = list[Message](), 0
    for wait_ns, held in steps:
        at_ns += wait_ns
        found += [PositionPnl("s", NAME, 75, 1, 2, 0, 1, 0, at_ns) for _ in range(held)]
        found.append(DeskPnl(0, at_ns, 0, at_ns, None, None, at_ns))
    return [Entry("pnl", b"%d-0" % number, encode(one), b"") for number, one in enumerate(found)]


def in_parts(every: list[Entry], from_ns: int, until_ns: int | None, most: int) -> Iterator[list[CurvePoint]]:
    next_ns: int | None = from_ns
    while next_ns is not None:
        part, further_ns = past_of(every, next_ns, until_ns, most)
        assert further_ns is None or further_ns > next_ns
        next_ns = further_ns
        yield part


STEPS = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 4)), max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    steps=STEPS, from_ns=st.integers(0, 20), until_ns=st.none() | st.integers(0, 40), most=st.integers(1, 30)
)
def test_the_parts_are_the_whole(
    steps: list[tuple[int, int]], from_ns: int, until_ns: int | None, most: int
) -> None:
    every = entries(steps)
    last_ns = sum(wait for wait, _ in steps)
    wanted = range(from_ns, min(until_ns if until_ns is not None else last_ns + 1, last_ns + 1))

    found = [point.event_ns for part in in_parts(every, from_ns, until_ns, most) for point in part]

    times = [sum(wait for wait, _ in steps[: number + 1]) for number in range(len(steps))]
    assert found == [at_ns for at_ns in times if at_ns in wanted]


@pytest.mark.parametrize("held", [0, 7])
def test_no_part_looks_through_much_more_than_it_may(held: int) -> None:
    looked_at = 0

    def watched() -> Iterator[Entry]:
        nonlocal looked_at
        for entry in entries([(5, held)] * 500):
            looked_at += 1
            yield entry

    part, next_ns = past_of(watched(), 0, None, 100)

    assert looked_at <= 100 + 2 * (held + 1)
    assert next_ns is not None
    assert part[-1].event_ns < next_ns <= part[-1].event_ns + 5
