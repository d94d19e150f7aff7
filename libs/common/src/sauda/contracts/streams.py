"""Which message travels on which stream. `docs/data-flow.md` is checked against this table."""

from enum import Enum
from typing import TypeAlias

from sauda.contracts.account import Account, MarginReply, MarginRequest
from sauda.contracts.audit import Audited
from sauda.contracts.control import (
    Alert,
    ChangeRules,
    DeadLetter,
    Halt,
    LetterSettled,
    Requeued,
    ResetRisk,
    Resume,
    SquareOff,
    Start,
    Stop,
)
from sauda.contracts.history import HistoryReply, HistoryRequest
from sauda.contracts.journal import Commit, Opened
from sauda.contracts.market import (
    Bar,
    BrokerUpdate,
    ClockTick,
    FeedGap,
    Instrument,
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
    OrderModified,
    OrderRejected,
    OrderTriggered,
    PlaceBasket,
    PlaceOrder,
    Signal,
)
from sauda.contracts.pnl import DeskPnl, PositionPnl, StrategyPnl


class Stream(str, Enum):
    """The streams of a desk; the value is the name users type."""

    TICKS = "ticks"
    INSTRUMENTS = "instruments"
    BARS = "bars"
    SUBSCRIPTIONS = "subscriptions"
    SIGNALS = "signals"
    ORDERS = "orders"
    EXECUTIONS = "executions"
    PNL = "pnl"
    CONTROL = "control"
    ALERTS = "alerts"
    BROKER_UPDATES = "broker_updates"
    DEAD_LETTERS = "dead_letters"
    REPLIES = "replies"
    REQUEUED = "requeued"
    JOURNAL = "journal"
    AUDIT = "audit"


STREAMS: tuple[str, ...] = tuple(stream.value for stream in Stream)

Message: TypeAlias = (
    Tick
    | ClockTick
    | FeedGap
    | Instrument
    | Bar
    | Subscribe
    | Unsubscribe
    | HistoryRequest
    | HistoryReply
    | Signal
    | MarginRequest
    | MarginReply
    | PlaceOrder
    | PlaceBasket
    | ModifyOrder
    | CancelOrder
    | OrderAccepted
    | OrderRejected
    | OrderTriggered
    | OrderModified
    | OrderCancelled
    | Fill
    | Account
    | PositionPnl
    | StrategyPnl
    | DeskPnl
    | Start
    | Stop
    | SquareOff
    | Halt
    | Resume
    | ResetRisk
    | ChangeRules
    | Alert
    | DeadLetter
    | LetterSettled
    | Requeued
    | BrokerUpdate
    | Commit
    | Opened
    | Audited
)
"""Anything that can stand on a stream."""

STREAM_OF: dict[type, str] = {
    Tick: "ticks",
    ClockTick: "ticks",
    FeedGap: "ticks",
    Instrument: "instruments",
    Bar: "bars",
    Subscribe: "subscriptions",
    Unsubscribe: "subscriptions",
    MarginRequest: "subscriptions",
    HistoryRequest: "subscriptions",
    MarginReply: "replies",
    HistoryReply: "replies",
    Signal: "signals",
    PlaceOrder: "orders",
    PlaceBasket: "orders",
    ModifyOrder: "orders",
    CancelOrder: "orders",
    OrderAccepted: "executions",
    OrderRejected: "executions",
    OrderTriggered: "executions",
    OrderModified: "executions",
    OrderCancelled: "executions",
    Fill: "executions",
    Account: "executions",
    PositionPnl: "pnl",
    StrategyPnl: "pnl",
    DeskPnl: "pnl",
    Start: "control",
    Stop: "control",
    SquareOff: "control",
    Halt: "control",
    Resume: "control",
    ResetRisk: "control",
    ChangeRules: "control",
    Alert: "alerts",
    DeadLetter: "dead_letters",
    LetterSettled: "dead_letters",
    Requeued: "requeued",
    BrokerUpdate: "broker_updates",
    Commit: "journal",
    Opened: "journal",
    Audited: "audit",
}
"""message type -> the one stream it travels on."""
