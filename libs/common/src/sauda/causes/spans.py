"""A chain of causes as one trace: a span for each entry, from what it follows from until it arrived itself. Pure.

    tick |--------------------------------------------|
         |-- signal   |------ order --|-- fill --|-- point of P&L --|

An entry may rest on several; a trace is a tree. Each span hangs on what it is a step of (a fill on its order, a point on its fill, all
else on what set it off); whatever else it rests on is a link. What hangs on another beginning is no part of this trace and only
linked to: the tick that filled a waiting order began a trace of its own. Ids follow from desk and entry, so that a trace that is sent
twice is the same trace, whichever of its entries was asked about.
"""

import hashlib
from typing import Final, NamedTuple, TypeAlias

import msgspec

from sauda.causes.node import Edge, Node, Ref, Why
from sauda.causes.walk import Chain
from sauda.clock import UnixNs
from sauda.contracts import DeadLetter, OrderRejected
from sauda.market_time import arrival_ns
from sauda.merge import id_parts

Plain: TypeAlias = str | int | float | bool

_HANGS_ON: Final = (Why.ORDER, Why.FILL, Why.CAUSE, Why.ENTRY, Why.PROTECTS, Why.SIGNAL)
"""What an entry is a step of, the closest first. A price that was looked at (`QUOTE`, `MARK`) led to nothing."""

SERVICES: Final = {
    "ticks": "feed",
    "instruments": "feed",
    "broker_updates": "feed",
    "replies": "feed",
    "bars": "bars",
    "signals": "strategy",
    "orders": "strategy",
    "subscriptions": "strategy",
    "executions": "execution",
    "pnl": "pnl",
    "alerts": "alerts",
}
"""stream -> the service that writes it, as a trace names it; what is in none of them was written by people."""


class Link(NamedTuple):
    """Another entry that a span rests on."""

    trace_id: str
    span_id: str
    at: Ref
    why: Why


class Span(NamedTuple):
    """One entry, as a trace shows it."""

    span_id: str
    """16 hexadecimal digits."""
    parent_id: str | None
    name: str
    service: str
    start_ns: UnixNs
    """When what it hangs on arrived."""
    end_ns: UnixNs
    """When it arrived, to the millisecond; the first span ends with the last."""
    facts: dict[str, Plain]
    links: tuple[Link, ...]
    failure: str | None
    """Why it is no success: a refusal, a dead letter, an entry that is missing."""


class Trace(NamedTuple):
    """All that hangs on one beginning."""

    trace_id: str
    """32 hexadecimal digits."""
    desk: str
    asked: Ref
    spans: list[Span]
    """Each behind the one it hangs on, a branch at a time."""


def trace_of(chain: Chain) -> Trace:
    """Return the trace in which the entry stands that *chain* was asked about."""
    hangs_on = _parents(chain)
    first = _beginning(chain.asked, hangs_on)
    paths = {at: _path(at, hangs_on) for at in chain.nodes}
    members = [at for at, path in paths.items() if path[0] == first]
    members.sort(key=lambda at: [(id_parts(one.id), one.stream) for one in paths[at]])
    last_ns = max(arrival_ns(at.id) for at in members)
    spans = [_span(chain, at, hangs_on, last_ns) for at in members]
    return Trace(_trace_id(chain.desk, first), chain.desk, chain.asked, spans)


def _parents(chain: Chain) -> dict[Ref, Ref]:
    """Return what each entry hangs on: entry -> an earlier one."""
    found: dict[Ref, Edge] = {}
    for edge in (*chain.causes, *chain.effects):
        if edge.why not in _HANGS_ON:
            continue
        known = found.get(edge.later)
        if known is None or _HANGS_ON.index(edge.why) < _HANGS_ON.index(known.why):
            found[edge.later] = edge
    return {later: edge.earlier for later, edge in found.items()}


def _beginning(at: Ref, hangs_on: dict[Ref, Ref]) -> Ref:
    return _path(at, hangs_on)[0]


def _path(at: Ref, hangs_on: dict[Ref, Ref]) -> list[Ref]:
    """Return the way to *at* from its beginning, both included."""
    path = [at]
    while (earlier := hangs_on.get(path[-1])) is not None and earlier not in path:
        path.append(earlier)
    return path[::-1]


def _span(chain: Chain, at: Ref, hangs_on: dict[Ref, Ref], last_ns: UnixNs) -> Span:
    node, earlier = chain.nodes[at], hangs_on.get(at)
    arrived_ns = arrival_ns(at.id)
    start_ns = arrived_ns if earlier is None else min(arrived_ns, arrival_ns(earlier.id))
    return Span(
        span_id=_span_id(chain.desk, at),
        parent_id=None if earlier is None else _span_id(chain.desk, earlier),
        name=_name(node),
        service=SERVICES.get(at.stream, "people"),
        start_ns=start_ns,
        end_ns=last_ns if earlier is None else arrived_ns,
        facts=_facts(chain, node),
        links=tuple(_links(chain, at, hangs_on)),
        failure=_failure(node),
    )


def _links(chain: Chain, at: Ref, hangs_on: dict[Ref, Ref]) -> list[Link]:
    edges = [edge for edge in (*chain.causes, *chain.effects) if edge.later == at]
    others = {edge.earlier: edge.why for edge in edges if edge.earlier != hangs_on.get(at)}
    return [
        Link(_trace_id(chain.desk, _beginning(one, hangs_on)), _span_id(chain.desk, one), one, why)
        for one, why in others.items()
    ]


def _name(node: Node) -> str:
    return node.at.stream if node.message is None else str(node.message.__struct_config__.tag)


def _facts(chain: Chain, node: Node) -> dict[str, Plain]:
    """Return where it stands, its market time, and each plain value of its message: money in int paise."""
    facts: dict[str, Plain] = {
        "sauda.desk": chain.desk,
        "sauda.stream": node.at.stream,
        "sauda.id": node.at.id.decode(),
    }
    if node.market_ns is not None:
        facts["sauda.market_ns"] = node.market_ns
    if remarks := chain.remarks.get(node.at):
        facts["sauda.remarks"] = "; ".join(remarks)
    said = {} if node.message is None else msgspec.to_builtins(node.message)
    named = {f"sauda.{name}": value for name, value in said.items() if name != "type"}
    return facts | {name: value for name, value in named.items() if isinstance(value, str | int | float)}


def _failure(node: Node) -> str | None:
    match node.message:
        case OrderRejected() as refused:
            return f"{refused.reason.value}: {refused.detail}"
        case DeadLetter() as letter:
            return letter.reason
        case None:
            return node.problem
    return None


def _trace_id(desk: str, first: Ref) -> str:
    return _digest(f"trace {desk} {first}", 16)


def _span_id(desk: str, at: Ref) -> str:
    return _digest(f"span {desk} {at}", 8)


def _digest(text: str, size: int) -> str:
    return hashlib.blake2b(text.encode(), digest_size=size).hexdigest()
