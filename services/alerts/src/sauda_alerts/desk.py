"""The unit `alerts.desk`: what a person should know of the market and the book. Pure, so a replay says the same.

executions, pnl, ticks  ->  alerts
"""

from collections.abc import Sequence
from typing import Final

from sauda.clock import UnixNs, ist_date
from sauda.contracts import (
    Account,
    ClockTick,
    DeskPnl,
    FeedGap,
    Fill,
    Message,
    OrderRejected,
    OrderTriggered,
    StrategyPnl,
    Tick,
)
from sauda.state import State
from sauda.unit import Unit
from sauda_alerts.feed_watch import FeedWatch, Sessions
from sauda_alerts.money_watch import MoneyWatch
from sauda_alerts.order_watch import OrderWatch
from sauda_alerts.rules import Limits, Rules
from sauda_alerts.voice import Voice

NAME: Final = "alerts.desk"
INPUTS: Final = ("executions", "pnl", "ticks")
"""No two of them are written in one step. So the dead letters are not among them: execution parks with its answers (ADR 13)."""

_REST_MS: Final = 100
"""Nobody notices a tenth of a second, and the orders have more need of the processor."""


class Desk:
    """The processor of `alerts.desk`."""

    def __init__(self, rules: Rules, limits: Limits, sessions: Sessions, speed: float) -> None:
        self.state = State()
        self._voice = Voice(self.state, NAME, speed)
        self._feed = FeedWatch(self.state, self._voice, rules, sessions)
        self._orders = OrderWatch(self._voice, rules)
        self._money = MoneyWatch(self.state, self._voice, rules, limits)
        self._days = self.state.table("days", int)
        """`day` -> days since the year 1 of the newest message of the market"""

    def handle(self, message: Message) -> Sequence[Message]:
        """Take one message; return the alerts that follow from it."""
        match message:
            case Tick():
                return self._feed.see(message)
            case ClockTick():
                self._begin_day(message.event_ns)
                return self._feed.reach(message.event_ns)
            case FeedGap():
                return self._feed.lose_sight(message)
            case Fill():
                self._feed.trade(message)
                return ()
            case _:
                # Before the market's clock was ever heard there is only what is past: a new unit begins at now in ticks alone.
                return self._of_the_book(message) if "day" in self._days else ()

    def _of_the_book(self, message: Message) -> Sequence[Message]:
        """Take what the exchange and the valuation say."""
        match message:
            case DeskPnl() | StrategyPnl():
                return self._money.judge(message)
            case OrderTriggered():
                return self._orders.hit(message)
            case OrderRejected():
                return self._orders.refused(message)
            case Account():
                return self._money.account(message)
            case _:
                return ()

    def restored(self) -> None:
        """Find the instants again."""
        self._feed.restored()

    def _begin_day(self, now_ns: UnixNs) -> None:
        today = ist_date(now_ns).toordinal()
        if today > (self._days.get("day") or 0):
            self._days.put("day", today)
            self._feed.new_day(now_ns)
            self._voice.forget(now_ns)


def alerts_unit(rules: Rules, limits: Limits, sessions: Sessions, speed: float = 1.0) -> Unit:
    """Return the unit.

    Args:
        rules: What is watched.
        limits: What a day may lose.
        sessions: An exchange's hours on a day.
        speed: Market seconds in a second of the desk: the rules' patience is the desk's own.
    """
    return Unit(
        name=NAME,
        inputs=INPUTS,
        build=lambda: Desk(rules, limits, sessions, speed),
        writes=("alerts",),
        rest_ms=_REST_MS,
    )
