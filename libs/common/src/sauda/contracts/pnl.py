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


class StrategyPnl(msgspec.Struct, frozen=True, tag="strategy_pnl"):
    """Everything one strategy has made; `net` is realised + unrealised - charges."""

    strategy: str
    realised: Paise
    unrealised: Paise
    charges: Paise
    net: Paise
    margin: Paise | None
    roi: float | None
    """Percent of margin; None while there is no margin figure."""
    event_ns: UnixNs


class DeskPnl(msgspec.Struct, frozen=True, tag="desk_pnl"):
    """The sum over all strategies of the desk."""

    realised: Paise
    unrealised: Paise
    charges: Paise
    net: Paise
    margin: Paise | None
    roi: float | None
    event_ns: UnixNs
