"""The chain of causes on paper: a tree for people."""

from typing import TYPE_CHECKING, Final

from sauda.causes.node import Node, Ref, Why
from sauda.causes.walk import Chain, edges_of
from sauda.cli import screen
from sauda.cli.telling import tell
from sauda.cli.where import type_name
from sauda.clock import NS_PER_S, UnixNs, clock_text, ist_date
from sauda.contracts import PositionPnl, Subscribe, Tick, Unsubscribe
from sauda.market_time import arrival_ns
from sauda.money import to_indian

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

WIDTH: Final = 100
"""Characters of a line where there is no terminal to ask."""

_BACK: Final = {
    Why.CAUSE: "set off by",
    Why.ORDER: "its order",
    Why.QUOTE: "at the price of",
    Why.SIGNAL: "reason given",
    Why.PROTECTS: "protects",
    Why.FILL: "counts up to",
    Why.MARK: "marked at",
    Why.ENTRY: "entry in it",
}
_FORTH: Final = {Why.CAUSE: "set off", Why.ORDER: "came to"}

_COLOURS: Final = {
    "ticks": "yellow",
    "orders": "cyan",
    "executions": "green",
    "pnl": "magenta",
    "signals": "blue",
    "alerts": "red",
    "dead_letters": "red",
}
"""stream -> colour of its messages' names on a terminal"""

_OUTSIDE: Final = frozenset({"ticks", "instruments"})
"""Streams of which nobody needs to be told that their entries have no cause."""

_A_WHILE_MS: Final = 10_000

LEGEND: Final = (
    "market: the market's clock, and how long after the first cause; arrival: the same in the desk's own time "
    "(entry ids). At 60x one second of arrival is a minute of market."
)


def headline(node: Node) -> str:
    """Return what an entry says, in one line."""
    if node.message is None:
        problem = (node.problem or "").removeprefix("unreadable message: ")
        return f"{'missing' if node.entry is None else 'unreadable'}  {problem}"
    return f"{type_name(type(node.message))}  {_values(node)}".rstrip()


def show(chain: Chain) -> None:
    """Print *chain* as a tree."""
    from rich.console import Console

    console = Console() if screen.is_terminal() else Console(width=WIDTH, color_system=None)
    with console.capture() as printed:
        console.print(_tree(chain))
        console.print(LEGEND, style="dim", highlight=False)
    screen.line("\n".join(text.rstrip() for text in printed.get().rstrip().splitlines()))


def _tree(chain: Chain) -> "Tree":
    from rich.text import Text
    from rich.tree import Tree

    tree = Tree(_label(chain, chain.asked, ""), guide_style="dim")
    back = tree.add(Text("because of", style="bold"))
    _add_causes(chain, back, chain.asked, {chain.asked})
    forth = tree.add(Text("led to", style="bold"))
    if not edges_of(chain.effects, earlier=chain.asked) and chain.asked not in chain.left_out:
        forth.add(Text("nothing", style="dim"))
    _add_effects(chain, forth, chain.asked)
    for stream in chain.cut:
        forth.add(Text(f"{stream} was not read to its end: there may be more", style="yellow"))
    return tree


def _add_causes(chain: Chain, branch: "Tree", at: Ref, told: set[Ref]) -> None:
    from rich.text import Text

    for edge in edges_of(chain.causes, later=at):
        again = edge.earlier in told
        told.add(edge.earlier)
        label = _again if again else _label
        twig = branch.add(label(chain, edge.earlier, _BACK[edge.why]))
        if not again:
            _add_causes(chain, twig, edge.earlier, told)
    entry = chain.nodes[at].entry
    if at == chain.asked or at.stream not in _OUTSIDE or (entry is not None and entry.cause):
        for remark in chain.remarks.get(at, ()):
            branch.add(Text(remark, style="dim"))


def _add_effects(chain: Chain, branch: "Tree", at: Ref) -> None:
    from rich.text import Text

    for edge in edges_of(chain.effects, earlier=at):
        _add_effects(chain, branch.add(_label(chain, edge.later, _FORTH[edge.why])), edge.later)
    if count := chain.left_out.get(at):
        branch.add(Text(f"and {count:,} more", style="dim"))


def _label(chain: Chain, at: Ref, relation: str) -> "Text":
    from rich.text import Text

    node = chain.nodes[at]
    text = Text()
    if relation:
        text.append(f"{relation}: ", style="dim")
    name, _, values = headline(node).partition("  ")
    text.append(name, style=f"bold {_COLOURS.get(at.stream, '')}" if node.message else "red")
    if values:
        text.append(f"  {values}")
    text.append(f"\n{_when(chain, node)}", style="dim")
    return text


def _again(chain: Chain, at: Ref, relation: str) -> "Text":
    from rich.text import Text

    name = headline(chain.nodes[at]).partition("  ")[0]
    return Text(f"{relation}: {name} {at} (see above)", style="dim")


def _when(chain: Chain, node: Node) -> str:
    """Return an entry's times and latencies, and its place; dates only where they are not those of the entry asked about."""
    latency, asked = chain.latency(node.at), chain.nodes[chain.asked]
    is_asked = node is asked
    parts = []
    if node.market_ns is not None:
        late = "" if latency is None or latency.market_ns is None else f" {_seconds(latency.market_ns)}"
        parts.append(f"market {_clock(node.market_ns, None if is_asked else asked.market_ns)}{late}")
    if node.entry is not None:
        at_ns = arrival_ns(node.at.id)
        arrived = _clock(at_ns, None if is_asked else arrival_ns(asked.at.id))
        since = _arrived(latency.arrival_ms) if latency else ""
        parts.append(f"arrival {since}" if since and not is_asked else f"arrival {arrived} {since}".rstrip())
    return " · ".join([*parts, f"{node.at.stream} {node.at.id.decode()}"])


def _clock(at_ns: UnixNs, beside_ns: UnixNs | None) -> str:
    """Return an instant for people, without its date where that is the date of another instant."""
    text = clock_text(at_ns)
    same = beside_ns is not None and ist_date(beside_ns) == ist_date(at_ns)
    return text.partition(" ")[2] if same else text


def _arrived(latency_ms: int) -> str:
    return f"{latency_ms:+d} ms" if latency_ms < _A_WHILE_MS else f"{latency_ms / 1000:+,.1f} s"


def _seconds(latency_ns: int) -> str:
    return f"{latency_ns / NS_PER_S:+.3f} s"


def _values(node: Node) -> str:
    """Return the values that mattered."""
    match node.message:
        case PositionPnl() as point:
            net = point.realised + point.unrealised - point.charges
            made = (
                f"realised {to_indian(point.realised)}, unrealised {to_indian(point.unrealised)}, "
                f"net {to_indian(net)}"
            )
            held = f"{point.qty} for {to_indian(point.cost)}, ltp {to_indian(point.ltp)}"
            return f"{point.strategy}  {point.instrument}  {held}: {made}"
        case Tick() as tick:
            bid, ask = ("-" if price is None else to_indian(price) for price in (tick.bid, tick.ask))
            return f"{tick.instrument}  {to_indian(tick.ltp)}  [{bid} / {ask}]"
        case Subscribe() | Unsubscribe() as asked:
            return f"{asked.by}: {len(asked.instruments)} instruments"
        case None:
            return ""
    return tell(node.message)
