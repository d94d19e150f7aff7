"""A client's place among the events: each exactly once and in order, or a gap that names what was missed. Whatever it does."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sauda_gateway.stream.cursor import Cursor, EventTopic, Past
from sauda_gateway.stream.positions import read_position, text_of
from sauda_gateway.stream.ring import Ring
from sauda_gateway.stream.topics import Name, read_name

ORDERS = read_name("orders")


@dataclass
class Hub:
    """As much of a hub as a topic needs: events of two streams, some of which are not its own."""

    name: Name = ORDERS
    ring: int = 5
    at: dict[str, str] = field(default_factory=dict)
    written: list[tuple[str, str]] = field(default_factory=list)
    """(stream, id) of all events."""

    def __post_init__(self) -> None:
        self.topic = EventTopic(self.name, self.at)
        self.topic.ring = Ring(most_events=self.ring)

    def write(self, stream: str) -> None:
        """Let an event come on *stream*."""
        entry_id = f"{len(self.written) + 1}-0"
        self.written.append((stream, entry_id))
        if stream not in self.at:
            self.topic.cover(
                stream, read_position(f"{len(self.written)}-0", ("x",))["x"]._replace(sequence=0)
            )
            self.topic._covered[stream] = self.topic._covered[stream]._replace(ms=len(self.written) - 1)
        self.at[stream] = entry_id
        self.topic.add(stream, entry_id, {"n": len(self.written)})

    def past(self, after: str, until: Sequence[str]) -> list[Past]:
        """Return what a reader of the streams would find."""
        seen = read_position(after, self.name.streams)
        at = dict(zip(self.name.streams, after.split("_"), strict=True))
        found = []
        for number, (stream, entry_id) in enumerate(self.written, 1):
            last = self.topic.covers_until(stream)
            if last is not None and seen[stream] < (number, 0) <= last:
                at[stream] = entry_id
                found.append(Past(text_of(self.name.streams, at), json.dumps({"data": {"n": number}})))
        return found


def heard(cursor: Cursor, most: int = 1_000) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while len(found) < most and (text := cursor.next()) is not None:
        found.append(json.loads(text))
    return found


def numbers(messages: list[dict[str, Any]]) -> list[int]:
    return [one["data"]["n"] for one in messages if "data" in one]


STREAM = st.sampled_from(["orders", "executions"])


@settings(max_examples=150)
@given(st.lists(st.one_of(STREAM, st.integers(1, 4)), max_size=60))
def test_a_reader_hears_each_event_once_in_order_or_is_told_of_the_gap(acts: list[str | int]) -> None:
    hub = Hub()
    cursor = Cursor(hub.topic)
    messages: list[dict[str, Any]] = []
    for act in acts:
        if isinstance(act, str):
            hub.write(act)
        else:
            messages += heard(cursor, act)
    messages += heard(cursor)
    next_up = 1
    for one in messages:
        if one.get("gap"):
            place = read_position(one["id"], ORDERS.streams)
            next_up = max(parts.ms for parts in place.values()) + 1
        else:
            assert one["data"]["n"] == next_up
            next_up += 1
    assert next_up == len(hub.written) + 1
    assert cursor.last == hub.topic.position or not hub.written


@settings(max_examples=150)
@given(st.lists(STREAM, min_size=1, max_size=20), st.integers(0, 20), st.lists(STREAM, max_size=4))
def test_whoever_comes_back_gets_exactly_what_came_meanwhile(
    before: list[str], heard_of: int, later: list[str]
) -> None:
    hub = Hub()
    first = Cursor(hub.topic)
    has: list[int] = []
    for number, stream in enumerate(before):
        hub.write(stream)
        if number < heard_of:
            has += numbers(heard(first))
    again = Cursor(hub.topic)
    position = first.last if has else "0-0_0-0"
    if again.resume(position, read_position(position, ORDERS.streams)):
        assert again.next() is None, "nothing is sent while the past is being read"
        past = hub.past(position, ORDERS.streams)
        for stream in later:
            hub.write(stream)
        again.remember(past)
    got = heard(again)
    if not any(one.get("gap") for one in got):
        assert has + numbers(got) == list(range(1, len(hub.written) + 1))
    else:
        assert len(hub.written) > hub.ring, "no gap is told where all is still here"


def test_whoever_knows_of_events_that_have_not_come_here_yet_gets_them_no_second_time() -> None:
    hub = Hub()
    hub.write("orders")
    cursor = Cursor(hub.topic)
    assert not cursor.resume("3-0_0-0", read_position("3-0_0-0", ORDERS.streams))
    other = Cursor(hub.topic)
    assert other.resume("1-0_2-0", read_position("1-0_2-0", ORDERS.streams)), (
        "has it been, or in another book?"
    )
    assert heard(cursor) == []
    for stream in ("executions", "orders", "orders"):
        hub.write(stream)
    assert numbers(heard(cursor)) == [2, 4], "the third it has"


def test_too_long_a_past_is_a_gap_and_then_news() -> None:
    hub = Hub()
    for _ in range(12):
        hub.write("orders")
    cursor = Cursor(hub.topic)
    assert cursor.resume("1-0_0-0", read_position("1-0_0-0", ORDERS.streams))
    cursor.remember(None)
    assert heard(cursor) == [{"topic": "orders", "gap": True, "after": "1-0_0-0", "id": "12-0_0-0"}]
    hub.write("executions")
    assert numbers(heard(cursor)) == [13]


def test_a_ring_is_bounded_by_bytes_too() -> None:
    ring = Ring(most_events=100, most_bytes=100)
    gone = [one.at for number in range(10) for one in ring.add("p", "s", f"{number}-0", "x" * 30)]
    assert (len(ring), ring.first, ring.next, gone) == (3, 7, 10, list(range(7)))
    assert ring.get(6) is None
    assert ring.get(9) is not None
    assert ring.get(10) is None
