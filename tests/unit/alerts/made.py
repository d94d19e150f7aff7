"""Desks, answers and points of P&L for the tests of the alerts: a Monday of NSE, BSE's derivatives and MCX's evening."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from sauda.calendar import load_calendar
from sauda.contracts import (
    Account,
    Alert,
    DeskPnl,
    Fill,
    Message,
    OrderRejected,
    OrderTriggered,
    RejectReason,
    Side,
    StrategyPnl,
)
from sauda.money import Paise
from sauda.testing.builders import DAY, NOW, OPTION, a_clock, at
from sauda_alerts.desk import Desk
from sauda_alerts.rules import Limits, Rules
from sauda_alerts.units import forgiving

SESSIONS = forgiving(load_calendar(Path(__file__).parents[3] / "config" / "market").session)


def a_desk(rules: Rules | None = None, limits: Limits | None = None, speed: float = 1.0) -> Desk:
    desk = Desk(rules or Rules(), limits or Limits(desk=100_000), SESSIONS, speed)
    assert say(desk, a_clock(at("08:00"))) == []
    return desk


def say(desk: Desk, *messages: Message) -> list[Alert]:
    said = [one for message in messages for one in desk.handle(message)]
    return [one for one in said if isinstance(one, Alert)]


def codes(alerts: Iterable[Alert]) -> list[str]:
    return [alert.code for alert in alerts]


def fill(qty: int, clock: str = "10:00", instrument: str = OPTION, strategy: str = "straddle") -> Fill:
    side = Side.BUY if qty > 0 else Side.SELL
    return Fill(f"f-{clock}", "o-1", strategy, instrument, side, abs(qty), 100_00, 0, at(clock))


def refused(
    clock: str, strategy: str = "straddle", reason: RejectReason = RejectReason.MARGIN
) -> OrderRejected:
    return OrderRejected(f"o-{clock}", strategy, OPTION, at(clock), reason, "too little")


def triggered(order_id: str = "o-7", clock: str = "10:00") -> OrderTriggered:
    return OrderTriggered(order_id, "straddle", OPTION, at(clock), 125_05)


def desk_point(day_net: Paise, clock: str = "10:00", *, drawdown: Paise = 0, day: date = DAY) -> DeskPnl:
    return DeskPnl(0, 0, 0, day_net, None, None, at(clock, day), drawdown=drawdown, day_net=day_net)


def strategy_point(day_net: Paise, strategy: str = "straddle", clock: str = "10:00") -> StrategyPnl:
    return StrategyPnl(strategy, 0, 0, 0, day_net, None, None, at(clock), day_net=day_net)


def account(blocked: Paise, available: Paise, clock: str = "10:00") -> Account:
    return Account(at(clock), 0, 0, 0, 0, blocked + available, blocked, available)


__all__ = [
    "DAY",
    "NOW",
    "OPTION",
    "SESSIONS",
    "a_desk",
    "account",
    "at",
    "codes",
    "desk_point",
    "fill",
    "refused",
    "say",
    "strategy_point",
    "triggered",
]
