"""A chain of causes is one trace: a tree that begins with a tick, the same whoever of it is asked about."""

import pytest

from sauda.causes import finding
from sauda.causes.node import Node, Ref, node_of
from sauda.causes.spans import Trace, trace_of
from sauda.causes.walk import Limits, trace
from sauda.codec import encode
from sauda.contracts import STREAM_OF, DeskPnl, Fill, Message, OrderRejected, PlaceOrder, RejectReason
from sauda.log import Output
from sauda.market_time import arrival_ns
from sauda.merge import id_parts
from sauda.testing.builders import NOW, OPTION, an_order
from tests.unit.causes.recorded_desk import Desk, played

FAR = Limits(6, 200)


@pytest.fixture(scope="module")
def desk() -> Desk:
    return played(3, [2, 1, 3, 2], 0)


def fills(desk: Desk) -> list[Node]:
    nodes = map(node_of, desk.record.forwards("executions"))
    return [node for node in nodes if isinstance(node.message, Fill)]


def traced(desk: Desk, node: Node) -> Trace:
    return trace_of(trace(desk.record, node, FAR))


def test_an_entry_leads_from_one_tick_through_order_and_fill_to_the_desks_point(desk: Desk) -> None:
    entry = next(
        node for node in fills(desk) if isinstance(node.message, Fill) and "entry" in node.message.order_id
    )
    found = traced(desk, entry)
    by_id = {span.span_id: span for span in found.spans}
    point = next(span for span in found.spans if span.name == "desk_pnl")

    names = [point.name]
    while (above := by_id.get(point.parent_id or "")) is not None:
        names.append(above.name)
        point = above

    assert names[:3] == ["desk_pnl", "fill", "place_order"]
    assert names[-1] in ("tick", "clock")
    assert {"signal", "position_pnl", "strategy_pnl"} <= {span.name for span in found.spans}
    assert {"feed", "strategy", "execution", "pnl"} <= {span.service for span in found.spans}


def test_every_trace_is_a_tree_whose_spans_begin_when_what_they_hang_on_was_there(desk: Desk) -> None:
    for node in fills(desk):
        spans = traced(desk, node).spans
        seen = {spans[0].span_id: spans[0]}
        assert spans[0].parent_id is None
        for span in spans[1:]:
            above = seen[span.parent_id or "nothing"]
            begun_ns = above.start_ns if above is spans[0] else above.end_ns
            assert span.start_ns == begun_ns <= span.end_ns <= spans[0].end_ns
            seen[span.span_id] = span
        assert len(seen) == len(spans)


def test_a_span_lasts_until_its_entry_arrived(desk: Desk) -> None:
    for span in traced(desk, fills(desk)[0]).spans[1:]:
        assert span.end_ns == arrival_ns(str(span.facts["sauda.id"]).encode())


def test_order_fill_and_point_are_of_the_same_trace_and_keep_their_ids(desk: Desk) -> None:
    node = fills(desk)[0]
    assert isinstance(node.message, Fill)
    order = finding.order(desk.record, node.message.order_id)
    assert order is not None
    points = map(node_of, desk.record.forwards("pnl", node.at.id.partition(b"-")[0]))
    point = next(one for one in points if isinstance(one.message, DeskPnl))

    one, other, third = (traced(desk, asked) for asked in (node, order, point))

    assert one.trace_id == other.trace_id == third.trace_id
    ids = {span.facts["sauda.id"]: span.span_id for span in one.spans if span.name == "fill"}
    assert ids.items() <= {s.facts["sauda.id"]: s.span_id for s in other.spans if s.name == "fill"}.items()
    assert one == traced(desk, node)


def test_a_stop_is_linked_to_the_tick_that_filled_it_and_hangs_on_its_order(desk: Desk) -> None:
    stops = [
        node for node in fills(desk) if isinstance(node.message, Fill) and "stop" in node.message.order_id
    ]
    assert stops
    for node in stops:
        found = traced(desk, node)
        (fill,) = [span for span in found.spans if span.facts["sauda.id"] == node.at.id.decode()]
        causes = [link for link in fill.links if link.why.value == "cause"]

        assert [link.at.stream for link in causes] == ["ticks"]
        assert id_parts(causes[0].at.id) < id_parts(node.at.id)
        assert causes[0].trace_id != found.trace_id


def test_a_refusal_is_a_failed_span_and_a_cause_that_is_gone_a_trace_of_its_own() -> None:
    desk = Desk([])

    def written(message: Message, cause: bytes) -> Node:
        (at,) = desk.log.append([Output(STREAM_OF[type(message)], encode(message), cause)])
        return finding.at(desk.record, Ref(STREAM_OF[type(message)], at))

    order = written(an_order(), b"ticks 5-0")
    assert isinstance(order.message, PlaceOrder)
    refusal = OrderRejected(
        order.message.order_id, "straddle", OPTION, NOW, RejectReason.OFF_TICK, "100.03 is off"
    )
    refused = written(refusal, order.at.as_cause)

    found = traced(desk, refused)

    assert [span.name for span in found.spans] == ["ticks", "place_order", "order_rejected"]
    assert found.spans[-1].failure == "OFF_TICK: 100.03 is off"
    assert "the record ends here" in (found.spans[0].failure or "")
    assert found.spans[1].failure is None
