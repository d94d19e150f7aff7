"""What is blocked, by underlying: computed when the legs of an underlying change, and kept until they change again."""

from collections import defaultdict
from typing import NamedTuple

from sauda.money import Paise
from sauda.state import State
from sauda_execution.account.broker import BrokerMargins
from sauda_execution.account.needs import Need


class Sums(NamedTuple):
    """What the account tells of all underlyings together."""

    total: Paise
    span: Paise
    exposure: Paise
    """With the addition of the last day."""
    strategies: dict[str, Paise]
    """Strategy -> margin of what it holds taken alone, scaled as the whole is."""


class Blocked:
    """The needs as they were last computed, and their sum."""

    def __init__(self, state: State, broker: BrokerMargins | None) -> None:
        """*broker* None: our own scenarios count."""
        self._broker = broker
        self._needs = state.table("account_blocked", Need)
        self._sums: Sums | None = None
        """Derived; None: to be added up again."""

    def put(self, underlying: str, need: Need) -> None:
        """Keep what *underlying* needs now."""
        if need == Need():
            self._needs.drop(underlying)
        elif self._needs.get(underlying) != need:
            self._needs.put(underlying, need)
        else:
            return
        self._sums = None

    def need(self, underlying: str) -> Need:
        """Return what was last computed."""
        return self._needs.get(underlying) or Need()

    def needs(self) -> dict[str, Need]:
        """Return underlying -> need."""
        return dict(self._needs.items())

    def total_of(self, underlying: str, need: Need) -> Paise:
        """Return what is blocked for *need*, by whoever's word counts."""
        return need.total if self._broker is None else self._broker.scaled(underlying, need)

    @property
    def sums(self) -> Sums:
        """Return what is blocked in all: the same object until that changes."""
        if self._sums is None:
            self._sums = Sums(self._total(), *self._parts(), self._strategies())
        return self._sums

    def add_up_again(self) -> None:
        """Take note that the broker's word, or the whole state, is another."""
        self._sums = None

    def _total(self) -> Paise:
        return sum(self.total_of(name, need) for name, need in self._needs.items())

    def _parts(self) -> tuple[Paise, Paise]:
        span = exposure = 0
        for name, need in self._needs.items():
            flat = need.worst.exposure + need.worst.expiry
            scenarios = self.total_of(name, need) - need.premium - need.shares
            flat = flat * scenarios // need.worst.total if need.worst.total else 0
            span, exposure = span + scenarios - flat, exposure + flat
        return span, exposure

    def _strategies(self) -> dict[str, Paise]:
        found: dict[str, Paise] = defaultdict(int)
        for name, need in self._needs.items():
            said, own = (1, 1) if self._broker is None else self._broker.ratio(name)
            for strategy, total in need.strategies.items():
                found[strategy] += -(-total * said // own)
        return dict(sorted(found.items()))
