"""The paper exchange: one account's orders meet the market that the ticks show.

Every order id is answered once for ever: a repeat gets the first answer again, word for word, and does
nothing. An `OrderRejected` that comes after the order's `OrderAccepted` refuses a change or a cancellation;
the order itself stands as it stood. Each accepted order ends exactly once: filled, or cancelled.

The exchange moves with market time (`sauda_execution.market`), never with a clock of its own.
"""

from collections.abc import Callable, Sequence
from datetime import date, time
from typing import Protocol

import msgspec

from sauda.clock import NS_PER_S, UnixNs, clock_text, from_ist, ist_date
from sauda.contracts import (
    CancelOrder,
    ClockTick,
    FeedGap,
    Fill,
    Halt,
    Instrument,
    InstrumentId,
    Message,
    ModifyOrder,
    OrderAccepted,
    OrderCancelled,
    OrderKind,
    OrderModified,
    OrderRejected,
    OrderTriggered,
    PlaceOrder,
    RejectReason,
    Resume,
    Side,
    SquareOff,
    Tick,
)
from sauda.money import Paise
from sauda.state import State
from sauda_execution.book import Book, Stage, Working
from sauda_execution.checks import Moment, Refusal, late_refusal, market_refusal, terms_refusal
from sauda_execution.market import Market
from sauda_execution.matching import arriving_price, is_triggered, resting_price
from sauda_execution.settings import Limits

INPUTS = ("instruments", "control", "ticks", "orders")
"""Ticks before orders: an order of the same instant sees the newest price."""

_DAY_NS = 24 * 3600 * NS_PER_S
_STOPS = frozenset({OrderKind.SL, OrderKind.SL_M})


class Hours(Protocol):
    """When an exchange trades on one day."""

    @property
    def open_ns(self) -> UnixNs:
        """Return the first instant of the session."""

    @property
    def close_ns(self) -> UnixNs:
        """Return the first instant after it."""


class TradingCalendar(Protocol):
    """What the paper exchange asks of the calendar."""

    def session(self, exchange: str, day: date, /) -> Hours | None:
        """Return the hours of *exchange* on *day*, or None if it is closed all day."""


