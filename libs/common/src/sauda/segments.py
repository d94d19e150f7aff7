"""The segment of a contract: what exchanges, tax and brokers price by. An index option is not a stock option."""

from enum import Enum
from typing import Final

from sauda.contracts import InstrumentKind, Product
from sauda.instruments import underlyings

_INDICES: Final = frozenset(one.name for one in underlyings() if one.index_symbol)
_DERIVATIVES: Final = frozenset({"NFO", "BFO"})
_CASH: Final = frozenset({"NSE", "BSE"})


class Segment(Enum):
    """What is priced alike; the value is the key in config/market/charges.yaml and brokerage.yaml."""

    INDEX_OPTION = "index_option"
    STOCK_OPTION = "stock_option"
    INDEX_FUTURE = "index_future"
    STOCK_FUTURE = "stock_future"
    EQUITY_INTRADAY = "equity_intraday"
    EQUITY_DELIVERY = "equity_delivery"
    MCX_FUTURE = "mcx_future"
    MCX_OPTION = "mcx_option"

    @property
    def title(self) -> str:
        """Return its name for people: `Index options`."""
        return _TITLES[self]

    @property
    def is_future(self) -> bool:
        """Is no more than the profit paid when it is traded, and not its value?"""
        return self in (Segment.INDEX_FUTURE, Segment.STOCK_FUTURE, Segment.MCX_FUTURE)

    @property
    def is_option(self) -> bool:
        """Is its value a premium?"""
        return self in (Segment.INDEX_OPTION, Segment.STOCK_OPTION, Segment.MCX_OPTION)


_TITLES: Final = {
    Segment.INDEX_OPTION: "Index options",
    Segment.STOCK_OPTION: "Stock options",
    Segment.INDEX_FUTURE: "Index futures",
    Segment.STOCK_FUTURE: "Stock futures",
    Segment.EQUITY_INTRADAY: "Equity, intraday",
    Segment.EQUITY_DELIVERY: "Equity, delivery",
    Segment.MCX_FUTURE: "Commodity futures",
    Segment.MCX_OPTION: "Commodity options",
}


def segment_of(exchange: str, kind: InstrumentKind, underlying: str, product: Product) -> Segment | None:
    """Return the segment in which a contract is priced; None for what is not traded here (indices, currencies).

    Args:
        exchange: `NFO`, as in the instrument's name.
        kind: What sort of contract.
        underlying: Its canonical name; whatever is no index that we know is a share.
        product: Decides whether an equity is delivered (NRML) or traded within the day (MIS).
    """
    is_option = kind is InstrumentKind.OPTION
    if kind is InstrumentKind.EQUITY and exchange in _CASH:
        return Segment.EQUITY_INTRADAY if product is Product.MIS else Segment.EQUITY_DELIVERY
    if kind not in (InstrumentKind.OPTION, InstrumentKind.FUTURE):
        return None
    if exchange == "MCX":
        return Segment.MCX_OPTION if is_option else Segment.MCX_FUTURE
    if exchange not in _DERIVATIVES:
        return None
    if underlying in _INDICES:
        return Segment.INDEX_OPTION if is_option else Segment.INDEX_FUTURE
    return Segment.STOCK_OPTION if is_option else Segment.STOCK_FUTURE
