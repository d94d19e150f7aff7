"""Of any fill the chain of causes reaches a tick; of any point of P&L, a fill and a tick. Over whole recorded desks."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sauda.causes.node import Node, Ref, Why, node_of
from sauda.causes.walk import Chain, Limits, trace
from sauda.codec import decode
from sauda.contracts import (
    Commit,
    DeskPnl,
    Fill,
    PositionPnl,
    Side,
    StrategyPnl,
    Tick,
)
from tests.unit.causes.recorded_desk import Desk, played, units

BACK_ALONE = Limits(depth=0, most=0)
TURNS = st.lists(st.integers(0, 6), min_size=1, max_size=12).filter(any)


def nodes(desk: Desk, stream: str) -> list[Node]:
    return [node_of(entry) for entry in desk.log.entries(stream)]


def parents(chain: Chain, at: Ref, why: Why) -> list[Node]:
    return [chain.nodes[edge.earlier] for edge in chain.causes if edge.later == at and edge.why is why]


def reached(chain: Chain, kind: type) -> bool:
    """Walk the edges back from what was asked: whatever is in the graph must hang together."""
    seen, waiting = {chain.asked}, [chain.asked]
    while waiting:
        at = waiting.pop()
        for edge in chain.causes:
            if edge.later == at and edge.earlier not in seen:
                seen.add(edge.earlier)
                waiting.append(edge.earlier)
    assert seen == set(chain.nodes), "the graph does not hang together"
    return any(isinstance(chain.nodes[at].message, kind) for at in seen)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(1, 1000), turns=TURNS, square_off_at=st.sampled_from([0, 150, 260]))
def test_every_fill_reaches_a_tick_and_every_point_a_fill_and_a_tick(
    seed: int, turns: list[int], square_off_at: int
) -> None:
    desk = played(seed, turns, square_off_at)
    fills = [node for node in nodes(desk, "executions") if isinstance(node.message, Fill)]
    points = nodes(desk, "pnl")
    assert len(fills) >= 2
    assert points

    for node in fills:
        chain = trace(desk.record, node, BACK_ALONE)
        assert reached(chain, Tick), f"{node} reaches no tick"
        check_price(chain, node)
    counted = counted_by_the_valuation(desk)
    for node in points[:: max(1, len(points) // 150)]:
        chain = trace(desk.record, node, BACK_ALONE)
        assert reached(chain, Fill), f"{node} reaches no fill"
        assert reached(chain, Tick), f"{node} reaches no tick"
        check_point(chain, node, counted)


def check_price(chain: Chain, node: Node) -> None:
    """The tick that a market order's fill is shown with has the price that it was filled at."""
    fill = node.message
    assert isinstance(fill, Fill)
    (quote,) = parents(chain, node.at, Why.QUOTE) or parents(chain, node.at, Why.CAUSE)
    tick = quote.message
    assert isinstance(tick, Tick)
    assert tick.instrument == fill.instrument
    assert fill.price == (tick.ask if fill.side is Side.BUY else tick.bid)


def counted_by_the_valuation(desk: Desk) -> dict[Ref, list[Node]]:
    """Run the valuation's batches again, by its journal: point -> the fills counted in it, oldest first."""
    (valuation,) = [unit for unit in units() if unit.name == "pnl.valuation"]
    processor = valuation.build()
    points = iter(desk.log.entries("pnl"))
    counted: list[Node] = []
    by_point: dict[Ref, list[Node]] = {}
    for record in map(decode, [entry.data for entry in desk.log.entries("journal")]):
        if not isinstance(record, Commit) or record.unit != valuation.name:
            continue
        batch = [
            (order_of(entry.id, place), node_of(entry))
            for place, name in enumerate(valuation.reads)
            if name in record.after
            for entry in desk.log.entries(
                name, b"(" + record.before[name].encode(), record.after[name].encode()
            )
        ]
        for _, node in sorted(batch, key=lambda pair: pair[0]):
            if isinstance(node.message, Fill):
                counted.append(node)
            assert node.message is not None
            for said in processor.handle(node.message):
                point = next(points)
                assert decode(point.data) == said
                by_point[Ref("pnl", point.id)] = list(counted)
    return by_point


def order_of(entry_id: bytes, place: int) -> tuple[int, int, int]:
    ms, _, sequence = entry_id.partition(b"-")
    return int(ms), int(sequence), place


def check_point(chain: Chain, node: Node, counted: dict[Ref, list[Node]]) -> None:
    """The fill that a point is shown with is the newest of its series that the valuation had counted, not a later one."""
    point = node.message
    assert isinstance(point, PositionPnl | StrategyPnl | DeskPnl)
    found = parents(chain, node.at, Why.FILL) or parents(chain, node.at, Why.CAUSE)
    assert found[0].at == [fill.at for fill in counted[node.at] if is_counted(fill, point)][-1]
    marks = parents(chain, node.at, Why.MARK)
    if isinstance(point, PositionPnl) and marks:
        assert isinstance(marks[0].message, Tick)
        assert (marks[0].message.instrument, marks[0].message.ltp) == (point.instrument, point.ltp)
    assert bool(marks) == isinstance(point, PositionPnl), "all are marked by a tick here"


def is_counted(node: Node, point: PositionPnl | StrategyPnl | DeskPnl) -> bool:
    fill = node.message
    assert isinstance(fill, Fill)
    match point:
        case PositionPnl():
            return (fill.strategy, fill.instrument) == (point.strategy, point.instrument)
        case StrategyPnl():
            return fill.strategy == point.strategy
    return True
