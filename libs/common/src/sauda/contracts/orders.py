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


class Product(Enum):
    """How long a position may be held."""

    NRML = "NRML"
    """Overnight, with the full margin; an equity is delivered."""
    MIS = "MIS"
    """Within the day: squared off at the broker's time."""


class Validity(Enum):
    """How long an order waits."""

    DAY = "DAY"
    IOC = "IOC"
    """Immediate or cancel: what does not trade on arrival is cancelled."""


class LegFailure(Enum):
    """What becomes of a basket when one of its legs is refused or cancelled."""

    COMPLETE = "complete"
    """The other legs go on."""
    UNDO = "undo"
    """The other legs are cancelled, and what they traded is traded back."""


class Against(Enum):
    """What an order traded against, best evidence first."""

    DEPTH = "depth"
    """Levels of the order book that the feed showed."""
    TOUCH = "touch"
    """The best bid or offer."""
    LAST = "last"
    """No quote was shown: the last price, a modelled half spread away."""
    QUEUE = "queue"
    """It rested, and what traded at its price was more than stood before it."""
    THROUGH = "through"
    """It rested, and the market came to or through its price."""
    SETTLEMENT = "settlement"
    """Expiry: the exchange settled the position."""


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
    NOT_ALLOWED = "NOT_ALLOWED"
    """The exchange or the broker takes no such order: its kind, validity or product."""
    PRICE_BAND = "PRICE_BAND"
    FREEZE_QUANTITY = "FREEZE_QUANTITY"
    NO_HOLDING = "NO_HOLDING"
    """Shares that are not held cannot be sold for delivery."""
    BAD_GROUP = "BAD_GROUP"
    """A bracket, an OCO group or a basket whose terms contradict each other."""
    MARGIN = "MARGIN"
    ORDER_QUANTITY = "ORDER_QUANTITY"
    ORDER_VALUE = "ORDER_VALUE"
    POSITION_LIMIT = "POSITION_LIMIT"
    OPEN_ORDERS = "OPEN_ORDERS"
    PRICE_AWAY = "PRICE_AWAY"
    ORDER_RATE = "ORDER_RATE"
    DUPLICATE = "DUPLICATE"
    DAILY_LOSS = "DAILY_LOSS"
    DRAWDOWN = "DRAWDOWN"
    PROFIT_LOCK = "PROFIT_LOCK"
    OUTSIDE_HOURS = "OUTSIDE_HOURS"
    FEED_MUTE = "FEED_MUTE"


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
    """The order that this one protects, or follows on purpose: the entry of a turn names the exit before it."""
    product: Product = Product.NRML
    validity: Validity = Validity.DAY
    stop_loss: Paise | None = None
    """Makes the order a bracket's entry: what it fills gets a stop with this trigger ..."""
    take_profit: Paise | None = None
    """... and a target with this limit; the one cancels the other."""
    trail_points: Paise | None = None
    """A stop, or a bracket's stop, whose trigger follows the best price at this distance, and never back."""
    trail_bps: int | None = None
    """The same as a share of the best price, in hundredths of a percent."""
    oco: str | None = None
    """Name of a group of the same strategy: when one of it trades, the others are cancelled."""


class Signal(msgspec.Struct, frozen=True, tag="signal", omit_defaults=True):
    """A strategy's opinion and its reason; also how it says why it does not trade."""

    strategy: str
    instrument: InstrumentId | None
    side: Side | None
    reason: str
    event_ns: UnixNs
    confidence: float | None = None
    """From 0 to 1, where the strategy says so."""
    would_place: PlaceOrder | None = None
    """Dry run: the order that would have been sent."""


class PlaceBasket(msgspec.Struct, frozen=True, tag="place_basket", omit_defaults=True):
    """Several orders as one wish: all legs are checked before any is placed."""

    basket_id: str
    strategy: str
    legs: tuple[PlaceOrder, ...]
    """Complete orders of the same strategy."""
    event_ns: UnixNs
    on_failure: LegFailure = LegFailure.UNDO


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


class OrderAccepted(msgspec.Struct, frozen=True, tag="order_accepted", omit_defaults=True):
    """The order is in the market."""

    order_id: str
    strategy: str
    instrument: InstrumentId
    event_ns: UnixNs
    terms: PlaceOrder | None = None
    """The order as it went out, where the exchange made it itself (a square-off, a bracket's stop) or changed it
    (a market order became a limit with protection); None: as it was sent."""
    slices: int = 1
    """Orders that it was cut into because of the freeze quantity."""


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


class ChargeLines(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a fill cost besides its price, line by line, paise."""

    brokerage: Paise = 0
    stt: Paise = 0
    """Securities transaction tax; on commodities CTT."""
    exchange: Paise = 0
    sebi: Paise = 0
    ipft: Paise = 0
    """Investor protection fund."""
    stamp: Paise = 0
    gst: Paise = 0
    rounding: Paise = 0
    """Paise between the lines, each rounded by its own rule, and their exact sum."""

    @property
    def total(self) -> Paise:
        """Return the sum of all lines."""
        return (
            self.brokerage
            + self.stt
            + self.exchange
            + self.sebi
            + self.ipft
            + self.stamp
            + self.gst
            + self.rounding
        )


class Fill(msgspec.Struct, frozen=True, tag="fill", omit_defaults=True):
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
    product: Product = Product.NRML
    against: Against | None = None
    costs: ChargeLines | None = None
    """The lines whose sum is `charges`."""

    @property
    def signed_qty(self) -> Units:
        """Return units bought, negative for sold."""
        return self.qty if self.side is Side.BUY else -self.qty
