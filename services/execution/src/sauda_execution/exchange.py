"""The paper exchange: one account's orders meet the market that the ticks show.

Every order id is answered once for ever: a repeat gets the first answer again, word for word, and does
nothing. An `OrderRejected` that comes after the order's `OrderAccepted` refuses a change or a cancellation;
the order itself stands as it stood. Each accepted order ends exactly once: filled, or cancelled.

The exchange moves with market time (`sauda_execution.market`), never with a clock of its own.
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from sauda.clock import UnixNs, clock_text, ist_date
from sauda.contracts import (
    CancelOrder,
    ClockTick,
    FeedGap,
    Halt,
    Instrument,
    Message,
    ModifyOrder,
    OrderKind,
    PlaceOrder,
    Resume,
    SquareOff,
    Tick,
)
from sauda.money import Paise
from sauda.state import State
from sauda.unit import Unit
from sauda_execution import answers
from sauda_execution.acts import Act, Place, Reprice, Say, Settle, Withdraw
from sauda_execution.book import Book, Stage, Working, changed_order, closing_order
from sauda_execution.checks import (
    Moment,
    Refusal,
    late_refusal,
    market_refusal,
    not_working_refusal,
    terms_refusal,
    trigger_refusal,
)
from sauda_execution.days import TradingDays
from sauda_execution.house import House
from sauda_execution.market import Market
from sauda_execution.matching import arriving_price, is_triggered, resting_price
from sauda_execution.parts import Part

INPUTS = ("instruments", "control", "ticks", "orders")
"""Ticks before orders: an order of the same instant sees the newest price."""
STOPS = frozenset({OrderKind.SL, OrderKind.SL_M})
"""Orders that wait for a trigger."""


def paper_unit(house: House, account: str = "paper") -> Unit:
    """Return the unit that carries the paper account *account*."""
    return Unit(name=f"execution.{account}", inputs=INPUTS, build=lambda: PaperExchange(house, account))


class PaperExchange:
    """The processor of `execution.<account>`."""

    def __init__(self, house: House, account: str = "paper") -> None:
        self.account = account
        self.state = State()
        self._limits = house.limits
        self._market = Market(self.state)
        self._book = Book(self.state)
        self._days = TradingDays(self.state, house.calendar)
        self._instruments = self.state.table("instruments", Instrument)
        self._control = self.state.table("control", str)
        """`halted` -> who and why, while entries are halted."""
        self._squared_off = self.state.table("squared_off", int)
        """Strategy, or `*` for the desk -> `event_ns` of the last square-off done for it."""
        self._parts: tuple[Part, ...] = ()
        """Asked in this order."""
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
            said = self._on_eventful_tick(message)
        else:
            work = self._work.get(type(message))
            said = [] if work is None else work(message)
            for part in self._parts:
                said += self._do(part.on_message(message))
        self._wake_ns = self._next_wake_ns()
        return said

    def restored(self) -> None:
        """Rebuild the indexes and the alarm."""
        self._market.restored()
        self._book.restored()
        for part in self._parts:
            part.restored()
        self._wake_ns = self._next_wake_ns()

    def _next_wake_ns(self) -> UnixNs:
        return min(self._days.end_ns, self._book.first_expiry_ns, *(part.due_ns for part in self._parts))

    # The market moves.

    def _on_eventful_tick(self, tick: Tick) -> list[Message]:
        said = self._pass_time()
        if self._days.begin(tick.instrument.partition(":")[0], self._market.now_ns):
            said += self._begin_day()
        quote = self._market.fresh_quote(tick.instrument, self._limits.stale_quote_ns)
        if quote is not None:
            for order_id in tuple(self._book.by_instrument.get(tick.instrument, ())):
                said += self._meet(order_id, quote)
            for part in self._parts:
                said += self._do(part.on_quote(quote))
        return said

    def _on_clock(self, clock: ClockTick) -> list[Message]:
        self._market.reach(clock.event_ns)
        return self._pass_time()

    def _on_gap(self, gap: FeedGap) -> list[Message]:
        self._market.lose_sight(gap)
        return self._pass_time()

    def _pass_time(self) -> list[Message]:
        """Do what market time has made due."""
        said = self._expire()
        for part in self._parts:
            if part.due_ns <= self._market.now_ns:
                said += self._do(part.on_due(self._market.now_ns))
        return said

    def _on_instrument(self, instrument: Instrument) -> list[Message]:
        # The masters come again every morning, mostly unchanged: no row is written for that.
        if self._instruments.get(instrument.instrument) != instrument:
            self._instruments.put(instrument.instrument, instrument)
        return []

    def _expire(self) -> list[Message]:
        """Cancel what the close of its session has overtaken: all orders are for the day."""
        if self._market.now_ns < self._book.first_expiry_ns:
            return []
        over = [w.order for w in self._book.all_working() if w.expires_ns <= self._market.now_ns]
        return [message for order in over for message in self._cancel(order, "session over")]

    def _begin_day(self) -> list[Message]:
        """Let go of what can no longer matter, and let every part begin the day."""
        self._forget()
        said: list[Message] = []
        for part in self._parts:
            said += self._do(part.on_day(self._days.present_ns))
        return said

    def _forget(self) -> None:
        self._market.forget_before(self._days.present_ns)
        self._book.forget_answers_before(self._days.previous_ns)
        today = ist_date(self._market.now_ns).isoformat()
        for name in self._instruments:
            expiry = self._instruments[name].expiry
            if expiry is not None and expiry < today:
                self._instruments.drop(name)

    # A strategy asks.

    def _on_place(self, order: PlaceOrder) -> list[Message]:
        first = self._book.answer(order.order_id)
        if first is not None:
            return [first]
        refusal = self._refusal(order)
        if refusal is not None:
            rejected = answers.rejected(
                order.order_id, order.strategy, order.instrument, refusal, self._stamp_ns(order.event_ns)
            )
            self._book.remember(rejected)
            said: list[Message] = [rejected]
            for part in self._parts:
                said += self._do(part.on_refused(order, refusal))
            return said
        return self._accept(order)

    def _accept(self, order: PlaceOrder) -> list[Message]:
        accepted = answers.accepted(order, self._market.now_ns)
        self._book.remember(accepted)
        stage = Stage.WAITING if order.kind in STOPS else Stage.ARRIVING
        self._book.put(Working(order, stage, self._expires_ns(order)))
        said: list[Message] = [accepted]
        for part in self._parts:
            said += self._do(part.on_accepted(order))
        return said + self._meet_last_quote(order)

    def _on_modify(self, change: ModifyOrder) -> list[Message]:
        working = self._book.working(change.order_id)
        if working is None or working.order.strategy != change.strategy:
            return [self._not_working(change)]
        order = changed_order(working.order, change)
        is_triggered_stop = order.kind in STOPS and working.stage is not Stage.WAITING
        refusal = trigger_refusal(change, is_triggered=is_triggered_stop) or self._refusal(order)
        if refusal is not None:
            return [
                answers.rejected(
                    order.order_id, order.strategy, order.instrument, refusal, self._stamp_ns(change.event_ns)
                )
            ]
        # New terms meet the market afresh; what was triggered stays triggered.
        stage = Stage.WAITING if working.stage is Stage.WAITING else Stage.ARRIVING
        self._book.put(Working(order, stage, working.expires_ns))
        said: list[Message] = [answers.modified(order, self._market.now_ns)]
        for part in self._parts:
            said += self._do(part.on_modified(order))
        return said + self._meet_last_quote(order)

    def _on_cancel(self, cancel: CancelOrder) -> list[Message]:
        working = self._book.working(cancel.order_id)
        if working is None or working.order.strategy != cancel.strategy:
            return [self._not_working(cancel)]
        return self._cancel(working.order, "cancelled by its strategy")

    def _refusal(self, order: PlaceOrder) -> Refusal | None:
        instrument = self._instruments.get(order.instrument)
        is_exit = self._book.is_exit(order)
        moment = Moment(
            now_ns=self._market.now_ns,
            is_open=instrument is not None and self._days.is_open(instrument.exchange, self._market.now_ns),
            halted=self._control.get("halted"),
            quote=self._market.quote(order.instrument),
            is_blind=self._market.is_blind(order.instrument),
            answers_from_ns=self._days.previous_ns,
            instrument=instrument,
            is_exit=is_exit,
        )
        refusal = (
            late_refusal(order, moment, self._limits, is_exit=is_exit)
            or terms_refusal(order, instrument)
            or market_refusal(order, moment, self._limits, is_exit=is_exit)
        )
        for part in self._parts:
            refusal = refusal or part.refusal(order, moment)
        return refusal

    def _not_working(self, asked: ModifyOrder | CancelOrder) -> Message:
        first = self._book.answer(asked.order_id)
        is_theirs = first is not None and first.strategy == asked.strategy
        instrument = first.instrument if first is not None and is_theirs else ""
        return answers.rejected(
            asked.order_id,
            asked.strategy,
            instrument,
            not_working_refusal(asked, is_known=is_theirs),
            self._stamp_ns(asked.event_ns),
        )

    # A person steers.

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
        said: list[Message] = []
        for working in self._book.all_working():
            if request.strategy in (None, working.order.strategy):
                said += self._cancel(working.order, f"square-off by {request.by}")
        for held in self._book.holdings():
            if request.strategy in (None, held.strategy):
                said += self._on_place(closing_order(held, request, self._market.now_ns))
        return said

    # The parts want something done.

    def _do(self, acts: Iterable[Act]) -> list[Message]:
        said: list[Message] = []
        for act in acts:
            said += self._act(act)
        return said

    def _act(self, act: Act) -> list[Message]:
        match act:
            case Say(message):
                return [message]
            case Place(order):
                return self._on_place(order)
            case Withdraw(order_id, reason):
                working = self._book.working(order_id)
                return [] if working is None else self._cancel(working.order, reason)
            case Reprice(order_id, trigger_price, limit_price):
                working = self._book.working(order_id)
                if working is None:
                    return []
                change = ModifyOrder(
                    order_id,
                    working.order.strategy,
                    self._market.now_ns,
                    limit_price=limit_price,
                    trigger_price=trigger_price,
                )
                return self._on_modify(change)
            case Settle():
                return self._settle(act)

    def _settle(self, act: Settle) -> list[Message]:
        """Trade a position away at the exchange's own price: nothing is asked, the market is not met."""
        raise NotImplementedError

    # An order meets a price.

    def _meet_last_quote(self, order: PlaceOrder) -> list[Message]:
        quote = self._market.fresh_quote(order.instrument, self._limits.stale_quote_ns)
        return [] if quote is None else self._meet(order.order_id, quote)

    def _meet(self, order_id: str, quote: Tick) -> list[Message]:
        working = self._book.working(order_id)
        if working is None:
            return []
        order = working.order
        if working.stage is Stage.RESTING:
            price = resting_price(order, quote)
            return [] if price is None else self._fill(order, price)
        said: list[Message] = []
        if working.stage is Stage.WAITING:
            if not is_triggered(order, quote.ltp):
                return said
            said.append(answers.triggered(order, quote.ltp, self._market.now_ns))
        price = arriving_price(order, quote)
        if price is None:
            self._book.put(msgspec.structs.replace(working, stage=Stage.RESTING))
        else:
            said += self._fill(order, price)
        return said

    def _fill(self, order: PlaceOrder, price: Paise) -> list[Message]:
        fill = answers.filled(order, price, self._market.now_ns)
        self._book.take_out(order)
        self._book.apply(fill)
        said: list[Message] = [fill]
        for part in self._parts:
            said += self._do(part.on_fill(order, fill))
            said += self._do(part.on_ended(order, 0, "filled"))
        return said

    def _cancel(self, order: PlaceOrder, reason: str) -> list[Message]:
        self._book.take_out(order)
        said: list[Message] = [answers.cancelled(order, reason, self._market.now_ns)]
        for part in self._parts:
            said += self._do(part.on_ended(order, order.qty, reason))
        return said

    # When.

    def _stamp_ns(self, asked_ns: UnixNs) -> UnixNs:
        """Return market time; before the first message of the market, the request's own: 1970 would help nobody."""
        return self._market.now_ns or asked_ns

    def _expires_ns(self, order: PlaceOrder) -> UnixNs:
        now_ns = self._market.now_ns
        close_ns = self._days.close_ns(self._instruments[order.instrument].exchange, now_ns)
        return now_ns if close_ns is None else close_ns
