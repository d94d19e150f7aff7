"""What one asks the reason of: the forms of an ID, and the entry that each means."""

import re
from typing import TYPE_CHECKING, Final

from sauda.causes import finding
from sauda.causes.node import Node, Ref, node_of
from sauda.contracts import STREAMS, DeskPnl, PositionPnl, StrategyPnl
from sauda.errors import SaudaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sauda.record import Record

FORMS: Final = (
    "an order id, a fill id, STREAM ID (executions 1795580105123-0), an entry id alone, "
    "or a point of P&L: STRATEGY, STRATEGY@10:31:07, STRATEGY/NFO:SYMBOL@10:31:07, ALL@10:31 for the desk"
)
"""For the help, and for whoever asked for something else."""

_ENTRY: Final = re.compile(r"[0-9]{1,20}-[0-9]{1,20}")
_MOST_POINTS: Final = 200_000
"""Points looked through for one that was closed long before the time asked for."""


class NothingFoundError(SaudaError):
    """Nothing on the desk has that id."""


class WrongIdError(SaudaError):
    """That is no form of an id."""


class AmbiguousError(WrongIdError):
    """One id, several entries: streams count by themselves."""

    def __init__(self, text: str, found: "Sequence[Node]") -> None:
        self.text = text
        self.found = found
        places = ", ".join(str(node.at) for node in found)
        super().__init__(f"{text} stands on {len(found)} streams; say which: {places}")


def find(view: "Record", words: list[str], is_known: "Callable[[str], bool] | None" = None) -> Node:
    """Return the entry that *words* mean.

    Args:
        view: The record.
        words: What was typed.
        is_known: Says whether an order or a fill is called so, for whoever knows them all; None: the whole record is searched.

    Raises:
        WrongIdError: they have no form that there is, or mean several entries.
        NothingFoundError: nothing has that id.
    """
    ref = _as_ref(words)
    if ref is not None:
        return _present(view, finding.at(view, ref))
    (text,) = words
    if _ENTRY.fullmatch(text):
        return _by_entry_id(view, text)
    named = _by_name(view, text) if is_known is None or is_known(text) else None
    return named if named is not None else _point(view, text)


def _as_ref(words: list[str]) -> Ref | None:
    """Read `STREAM ID` and `STREAM/ID`."""
    if len(words) > 2:
        raise _wrong(f"{' '.join(words)!r} is more than one thing")
    stream, _, entry_id = words[0].partition("/") if len(words) == 1 else (words[0], "", words[1])
    is_id = _ENTRY.fullmatch(entry_id) is not None
    if len(words) == 1 and not is_id and (stream not in STREAMS or not entry_id):
        return None
    if stream not in STREAMS:
        raise _wrong(f"no stream is called {stream!r}; there are: {', '.join(STREAMS)}")
    if not is_id:
        raise _wrong(f"{entry_id!r} is no entry id such as 1795580105123-0")
    return Ref(stream, entry_id.encode())


def _by_entry_id(view: "Record", text: str) -> Node:
    found = finding.everywhere(view, text.encode())
    if not found:
        raise _nothing(view, text)
    # Of the journal nobody asks by an id alone, and it shares ids with what a step wrote.
    asked = [node for node in found if node.at.stream != "journal"] or found
    if len(asked) == 1:
        return asked[0]
    raise AmbiguousError(text, asked)


def _by_name(view: "Record", text: str) -> Node | None:
    """Return the order or fill *text*; an order that the exchange made itself is its first answer."""
    return finding.order(view, text) or finding.fill(view, text) or finding.first_answer(view, text)


def _point(view: "Record", text: str) -> Node:
    """Return the newest point of P&L that *text* means: `STRATEGY[/INSTRUMENT][@TIME]`."""
    from sauda.reading import id_before, newest_date
    from sauda.window import IdBound, WindowError, parse_bound

    series, _, moment = text.partition("@")
    end, until_ns = b"+", None
    if moment:
        try:
            bound = parse_bound(moment)
        except WindowError as error:
            raise _wrong(str(error)) from error
        newest = newest_date(view, "pnl")
        if isinstance(bound, IdBound):
            raise _wrong(f"{moment!r} is no time")
        if newest is None:
            raise _nothing(view, text)
        until_ns = bound.instant(newest)
        end = id_before(view, "pnl", until_ns + 1)
    strategy, _, instrument = series.partition("/")
    for node in _points(view, end, until_ns, is_open=not instrument):
        if _is_of(node, strategy, instrument):
            return node
    raise _nothing(view, text)


def _points(view: "Record", end: bytes, until_ns: int | None, *, is_open: bool) -> "Iterator[Node]":
    """Yield the points up to *until_ns*, newest first; with *is_open* those of the last valuation alone."""
    from itertools import islice

    ended = False
    for entry in islice(view.backwards("pnl", end), _MOST_POINTS):
        node = node_of(entry)
        if until_ns is not None and (node.market_ns or 0) > until_ns:
            continue
        if isinstance(node.message, DeskPnl):
            if ended and is_open:
                return
            ended = True
        yield node


def _is_of(node: Node, strategy: str, instrument: str) -> bool:
    match node.message:
        case PositionPnl() as point:
            return (point.strategy, point.instrument) == (strategy, instrument)
        case StrategyPnl() as point:
            return not instrument and point.strategy == strategy
        case DeskPnl():
            return not instrument and strategy == "ALL"
    return False


def _present(view: "Record", node: Node) -> Node:
    if node.entry is None:
        raise NothingFoundError(f"{node.at} is not on desk {view.desk}: {node.problem}")
    return node


def _nothing(view: "Record", text: str) -> NothingFoundError:
    return NothingFoundError(f"nothing on desk {view.desk} is called {text!r}; an ID is {FORMS}")


def _wrong(text: str) -> WrongIdError:
    return WrongIdError(f"{text}; an ID is {FORMS}")
