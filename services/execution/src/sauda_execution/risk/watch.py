"""Watches what the day has made, net of charges: broken, a limit halts, withdraws and closes in one step.

The valuation's points come on the stream `pnl`; they are judged one by one, by the market time that they carry. A day's money is
what was made since the day began, or since the limit was last reset.
"""

from collections.abc import Sequence

import msgspec

from sauda.clock import UnixNs
from sauda.contracts import Alert, DeskPnl, Level, Message, RejectReason, ResetRisk, StrategyPnl
from sauda.money import Paise, to_indian
from sauda.state import State
from sauda_execution.acts import Act, Say
from sauda_execution.checks import DESK, Refusal
from sauda_execution.known import Known
from sauda_execution.parts import Part
from sauda_execution.risk.flatten import Flattener
from sauda_execution.risk.halts import Halted, Halts
from sauda_execution.risk.rules import RiskRules, ScopeLimits, paise

LIMIT = "limit"


class Watched(msgspec.Struct, frozen=True):
    """A day's money of a strategy or the desk; a row is written when the best rises, not at each point."""

    day_ns: UnixNs
    """Midnight (IST) of its day."""
    start: Paise
    """Net profit from which the day is counted."""
    best: Paise
    """The highest net profit since."""


class LossWatch(Part):
    """Turns a broken limit into a halt."""

    def __init__(
        self, state: State, known: Known, rules: RiskRules, *, halts: Halts, flattener: Flattener, source: str
    ) -> None:
        self._known = known
        self._rules = rules
        self._halts = halts
        self._flattener = flattener
        self._source = source
        self._watched = state.table("watched", Watched)
        """Strategy, or `*` for the desk -> its day."""
        self._reset = state.table("reset", bool)
        """Strategy, or `*` -> that its day is to be counted anew from its next point."""

    def on_message(self, message: Message) -> Sequence[Act]:
        """Let in again whom a person resets."""
        return self._on_reset(message) if isinstance(message, ResetRisk) else ()

    def on_pnl(self, point: StrategyPnl | DeskPnl) -> Sequence[Act]:
        """Judge a point of P&L."""
        if isinstance(point, StrategyPnl):
            return self._judge(point.strategy, point, self._rules.of_strategy(point.strategy))
        return self._judge(None, point, self._rules)

    def on_day(self, day_ns: UnixNs) -> Sequence[Act]:
        """Lift what a day's loss has halted, if that is the rule here."""
        if self._rules.loss_halt_ends_with_day:
            self._halts.lift_all()
        return ()

    def _on_reset(self, reset: ResetRisk) -> Sequence[Act]:
        """Let in again whom a limit has halted; nothing happens to anybody else."""
        if not self._halts.is_halted(reset.strategy):
            return ()
        self._halts.lift(reset.strategy)
        self._reset.put(reset.strategy or DESK, True)
        why = f"{reset.strategy or 'the desk'} was reset by {reset.by}: {reset.reason}"
        alert = Alert(self._source, Level.WARNING, "RISK_RESET", why, self._known.market.now_ns)
        return [Say(alert), *self._flattener.end(LIMIT, reset.strategy, why)]

    def _judge(
        self, strategy: str | None, point: StrategyPnl | DeskPnl, limits: ScopeLimits
    ) -> Sequence[Act]:
        day_ns = self._known.days.present_ns
        if not _has_limit(limits) or not day_ns or point.event_ns < day_ns:
            return ()  # No market yet, or a point of an earlier day.
        watched = self._followed(strategy or DESK, point, day_ns)
        if self._halts.is_halted(strategy):
            return ()
        broken = broken_limit(watched, point.net, limits)
        return () if broken is None else self._halt(strategy, broken)

    def _followed(self, scope: str, point: StrategyPnl | DeskPnl, day_ns: UnixNs) -> Watched:
        before = self._watched.get(scope)
        if before is None or before.day_ns != day_ns or scope in self._reset:
            start = point.net if scope in self._reset or point.day_net is None else point.net - point.day_net
            watched = Watched(day_ns, start, max(start, point.net))
            self._reset.drop(scope)
        else:
            watched = Watched(day_ns, before.start, max(before.best, point.net))
        if watched != before:
            self._watched.put(scope, watched)
        return watched

    def _halt(self, strategy: str | None, broken: Refusal) -> Sequence[Act]:
        now_ns = self._known.market.now_ns
        whose = strategy or "the desk"
        self._halts.halt(strategy, Halted(broken.reason, broken.detail, now_ns))
        why = f"halted by {broken.reason.value}: {broken.detail}"
        cry = Alert(
            self._source,
            Level.CRITICAL,
            broken.reason.value,
            f"{whose} is {why}; everything is closed",
            now_ns,
        )
        return [Say(cry), *self._flattener.begin(LIMIT, strategy, why, now_ns, tells=True)]


def broken_limit(day: Watched, net: Paise, limits: ScopeLimits) -> Refusal | None:
    """Return which limit the net profit *net* breaks, and by which figures; None while all hold."""
    made, given_back = net - day.start, day.best - net
    if limits.max_daily_loss is not None and made <= -paise(limits.max_daily_loss) and made < 0:
        return Refusal(
            RejectReason.DAILY_LOSS,
            f"the day's loss is Rs {to_indian(-made)}, the limit Rs {to_indian(paise(limits.max_daily_loss))} (max_daily_loss)",
        )
    if limits.max_drawdown is not None and given_back >= paise(limits.max_drawdown) and given_back > 0:
        return Refusal(
            RejectReason.DRAWDOWN,
            f"Rs {to_indian(given_back)} of the day's best of Rs {to_indian(day.best - day.start)} were given back,"
            f" the limit is Rs {to_indian(paise(limits.max_drawdown))} (max_drawdown)",
        )
    if limits.profit_lock_at is None or limits.profit_lock_keep is None:
        return None
    if day.best - day.start >= paise(limits.profit_lock_at) and made <= paise(limits.profit_lock_keep):
        return Refusal(
            RejectReason.PROFIT_LOCK,
            f"the day had made Rs {to_indian(day.best - day.start)} and is back at Rs {to_indian(made)},"
            f" the lock is at Rs {to_indian(paise(limits.profit_lock_at))}"
            f" and keeps Rs {to_indian(paise(limits.profit_lock_keep))} (profit_lock_at, profit_lock_keep)",
        )
    return None


def _has_limit(limits: ScopeLimits) -> bool:
    return not (limits.max_daily_loss is limits.max_drawdown is limits.profit_lock_at is None)
