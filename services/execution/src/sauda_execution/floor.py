"""The floor: orders come in, meet quotes, trade, and leave. Whatever happens to an order in the market happens here.

First everything is booked (the order's row, the holding), then the parts hear of it, then what they want is done: so
no part ever looks at half a trade, and no other order meets a quote between two fills of one.
"""

import msgspec

from sauda.clock import UnixNs
from sauda.contracts import Against, Fill, Message, OrderKind, PlaceOrder, Tick
from sauda.errors import InvariantError
from sauda.money import Paise, Units
from sauda_execution import answers
from sauda_execution.acts import Act, Settle
from sauda_execution.admission import Ruling
from sauda_execution.book import STOPS, Stage, Working
from sauda_execution.known import Known
from sauda_execution.matching import arriving_price, is_triggered, resting_price
from sauda_execution.parts import Parts
from sauda_execution.trade import Charges, Trade, slices_traded


class Floor:
    """Where orders meet quotes."""

    def __init__(self, known: Known, parts: Parts, charges: Charges | None) -> None:
        self._known = known
        self._parts = parts
        self._charges = charges

    def enter(self, ruling: Ruling, arrives_ns: UnixNs) -> None:
        """Let an accepted order travel to the market."""
        order = ruling.order
        working = Working(
            order, Stage.TRAVELLING, self._expires_ns(order), arrives_ns=arrives_ns, slices=ruling.slices
        )
        self._known.book.put(working)

    def arrive(self, order_id: str) -> list[Message]:
        """Let an order that has travelled meet the last quote, if that is fresh."""
        working = self._known.book.working(order_id)
        if working is None or working.stage is not Stage.TRAVELLING:
            return []
        stage = Stage.WAITING if working.order.kind in STOPS else Stage.ARRIVING
        self._known.book.put(msgspec.structs.replace(working, stage=stage))
        return self.meet_last_quote(working.order)

    def change(self, working: Working, ruling: Ruling) -> None:
        """Give a working order new terms. They meet the market afresh; what was triggered stays triggered."""
        untouched = working.stage in (Stage.WAITING, Stage.TRAVELLING)
        self._known.book.put(
            msgspec.structs.replace(
                working,
                order=ruling.order,
                slices=ruling.slices,
                stage=working.stage if untouched else Stage.ARRIVING,
                arrives_ns=max(working.arrives_ns, self._known.market.now_ns),
            )
        )

    def meet_last_quote(self, order: PlaceOrder) -> list[Message]:
        """Let *order*, which is new or changed, meet the quote that stands."""
        quote = self._known.fresh_quote(order.instrument)
        return [] if quote is None else self.meet(order.order_id, quote)

    def meet(self, order_id: str, quote: Tick) -> list[Message]:
        """Let a working order meet *quote*."""
        working = self._known.book.working(order_id)
        if working is None or working.stage is Stage.TRAVELLING:
            return []
        order = working.order
        if working.stage is Stage.RESTING:
            price = resting_price(order, quote)
            return [] if price is None else self._fill(working, price)
        said: list[Message] = []
        if working.stage is Stage.WAITING:
            if not is_triggered(order, quote.ltp):
                return said
            said.append(answers.triggered(order, quote.ltp, self._known.market.now_ns))
        price = arriving_price(order, quote)
        if price is None:
            self._known.book.put(msgspec.structs.replace(working, stage=Stage.RESTING))
        else:
            said += self._fill(working, price)
        return said

    def cancel(self, working: Working, reason: str) -> list[Message]:
        """Take what is left of a working order out of the market."""
        order = working.order
        self._known.book.take_out(order)
        cancelled = answers.cancelled(order, working.open_qty, reason, self._known.market.now_ns)
        return [cancelled, *self._parts.tell(lambda part: part.on_ended(order, working.open_qty, reason))]

    def expire(self) -> list[Message]:
        """Cancel what the close of its session has overtaken: all orders are for the day."""
        now_ns = self._known.market.now_ns
        if now_ns < self._known.book.first_expiry_ns:
            return []
        over = [w.order.order_id for w in self._known.book.all_working() if w.expires_ns <= now_ns]
        said: list[Message] = []
        for order_id in over:
            # What follows from one cancellation may have taken out the next.
            working = self._known.book.working(order_id)
            said += [] if working is None else self.cancel(working, "session over")
        return said

    def settle(self, act: Settle) -> list[Message]:
        """Trade a position away at the exchange's own price: nothing is accepted, no market is met."""
        order = PlaceOrder(
            order_id=act.order_id,
            strategy=act.strategy,
            instrument=act.instrument,
            side=act.side,
            qty=act.qty,
            kind=OrderKind.MARKET,
            event_ns=self._known.market.now_ns,
            product=act.product,
        )
        working = Working(order, Stage.ARRIVING, expires_ns=0)
        fill = self._charged(working, act.qty, act.price, Against.SETTLEMENT)
        self._known.book.apply(fill)
        return [fill, *self._parts.tell(lambda part: part.on_fill(order, fill))]

    def _fill(self, working: Working, price: Paise) -> list[Message]:
        order = working.order
        fill = self._charged(working, working.open_qty, price, None)
        self._known.book.take_out(order)
        self._known.book.apply(fill)
        acts: list[Act] = self._parts.wish(lambda part: part.on_fill(order, fill))
        acts += self._parts.wish(lambda part: part.on_ended(order, 0, "filled"))
        return [fill, *self._parts.do(acts)]

    def _charged(self, working: Working, qty: Units, price: Paise, against: Against | None) -> Fill:
        """Return the order's next fill with what it costs."""
        fill = answers.filled(working, qty, price, against, self._known.market.now_ns)
        if self._charges is None:
            return fill
        instrument = self._known.instruments.get(fill.instrument)
        if instrument is None:
            raise InvariantError(f"fill {fill.fill_id} is of {fill.instrument!r}, which is no known contract")
        qty_all = working.order.qty
        costs = self._charges.charge(
            Trade(
                strategy=fill.strategy,
                instrument=instrument,
                side=fill.side,
                qty=qty,
                price=price,
                product=fill.product,
                order_id=fill.order_id,
                slices=slices_traded(working.filled + qty, qty_all, working.slices),
                at_ns=fill.event_ns,
                is_settlement=against is Against.SETTLEMENT,
            )
        )
        return msgspec.structs.replace(fill, charges=costs.total, costs=costs)

    def _expires_ns(self, order: PlaceOrder) -> UnixNs:
        now_ns = self._known.market.now_ns
        close_ns = self._known.days.close_ns(self._known.instruments[order.instrument].exchange, now_ns)
        return now_ns if close_ns is None else close_ns
