"""How many lots an entry has, by the instance's rules. Pure.

    lots             so many
    risk_percent     lots = floor(capital x percent / (distance to the stop x lot size))
    margin_percent   lots = floor(available money x percent / what one lot needs)

Where that comes to none, nothing is traded, and the signal says why.
"""

from typing import NamedTuple

from sauda.contracts import Instrument, InstrumentKind, Side
from sauda.money import Paise, to_indian, to_paise, to_rupees
from sauda_strategy.trading_rules import TradingRules


class Means(NamedTuple):
    """What the account has, paise; None while nobody has told."""

    capital: Paise | None
    available: Paise | None


class Need(NamedTuple):
    """What is to be traded."""

    definition: Instrument
    side: Side
    price: Paise | None
    """What it would trade at; None while it has no price."""
    stop: float | None
    """Where it would be wrong, paise; None if it has no stop."""


class Size(NamedTuple):
    """Lots, or why there are none."""

    lots: int
    why_none: str = ""


def lots_of(terms: TradingRules, need: Need, means: Means) -> Size:
    """Return how many lots to trade."""
    if terms.risk_percent is not None:
        size = _by_risk(terms, need, means)
    elif terms.margin_percent is not None:
        size = _by_margin(terms, need, means)
    else:
        size = Size(terms.lots)
    return size if terms.max_lots is None else Size(min(size.lots, terms.max_lots), size.why_none)


def _by_risk(terms: TradingRules, need: Need, means: Means) -> Size:
    price, stop = need.price, need.stop
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
    one = abs(price - stop) * need.definition.lot_size
    lots = int(risk // one)
    if lots:
        return Size(lots)
    text = f"{terms.risk_percent} % of {to_indian(capital)} is less than the Rs {to_rupees(round(one))} that one lot risks"
    return Size(0, text)


def _by_margin(terms: TradingRules, need: Need, means: Means) -> Size:
    available = means.available if means.available is not None else terms.capital_paise
    if available is None:
        return Size(0, "margin_percent needs money: the account is not known, set the rule `capital`")
    if need.price is None:
        return Size(0, "margin_percent needs a price, and there is none yet")
    one = need_of_a_lot(terms, need)
    if not one:
        return Size(0, "margin_percent of a future or of options sold needs the rule `margin_per_lot`")
    may = available * (terms.margin_percent or 0) / 100
    lots = int(may // one)
    if lots:
        return Size(lots)
    text = (
        f"{terms.margin_percent} % of {to_indian(available)} is less than the Rs {to_rupees(one)} of one lot"
    )
    return Size(0, text)


def need_of_a_lot(terms: TradingRules, need: Need) -> Paise | None:
    """Return what one lot needs: the premium of an option bought, the price of shares, else what the rules say.

    The exchange has the last word (`MARGIN`); this decides only how much is asked for.
    """
    kind = need.definition.kind
    if kind is InstrumentKind.FUTURE or (kind is InstrumentKind.OPTION and need.side is Side.SELL):
        return None if terms.margin_per_lot is None else to_paise(terms.margin_per_lot)
    return (need.price or 0) * need.definition.lot_size
