"""How many lots an entry has, by the instance's rules. Pure.

    lots             so many
    risk_percent     lots = floor(capital x percent / (distance to the stop x lot size))
    margin_percent   lots = floor(available money x percent / what one lot needs)

Where that comes to none, nothing is traded, and the signal says why.
"""

from typing import NamedTuple

from sauda.contracts import Instrument, InstrumentKind, Side
from sauda.money import Paise, to_indian, to_rupees
from sauda_strategy.trading_rules import TradingRules


class Means(NamedTuple):
    """What the account has, paise; None while nobody has told."""

    capital: Paise | None
    available: Paise | None


class Size(NamedTuple):
    """Lots, or why there are none."""

    lots: int
    why_none: str = ""


def lots_of(
    terms: TradingRules,
    definition: Instrument,
    side: Side,
    price: Paise | None,
    stop: float | None,
    means: Means,
) -> Size:
    """Return how many lots to trade.

    Args:
        terms: The instance's rules.
        definition: Of what is traded.
        side: Whether it is bought.
        price: What it would trade at; None while it has no price.
        stop: Where it would be wrong, paise; None if it has no stop.
        means: The account.
    """
    if terms.risk_percent is not None:
        size = _by_risk(terms, definition, price, stop, means)
    elif terms.margin_percent is not None:
        size = _by_margin(terms, definition, side, price, means)
    else:
        size = Size(terms.lots)
    return size if terms.max_lots is None else Size(min(size.lots, terms.max_lots), size.why_none)


def _by_risk(
    terms: TradingRules, definition: Instrument, price: Paise | None, stop: float | None, means: Means
) -> Size:
    capital = means.capital if means.capital is not None else terms.capital_paise
    if capital is None:
        return Size(0, "risk_percent needs capital: the account is not known, set the rule `capital`")
    if price is None:
        return Size(0, "risk_percent needs a price, and there is none yet")
    if stop is None or stop == price:
        return Size(
            0, "risk_percent needs a stop: name one in the intent, or set stop_points or stop_percentage"
        )
    risk = capital * (terms.risk_percent or 0) / 100
    one = abs(price - stop) * definition.lot_size
    lots = int(risk // one)
    if lots:
        return Size(lots)
    text = f"{terms.risk_percent} % of {to_indian(capital)} is less than the Rs {to_rupees(round(one))} that one lot risks"
    return Size(0, text)


def _by_margin(
    terms: TradingRules, definition: Instrument, side: Side, price: Paise | None, means: Means
) -> Size:
    available = means.available if means.available is not None else terms.capital_paise
    if available is None:
        return Size(0, "margin_percent needs money: the account is not known, set the rule `capital`")
    if price is None:
        return Size(0, "margin_percent needs a price, and there is none yet")
    one = need_of_a_lot(definition, side, price)
    may = available * (terms.margin_percent or 0) / 100
    lots = int(may // one)
    if lots:
        return Size(lots)
    text = f"{terms.margin_percent} % of {to_indian(available)} is less than the Rs {to_rupees(round(one))} of one lot"
    return Size(0, text)


def need_of_a_lot(definition: Instrument, side: Side, price: Paise) -> float:
    """Return roughly what one lot needs, paise: the premium of an option bought, the price of shares, 15 % of a contract's worth.

    The exchange says the last word (`MARGIN`); this decides only how much is asked for.
    """
    if definition.kind is InstrumentKind.OPTION and side is Side.SELL:
        return ROUGH_SHARE * (definition.strike or price) * definition.lot_size
    if definition.kind is InstrumentKind.FUTURE:
        return ROUGH_SHARE * price * definition.lot_size
    return float(price * definition.lot_size)


ROUGH_SHARE = 0.15
"""Of a contract's worth: about what SPAN and exposure of an index future or a short option at the money come to."""
