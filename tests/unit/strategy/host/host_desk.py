"""A strategy on its host beside the desk's own exchange, and a strategy that wants whatever the tick tells it to want."""

from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from sauda.calendar import load_calendar
from sauda.contracts import (
    STREAM_OF,
    Alert,
    Fill,
    InstrumentId,
    Message,
    OrderKind,
    PlaceOrder,
    Signal,
    Tick,
)
from sauda.settings import Settings
from sauda.testing.builders import LOT, OPTION
from sauda_execution.exchange import PaperExchange
from sauda_execution.units import units
from sauda_strategy.api import Buy, Exit, Intent, Intents, Opinion, Sell, Side, Strategy, Target, TradingRules
from sauda_strategy.host import Host

CONFIG = Path(__file__).parents[4] / "config"
EXCHANGE = units(Settings(config=CONFIG))[0]
SESSIONS = load_calendar(CONFIG / "market").session
INPUTS = ("instruments", "control", "replies", "ticks", "executions")

M = TypeVar("M")

RAISE = 99
"""What a tick tells its strategy when it shall fail."""


def wishes(tick: Tick) -> dict[int, Intent]:
    """Return what a tick can ask for, by the figure that asks for it."""
    name, price = tick.instrument, tick.ltp
    return {
        1: Target(name, Side.BUY, "long"),
        2: Target(name, Side.SELL, "short"),
        3: Target(name, None, "flat"),
        4: Buy(name, "more", stop=price - 20_00, target=price + 20_00),
        5: Sell(name, "less"),
        7: Buy(name, "cheap", limit=price - 5_00),
        8: Target(name, Side.BUY, "three", lots=3),
        9: Target(name, Side.BUY, "one", lots=1),
    }


class Told(Strategy):
    """Wants what the open interest of a tick says: so one list of ticks is the market and the strategy's mind."""

    class Rules(TradingRules):
        """What can be set."""

        instrument: str = OPTION

    def setup(self) -> None:
        """Listen."""
        self.watch(self.rules.instrument)
        self.told = 0
        self.traded: list[tuple[int, int]] = []

    def on_tick(self, tick: Tick) -> Intents:
        """Do as told."""
        self.told += 1
        if tick.oi == RAISE:
            self.told += 100
            raise ValueError("as told")
        if tick.oi == 6:
            return [
                Opinion(tick.instrument, Side.BUY, f"after {self.told} ticks and {self.traded}", 0.5),
                Exit("out"),
            ]
        return wishes(tick).get(tick.oi or 0)

    def on_fill(self, fill: Fill) -> Intents:
        """Remember."""
        self.traded.append((fill.signed_qty, fill.price))
        return None


class Desk:
    """Host and exchange: each message is worked, and all that follows from it, before the next comes."""

    def __init__(
        self,
        rules: TradingRules,
        make: type[Strategy] = Told,
        *,
        restarts: bool = False,
        is_late: bool = False,
    ) -> None:
        self._new: Callable[[], Host] = lambda: Host("told", make, rules, SESSIONS)
        self.host = self._new()
        built = EXCHANGE.build()
        assert isinstance(built, PaperExchange)
        self.exchange = built
        self.restarts = restarts
        """Whether another replica carries the strategy after every message."""
        self.is_late = is_late
        """Whether the strategy hears what the exchange says one message later, and the exchange its orders so too."""
        self._late: deque[Message] = deque()
        self.said: list[Message] = []
        """All that the strategy said."""
        self.answered: list[Message] = []
        """All that the exchange said."""
        self.stored: dict[bytes, bytes] = {}

    def play(self, messages: Iterable[Message]) -> None:
        """Work *messages*."""
        for message in messages:
            self.work(message)

    def work(self, message: Message) -> None:
        """Work one."""
        waiting = deque([message, *self._late] if self.is_late else [message])
        self._late.clear()
        while waiting:
            one = waiting.popleft()
            follows = self._handle(one)
            if self.is_late:
                self._late += follows
            else:
                waiting += follows

    def _handle(self, message: Message) -> list[Message]:
        stream, follows = STREAM_OF[type(message)], list[Message]()
        if stream in EXCHANGE.inputs:
            answers = self.exchange.handle(message)
            self.answered += answers
            follows += answers
        if stream in INPUTS:
            said = self.host.handle(message)
            self.said += said
            follows += said
            if self.restarts:
                self.restart()
        return follows

    def make(self, new: Callable[[], Host]) -> None:
        """Let whoever carries it after the next restart make it like this: its file was edited."""
        self._new = new

    def restart(self) -> None:
        """Let another replica carry the strategy."""
        for row, value in self.host.state.take_changes().items():
            if value is None:
                self.stored.pop(row, None)
            else:
                self.stored[row] = value
        self.host = self._new()
        self.host.state.load(self.stored)
        self.host.restored()

    def held(self, instrument: InstrumentId = OPTION) -> int:
        """Return what its fills come to."""
        fills = (one for one in self.answered if isinstance(one, Fill))
        return sum(one.signed_qty for one in fills if one.instrument == instrument)

    def working(self, instrument: InstrumentId = OPTION) -> list[str]:
        """Return the orders that it has in the market itself: no bracket's stop or target, no square-off."""
        found = self.exchange.known.book.all_working()
        mine = [one.order for one in found if one.order.instrument == instrument]
        guards = (OrderKind.SL, OrderKind.SL_M)
        sent = {one.order_id for one in self.heard(PlaceOrder)}
        return [
            one.order_id
            for one in mine
            if one.order_id in sent and one.oco is None and one.kind not in guards
        ]

    def heard(self, kind: type[M]) -> list[M]:
        """Return what the strategy said of one type."""
        return [one for one in self.said if isinstance(one, kind)]

    def alerts(self) -> list[str]:
        """Return the codes of its alerts, in order."""
        return [one.code for one in self.said if isinstance(one, Alert)]

    def reasons(self) -> list[str]:
        """Return what its signals say, in order."""
        return [one.reason for one in self.said if isinstance(one, Signal)]


def quoted(
    price: int, at_ns: int, *, told: int = 0, lots: int = 50, instrument: InstrumentId = OPTION
) -> Tick:
    """Return a tick with *lots* at bid and offer, 10 paise around *price*."""
    bid, ask = (price - 10, price + 10) if lots else (None, None)
    shown = lots * LOT if lots else None
    return Tick(instrument, at_ns, at_ns, price, bid, ask, shown, shown, oi=told)
