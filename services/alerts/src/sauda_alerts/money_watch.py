"""What the day costs: the daily loss beside its limit, what was given back since the best, the margin in use. Pure."""

from typing import Final

import msgspec

from sauda.clock import ist_date
from sauda.contracts import Account, Alert, DeskPnl, Level, StrategyPnl
from sauda.money import to_indian
from sauda.state import State
from sauda_alerts.rules import Limits, Rules
from sauda_alerts.voice import Voice

_PAISE: Final = 100
_DESK: Final = "*"
_REARM_PERCENT: Final = 5
"""Margin has to fall so far below its mark before it is said again: it moves with every tick."""


class Lost(msgspec.Struct, frozen=True):
    """The highest share of its limit that somebody's daily loss was said to have reached."""

    day: int
    """Days since the year 1."""
    percent: int


class MoneyWatch:
    """Follows the valuation's points and the account."""

    def __init__(self, state: State, voice: Voice, rules: Rules, limits: Limits) -> None:
        self._voice = voice
        self._rules = rules
        self._limits = limits
        self._lost = state.table("lost", Lost)
        """strategy, or `*` for the desk -> its day"""
        self._fallen = state.table("fallen", int)
        """`*` -> how many times the drawdown's figure was said to be reached"""
        self._tight = state.table("tight", bool)
        """`*` -> that margin was said to be high"""

    def judge(self, point: StrategyPnl | DeskPnl) -> list[Alert]:
        """Take a point of P&L."""
        if isinstance(point, StrategyPnl):
            return self._loss(point.strategy, point)
        return [*self._loss(None, point), *self._drawdown(point)]

    def account(self, account: Account) -> list[Alert]:
        """Take the account as an order, a fill or a settlement left it."""
        rule, usable = self._rules.margin, account.blocked + account.available
        # In whole numbers: blocked / usable >= percent / 100, and nothing usable at all is the most there is.
        above = account.blocked > 0 and 100 * account.blocked >= rule.percent * usable
        below = 100 * account.blocked < (rule.percent - _REARM_PERCENT) * usable
        if _DESK in self._tight and (below or not account.blocked):
            self._tight.drop(_DESK)
        if not above:
            return []
        share = f"{100 * account.blocked // usable} %" if usable > 0 else "more than all"
        text = f"Rs {to_indian(account.blocked)} of margin are blocked, {share} of Rs {to_indian(usable)}"
        # Said already: only a debounce may have held it back.
        say = self._voice.say_late if _DESK in self._tight else self._voice.say_once
        self._tight.put(_DESK, True)
        return say("", rule, "MARGIN_HIGH", text, account.event_ns)

    def _loss(self, strategy: str | None, point: StrategyPnl | DeskPnl) -> list[Alert]:
        limit, rule = self._limits.of(strategy), self._rules.daily_loss
        if limit is None or point.day_net is None or not rule.enabled:
            return []
        lost, allowed, day = -point.day_net, limit * _PAISE, ist_date(point.event_ns).toordinal()
        reached = [step for step in rule.steps if lost > 0 and 100 * lost >= step * allowed]
        before = self._lost.get(strategy or _DESK)
        if not reached or (before and (before.day, before.percent) >= (day, reached[-1])):
            return []
        self._lost.put(strategy or _DESK, Lost(day, reached[-1]))
        whose = "the desk" if strategy is None else strategy
        share = f"{100 * lost // allowed} % of" if allowed else "beyond"
        text = f"{whose} has lost Rs {to_indian(lost)} today, {share} the limit of Rs {to_indian(allowed)} (max_daily_loss)"
        level = Level.CRITICAL if reached[-1] >= 100 else None
        return self._voice.say(rule, f"DAILY_LOSS_{reached[-1]}", text, point.event_ns, level)

    def _drawdown(self, point: DeskPnl) -> list[Alert]:
        rule = self._rules.drawdown
        if point.drawdown is None:
            return []
        figure = rule.rupees * _PAISE
        times, before = point.drawdown // figure, self._fallen.get(_DESK) or 0
        if 2 * point.drawdown < figure:
            self._fallen.drop(_DESK)
        if times <= before:
            return []
        self._fallen.put(_DESK, times)
        text = f"the desk is Rs {to_indian(point.drawdown)} below its best (drawdown), net Rs {to_indian(point.net)}"
        return self._voice.say(rule, "DRAWDOWN", text, point.event_ns)
