"""What a recorded desk did otherwise than its backtest, and why: the ticks that were there before the order was.

In a backtest an order meets the exchange before the next tick of the market. In life it travels through two processes, and what
ticks meanwhile is at the exchange first. Pure.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from sauda.backtest.apart import apart
from sauda.backtest.outcome import Outcome
from sauda.clock import UnixNs, clock_text
from sauda.codec import decode, encode
from sauda.contracts import (
    Fill,
    Message,
    OrderCancelled,
    OrderRejected,
    OrderTriggered,
    PlaceBasket,
    PlaceOrder,
    Signal,
    Tick,
)
from sauda.errors import ContractError
from sauda.log import Entry
from sauda.merge import IdParts, id_parts
from sauda.money import Paise, to_rupees
from sauda.rerun.journal import Border, own_records
from sauda.rerun.source import Streams

EXCHANGE = "execution.paper"


@dataclass(frozen=True, slots=True)
class Difference:
    """One order, or one signal, that is not the same."""

    what: str
    """`signal`, `order` or `execution`."""
    name: str
    """The order's id, or the signal's strategy and place among its signals."""
    desk: tuple[Mapping[str, Any], ...]
    """What the desk had of it, in order."""
    backtest: tuple[Mapping[str, Any], ...]
    why: str
    explained: bool = False
    """Whether a race accounts for it, its own or that of an order before it."""


@dataclass(slots=True)
class _Order:
    """What the record tells of one order."""

    said: list[Mapping[str, Any]] = field(default_factory=list)
    cause: IdParts | None = None
    """The tick that led to it; None: something else did."""
    at: IdParts = field(default_factory=lambda: IdParts(0, 0))
    """Where the order stands."""
    instrument: str = ""


def differences(streams: Streams, outcome: Outcome) -> list[Difference]:
    """Return everything that *outcome* has otherwise than the record: orders as they were placed, then what follows, the signals."""
    signals = [one for _, one in _said(streams, "signals") if isinstance(one, Signal)]
    found = _of_orders(streams, outcome)
    began = _began(found, {order.order_id: order for order in outcome.orders})
    return [*found, *_of_signals(signals, outcome.signals, began)]


def _of_orders(streams: Streams, outcome: Outcome) -> list[Difference]:
    found: list[Difference] = []
    recorded = _orders(streams)
    now = _answers(outcome.executions)
    sent = {order.order_id for order in outcome.orders}
    raced = _Raced(streams)
    earlier = ""
    for order_id in dict.fromkeys([*recorded, *sorted(sent | now.keys())]):
        known = recorded.get(order_id, _Order())
        if known.said == now.get(order_id, []) and ((order_id in recorded) == (order_id in sent)):
            continue
        why, is_race = raced.reason(known)
        if not is_race and earlier:
            why, is_race = f"{why}; it comes after {earlier}, which went otherwise", True
        found.append(
            Difference("order", order_id, tuple(known.said), tuple(now.get(order_id, [])), why, is_race)
        )
        earlier = earlier or order_id
    return found


def _began(orders: Sequence[Difference], sent: Mapping[str, PlaceOrder]) -> dict[str, tuple[UnixNs, str]]:
    """Return since when, and with which order that a race accounts for, each strategy's day went otherwise."""
    began: dict[str, tuple[UnixNs, str]] = {}
    for one in orders:
        apart_at = [
            said for said in (*one.desk, *one.backtest) if said not in one.desk or said not in one.backtest
        ]
        placed = sent.get(one.name)
        since = [(said["event_ns"], said["strategy"]) for said in apart_at]
        since += [(placed.event_ns, placed.strategy)] if placed and not since else []
        if one.explained and since:
            at_ns, strategy = min(since)
            began[strategy] = min(began.get(strategy, (at_ns, one.name)), (at_ns, one.name))
    return began


