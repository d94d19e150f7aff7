"""`sauda why` on a desk that traded on a real server: the forms of an ID, the tree, the document."""

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from sauda.codec import decode, encode
from sauda.contracts import DeskPnl, Fill, PlaceOrder
from sauda.log import Output
from sauda.redis_log import RedisLog
from sauda.testing.builders import a_tick
from tests.integration.lockstep_desk import Desk, market

Sauda: TypeAlias = Callable[..., Any]
TICKS = 700


@pytest.fixture
def traded(desk_log: RedisLog) -> RedisLog:
    """A desk on which two straddles were sold, stopped and closed."""
    rows = market(TICKS)
    Desk(desk_log, rows).play(len(rows))
    return desk_log


def fills(log: RedisLog) -> list[tuple[str, Fill]]:
    messages = [(entry.id.decode(), decode(entry.data)) for entry in log.entries("executions")]
    return [(entry_id, message) for entry_id, message in messages if isinstance(message, Fill)]


def types_in(document: dict[str, Any]) -> set[str]:
    return {node["message"]["type"] for node in document["nodes"] if node["message"]}


def test_every_fill_reaches_a_tick_and_the_desks_last_point_a_fill(sauda: Sauda, traded: RedisLog) -> None:
    found = fills(traded)
    assert len(found) >= 4
    for _, fill in found:
        document = sauda("why", fill.fill_id, "--json", "-n", "0").document
        assert document["asked"].startswith("executions/")
        assert "tick" in types_in(document)

    assert {"fill", "tick", "desk_pnl"} <= types_in(sauda("why", "ALL", "--json").document)


def test_each_form_of_an_id_finds_its_entry(sauda: Sauda, traded: RedisLog) -> None:
    entry_id, fill = fills(traded)[0]
    points = [(e.id.decode(), decode(e.data)) for e in traded.entries("pnl")]
    last_id = next(i for i, point in reversed(points) if isinstance(point, DeskPnl))
    order_id = next(
        e.id.decode()
        for e in traded.entries("orders")
        if isinstance(m := decode(e.data), PlaceOrder) and m.order_id == fill.order_id
    )

    def asked(*words: str) -> str:
        return str(sauda("why", *words, "--json").document["asked"])

    assert asked(fill.fill_id) == asked("executions", entry_id) == f"executions/{entry_id}"
    assert asked(f"executions/{entry_id}") == f"executions/{entry_id}"
    assert asked(fill.order_id) == f"orders/{order_id}"
    assert asked("ALL") == f"pnl/{last_id}"
    assert asked(fill.strategy).startswith("pnl/")
    assert asked(f"{fill.strategy}/{fill.instrument}@09:25").startswith("pnl/")


def test_a_point_is_the_newest_at_or_before_a_time(sauda: Sauda, traded: RedisLog) -> None:
    stamps = [m.event_ns for e in traded.entries("pnl") if isinstance(m := decode(e.data), DeskPnl)]
    for clock in ("09:17", "09:18:30"):
        document = sauda("why", f"ALL@{clock}", "--json").document
        (asked,) = [node for node in document["nodes"] if node["at"] == document["asked"]]
        hours, minutes, *seconds = (int(part) for part in clock.split(":"))
        limit_ns = stamps[0] // 10**9 // 86_400 * 86_400 * 10**9
        limit_ns += (hours * 3600 + minutes * 60 + sum(seconds) - 19_800) * 10**9
        assert asked["market_ns"] == max(stamp for stamp in stamps if stamp <= limit_ns)


def test_latencies_are_counted_from_the_first_cause(sauda: Sauda, traded: RedisLog) -> None:
    _, fill = fills(traded)[0]
    document = sauda("why", fill.fill_id, "--json").document
    at = {node["at"]: node for node in document["nodes"]}
    late = [node for node in at.values() if node["since"]]

    assert at[document["asked"]] in late
    for node in late:
        first = at[node["since"]]
        assert node["arrival_latency_ns"] == node["arrival_ns"] - first["arrival_ns"] >= 0
        if node["market_latency_ns"] is not None:
            assert node["market_latency_ns"] == node["market_ns"] - first["market_ns"]


def test_the_tree_fits_a_page_and_needs_no_colour(sauda: Sauda, traded: RedisLog) -> None:
    for _, fill in fills(traded):
        tree = sauda("why", fill.fill_id)
        assert tree.code == 0
        lines = tree.out.splitlines()
        assert lines[0].startswith("fill  ")
        assert max(map(len, lines)) <= 100
        assert "\x1b" not in tree.out
        assert any("because of" in line for line in lines)
        assert any("led to" in line for line in lines)


def test_an_id_on_several_streams_is_not_guessed(sauda: Sauda, desk_log: RedisLog) -> None:
    for stream in ("ticks", "orders", "journal"):
        desk_log._client.xadd(desk_log.keys.stream(stream), {"d": encode(a_tick()), "c": b""}, id="5-1")
    desk_log._client.xadd(desk_log.keys.stream("ticks"), {"d": b"rubbish", "c": b""}, id="6-1")

    both = sauda("why", "5-1")

    assert both.code == 2
    assert "sauda why ticks 5-1" in both.err
    assert "sauda why orders 5-1" in both.err
    only = sauda("why", "6-1")
    assert only.code == 0
    assert only.out.startswith("unreadable")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("nobody",), 1),
        (("1-1",), 1),
        (("ticks", "1-1"), 1),
        (("ticks/1-1",), 1),
        (("nobody@09:20",), 1),
        (("s1@quarter-past",), 2),
        (("tick", "1-1"), 2),
        (("ticks", "yesterday"), 2),
        (("ticks/yesterday",), 2),
        (("a", "b", "c"), 2),
        ((), 2),
    ],
)
def test_unknown_and_wrong_are_told_apart(
    sauda: Sauda, desk_log: RedisLog, words: tuple[str, ...], code: int
) -> None:
    desk_log.append([Output("ticks", encode(a_tick()))])

    said = sauda("why", *words)

    assert said.code == code
    assert said.err.strip()
    assert "Traceback" not in said.err