class PaperExchange:
    """The processor of `execution.<account>`."""

    def __init__(self, calendar: TradingCalendar, limits: Limits, account: str = "paper") -> None:
        self.account = account
        self.state = State()
        self._calendar = calendar
        self._limits = limits
        self._market = Market(self.state)
        self._book = Book(self.state)
        self._instruments = self.state.table("instruments", Instrument)
        self._control = self.state.table("control", str)
        """`halted` -> who and why, while entries are halted."""
        self._squared_off = self.state.table("squared_off", int)
        """Strategy, or `*` for the desk -> `event_ns` of the last square-off done for it."""
        self._days = self.state.table("days", int)
        """`present`, `previous` -> midnight (IST) at which that trading day began."""
        self._wake_ns: UnixNs = 0
        """No tick before this instant ends a session or begins a day."""
        self._work: dict[type[Message], Callable[..., list[Message]]] = {
            ClockTick: self._on_clock,
            FeedGap: self._on_gap,
            Instrument: self._on_instrument,
            PlaceOrder: self._on_place,
            ModifyOrder: self._on_modify,
            CancelOrder: self._on_cancel,
            Halt: self._on_halt,
            Resume: self._on_resume,
            SquareOff: self._on_square_off,
        }

    def handle(self, message: Message) -> Sequence[Message]:
        """Take one message; return the answers and fills that follow from it."""
        if type(message) is Tick:
            # Thousands come for each order: those that concern nobody leave here, within a microsecond.
            self._market.see(message)
            if message.recv_ns < self._wake_ns and message.instrument not in self._book.by_instrument:
                return ()
            answers = self._on_eventful_tick(message)
        else:
            work = self._work.get(type(message))
            if work is None:
                return ()
            answers = work(message)
        self._wake_ns = self._next_wake_ns()
        return answers

    def restored(self) -> None:
        """Rebuild the indexes and the alarm."""
        self._market.restored()
        self._book.restored()
        self._wake_ns = self._next_wake_ns()

    # The market moves.

    def _on_eventful_tick(self, tick: Tick) -> list[Message]:
        answers = self._expire()
        self._begin_day(tick)
        quote = self._market.fresh_quote(tick.instrument, self._limits.stale_quote_ns)
        if quote is not None:
            for order_id in tuple(self._book.by_instrument.get(tick.instrument, ())):
                answers += self._meet(order_id, quote)
        return answers

    def _on_clock(self, clock: ClockTick) -> list[Message]:
        self._market.reach(clock.event_ns)
        return self._expire()

    def _on_gap(self, gap: FeedGap) -> list[Message]:
        self._market.lose_sight(gap)
        return self._expire()

    def _on_instrument(self, instrument: Instrument) -> list[Message]:
        # The masters come again every morning, mostly unchanged: no row is written for that.
        if self._instruments.get(instrument.instrument) != instrument:
            self._instruments.put(instrument.instrument, instrument)
        return []

    def _expire(self) -> list[Message]:
        """Cancel what the close of its session has overtaken."""
        if self._market.now_ns < self._book.first_expiry_ns:
            return []
        over = [w.order for w in self._book.all_working() if w.expires_ns <= self._market.now_ns]
        return [self._cancelled(order, "session over") for order in over]

    def _begin_day(self, tick: Tick) -> None:
        """On the first tick in a session of a new day, forget what no longer matters."""
        now_ns = self._market.now_ns
        present_ns = self._days.get("present") or 0
        if now_ns < present_ns + _DAY_NS or self._session(_exchange_of(tick.instrument)) is None:
            return
        self._days.put("previous", present_ns)
        self._days.put("present", from_ist(ist_date(now_ns), time()))
        self._market.forget_before(self._days["present"])
        self._book.forget_answers_before(present_ns)
        today = ist_date(now_ns).isoformat()
        for name in self._instruments:
            expiry = self._instruments[name].expiry
            if expiry is not None and expiry < today:
                self._instruments.drop(name)

    # Orders.

    def _on_place(self, order: PlaceOrder) -> list[Message]:
        first = self._book.answer(order.order_id)
        if first is not None:
            return [first]
        refusal = self._refusal(order)
        if refusal is not None:
            rejected = self._rejected(
                order.order_id, order.strategy, order.instrument, refusal, order.event_ns
            )
            self._book.remember(rejected)
            return [rejected]
        accepted = OrderAccepted(order.order_id, order.strategy, order.instrument, self._market.now_ns)
        self._book.remember(accepted)
        stage = Stage.WAITING if order.kind in _STOPS else Stage.ARRIVING
        self._book.put(Working(order, stage, self._close_ns(order.instrument)))
        return [accepted, *self._meet_last_quote(order)]

    def _on_modify(self, change: ModifyOrder) -> list[Message]:
        working = self._book.working(change.order_id)
        if working is None or working.order.strategy != change.strategy:
            return [self._not_working(change)]
        order = _changed(working.order, change)
        refusal = _trigger_refusal(working, change) or self._refusal(order)
        if refusal is not None:
            return [
                self._rejected(order.order_id, order.strategy, order.instrument, refusal, change.event_ns)
            ]
        # New terms meet the market afresh; what was triggered stays triggered.
        stage = Stage.WAITING if working.stage is Stage.WAITING else Stage.ARRIVING
        self._book.put(Working(order, stage, working.expires_ns))
        modified = OrderModified(
            order.order_id,
            order.strategy,
            order.instrument,
            self._market.now_ns,
            order.qty,
            order.limit_price,
            order.trigger_price,
        )
        return [modified, *self._meet_last_quote(order)]

    def _on_cancel(self, cancel: CancelOrder) -> list[Message]:
        working = self._book.working(cancel.order_id)
        if working is None or working.order.strategy != cancel.strategy:
            return [self._not_working(cancel)]
        return [self._cancelled(working.order, "cancelled by its strategy")]

    def _refusal(self, order: PlaceOrder) -> Refusal | None:
        instrument = self._instruments.get(order.instrument)
        is_exit = self._book.is_exit(order)
        moment = Moment(
            now_ns=self._market.now_ns,
            is_open=instrument is not None and self._is_open(instrument.exchange),
            halted=self._control.get("halted"),
            quote=self._market.quote(order.instrument),
            is_blind=self._market.is_blind(order.instrument),
            answers_from_ns=self._days.get("previous") or 0,
        )
        return (
            late_refusal(order, moment, self._limits, is_exit=is_exit)
            or terms_refusal(order, instrument)
            or market_refusal(order, moment, self._limits, is_exit=is_exit)
        )

    # What steers the desk.

    def _on_halt(self, halt: Halt) -> list[Message]:
        self._control.put("halted", f"by {halt.by} since {clock_text(halt.event_ns)} IST: {halt.reason}")
        return []

    def _on_resume(self, _: Resume) -> list[Message]:
        self._control.drop("halted")
        return []

    def _on_square_off(self, request: SquareOff) -> list[Message]:
        """Cancel what stands and leave what is held, for one strategy or all, with no help of theirs."""
        whose = request.strategy or "*"
        if self._squared_off.get(whose) == request.event_ns:
            return []
        self._squared_off.put(whose, request.event_ns)
        answers: list[Message] = [
            self._cancelled(working.order, f"square-off by {request.by}")
            for working in self._book.all_working()
            if request.strategy in (None, working.order.strategy)
        ]
        for held in self._book.holdings():
            if request.strategy in (None, held.strategy):
                exit_order = PlaceOrder(
                    order_id=f"squareoff-{held.strategy}-{held.instrument}-{request.event_ns}",
                    strategy=held.strategy,
                    instrument=held.instrument,
                    side=Side.SELL if held.qty > 0 else Side.BUY,
                    qty=abs(held.qty),
                    kind=OrderKind.MARKET,
                    event_ns=self._market.now_ns,
                )
                answers += self._on_place(exit_order)
        return answers

    # An order meets a price.

    def _meet_last_quote(self, order: PlaceOrder) -> list[Message]:
        quote = self._market.fresh_quote(order.instrument, self._limits.stale_quote_ns)
        return [] if quote is None else self._meet(order.order_id, quote)

    def _meet(self, order_id: str, quote: Tick) -> list[Message]:
        working = self._book.working(order_id)
        if working is None:
            return []
        order = working.order
        answers: list[Message] = []
        if working.stage is Stage.RESTING:
            price = resting_price(order, quote)
        elif working.stage is Stage.WAITING and not is_triggered(order, quote.ltp):
            return answers
        else:
            if working.stage is Stage.WAITING:
                answers.append(self._triggered(order, quote.ltp))
            price = arriving_price(order, quote)
        if price is not None:
            answers.append(self._filled(order, price))
        elif working.stage is not Stage.RESTING:
            self._book.put(msgspec.structs.replace(working, stage=Stage.RESTING))
        return answers

    # Words: each is said in one place, stamped with market time.

    def _filled(self, order: PlaceOrder, price: Paise) -> Fill:
        fill = Fill(
            # Derived, so that a replay makes the same one; whole fills need no second number.
            fill_id=f"{order.order_id}-1",
            order_id=order.order_id,
            strategy=order.strategy,
            instrument=order.instrument,
            side=order.side,
            qty=order.qty,
            price=price,
            charges=0,
            event_ns=self._market.now_ns,
        )
        self._book.take_out(order)
        self._book.apply(fill)
        return fill

    def _cancelled(self, order: PlaceOrder, reason: str) -> OrderCancelled:
        self._book.take_out(order)
        return OrderCancelled(
            order.order_id, order.strategy, order.instrument, self._market.now_ns, order.qty, reason
        )

    def _triggered(self, order: PlaceOrder, ltp: Paise) -> OrderTriggered:
        return OrderTriggered(order.order_id, order.strategy, order.instrument, self._market.now_ns, ltp)

    def _rejected(
        self, order_id: str, strategy: str, instrument: InstrumentId, refusal: Refusal, asked_ns: UnixNs
    ) -> OrderRejected:
        # Before the first message of the market there is no market time: 1970 would help nobody.
        stamp = self._market.now_ns or asked_ns
        return OrderRejected(order_id, strategy, instrument, stamp, refusal.reason, refusal.detail)

    def _not_working(self, asked: ModifyOrder | CancelOrder) -> OrderRejected:
        first = self._book.answer(asked.order_id)
        if first is None or first.strategy != asked.strategy:
            detail = f"{asked.strategy} has placed no order {asked.order_id!r}"
            refusal = Refusal(RejectReason.UNKNOWN_ORDER, detail)
            return self._rejected(asked.order_id, asked.strategy, "", refusal, asked.event_ns)
        refusal = Refusal(RejectReason.ORDER_DONE, f"order {asked.order_id!r} is not in the market any more")
        return self._rejected(asked.order_id, asked.strategy, first.instrument, refusal, asked.event_ns)

    # When.

    def _session(self, exchange: str) -> Hours | None:
        return self._calendar.session(exchange, ist_date(self._market.now_ns))

    def _is_open(self, exchange: str) -> bool:
        hours = self._session(exchange)
        return hours is not None and hours.open_ns <= self._market.now_ns < hours.close_ns

    def _close_ns(self, instrument: InstrumentId) -> UnixNs:
        hours = self._session(self._instruments[instrument].exchange)
        return self._market.now_ns if hours is None else hours.close_ns

    def _next_wake_ns(self) -> UnixNs:
        day_end_ns = (self._days.get("present") or -_DAY_NS) + _DAY_NS
        return min(day_end_ns, self._book.first_expiry_ns)


def _exchange_of(instrument: InstrumentId) -> str:
    return instrument.partition(":")[0]


def _changed(order: PlaceOrder, change: ModifyOrder) -> PlaceOrder:
    return msgspec.structs.replace(
        order,
        qty=order.qty if change.qty is None else change.qty,
        limit_price=order.limit_price if change.limit_price is None else change.limit_price,
        trigger_price=order.trigger_price if change.trigger_price is None else change.trigger_price,
        event_ns=change.event_ns,
    )


def _trigger_refusal(working: Working, change: ModifyOrder) -> Refusal | None:
    if change.trigger_price is None or working.order.kind not in _STOPS or working.stage is Stage.WAITING:
        return None
    return Refusal(RejectReason.BAD_PRICE, f"order {working.order.order_id!r} is triggered already")
