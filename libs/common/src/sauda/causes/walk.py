"""From one entry back to the ticks, and forward to what it led to: a graph, each entry in it once. Pure."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from sauda.causes import finding
from sauda.causes.effects import Effects, leads_on
from sauda.causes.node import Edge, Node, Record, Ref, Why, named_cause
from sauda.causes.parents import Parent, Parents
from sauda.clock import UnixNs
from sauda.contracts import DeskPnl, PositionPnl, StrategyPnl
from sauda.merge import id_parts

MOST_CAUSES: Final = 200
"""Entries on the way back: an order, its fill and its stop are a dozen; a chain that goes on for ever is a fault."""

POINTS_SHOWN: Final = 3
"""Points of P&L shown of those that one entry led to: the position's, its strategy's and the desk's."""


class Limits(NamedTuple):
    """How far forward a walk goes."""

    depth: int = 4
    most: int = 40


DEFAULT: Final = Limits()


class Latency(NamedTuple):
    """How long after what set it off an entry came."""

    since: Ref
    """Where the chain of stamped causes begins."""
    market_ns: UnixNs | None
    """By the times that the messages carry; None where one of them has none."""
    arrival_ms: int
    """By the entries' ids: the desk's own time."""


@dataclass(slots=True)
class Chain:
    """Why an entry is there, and what came of it."""

    desk: str
    asked: Ref
    nodes: dict[Ref, Node] = field(default_factory=dict)
    causes: list[Edge] = field(default_factory=list)
    """The way back; an entry's stamped cause before what else it rests on."""
    effects: list[Edge] = field(default_factory=list)
    """The way forward."""
    remarks: dict[Ref, list[str]] = field(default_factory=dict)
    """Where a chain begins or ends, and why."""
    left_out: dict[Ref, int] = field(default_factory=dict)
    """How many effects of an entry are not shown."""
    cut: list[str] = field(default_factory=list)
    """Streams that were not read to their end on the way forward."""

    def latency(self, at: Ref) -> Latency | None:
        """Return how long after its beginning *at* came; None where the way there is not in the record."""
        origin, seen = at, {at}
        while (cause := self._cause(origin)) is not None and cause not in seen:
            seen.add(cause)
            origin = cause
        first, last = self.nodes.get(origin), self.nodes[at]
        if origin == at or first is None or first.entry is None:
            return None
        market_ns = None
        if first.market_ns is not None and last.market_ns is not None:
            market_ns = last.market_ns - first.market_ns
        return Latency(origin, market_ns, id_parts(at.id).ms - id_parts(origin.id).ms)

    def _cause(self, at: Ref) -> Ref | None:
        node = self.nodes.get(at)
        return named_cause(node.entry) if node is not None and node.entry is not None else None


def trace(record: Record, asked: Node, limits: Limits = DEFAULT) -> Chain:
    """Return why *asked* is there and what it led to."""
    chain = Chain(record.desk, asked.at, {asked.at: asked})
    _back(chain, Parents(record), asked)
    _forward(chain, record, asked, limits)
    return chain


def _back(chain: Chain, parents: Parents, asked: Node) -> None:
    waiting = deque([asked])
    while waiting:
        node = waiting.popleft()
        basis = parents.of(node)
        chain.remarks[node.at] = list(basis.remarks)
        for why, earlier in basis.parents:
            if earlier.at not in chain.nodes:
                if len(chain.nodes) >= MOST_CAUSES:
                    chain.remarks[node.at].append("not followed further back: the chain is too long")
                    break
                chain.nodes[earlier.at] = earlier
                waiting.append(earlier)
            chain.causes.append(Edge(earlier.at, node.at, why))


def _forward(chain: Chain, record: Record, asked: Node, limits: Limits) -> None:
    effects, shown = Effects(record, asked.at), 0
    waiting = deque([(asked, 1)])
    while waiting:
        node, depth = waiting.popleft()
        if not leads_on(node):
            continue
        found = [effect for effect in effects.of(node) if effect.node.at not in chain.nodes]
        wanted = _worth_showing(node, found) if depth <= limits.depth else []
        wanted = wanted[: max(0, limits.most - shown)]
        shown += len(wanted)
        for why, later in wanted:
            chain.nodes[later.at] = later
            chain.effects.append(Edge(node.at, later.at, why))
            _add_own_cause(chain, record, later)
            waiting.append((later, depth + 1))
        if len(found) > len(wanted):
            chain.left_out[node.at] = len(found) - len(wanted)
    chain.cut = effects.cut


def _add_own_cause(chain: Chain, record: Record, node: Node) -> None:
    """Name the tick that filled an order: the order alone did not set its fill off."""
    cause = named_cause(node.entry) if node.entry is not None else None
    if cause is not None and cause not in chain.nodes:
        chain.nodes[cause] = finding.at(record, cause)
        chain.causes.append(Edge(cause, node.at, Why.CAUSE))


def _worth_showing(node: Node, found: list[Parent]) -> list[Parent]:
    """Return *found* without most of its points: those of the entry's own position and strategy, and the desk's."""
    points = [effect for effect in found if effect.node.at.stream == "pnl"]
    rest = [effect for effect in found if effect.node.at.stream != "pnl"]
    strategy, instrument = (getattr(node.message, name, None) for name in ("strategy", "instrument"))

    def is_own(effect: Parent) -> bool:
        match effect.node.message:
            case PositionPnl() as point:
                return (point.strategy, point.instrument) == (strategy, instrument)
            case StrategyPnl() as point:
                return point.strategy == strategy
            case DeskPnl():
                return True
        return False

    own = list(filter(is_own, points))
    return [*rest, *own[:POINTS_SHOWN]]


def edges_of(edges: Iterable[Edge], *, later: Ref | None = None, earlier: Ref | None = None) -> list[Edge]:
    """Return those of *edges* that end at *later*, or begin at *earlier*."""
    return [edge for edge in edges if later in (None, edge.later) and earlier in (None, edge.earlier)]
