"""What is to be sold now, or why that cannot be said or done. Pure; nothing is remembered here."""

from typing import NamedTuple

from sauda.contracts import Instrument, InstrumentId, Side
from sauda.money import Paise, to_rupees
from sauda_strategy.chain import Chain
from sauda_strategy.market import CHAIN_LIMIT, STRIKES_EACH_SIDE, Reference, Underlying
from sauda_strategy.option_rules import OptionRules, Wanted


class Choice(NamedTuple):
    """What is to be sold, and bought to cover it."""

    legs: tuple[tuple[Wanted, Instrument], ...]
    """Wings first."""
    why: str

    @property
    def has_wings(self) -> bool:
        """Return whether something is bought before the rest is sold."""
        return any(wanted.side is Side.BUY for wanted, _ in self.legs)


class Obstacle(NamedTuple):
    """Why nothing can be sold at present."""

    code: str
    """A constant name, such as `NO_INSTRUMENTS`."""
    text: str


class Search(NamedTuple):
    """What has to be heard before the entry can be decided."""

    wanted: list[InstrumentId | None]
    centre: Paise | None
    """The strike at the money; None while nobody knows the underlying's price."""


def choose(market: Underlying, rules: OptionRules, settled: bool) -> Choice | Obstacle:
    """Return what to sell at the present prices, or what stands in the way.

    Args:
        market: The underlying as it stands.
        rules: The instance's rules.
        settled: See `Underlying.reference`.
    """
    chain, name = market.chain, rules.tsymbol
    if not chain.strikes:
        return Obstacle("NO_INSTRUMENTS", f"no options of {name} are known: is it in the feed's underlyings?")
    price = market.reference(settled)
    if price is None:
        return Obstacle(
            "NO_PRICE", f"no price of {name}: no tick of its index, its future or a pair of options"
        )
    centre = chain.nearest(price.price)
    if centre is None:
        ends = f"{to_rupees(chain.strikes[0])} to {to_rupees(chain.strikes[-1])}"
        return Obstacle("STRIKE_MISSING", f"no strike near {price}: {name} of {chain.expiry} has {ends}")
    return _at(market, rules, centre, price)


def _at(market: Underlying, rules: OptionRules, centre: Paise, price: Reference) -> Choice | Obstacle:
    legs: list[tuple[Wanted, Instrument]] = []
    for wanted in rules.wanted(price.price):
        strike = centre + wanted.offset
        leg = market.chain.leg(strike, wanted.right)
        if leg is None:
            text = (
                f"no {wanted.right.value} near {to_rupees(strike)}: {rules.tsymbol} of {market.chain.expiry}"
            )
            return Obstacle("STRIKE_MISSING", text)
        legs.append((wanted, leg))
    twice = _shared(legs)
    if twice is not None:
        text = f"{twice} would be two legs at once: strikes of {rules.tsymbol} stand too far apart"
        return Obstacle("STRIKE_MISSING", text)
    unpriced = [leg.instrument for _, leg in legs if market.price(leg.instrument) is None]
    if unpriced:
        return Obstacle("NO_LEG_PRICE", f"no tick yet of {' and '.join(unpriced)}")
    return Choice(tuple(legs), f"ATM {to_rupees(centre)} at {price}")


def _shared(legs: list[tuple[Wanted, Instrument]]) -> InstrumentId | None:
    """Return a contract that two legs would share: a wing on top of what it covers."""
    names = [leg.instrument for _, leg in legs]
    return next((name for name in names if names.count(name) > 1), None)


def search(market: Underlying, rules: OptionRules, settled: bool, wide: bool) -> Search:
    """Return what to listen to: index and future, then the strikes around the money.

    Where only the options can tell the underlying's price, the middle of their chain, or all of it when *wide*.
    """
    chain = market.chain
    wanted: list[InstrumentId | None] = [chain.index, chain.future]
    price = market.reference(settled)
    if price is not None:
        centre = chain.nearest(price.price)
        return Search([*wanted, *_window(chain, rules, centre, price.price)], centre)
    if settled or (chain.index is None and chain.future is None):
        wanted += chain.middle(2 * len(chain.strikes) if wide else CHAIN_LIMIT)
    return Search(wanted, None)


def _window(chain: Chain, rules: OptionRules, centre: Paise | None, price: Paise) -> list[InstrumentId]:
    if centre is None:
        return []
    offsets = dict.fromkeys((0, *(wanted.offset for wanted in rules.wanted(price))))
    return [one for offset in offsets for one in chain.around(centre + offset, STRIKES_EACH_SIDE)]
