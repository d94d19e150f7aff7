"""The words everything is said in: one frozen struct per message, JSON on the wire, `type` the tag.

Rules of change: a new field has a default; no field changes its meaning or unit; a renamed message
is a new message. Prices and money are int paise, times UTC nanoseconds, quantities units; a missing
value is None, never zero.
"""

from sauda.contracts.control import Alert, DeadLetter, Halt, Level, Resume, SquareOff, Start, Stop
from sauda.contracts.journal import Commit
from sauda.contracts.market import (
    BookLevel,
    BrokerUpdate,
    ClockTick,
    Depth,
    FeedGap,
    Instrument,
    InstrumentId,
    InstrumentKind,
    Right,
    Subscribe,
    Tick,
    Unsubscribe,
)
from sauda.contracts.orders import (
    CancelOrder,
    Fill,
    ModifyOrder,
    OrderAccepted,
    OrderCancelled,
    OrderKind,
    OrderModified,
    OrderRejected,
    OrderTriggered,
    PlaceOrder,
    RejectReason,
    Side,
    Signal,
)
from sauda.contracts.pnl import DeskPnl, PositionPnl, StrategyPnl
from sauda.contracts.streams import STREAM_OF, STREAMS, Message, Stream

__all__ = [
    "STREAMS",
    "STREAM_OF",
    "Alert",
    "BookLevel",
    "BrokerUpdate",
    "CancelOrder",
    "ClockTick",
    "Commit",
    "DeadLetter",
    "Depth",
    "DeskPnl",
    "FeedGap",
    "Fill",
    "Halt",
    "Instrument",
    "InstrumentId",
    "InstrumentKind",
    "Level",
    "Message",
    "ModifyOrder",
    "OrderAccepted",
    "OrderCancelled",
    "OrderKind",
    "OrderModified",
    "OrderRejected",
    "OrderTriggered",
    "PlaceOrder",
    "PositionPnl",
    "RejectReason",
    "Resume",
    "Right",
    "Side",
    "Signal",
    "SquareOff",
    "Start",
    "Stop",
    "StrategyPnl",
    "Stream",
    "Subscribe",
    "Tick",
    "Unsubscribe",
]
