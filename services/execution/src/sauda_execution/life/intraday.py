"""MIS: positions for the day alone. At the broker's time they are closed at the market, and until they are flat.

At that time all MIS orders of the exchange are cancelled and a market order goes out for each MIS position. What has not
traded a minute later is cancelled and tried anew. What is still held at the close is left overnight, with an alert, and
closed at the next open.
"""

from sauda.clock import NS_PER_S, UnixNs, clock_text, ist_date
from sauda.contracts import Alert, Level, OrderKind, PlaceOrder, Product, RejectReason, Side
from sauda.errors import ConfigError
from sauda.state import State
from sauda_execution.acts import Act, Place, Say, Withdraw
from sauda_execution.book import FOREVER_NS, Held
from sauda_execution.checks import Moment, Refusal
from sauda_execution.days import ClosingTimes
from sauda_execution.known import Known

AGAIN_NS = 60 * NS_PER_S
"""How long a closing order may work before another takes its place."""


class Intraday:
    """Ends what may not be held overnight."""

    def __init__(self, state: State, known: Known, times: ClosingTimes, source: str) -> None:
        self._known = known
        self._times = times
        self._source = source
        self._due = state.table("mis_due", int)
        """Exchange -> when its MIS orders and positions are next to be ended; no row: there are none."""
        self._orders = state.table("mis_orders", int)
        """Name of a closing order -> how many have gone out under it."""

    @property
    def due_ns(self) -> UnixNs:
        """Return when the first exchange's time has come."""
        return min(self._due.values(), default=FOREVER_NS)

    def refusal(self, order: PlaceOrder, moment: Moment) -> Refusal | None:
        """Is it too late for a new MIS position?"""
        if order.product is not Product.MIS or moment.is_exit or moment.instrument is None:
            return None
        exchange = moment.instrument.exchange
        ends_ns = self._ends_ns(exchange, moment.now_ns)
        if ends_ns is None:
            return Refusal(
                RejectReason.NOT_ALLOWED, f"no time is known at which {exchange} closes MIS: take NRML"
            )
        if moment.now_ns < ends_ns:
            return None
        return Refusal(
            RejectReason.NOT_ALLOWED,
            f"MIS positions of {exchange} are closed since {clock_text(ends_ns)} IST: take NRML",
        )

    def note(self, order: PlaceOrder) -> None:
        """Take note of an MIS order that was accepted: what it opens is to be ended today."""
        exchange = order.instrument.partition(":")[0]
        if order.product is Product.MIS and exchange not in self._due:
            ends_ns = self._ends_ns(exchange, self._known.market.now_ns)
            if ends_ns is not None:
                self._due.put(exchange, ends_ns)

    def on_due(self, now_ns: UnixNs) -> list[Act]:
        """End what is due."""
        acts: list[Act] = []
        for exchange in self._due:
            if self._due[exchange] <= now_ns:
                acts += self._end(exchange, now_ns)
        return acts

    def on_day(self) -> None:
        """Forget the names of earlier days' closing orders."""
        today = ist_date(self._known.market.now_ns).isoformat()
        for name in self._orders:
            if not name.endswith(today):
                self._orders.drop(name)

    def _end(self, exchange: str, now_ns: UnixNs) -> list[Act]:
        working = [
            one.order.order_id
            for one in self._known.book.all_working()
            if one.order.product is Product.MIS and one.order.instrument.partition(":")[0] == exchange
        ]
        held = [
            one
            for one in self._known.book.holdings()
            if one.product is Product.MIS
            and one.instrument.partition(":")[0] == exchange
            and not self._known.has_expired(one.instrument)
        ]
        if not held and not working:
            self._due.drop(exchange)
            return []
        if not self._known.days.is_open(exchange, now_ns):
            return self._left_overnight(exchange, held, now_ns)
        self._due.put(exchange, now_ns + AGAIN_NS)
        acts: list[Act] = [Withdraw(order_id, "MIS is squared off") for order_id in working]
        return acts + [Place(self._closing_order(one, now_ns)) for one in held]

    def _left_overnight(self, exchange: str, held: list[Held], now_ns: UnixNs) -> list[Act]:
        opens_ns = self._known.days.next_open_ns(exchange, now_ns)
        self._due.put(exchange, opens_ns)
        what = ", ".join(f"{one.qty} {one.instrument} of {one.strategy}" for one in held)
        text = f"MIS positions are left after the close of {exchange}: {what}; they are closed at {clock_text(opens_ns)} IST"
        return [Say(Alert(self._source, Level.CRITICAL, "MIS_LEFT_OPEN", text, now_ns))]

    def _closing_order(self, held: Held, now_ns: UnixNs) -> PlaceOrder:
        name = f"mis-{held.strategy}-{held.instrument}-{ist_date(now_ns).isoformat()}"
        number = (self._orders.get(name) or 0) + 1
        self._orders.put(name, number)
        return PlaceOrder(
            order_id=name if number == 1 else f"{name}-{number}",
            strategy=held.strategy,
            instrument=held.instrument,
            side=Side.SELL if held.qty > 0 else Side.BUY,
            qty=abs(held.qty),
            kind=OrderKind.MARKET,
            event_ns=now_ns,
            product=Product.MIS,
        )

    def _ends_ns(self, exchange: str, now_ns: UnixNs) -> UnixNs | None:
        try:
            return self._times.square_off_ns(exchange, ist_date(now_ns))
        except ConfigError:
            return None
