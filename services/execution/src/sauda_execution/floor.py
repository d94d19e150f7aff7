"""The floor: orders come in, meet quotes, trade, and leave. Whatever happens to an order in the market happens here.

First everything is booked (the order's row, the holding), then the parts hear of it, then what they want is done: so
no part ever looks at half a trade, and no other order meets a quote between two fills of one.
"""

from collections.abc import Sequence

import msgspec

from sauda.clock import UnixNs
from sauda.contracts import Message, PlaceOrder, Tick, Validity
from sauda_execution import answers
from sauda_execution.acts import Act, Settle
from sauda_execution.admission import Ruling
from sauda_execution.book import STOPS, Stage, Working
from sauda_execution.booking import Booking
from sauda_execution.known import Known
from sauda_execution.matching import Match, Taking, is_triggered, take, take_whole
from sauda_execution.parts import Part, Parts
from sauda_execution.queueing import Volume, rest, standing
from sauda_execution.trade import Charges


class Floor:
    """Where orders meet quotes."""

    def __init__(self, known: Known, parts: Parts, charges: Charges | None) -> None:
        self._known = known
        self._book = known.book
        self._parts = parts
        self._booking = Booking(known, charges)

    # An order comes in.

    def enter(self, ruling: Ruling, arrives_ns: UnixNs) -> None:
        """Let an accepted order travel to the market."""
        order = ruling.order
        expires_ns = self._expires_ns(order)
        self._book.put(
            Working(order, Stage.TRAVELLING, expires_ns, arrives_ns=arrives_ns, slices=ruling.slices)
        )

    def arrive(self, order_id: str) -> list[Message]:
        """Let an order that has travelled meet the last quote, if that is fresh."""
        working = self._book.working(order_id)
        if working is None or working.stage is not Stage.TRAVELLING:
            return []
        is_stop = working.order.kind in STOPS
        self._book.put(msgspec.structs.replace(working, stage=Stage.WAITING if is_stop else Stage.ARRIVING))
        return self.meet_last_quote(order_id)

    def change(self, working: Working, ruling: Ruling) -> None:
        """Give a working order new terms. They meet the market afresh, at the back; what was triggered stays triggered."""
        untouched = working.stage in (Stage.WAITING, Stage.TRAVELLING)
        self._book.put_ahead(working.order.order_id, None)
        self._book.put(
            msgspec.structs.replace(
                working,
                order=ruling.order,
                slices=ruling.slices,
                stage=working.stage if untouched else Stage.ARRIVING,
                arrives_ns=max(working.arrives_ns, self._known.market.now_ns),
            )
        )

    # It meets quotes.

    def meet_last_quote(self, order_id: str) -> list[Message]:
        """Let an order that is new or changed meet the quote that stands."""
        working = self._book.working(order_id)
        if working is None:
            return []
        quote = self._known.fresh_quote(working.order.instrument)
        if quote is not None:
            return self.meet(order_id, quote, Volume(None if quote.volume is None else 0))
        return self._cancel_immediate(working) if working.stage is Stage.ARRIVING else []

    def meet(self, order_id: str, quote: Tick, volume: Volume) -> list[Message]:
        """Let a working order meet *quote*.

        Args:
            order_id: Whose.
            quote: The newest of its instrument, and fresh.
            volume: What traded on the way to it.
        """
        working = self._book.working(order_id)
        if working is None or working.stage is Stage.TRAVELLING:
            return []
        if working.stage is Stage.RESTING and working.order.limit_price is not None:
            return self._rest(working, working.order.limit_price, quote, volume)
        said: list[Message] = []
        if working.stage is Stage.WAITING:
            if not is_triggered(working.order, quote.ltp):
                return said
            said.append(answers.triggered(working.order, quote.ltp, self._known.market.now_ns))
        return said + self._take(working, quote)

    def _take(self, working: Working, quote: Tick) -> list[Message]:
        """Let an order that has just come, or was larger than what it met, take what *quote* offers."""
        taking = self._offered(working, quote)
        order = working.order
        stage = Stage.ARRIVING if taking.goes_on else Stage.RESTING
        left = working.open_qty - sum(match.qty for match in taking.matches)
        if left and working.stage is not stage:
            working = msgspec.structs.replace(working, stage=stage)
            self._book.put(working)
        if left and stage is Stage.RESTING and order.limit_price is not None:
            self._book.put_ahead(order.order_id, standing(order.side, order.limit_price, quote))
        is_over = left and order.validity is Validity.IOC
        return self._trade(working, taking.matches, "immediate or cancel" if is_over else None)

    def _offered(self, working: Working, quote: Tick) -> Taking:
        order, limits = working.order, self._known.limits
        if limits.fills == "ltp":
            return take_whole(order, working.open_qty, quote.ltp)
        taken = self._known.liquidity.taken(order.instrument, order.side)
        instrument = self._known.instruments[order.instrument]
        return take(order, working.open_qty, quote, taken, instrument=instrument, limits=limits)

    def _rest(self, working: Working, limit: int, quote: Tick, volume: Volume) -> list[Message]:
        """Let an order that rests at *limit* see what *quote* does for it."""
        order = working.order
        if self._known.limits.fills == "ltp":
            return self._trade(working, take_whole(order, working.open_qty, quote.ltp).matches)
        if working.arrives_ns >= self._known.market.now_ns and volume.traded:
            # What traded until this instant traded before it was here.
            volume = Volume(0)
        resting = rest(
            order.side,
            limit,
            working.open_qty,
            quote,
            ahead=self._book.ahead(order.order_id),
            volume=volume,
            taken=self._known.liquidity.taken(order.instrument, order.side),
            lot=self._known.instruments[order.instrument].lot_size,
        )
        volume.used += sum(match.qty for match in resting.matches if match.is_volume)
        self._book.put_ahead(order.order_id, resting.ahead)
        return self._trade(working, resting.matches)

    # It trades and leaves.

    def _trade(self, working: Working, matches: Sequence[Match], over: str | None = None) -> list[Message]:
        """Book *matches*, cancel the rest if it is *over*, tell the parts, do what they want."""
        said: list[Message] = []
        acts: list[Act] = []
        for match in matches:
            working, fill = self._booking.fill(working, match)
            said.append(fill)
            acts += self._parts.wish(Part.on_fill, working.order, fill)
        if not working.open_qty:
            acts += self._parts.wish(Part.on_ended, working.order, 0, "filled")
        elif over is not None:
            said.append(self._take_out(working, over))
            acts += self._parts.wish(Part.on_ended, working.order, working.open_qty, over)
        return said + self._parts.do(acts)

    def cancel(self, working: Working, reason: str) -> list[Message]:
        """Take what is left of a working order out of the market."""
        return self._trade(working, (), reason)

    def _cancel_immediate(self, working: Working) -> list[Message]:
        is_immediate = working.order.validity is Validity.IOC
        return self.cancel(working, "immediate or cancel: there is no fresh price") if is_immediate else []

    def _take_out(self, working: Working, reason: str) -> Message:
        self._book.take_out(working.order)
        return answers.cancelled(working.order, working.open_qty, reason, self._known.market.now_ns)

    def expire(self) -> list[Message]:
        """Cancel what the close of its session has overtaken: all orders are for the day."""
        now_ns = self._known.market.now_ns
        if now_ns < self._book.first_expiry_ns:
            return []
        over = [w.order.order_id for w in self._book.all_working() if w.expires_ns <= now_ns]
        said: list[Message] = []
        for order_id in over:
            # What follows from one cancellation may have taken out the next.
            working = self._book.working(order_id)
            said += [] if working is None else self.cancel(working, "session over")
        return said

    def settle(self, act: Settle) -> list[Message]:
        """Trade a position away at the exchange's own price: nothing is accepted, no market is met."""
        order, fill = self._booking.settle(act)
        return [fill, *self._parts.tell(Part.on_fill, order, fill)]

    def _expires_ns(self, order: PlaceOrder) -> UnixNs:
        now_ns = self._known.market.now_ns
        close_ns = self._known.days.close_ns(self._known.instruments[order.instrument].exchange, now_ns)
        return now_ns if close_ns is None else close_ns
