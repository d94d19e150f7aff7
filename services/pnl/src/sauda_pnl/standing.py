"""What is remembered of a strategy, or of the desk, beside its money: margin, the best it ever stood, the day's start."""

import msgspec

from sauda.clock import UnixNs
from sauda.contracts import Account, DeskPnl, StrategyPnl
from sauda.money import Paise
from sauda.state import State

_ROI_PLACES = 4
_DESK = "desk"


class Totals(msgspec.Struct, frozen=True):
    """Money of one strategy, in paise."""

    realised: Paise = 0
    unrealised: Paise = 0
    charges: Paise = 0

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(
            self.realised + other.realised,
            self.unrealised + other.unrealised,
            self.charges + other.charges,
        )

    @property
    def net(self) -> Paise:
        """Return what is left after charges."""
        return self.realised + self.unrealised - self.charges


class Standing(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a strategy, or the desk, stands against its own past."""

    margin: Paise | None = None
    """Blocked now; None until an account has told."""
    peak_margin: Paise | None = None
    peak: Paise = 0
    """The highest net ever said, never below zero: who only ever lost has fallen from where he began."""
    dawn: Paise = 0
    """What the net was when the present trading day began."""

    def blocked(self, margin: Paise) -> "Standing":
        """Return it with *margin* blocked now."""
        most = margin if self.peak_margin is None else max(self.peak_margin, margin)
        return msgspec.structs.replace(self, margin=margin, peak_margin=most)

    def reached(self, net: Paise) -> "Standing":
        """Return it with *net* as the highest ever said."""
        return msgspec.structs.replace(self, peak=net)

    def roi(self, net: Paise) -> float | None:
        """Return *net* in percent of the most that was ever blocked; None if nothing was."""
        return round(100 * net / self.peak_margin, _ROI_PLACES) if self.peak_margin else None


class Standings:
    """The standing of each strategy and of the desk, and the points that tell it."""

    def __init__(self, state: State) -> None:
        self._strategies = state.table("standings", Standing)
        self._desk = state.table("desk_standing", Standing)

    def take(self, account: Account) -> None:
        """Take what the account blocks now, for each strategy alone and for the desk."""
        for strategy in {*self._strategies, *account.strategies}:
            old = self._strategies.get(strategy) or Standing()
            new = old.blocked(account.strategies.get(strategy, 0))
            if new != old:
                self._strategies.put(strategy, new)
        old = self._desk.get(_DESK) or Standing()
        new = old.blocked(account.blocked)
        if new != old:
            self._desk.put(_DESK, new)

    def dawn(self, totals: dict[str, Totals]) -> None:
        """Let a new day begin from *totals*."""
        for strategy, money in totals.items():
            old = self._strategies.get(strategy) or Standing(margin=self._known_margin())
            self._strategies.put(strategy, msgspec.structs.replace(old, dawn=money.net))
        whole = sum(totals.values(), Totals())
        old = self._desk.get(_DESK) or Standing()
        self._desk.put(_DESK, msgspec.structs.replace(old, dawn=whole.net))

    def strategy_point(
        self, strategy: str, realised: Paise, unrealised: Paise, charges: Paise, stamp: UnixNs
    ) -> StrategyPnl:
        """Return what *strategy* has made as of *stamp*."""
        net = realised + unrealised - charges
        now = self._strategies.get(strategy) or Standing(margin=self._known_margin())
        if net > now.peak:
            now = now.reached(net)
            self._strategies.put(strategy, now)
        peak = now.peak
        return StrategyPnl(
            strategy,
            realised,
            unrealised,
            charges,
            net,
            now.margin,
            now.roi(net),
            stamp,
            now.peak_margin,
            peak,
            peak - net,
            net - now.dawn,
        )

    def desk_point(self, realised: Paise, unrealised: Paise, charges: Paise, stamp: UnixNs) -> DeskPnl:
        """Return what the desk has made as of *stamp*."""
        net = realised + unrealised - charges
        now = self._desk.get(_DESK) or Standing()
        if net > now.peak:
            now = now.reached(net)
            self._desk.put(_DESK, now)
        peak = now.peak
        return DeskPnl(
            realised,
            unrealised,
            charges,
            net,
            now.margin,
            now.roi(net),
            stamp,
            now.peak_margin,
            peak,
            peak - net,
            net - now.dawn,
        )

    def _known_margin(self) -> Paise | None:
        """A strategy that no account named needs none; without any account nobody knows."""
        desk = self._desk.get(_DESK)
        return None if desk is None or desk.margin is None else 0
