"""What a backtest came to: what the units said, whole and in order. Figures and pages are drawn from this alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sauda.clock import UnixNs
from sauda.contracts import Alert, Fill, Instrument, Message, PlaceOrder, Plain, Signal
from sauda.money import Paise

STRATEGY_STOPPED: Final = "STRATEGY_STOPPED"
"""The code of the alert by which a strategy that cannot go on says so."""


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """The worth of one strategy, or of the desk, at one instant."""

    event_ns: UnixNs
    strategy: str
    """`ALL` for the desk."""
    realised: Paise
    unrealised: Paise
    charges: Paise
    net: Paise
    """`realised + unrealised - charges`."""
    margin: Paise


@dataclass(frozen=True, slots=True)
class Data:
    """What was played."""

    name: str
    """File name, or `desk live`: never a path of the machine."""
    fingerprint: str
    """Of its bytes: the same figures come of the same data only."""
    first_ns: UnixNs
    last_ns: UnixNs
    ticks: int
    bars: bool
    """Whether its ticks were made of bars."""
    sessions: tuple[tuple[UnixNs, UnixNs], ...] = ()
    """(first, last instant) of each day that was played, whether anything was traded on it or not; days begin in India.
    Empty: nobody said, and the days of fills and points stand for them."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run."""

    data: Data
    strategies: tuple[str, ...]
    settings: Mapping[str, Plain]
    """Those that the units depend on."""
    rules: Mapping[str, Mapping[str, Plain]]
    """instance -> the rules it followed"""
    capital: Paise
    assumptions: tuple[str, ...] = ()
    """What was assumed because the data does not say it, one sentence each."""
    signals: tuple[Signal, ...] = ()
    orders: tuple[PlaceOrder, ...] = ()
    """Those of strategies and those that the exchange made itself, in the order in which they were accepted or refused."""
    executions: tuple[Message, ...] = ()
    """Everything that the exchange answered, fills among it, in order."""
    fills: tuple[Fill, ...] = ()
    alerts: tuple[Alert, ...] = ()
    equity: tuple[EquityPoint, ...] = ()
    """In order of time; points of one instant by strategy, the desk last."""
    instruments: Mapping[str, Instrument] = field(default_factory=dict)
    """Those that were traded."""
    parked: tuple[str, ...] = ()
    """Messages that a unit could not work, one line each."""
    stopped: Mapping[str, str] = field(default_factory=dict)
    """unit -> why it would not go on"""
    prices: Mapping[str, tuple[tuple[UnixNs, Paise], ...]] = field(default_factory=dict)
    """instrument -> (instant, last price), about one a minute, of those traded: for the eye alone, no figure needs it."""

    @property
    def gave_up(self) -> Mapping[str, str]:
        """Return strategy's unit -> what it said when it stopped alone: the unit goes on, its strategy is not called any more."""
        return {one.source: one.text for one in self.alerts if one.code == STRATEGY_STOPPED}
