"""The paper exchange: one account's orders meet the market that the ticks show.

Every order id is answered once for ever: a repeat gets the first answer again, word for word, and does
nothing. An `OrderRejected` that comes after the order's `OrderAccepted` refuses a change or a cancellation;
the order itself stands as it stood. Each accepted order ends exactly once: filled, or cancelled.

The exchange moves with market time (`sauda_execution.market`), never with a clock of its own. Here each message finds
who works on it: `requests` (what strategies ask), `floor` (orders meet quotes), `parts` (all else).
"""

from collections.abc import Callable, Sequence

from sauda.clock import UnixNs
from sauda.contracts import (
    CancelOrder,
    ClockTick,
    DeskPnl,
    FeedGap,
    Instrument,
    InstrumentId,
    Message,
    ModifyOrder,
    PlaceOrder,
    PositionPnl,
    StrategyPnl,
    Tick,
)
from sauda.state import State
from sauda.stretch import Calm, Stretch
from sauda.unit import Unit
from sauda_execution.access import INPUTS, OUTPUTS
from sauda_execution.account import account_parts
from sauda_execution.acts import Act, Fit, Place, Refuse, Reprice, Say, Settle, Withdraw
from sauda_execution.admission import Admission
from sauda_execution.attention import Attention
from sauda_execution.charges import Charging
from sauda_execution.floor import Floor
from sauda_execution.groups import group_parts
from sauda_execution.house import House
from sauda_execution.known import Known
from sauda_execution.left_behind import LeftBehind
from sauda_execution.legality import Legality
from sauda_execution.life.part import Life
from sauda_execution.parts import Part, Parts
from sauda_execution.queueing import volume_between
from sauda_execution.requests import Requests
from sauda_execution.risk.parts import risk_parts

_ORDERS = (PlaceOrder, ModifyOrder, CancelOrder)


def paper_unit(house: House, account: str = "paper") -> Unit:
    """Return the unit that carries the paper account *account*."""
    # Between orders nobody waits for it but a resting order, for a millisecond; what it saves goes to the ways of the others.
    build = lambda: PaperExchange(house, account)  # noqa: E731
    return Unit(
        f"execution.{account}",
        INPUTS,
        build,
        writes=OUTPUTS,
        rest_ms=1,
        long_rest_ms=50,
        urgent=("orders", "control"),
    )


