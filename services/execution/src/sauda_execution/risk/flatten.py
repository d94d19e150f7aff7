"""Close until nothing is held: at the market, again every second of market time, whatever comes between.

A market order goes out as a limit with protection, so it can rest; then it is withdrawn and goes out anew. The wish is a row of the
state and outlives restarts, holes in the feed, partial fills and the night: what could not be closed is closed when the market opens.
"""

from typing import Final

import msgspec

from sauda.clock import NS_PER_MS, NS_PER_S, UnixNs
from sauda.contracts import Alert, Level, PlaceOrder, RejectReason
from sauda.state import State
from sauda_execution.acts import Act, Place, Say, Withdraw
from sauda_execution.book import FOREVER_NS, Held, Stage
from sauda_execution.checks import Refusal
from sauda_execution.known import Known
from sauda_execution.leaving import closing_order
from sauda_execution.risk.wishes import Closing, Refused, Wish, concerns, named, spot

EVERY_NS: Final = NS_PER_S
"""So long an order may rest before it is placed anew."""
LONGEST_PAUSE_NS: Final = 60 * NS_PER_S
"""A position whose closing keeps being refused is tried later and later, but no less than once a minute."""
CRY_EVERY: Final = 10
"""A closing that keeps being refused is cried out at the first refusal and at every tenth."""
_NEXT: Final = "next"
_MOST_SLICES: Final = 10
"""Exchange orders that one order may be cut into; what is more goes out a second later."""


