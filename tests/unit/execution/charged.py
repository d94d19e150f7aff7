"""Trades for the tests of charges: contracts of every segment, and the tables of the project."""

from datetime import date
from pathlib import Path

from sauda.contracts import ChargeLines, Instrument, InstrumentId, InstrumentKind, Product, Right, Side
from sauda.money import Paise, Units
from sauda.state import State
from sauda.testing.builders import at
from sauda_execution.charges import Charging, Tariff, load_tariff
from sauda_execution.trade import Trade

MARKET = Path(__file__).parents[3] / "config/market"
TODAY = date(2026, 11, 23)


def tariff(plan: str = "free") -> Tariff:
    """Load the project's own tables."""
    return load_tariff(MARKET, plan)


def charging(plan: str = "free") -> Charging:
    """Build what prices fills, with nothing traded yet."""
    return Charging(State(), tariff(plan))


def a_contract(name: InstrumentId, underlying: str = "NIFTY") -> Instrument:
    """Build a contract: `NFO:X-OPT`, `NFO:X-FUT`, and anything else is a share."""
    kinds = {"OPT": InstrumentKind.OPTION, "FUT": InstrumentKind.FUTURE}
    kind = kinds.get(name.rpartition("-")[2], InstrumentKind.EQUITY)
    is_option = kind is InstrumentKind.OPTION
    return Instrument(
        instrument=name,
        exchange=name.partition(":")[0],
        token="1",
        underlying=underlying,
        kind=kind,
        strike=24_500_00 if is_option else None,
        right=Right.CALL if is_option else None,
    )


def a_trade(
    instrument: Instrument,
    side: Side,
    qty: Units,
    price: Paise,
    *,
    day: date = TODAY,
    product: Product = Product.NRML,
    order_id: str = "o-1",
    slices: int = 1,
    strategy: str = "straddle",
    is_settlement: bool = False,
) -> Trade:
    """Build a trade; *slices* says how many orders at the exchange its order has traded in."""
    return Trade(
        strategy=strategy,
        instrument=instrument,
        side=side,
        qty=qty,
        price=price,
        product=product,
        order_id=order_id,
        slices=slices,
        at_ns=at("10:00", day),
        is_settlement=is_settlement,
    )


def summed(lines: list[ChargeLines]) -> ChargeLines:
    """Add up charges line by line."""
    names = ChargeLines.__struct_fields__
    return ChargeLines(**{name: sum(getattr(one, name) for one in lines) for name in names})
