"""What the desk has made: one point per position, strategy and desk at an instant of market time.

Within one desk the stamps of these points strictly increase from one valuation to the next, so that
(series, event_ns) identifies a point and writing it twice is writing it once.
"""

import msgspec

from sauda.contracts.instants import UnixNs
from sauda.contracts.market import InstrumentId
from sauda.money import Paise, Units


class PositionPnl(msgspec.Struct, frozen=True, tag="position_pnl"):
    """One strategy's position in one instrument, marked at its last price."""

    strategy: str
    instrument: InstrumentId
    qty: Units
    """Signed: a short is negative."""
    cost: Paise
    """Cash paid to open what is held; negative when it was received."""
    ltp: Paise
    realised: Paise
    """Locked in so far, before charges."""
    unrealised: Paise
    charges: Paise
    event_ns: UnixNs


class StrategyPnl(msgspec.Struct, frozen=True, tag="strategy_pnl", omit_defaults=True):
    """Everything one strategy has made; `net` is realised + unrealised - charges."""

    strategy: str
    realised: Paise
    unrealised: Paise
    charges: Paise
    net: Paise
    margin: Paise | None
    """Blocked now."""
    roi: float | None
    """`net` in percent of `peak_margin`; None while there was none."""
    event_ns: UnixNs
    peak_margin: Paise | None = None
    """The most that was ever blocked for it."""
    peak: Paise | None = None
    """The highest `net` so far, never below zero."""
    drawdown: Paise | None = None
    """`peak - net`: what was given back since."""
    day_net: Paise | None = None
    """What of `net` was made since the present trading day began."""


class DeskPnl(msgspec.Struct, frozen=True, tag="desk_pnl", omit_defaults=True):
    """The sum over all strategies of the desk."""

    realised: Paise
    unrealised: Paise
    charges: Paise
    net: Paise
    margin: Paise | None
    roi: float | None
    event_ns: UnixNs
    peak_margin: Paise | None = None
    peak: Paise | None = None
    drawdown: Paise | None = None
    day_net: Paise | None = None
