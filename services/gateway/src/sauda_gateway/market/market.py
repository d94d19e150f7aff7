"""The market of one desk as its streams tell it: definitions, prices, and what the desk holds of it. Pure."""

from sauda.clock import UnixNs, ist_date
from sauda.contracts import (
    ClockTick,
    DeskPnl,
    FeedGap,
    Instrument,
    Message,
    PositionPnl,
    StrategyPnl,
    Tick,
)
from sauda_gateway.market.catalogue import Catalogue
from sauda_gateway.market.quotes import Quotes
from sauda_gateway.market.worth import Worth


class Market:
    """Folded, message by message."""

    def __init__(self) -> None:
        self.catalogue = Catalogue()
        self.quotes = Quotes()
        self.worth = Worth()
        self.now_ns: UnixNs = 0
        """The market's time."""

    @property
    def today(self) -> str:
        """Return the market's day in India, `YYYY-MM-DD`."""
        return ist_date(self.now_ns).isoformat()

    def take(self, message: Message) -> bool:
        """Take what concerns it; return whether what the desk has made is to be shown anew."""
        match message:
            case Tick():
                self.quotes.take(message)
                self.now_ns = max(self.now_ns, message.recv_ns)
            case ClockTick():
                self.now_ns = max(self.now_ns, message.event_ns)
            case FeedGap():
                self.now_ns = max(self.now_ns, message.to_ns)
            case Instrument():
                self.catalogue.learn(message)
            case PositionPnl() | StrategyPnl() | DeskPnl():
                return self.worth.take(message)
        return False
