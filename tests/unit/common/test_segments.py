"""A contract's segment follows from its exchange, kind, underlying and product."""

import pytest

from sauda.contracts import InstrumentKind, Product
from sauda.segments import Segment, segment_of

OPTION, FUTURE, EQUITY, INDEX = (
    InstrumentKind.OPTION,
    InstrumentKind.FUTURE,
    InstrumentKind.EQUITY,
    InstrumentKind.INDEX,
)


@pytest.mark.parametrize(
    ("exchange", "kind", "underlying", "product", "expected"),
    [
        ("NFO", OPTION, "BANKNIFTY", Product.MIS, Segment.INDEX_OPTION),
        ("BFO", OPTION, "SENSEX", Product.NRML, Segment.INDEX_OPTION),
        ("NFO", OPTION, "RELIANCE", Product.NRML, Segment.STOCK_OPTION),
        ("NFO", FUTURE, "NIFTY", Product.NRML, Segment.INDEX_FUTURE),
        ("BFO", FUTURE, "RELIANCE", Product.NRML, Segment.STOCK_FUTURE),
        ("NSE", EQUITY, "RELIANCE", Product.MIS, Segment.EQUITY_INTRADAY),
        ("BSE", EQUITY, "RELIANCE", Product.NRML, Segment.EQUITY_DELIVERY),
        ("MCX", FUTURE, "CRUDEOIL", Product.MIS, Segment.MCX_FUTURE),
        ("MCX", OPTION, "GOLDM", Product.NRML, Segment.MCX_OPTION),
        ("NSE", INDEX, "NIFTY", Product.NRML, None),
        ("CDS", FUTURE, "USDINR", Product.NRML, None),
        ("NSE", OPTION, "NIFTY", Product.NRML, None),
    ],
)
def test_segment(
    exchange: str, kind: InstrumentKind, underlying: str, product: Product, expected: Segment | None
) -> None:
    assert segment_of(exchange, kind, underlying, product) is expected
