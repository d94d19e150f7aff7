"""What a strategy says (signals, orders) and what the exchange answers (executions)."""

from enum import Enum

import msgspec

from sauda.contracts.instants import UnixNs
from sauda.contracts.market import InstrumentId
from sauda.money import Paise, Units


class Side(Enum):
    """Direction of an order or a fill."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """Return +1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> "Side":
        """Return the side that closes this one."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderKind(Enum):
    """How an order meets the market."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    SL = "SL"
    """Waits for its trigger, then is a limit order."""
    SL_M = "SL-M"
    """Waits for its trigger, then is a market order."""


class RejectReason(Enum):
    """Why an order was refused; tests and strategies compare these, people read `detail`."""

    UNKNOWN_INSTRUMENT = "UNKNOWN_INSTRUMENT"
    NOT_TRADABLE = "NOT_TRADABLE"
    BAD_QUANTITY = "BAD_QUANTITY"
    NOT_A_LOT_MULTIPLE = "NOT_A_LOT_MULTIPLE"
    OFF_TICK = "OFF_TICK"
    BAD_PRICE = "BAD_PRICE"
    MARKET_CLOSED = "MARKET_CLOSED"
    NO_QUOTE = "NO_QUOTE"
    STALE_QUOTE = "STALE_QUOTE"
    STALE_ORDER = "STALE_ORDER"
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    ORDER_DONE = "ORDER_DONE"
    HALTED = "HALTED"


class Signal(msgspec.Struct, frozen=True, tag="signal", omit_defaults=True):
    """A strategy's opinion and its reason; also how it says why it does not trade."""

    strategy: str
    instrument: InstrumentId | None
    side: Side | None
    reason: str
    event_ns: UnixNs


class PlaceOrder(msgspec.Struct, frozen=True, tag="place_order", omit_defaults=True):
    """Buy or sell `qty` units; `order_id` is derived by its maker and never reused."""

    order_id: str
    strategy: str
    instrument: InstrumentId
    side: Side
    qty: Units
    kind: OrderKind
    event_ns: UnixNs
    """Market time of the decision."""
    limit_price: Paise | None = None
    trigger_price: Paise | None = None
    parent_id: str | None = None
    """The order that this one protects."""


class ModifyOrder(msgspec.Struct, frozen=True, tag="modify_order", omit_defaults=True):
    """Change a working order; None leaves a term as it is. `qty` is the new total."""

    order_id: str
    strategy: str
    event_ns: UnixNs
    qty: Units | None = None
    limit_price: Paise | None = None
    trigger_price: Paise | None = None


class CancelOrder(msgspec.Struct, frozen=True, tag="cancel_order"):
    """Take a working order out of the market."""

    order_id: str
    strategy: str
    event_ns: UnixNs


class OrderAccepted(msgspec.Struct, frozen=True, tag="order_accepted"):
    """The order is in the market."""

    order_id: str
    strategy: str
    instrument: InstrumentId
    event_ns: UnixNs


class OrderRejected(msgspec.Struct, frozen=True, tag="order_rejected"):
    """The order, or the change to it, was refused: nothing changed."""

    order_id: str
    strategy: str
    instrument: InstrumentId
    event_ns: UnixNs
    reason: RejectReason
    detail: str


class OrderTriggered(msgspec.Struct, frozen=True, tag="order_triggered"):
    """A stop's trigger was touched; from here on it is a market or limit order."""

    order_id: str
    strategy: str
    instrument: InstrumentId
    event_ns: UnixNs
    ltp: Paise


class OrderModified(msgspec.Struct, frozen=True, tag="order_modified", omit_defaults=True):
    """The order's terms as they now stand."""

    order_id: str
    strategy: str
    instrument: InstrumentId
    event_ns: UnixNs
    qty: Units
    limit_price: Paise | None = None
    trigger_price: Paise | None = None


class OrderCancelled(msgspec.Struct, frozen=True, tag="order_cancelled"):
    """The order left the market with `unfilled` units untraded."""

    order_id: str
    strategy: str
    instrument: InstrumentId
    event_ns: UnixNs
    unfilled: Units
    reason: str


class Fill(msgspec.Struct, frozen=True, tag="fill"):
    """A trade: `qty` units at `price`, and what it cost in charges."""

    fill_id: str
    order_id: str
    strategy: str
    instrument: InstrumentId
    side: Side
    qty: Units
    price: Paise
    charges: Paise
    event_ns: UnixNs

    @property
    def signed_qty(self) -> Units:
        """Return units bought, negative for sold."""
        return self.qty if self.side is Side.BUY else -self.qty
