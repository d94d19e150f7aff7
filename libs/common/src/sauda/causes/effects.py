"""What an entry led to: whatever names it as its cause, and what the exchange said about an order. Pure.

Only streams that units write are read, from the entry on, and compared as bytes: nothing is decoded that does not answer.
Points of P&L are many, and stand where the journal says that the valuation worked the entry.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Final

import msgspec

from sauda.causes.course import Course
from sauda.causes.finding import orders_in
from sauda.causes.node import Node, Record, Ref, Why, node_of
from sauda.causes.parents import VALUATION, Parent
from sauda.log import Entry
from sauda.merge import id_parts

SPOKEN: Final = (
    "signals",
    "orders",
    "executions",
    "requeued",
    "dead_letters",
    "alerts",
    "subscriptions",
)
"""Streams that are short beside ticks and points, in the order in which people ask about them."""

MOST_READ: Final = 50_000
"""Entries of one stream read behind the entry asked about."""

_POINTS_READ: Final = 20_000
"""Points looked at where the journal does not say where they stand."""


class Effects:
    """Finds what entries of one record led to; made for one question, it reads each stream once."""

    def __init__(self, record: Record, since: Ref) -> None:
        """Look at what was written from *since* on."""
        self._record = record
        self._course = Course(record)
        self._start = b"%d" % id_parts(since.id).ms
        self._spoken: list[Entry] | None = None
        self._caused: dict[bytes, list[Entry]] = {}
        self.cut: list[str] = []
        """Streams that were not read to their end."""

    def of(self, node: Node) -> list[Parent]:
        """Return what *node* led to, in the order of `SPOKEN`, points last: each with how it belongs to *node*."""
        spoken = self._read()
        found = {Ref(entry.stream, entry.id): entry for entry in self._caused.get(node.at.as_cause, ())}
        effects = [Parent(Why.CAUSE, node_of(entry)) for entry in found.values()]
        for order in orders_in(node.message):
            words = self._words_on(order.order_id, spoken)
            effects += [
                Parent(Why.ORDER, word) for word in words if word.at not in found and word.at != node.at
            ]
        effects.sort(key=lambda effect: id_parts(effect.node.at.id))
        return effects + [Parent(Why.CAUSE, node_of(entry)) for entry in self._points(node.at)]

    def _read(self) -> list[Entry]:
        if self._spoken is None:
            self._spoken = [entry for stream in SPOKEN for entry in self._part(stream)]
            for entry in self._spoken:
                self._caused.setdefault(entry.cause, []).append(entry)
        return self._spoken

    def _part(self, stream: str) -> list[Entry]:
        read = list(islice(self._record.forwards(stream, self._start), MOST_READ))
        if len(read) == MOST_READ:
            self.cut.append(stream)
        return read

    def _words_on(self, order_id: str, spoken: list[Entry]) -> Iterator[Node]:
        needle = msgspec.json.encode(order_id)
        for entry in spoken:
            if entry.stream in ("orders", "executions") and needle in entry.data:
                node = node_of(entry)
                if getattr(node.message, "order_id", None) == order_id:
                    yield node

    def _points(self, at: Ref) -> Iterator[Entry]:
        """Yield the points that *at* caused: they stand right before the record of the step that worked it."""
        if at.stream not in ("ticks", "executions", "requeued"):
            return
        step = self._course.step_over(VALUATION, at)
        start = b"%d" % id_parts(at.id).ms
        end = b"+" if step is None else b"%d" % id_parts(step.id).ms
        points = self._record.forwards("pnl", start, end)
        wanted = at.as_cause
        yield from (entry for entry in islice(points, _POINTS_READ) if entry.cause == wanted)


def leads_on(node: Node) -> bool:
    """Return whether anything can follow from *node*: points end a chain."""
    return node.at.stream != "pnl" and node.entry is not None