def _of_signals(
    desk: Sequence[Signal], backtest: Sequence[Signal], began: Mapping[str, tuple[UnixNs, str]]
) -> list[Difference]:
    found: list[Difference] = []
    for strategy in sorted({one.strategy for one in (*desk, *backtest)}):
        was = [one for one in desk if one.strategy == strategy]
        came = [one for one in backtest if one.strategy == strategy]
        for at, other in apart([encode(one) for one in was], [encode(one) for one in came]):
            ours = () if at is None else (was[at],)
            theirs = () if other is None else (came[other],)
            since_ns, order = began.get(strategy, (0, ""))
            follows = bool(order) and since_ns <= min(one.event_ns for one in (*ours, *theirs))
            why = (
                f"it follows from the race of order {order}, which went otherwise at {clock_text(since_ns)}"
                if follows
                else f"unexplained: no earlier order of {strategy} raced"
            )
            name = (
                f"{strategy} {at + 1}" if at is not None else f"{strategy} {(other or 0) + 1} of the backtest"
            )
            plain = (tuple(map(_plain, ours)), tuple(map(_plain, theirs)))
            found.append(Difference("signal", name, *plain, why, follows))
    return found


def _orders(streams: Streams) -> dict[str, _Order]:
    """Return the desk's orders as they were sent, with what the exchange answered."""
    found: dict[str, _Order] = {}
    for entry, message in _said(streams, "orders"):
        for order in message.legs if isinstance(message, PlaceBasket) else (message,):
            if isinstance(order, PlaceOrder):
                cause = _cause(entry)
                found.setdefault(order.order_id, _Order([], cause, id_parts(entry.id), order.instrument))
    answers = _answers(message for _, message in _said(streams, "executions"))
    for order_id, said in answers.items():
        found.setdefault(order_id, _Order()).said = said
    return found


def _answers(executions: Iterable[Message]) -> dict[str, list[Mapping[str, Any]]]:
    """Return what was answered to each order: how it ended, and at which price it traded; stamps are the exchange's."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for message in executions:
        if isinstance(message, Fill | OrderRejected | OrderCancelled | OrderTriggered):
            found.setdefault(message.order_id, []).append(_plain(message))
    return found


class _Raced:
    """Knows which ticks were at the exchange before an order was."""

    def __init__(self, streams: Streams) -> None:
        self._ticks: list[tuple[IdParts, Tick]] = [
            (id_parts(entry.id), one) for entry, one in _said(streams, "ticks") if isinstance(one, Tick)
        ]
        self._ids = [at for at, _ in self._ticks]
        self._steps = [
            (id_parts(border.after["orders"].encode()), border)
            for border in own_records(streams.forwards("journal"), EXCHANGE)
            if isinstance(border, Border) and "orders" in border.after
        ]
        self._ends = [at for at, _ in self._steps]

    def reason(self, order: _Order) -> tuple[str, bool]:
        """Return why *order* may have gone otherwise, and whether a tick raced it."""
        if order.cause is None:
            return "no tick led to it, or only one of the two has it", False
        seen = self._ticks[
            bisect_right(self._ids, order.cause) : bisect_right(self._ids, self._reach(order.at))
        ]
        own = [tick for _, tick in seen if tick.instrument == order.instrument]
        if own:
            last = own[-1]
            return (
                f"{len(own)} ticks of {order.instrument} were at the exchange before it; the last of {clock_text(last.recv_ns)}: "
                f"ltp {_rupees(last.ltp)}, bid {_rupees(last.bid)}, ask {_rupees(last.ask)}",
                True,
            )
        if seen:
            return (
                f"{len(seen)} ticks of others, up to {clock_text(seen[-1][1].recv_ns)}, were at the exchange before it",
                True,
            )
        return "no tick was at the exchange before it", False

    def _reach(self, order_at: IdParts) -> IdParts:
        """Return the last tick that may have been worked before the order that stands at *order_at*."""
        at = next((index for index, end in enumerate(self._ends) if end >= order_at), None)
        if at is None:
            return order_at
        before = self._steps[at][1].before.get("ticks")
        # In one step ticks and orders are worked by id; what an earlier step took, was there in any case.
        return max(order_at, id_parts(before.encode())) if before else order_at


def _said(streams: Streams, stream: str) -> Iterable[tuple[Entry, Message]]:
    for entry in streams.forwards(stream):
        try:
            yield entry, decode(entry.data)
        except ContractError:
            continue


def _cause(entry: Entry) -> IdParts | None:
    stream, _, entry_id = entry.cause.partition(b" ")
    return id_parts(entry_id) if stream == b"ticks" else None


def _plain(message: Message) -> Mapping[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(message)
    return plain


def _rupees(price: Paise | None) -> str:
    return "-" if price is None else str(to_rupees(price))