class PaperExchange:
    """The processor of `execution.<account>`."""

    def __init__(self, house: House, account: str = "paper") -> None:
        self.account = account
        self.state = State()
        self._house = house
        self.known = Known(self.state, house)
        self._parts = Parts(self._act)
        self._charging = None if house.tariff is None else Charging(self.state, house.tariff)
        self._admission = Admission(self.known, self._parts)
        self._floor = Floor(self.known, self._parts, self._charging)
        self._requests = Requests(self.state, self.known, self._admission, self._floor, self._parts)
        self._parts.join(self._made_parts())
        self._attention = Attention(self.known, self._parts)
        self.due_ns: UnixNs = 0
        """Before this instant no session ends, no day begins, nothing arrives and no part has anything due: a backtest skips beats."""
        self._work: dict[type[Message], Callable[..., list[Message]]] = {
            ClockTick: self._on_clock,
            FeedGap: self._on_gap,
            Instrument: self._on_instrument,
            PlaceOrder: self._requests.place,
            ModifyOrder: self._requests.ask,
            CancelOrder: self._requests.ask,
        }

    @property
    def parts(self) -> Parts:
        """Return the parts, for who looks at an exchange that stands still."""
        return self._parts

    def _made_parts(self) -> list[Part]:
        """Return the house's parts in the order in which they are asked: legality, risk, account, groups, life."""
        charging: list[Part] = [] if self._charging is None else [self._charging]
        risk = risk_parts(self.state, self.known, self._house.risk, f"execution.{self.account}")
        account = account_parts(self.state, self.known, self._house, self.account)
        groups = group_parts(self.state, self.known, self._admission)
        available = account[0].available if account else None
        left_behind = LeftBehind(self.known, available)
        return [*self._legality(), *charging, *risk, *account, *groups, *self._life(), left_behind]

    def _legality(self) -> list[Part]:
        rules = self._house.rules
        return [] if rules is None else [Legality(rules, self.known)]

    def _life(self) -> list[Part]:
        times = self._house.closing
        return [] if times is None else [Life(self.state, self.known, times, self.account)]

    def handle(self, message: Message) -> Sequence[Message]:
        """Take one message; return the answers and fills that follow from it."""
        if type(message) is Tick:
            # Thousands come for each order: those that concern nobody leave here, within a microsecond.
            if message.recv_ns < self.due_ns and self._attention.is_quiet(message):
                self.known.market.see(message)
                return ()
            said = self._on_eventful_tick(message)
        elif type(message) is ClockTick and message.event_ns < self.due_ns:
            # Nothing is due, and no part hears the clock but by what is due: once a second, day in, day out.
            self.known.market.reach(message.event_ns)
            return ()
        elif type(message) is PositionPnl:
            # The risk watch looks at strategies and the desk; points of positions come many times as often.
            return ()
        elif isinstance(message, StrategyPnl | DeskPnl):
            said = self._parts.tell(Part.on_pnl, message)
            if not said:
                return ()  # No limit is broken: what is due is due when it was.
        else:
            work = self._work.get(type(message))
            said = [] if work is None else work(message)
            if not isinstance(message, _ORDERS):
                said += self._parts.hear(message)
        self.due_ns = self._next_wake_ns()
        return said

    def is_calm(self, stretch: Stretch) -> bool:
        """Is each of these ticks quiet, and nothing due until the last?"""
        return stretch.last.recv_ns < self.due_ns and self._attention.is_calm(stretch)

    def calm(self, instrument: InstrumentId) -> Calm | None:
        """Say which prices of *instrument* concern nobody, until it hears anything else."""
        between = self._attention.calm_between(instrument)
        return None if between is None else Calm(*between, self.due_ns)

    def glide(self, stretch: Stretch) -> None:
        """Take prices of which `is_calm` said that they concern nobody."""
        self.known.market.see(stretch.last)

    def restored(self) -> None:
        """Rebuild the indexes and the alarm."""
        self.known.restored()
        self._requests.restored()
        for part in self._parts:
            part.restored()
        self.due_ns = self._next_wake_ns()

    def _next_wake_ns(self) -> UnixNs:
        return min(
            self.known.days.end_ns,
            self.known.book.first_expiry_ns,
            self.known.book.first_arrival_ns,
            self._requests.first_arrival_ns,
            self._parts.due_ns,
        )

    # The market moves.

    def _on_eventful_tick(self, tick: Tick) -> list[Message]:
        known = self.known
        volume = volume_between(known.seen_quote(tick.instrument), tick)
        known.market.see(tick)
        known.liquidity.renew(tick.instrument)
        # Whoever comes because of this tick has not stood here when it came.
        standing = tuple(known.book.by_instrument.get(tick.instrument, ()))
        said = self._pass_time()
        if known.days.begin(tick.instrument.partition(":")[0], known.market.now_ns):
            said += self._begin_day()
        quote = known.fresh_quote(tick.instrument)
        for order_id in () if quote is None else standing:
            said += self._floor.meet(order_id, tick, volume)
        said += self._requests.arrivals()
        return said if quote is None else said + self._parts.tell(Part.on_quote, tick)

    def _on_clock(self, clock: ClockTick) -> list[Message]:
        self.known.market.reach(clock.event_ns)
        return self._pass_time() + self._requests.arrivals()

    def _on_gap(self, gap: FeedGap) -> list[Message]:
        self.known.market.lose_sight(gap)
        self.known.book.lose_places()
        return self._pass_time() + self._requests.arrivals()

    def _pass_time(self) -> list[Message]:
        """Do what market time has made due."""
        said = self._floor.expire()
        now_ns = self.known.market.now_ns
        for part in self._parts:
            if part.due_ns <= now_ns:
                said += self._parts.do(part.on_due(now_ns))
        return said

    def _on_instrument(self, instrument: Instrument) -> list[Message]:
        # The masters come again every morning, mostly unchanged: no row is written for that.
        if self.known.instruments.get(instrument.instrument) != instrument:
            self.known.instruments.put(instrument.instrument, instrument)
        return []

    def _begin_day(self) -> list[Message]:
        """Let go of what can no longer matter, and let every part begin the day."""
        self._forget()
        return self._parts.tell(Part.on_day, self.known.days.present_ns)

    def _forget(self) -> None:
        known = self.known
        known.market.forget_before(known.days.present_ns)
        known.liquidity.forget(lambda instrument: known.market.quote(instrument) is None)
        known.book.forget_answers_before(known.days.previous_ns)
        # What is held beyond its expiry, because nothing was seen of it, is still to be settled by its definition.
        held = {one.instrument for one in known.book.holdings()}
        for name in known.instruments:
            if known.has_expired(name) and name not in held:
                known.instruments.drop(name)

    # The parts want something done.

    def _act(self, act: Act) -> list[Message]:
        match act:
            case Say(message):
                return [message]
            case Place(order, made, in_basket):
                return self._requests.place(order, made=made, in_basket=in_basket)
            case Refuse(order, refusal):
                return self._requests.refuse(order, refusal)
            case Withdraw(order_id, reason):
                working = self.known.book.working(order_id)
                return [] if working is None else self._floor.cancel(working, reason)
            case Reprice():
                return self._reprice(act)
            case Fit(order_id, reason):
                return self._fit(order_id, reason)
            case Settle():
                return self._floor.settle(act)

    def _reprice(self, act: Reprice) -> list[Message]:
        working = self.known.book.working(act.order_id)
        if working is None:
            return []
        change = ModifyOrder(
            act.order_id,
            working.order.strategy,
            self.known.market.now_ns,
            limit_price=act.limit_price,
            trigger_price=act.trigger_price,
        )
        return self._requests.change(change, made=True)

    def _fit(self, order_id: str, reason: str) -> list[Message]:
        working = self.known.book.working(order_id)
        if working is None:
            return []
        wanted = working.open_qty
        for part in self._parts:
            wanted = part.fitting(working.order, wanted)
        if wanted == working.open_qty:
            return []
        if wanted <= 0:
            return self._floor.cancel(working, reason)
        order, total = working.order, working.filled + wanted
        change = ModifyOrder(order_id, order.strategy, self.known.market.now_ns, qty=total)
        said = self._requests.change(change, made=True)
        after = self.known.book.working(order_id)
        if after is not None and after.order.qty > total:
            # It would not be made smaller: better none than too much.
            said += self._floor.cancel(after, reason)
        return said
