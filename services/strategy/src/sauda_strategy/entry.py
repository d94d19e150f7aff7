"""What is to be sold now, or why that cannot be said or done. Pure; nothing is remembered here."""

from typing import NamedTuple

from sauda.contracts import Instrument, InstrumentId, Right
from sauda.money import Paise, to_rupees
from sauda_strategy.chain import Chain
from sauda_strategy.market import CHAIN_LIMIT, STRIKES_EACH_SIDE, Reference, Underlying
from sauda_strategy.rules import ShortStraddleRules


class Straddle(NamedTuple):
    """What is to be sold."""

    call: Instrument
    put: Instrument
    why: str


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


def choose(market: Underlying, rules: ShortStraddleRules, settled: bool) -> Straddle | Obstacle:
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


def _at(
    market: Underlying, rules: ShortStraddleRules, centre: Paise, price: Reference
) -> Straddle | Obstacle:
    legs: list[Instrument] = []
    for right, offset in ((Right.CALL, rules.call_offset), (Right.PUT, rules.put_offset)):
        leg = market.chain.leg(centre + offset, right)
        if leg is None:
            text = f"no {right.value} near {to_rupees(centre + offset)}: {rules.tsymbol} of {market.chain.expiry}"
            return Obstacle("STRIKE_MISSING", text)
        legs.append(leg)
    unpriced = [leg.instrument for leg in legs if market.price(leg.instrument) is None]
    if unpriced:
        return Obstacle("NO_LEG_PRICE", f"no tick yet of {' and '.join(unpriced)}")
    return Straddle(legs[0], legs[1], f"ATM {to_rupees(centre)} at {price}")


def search(market: Underlying, rules: ShortStraddleRules, settled: bool, wide: bool) -> Search:
    """Return what to listen to: index and future, then the strikes around the money.

    Where only the options can tell the underlying's price, the middle of their chain, or all of it when *wide*.
    """
    chain = market.chain
    wanted: list[InstrumentId | None] = [chain.index, chain.future]
    price = market.reference(settled)
    if price is not None:
        centre = chain.nearest(price.price)
        return Search([*wanted, *_window(chain, rules, centre)], centre)
    if settled or (chain.index is None and chain.future is None):
        wanted += chain.middle(2 * len(chain.strikes) if wide else CHAIN_LIMIT)
    return Search(wanted, None)


def _window(chain: Chain, rules: ShortStraddleRules, centre: Paise | None) -> list[InstrumentId]:
    if centre is None:
        return []
    offsets = dict.fromkeys((0, rules.call_offset, rules.put_offset))
    return [one for offset in offsets for one in chain.around(centre + offset, STRIKES_EACH_SIDE)]
