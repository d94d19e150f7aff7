"""The chain of causes as one document for programs: nodes, and edges between them."""

from typing import Any

import msgspec

from sauda.causes.node import Edge, Node
from sauda.causes.walk import Chain
from sauda.clock import NS_PER_MS
from sauda.market_time import arrival_ns


def document(chain: Chain) -> dict[str, Any]:
    """Return *chain* as one document: nodes, and edges from the earlier entry to the later one."""
    return {
        "desk": chain.desk,
        "asked": str(chain.asked),
        "nodes": [_node(chain, node) for node in chain.nodes.values()],
        "causes": [_edge(edge) for edge in chain.causes],
        "effects": [_edge(edge) for edge in chain.effects],
        "left_out": {str(at): count for at, count in chain.left_out.items()},
        "not_read_to_the_end": chain.cut,
    }


def _node(chain: Chain, node: Node) -> dict[str, Any]:
    latency = chain.latency(node.at)
    at: dict[str, Any] = {
        "at": str(node.at),
        "stream": node.at.stream,
        "id": node.at.id.decode(),
        "market_ns": node.market_ns,
        "arrival_ns": arrival_ns(node.at.id),
        "since": None if latency is None else str(latency.since),
        "market_latency_ns": None if latency is None else latency.market_ns,
        "arrival_latency_ns": None if latency is None else latency.arrival_ms * NS_PER_MS,
        "message": None,
        "problem": node.problem,
        "remarks": chain.remarks.get(node.at, []),
    }
    if node.message is not None and node.entry is not None:
        at["message"] = msgspec.json.decode(node.entry.data)
    return at


def _edge(edge: Edge) -> dict[str, str]:
    return {"earlier": str(edge.earlier), "later": str(edge.later), "why": edge.why.value}
