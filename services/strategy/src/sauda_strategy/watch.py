"""Do the prices of the legs say that it is time to close? Targets of single legs, and what all legs make together.

Judged pessimistically: what is short costs the offer, what is held fetches the bid, the last price where neither is
shown. All legs together are judged only while each open one has a fresh quote and none is still being opened; charges
are not counted. Pure; what it finds is carried out by `OptionSeller`.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from sauda.clock import NS_PER_S, UnixNs
from sauda.money import Paise, to_paise, to_rupees
from sauda_strategy.book import Book, Leg
from sauda_strategy.option_rules import OptionRules
from sauda_strategy.quotes import Quotes


class Standing(NamedTuple):
    """What all legs of a window come to."""

    profit: Paise
    premium: Paise
    """What the first entry of each leg brought in, together."""


class Watch:
    """Looks at the legs of one strategy."""

    def __init__(self, book: Book, quotes: Quotes) -> None:
        self._book = book
        self._quotes = quotes

    def target(self, key: str, rules: OptionRules, now_ns: UnixNs) -> str:
        """Return why one leg is to be bought back; empty if it is not."""
        leg, share = self._book[key], rules.target_percentage
        if share is None or leg.is_wing or leg.closing or leg.held <= 0 or self._book.entering([key]):
            return ""
        quote = self._quotes.fresh(leg.instrument, now_ns - rules.quote_age_seconds * NS_PER_S)
        if quote is None:
            return ""
        price = quote.price(leg.side.opposite)
        # In whole numbers: price <= premium / sold * (1 - share).
        if price * leg.sold * 100_00 > leg.premium * (100_00 - _hundredths(share)):
            return ""
        return f"target {share:g}% of {leg.instrument}: {to_rupees(price)} to buy back"

    def standing(self, keys: Sequence[str], rules: OptionRules, now_ns: UnixNs) -> Standing | None:
        """Return what the legs *keys* come to now; None while that cannot be said, or none is open."""
        since_ns = now_ns - rules.quote_age_seconds * NS_PER_S
        legs = [self._book[key] for key in keys]
        if any(leg.staged or leg.will_enter for leg in legs) or self._book.entering(keys):
            return None
        if not any(leg.held for leg in legs):
            return None
        worth = [self._worth(leg, since_ns) for leg in legs]
        known = [one for one in worth if one is not None]
        if len(known) < len(worth):
            return None
        return Standing(sum(known), sum(leg.premium for leg in legs if not leg.number))

    def _worth(self, leg: Leg, since_ns: UnixNs) -> Paise | None:
        """Return what the leg has brought in, less what it costs to close."""
        if not leg.held:
            return leg.cash
        quote = self._quotes.fresh(leg.instrument, since_ns)
        if quote is None:
            return None
        return leg.cash + leg.side.sign * leg.held * quote.price(leg.side.opposite)


def steps_reached(profit: Paise, rules: OptionRules) -> int:
    """Return how many whole steps of `trail_profit_rupees` the profit has reached."""
    step = rules.trail_profit_rupees
    return max(0, profit) // to_paise(step) if step is not None else 0


def verdict(standing: Standing, locked: int, rules: OptionRules) -> str:
    """Return why all legs are to be closed; empty if they are not.

    Args:
        standing: What they come to.
        locked: The most steps of `trail_profit_rupees` that were reached in this window.
        rules: The instance's rules.
    """
    profit, premium = standing
    made = f"profit {to_rupees(profit)} of all legs"
    for limit, key in (
        (_share(premium, rules.combined_stop_percentage), "combined_stop_percentage"),
        (_paise(rules.combined_stop_rupees), "combined_stop_rupees"),
    ):
        if limit is not None and profit <= -limit:
            return f"{key}: {made}, {to_rupees(-limit)} is the least"
    if locked and rules.trail_profit_rupees is not None:
        floor = (locked - 1) * to_paise(rules.trail_profit_rupees)
        if profit <= floor:
            return f"trail_profit_rupees: {made}, {to_rupees(floor)} is locked in"
    for limit, key in (
        (_share(premium, rules.combined_target_percentage), "combined_target_percentage"),
        (_paise(rules.combined_target_rupees), "combined_target_rupees"),
    ):
        if limit is not None and profit >= limit:
            return f"{key}: {made}, {to_rupees(limit)} was wanted"
    return ""


def _share(premium: Paise, percentage: float | None) -> Paise | None:
    """Return so many percent of the premium received; None where none was."""
    return premium * _hundredths(percentage) // 100_00 if percentage is not None and premium > 0 else None


def _paise(rupees: Decimal | None) -> Paise | None:
    return None if rupees is None else to_paise(rupees)


def _hundredths(percentage: float) -> int:
    return int(Decimal(str(percentage)) * 100)