class Flattener:
    """Closes what is wished to be closed; whoever owns it tells it what happens."""

    def __init__(self, state: State, known: Known, source: str) -> None:
        self._known = known
        self._source = source
        self._wishes = state.table("flatten", Wish)
        """`<kind>|<strategy or *>` -> the wish."""
        self._orders = state.table("flatten_orders", Closing)
        """Order id -> what it closes, from before it is placed until it has ended."""
        self._refused = state.table("flatten_refused", Refused)
        """`strategy|instrument|product` -> how its closing was refused."""
        self._due = state.table("flatten_due", int)

    @property
    def due_ns(self) -> UnixNs:
        """Return when to look again."""
        due = self._due.get(_NEXT) if self._wishes else None
        return FOREVER_NS if due is None else due

    def begin(self, kind: str, strategy: str | None, why: str, asked_ns: UnixNs, *, tells: bool) -> list[Act]:
        """Withdraw all orders of *strategy*, or of the desk, and close all that it holds.

        Args:
            kind: Whose wish it is: each kind has one for a strategy at a time.
            strategy: None means everybody's.
            why: Told with each order that is withdrawn.
            asked_ns: Names the request, and with it the first closing orders.
            tells: Whether an alert says when it is done.
        """
        now_ns = self._known.market.now_ns
        wish = Wish(strategy, why, self._known.stamp_ns(asked_ns), tells)
        closing = self._closing_orders(wish)
        acts: list[Act] = [
            Withdraw(working.order.order_id, why)
            for working in self._known.book.all_working()
            if concerns(wish, working.order.strategy) and working.order.order_id not in closing
        ]
        self._wishes.put(named(kind, strategy), wish)
        return [*acts, *self._look(now_ns, asked_ns), *self.tidied()]

    def end(self, kind: str, strategy: str | None, why: str) -> list[Act]:
        """Take the wish back; orders that close for its sake alone are withdrawn."""
        wish = self._wishes.get(named(kind, strategy))
        if wish is None:
            return []
        self._wishes.drop(named(kind, strategy))
        return [
            Withdraw(order_id, why)
            for order_id in self._closing_orders(wish)
            if not self.covers(self._orders[order_id].strategy)
        ]

    def covers(self, strategy: str) -> bool:
        """Is all of *strategy* to be closed?"""
        return any(concerns(wish, strategy) for wish in self._wishes.values())

    def refusal(self, order: PlaceOrder) -> Refusal | None:
        """Refuse an exit beside an order that closes the same position: both together would open the other side."""
        if not self._wishes or order.order_id in self._orders:
            return None
        for order_id, closing in self._orders.items():
            if spot(closing) == spot(order):
                return Refusal(RejectReason.HALTED, f"the position is being closed already, by {order_id!r}")
        return None

    def on_due(self, now_ns: UnixNs) -> list[Act]:
        """Look what is still held."""
        return [*self._look(now_ns, now_ns), *self.tidied()]

    def on_accepted(self, order: PlaceOrder) -> None:
        """Forget earlier refusals."""
        if order.order_id in self._orders:
            self._refused.drop(spot(order))

    def on_ended(self, order: PlaceOrder) -> None:
        """A closing order is over."""
        self._orders.drop(order.order_id)

    def on_refused(self, order: PlaceOrder, refusal: Refusal) -> list[Act]:
        """Try again later, and say so now and then."""
        if order.order_id not in self._orders:
            return []
        self._orders.drop(order.order_id)
        before = self._refused.get(spot(order))
        times = 1 if before is None else before.times + 1
        now_ns = self._known.market.now_ns
        pause_ns = min(LONGEST_PAUSE_NS, EVERY_NS * 2 ** min(times - 1, 10))
        self._refused.put(spot(order), Refused(times, now_ns + pause_ns))
        if times % CRY_EVERY != 1:
            return []
        text = f"{order.qty} of {order.instrument}, held by {order.strategy}, could not be closed: {refusal.detail}"
        return [self._alert("CLOSING_REFUSED", text, Level.CRITICAL)]

    def tidied(self) -> list[Act]:
        """Drop the wishes that are fulfilled."""
        acts: list[Act] = []
        for key in self._wishes:
            wish = self._wishes[key]
            if any(concerns(wish, held.strategy) for held in self._tradable()):
                continue
            self._wishes.drop(key)
            # Settled or traded away by another hand: what still wants to close it would open the other side.
            acts += [
                Withdraw(order_id, "nothing is held any more") for order_id in self._closing_orders(wish)
            ]
            if wish.tells:
                took_ms = max(0, self._known.market.now_ns - wish.since_ns) // NS_PER_MS
                text = f"{wish.strategy or 'the desk'} is flat, {took_ms} ms of market time after it was {wish.why}"
                acts.append(self._alert("FLAT", text, Level.INFO, wish.since_ns))
        if not self._wishes:
            self._forget()
        return acts

    def _look(self, now_ns: UnixNs, asked_ns: UnixNs) -> list[Act]:
        """Place what is to be closed and has no young order yet; note when to look again."""
        acts: list[Act] = []
        again: list[UnixNs] = []
        for held in self._tradable():
            if self.covers(held.strategy):
                wait_ns = self._wait_ns(held, now_ns)
                if wait_ns is None:
                    acts += self._placed_anew(held, now_ns, asked_ns)
                again.append(now_ns + EVERY_NS if wait_ns is None else wait_ns)
        self._due.put(_NEXT, min(again, default=now_ns))
        return acts

    def _tradable(self) -> list[Held]:
        """Return what an order can close: a contract that expired unsettled has no market, and no wish waits for it for ever."""
        known = self._known
        return [
            held
            for held in known.book.holdings()
            if held.instrument in known.instruments and not known.has_expired(held.instrument)
        ]

    def _wait_ns(self, held: Held, now_ns: UnixNs) -> UnixNs | None:
        """Return until when nothing is to be done about *held*; None: it is to be closed now."""
        exchange = held.instrument.partition(":")[0]
        if not self._known.days.is_open(exchange, now_ns):
            return self._known.days.next_open_ns(exchange, now_ns)
        refused = self._refused.get(spot(held))
        if refused is not None and refused.again_ns > now_ns:
            return refused.again_ns
        waits = [self._order_wait_ns(order_id, now_ns) for order_id in self._orders_of(held)]
        return max((at for at in waits if at is not None), default=None)

    def _order_wait_ns(self, order_id: str, now_ns: UnixNs) -> UnixNs | None:
        """Return how long a closing order is left alone; None: it rests, or is over."""
        working = self._known.book.working(order_id)
        if working is None:
            return None
        if working.stage is not Stage.RESTING:
            return (
                now_ns + EVERY_NS
            )  # It takes what the next price offers, however long a hole in the feed lasts.
        young_until_ns = self._orders[order_id].placed_ns + EVERY_NS
        return young_until_ns if young_until_ns > now_ns else None

    def _placed_anew(self, held: Held, now_ns: UnixNs, asked_ns: UnixNs) -> list[Act]:
        acts: list[Act] = [
            Withdraw(working.order.order_id, "the position is closed at the market")
            for working in self._known.book.all_working()
            if spot(working.order) == spot(held)
        ]
        order = closing_order(held, asked_ns, now_ns)
        instrument = self._known.instruments.get(held.instrument)
        if instrument is not None and instrument.freeze_qty:
            lots = instrument.freeze_qty // instrument.lot_size * instrument.lot_size
            order = msgspec.structs.replace(order, qty=min(order.qty, _MOST_SLICES * lots))
        self._orders.put(order.order_id, Closing(held.strategy, held.instrument, held.product, now_ns))
        return [*acts, Place(order)]

    def _closing_orders(self, wish: Wish) -> list[str]:
        return [order_id for order_id, one in self._orders.items() if concerns(wish, one.strategy)]

    def _orders_of(self, held: Held) -> list[str]:
        return [order_id for order_id, one in self._orders.items() if spot(one) == spot(held)]

    def _forget(self) -> None:
        for table in (self._orders, self._refused, self._due):
            if table:  # Asked at every fill, and nearly always empty.
                for key in table:
                    table.drop(key)

    def _alert(self, code: str, text: str, level: Level, asked_ns: UnixNs = 0) -> Act:
        return Say(Alert(self._source, level, code, text, self._known.stamp_ns(asked_ns)))
