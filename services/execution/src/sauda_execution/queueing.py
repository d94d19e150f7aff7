"""When does a limit order trade that rests? Pure.

It queues behind what the market showed at its price when it came: behind nothing if its price improves the best one,
behind an unknown crowd if that level is not shown. It moves up by what trades at its price (the growth of the day's
volume while the last price is its limit) and when less is shown at its price than stood before it. It trades at its
own limit:

- `QUEUE`: what traded at its price was more than stood before it;
- `THROUGH`: the opposite quote came to its price or beyond: up to the quantity shown; or the market traded strictly
  beyond its price: up to what traded. A feed that tells neither quotes nor volume gives no quantity: whole.

What is pessimistic on purpose: whoever cancels stood behind it while there is still more shown than stands before it; a
level that is not shown counts as unknown until it is; a change of terms goes to the back, as does everybody after a gap;
orders of this desk that queue at one price share what trades there, the earlier one first.

What is a guess, for or against us: all that traded since the last tick counts as made at the last price.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sauda.contracts import Against, Side, Tick
from sauda.money import Paise, Units
from sauda_execution.matching import Match, Offer, left_of, offers_to


class Resting(NamedTuple):
    """What became of an order that rests."""

    matches: list[Match]
    ahead: Units | None
    """What stands before it now; None: unknown."""


def standing(side: Side, price: Paise, tick: Tick) -> Units | None:
    """Return what *tick* shows at *price* among the orders of *side*; None: that level is not shown."""
    levels = offers_to(side.opposite, tick)
    if not levels:
        # Somebody wants the opposite and nobody wants this: the order would be alone. A market without quotes tells nothing.
        return 0 if offers_to(side, tick) else None
    for level in levels:
        if side.sign * (price - level.price) > 0:
            return 0
        if price == level.price:
            return level.qty
    return None


class Volume:
    """What the whole market traded between two ticks of an instrument; our orders have their share of it once."""

    __slots__ = ("traded", "used")

    def __init__(self, traded: Units | None = None) -> None:
        self.traded = traded
        """None: the feed does not tell."""
        self.used: Units = 0

    @property
    def left(self) -> Units:
        """Return what our orders may still count as theirs."""
        return max(0, (self.traded or 0) - self.used)


def rest(
    side: Side,
    limit: Paise,
    open_qty: Units,
    tick: Tick,
    *,
    ahead: Units | None,
    volume: Volume,
    taken: Mapping[Paise, Units],
    lot: Units,
) -> Resting:
    """Return what *tick* does for an order that rests.

    Args:
        side: Its side.
        limit: Its limit price.
        open_qty: What of it is left.
        tick: The quote that came.
        ahead: What stood before it; None: unknown.
        volume: What traded since the tick before, and how much of that this desk's orders have had.
        taken: Price -> units of the opposite side that were taken of this quote already.
        lot: Units of one lot.
    """
    offers = offers_to(side, tick)
    if offers and side.sign * (limit - offers[0].price) >= 0:
        return Resting(_come_to(side, limit, open_qty, offers, taken=taken, lot=lot), 0)
    is_beyond = side.sign * (limit - tick.ltp) > 0
    if is_beyond and volume.traded:
        return Resting(_share(limit, open_qty, volume.left, Against.THROUGH, lot), 0)
    matches: list[Match] = []
    if is_beyond and volume.traded is None and not offers:
        # Only a market without quotes shows by its last price alone that it has traded beyond.
        matches = [Match(limit, open_qty, Against.THROUGH)]
    traded_here = (volume.traded or 0) if tick.ltp == limit else 0
    if ahead is not None:
        matches += _share(limit, open_qty, min(traded_here, volume.left) - ahead, Against.QUEUE, lot)
        ahead = max(0, ahead - traded_here)
    shown = standing(side, limit, tick)
    return Resting(matches, shown if ahead is None else min(ahead, ahead if shown is None else shown))


def _come_to(
    side: Side,
    limit: Paise,
    open_qty: Units,
    offers: Sequence[Offer],
    *,
    taken: Mapping[Paise, Units],
    lot: Units,
) -> list[Match]:
    """Return what an order that rests gets of the quotes that have come to its price: at its own price."""
    matches: list[Match] = []
    for offer in offers:
        if side.sign * (limit - offer.price) < 0:
            break
        qty = left_of(offer, open_qty, taken, lot)
        if qty:
            matches.append(Match(limit, qty, Against.THROUGH, None if offer.qty is None else offer.price))
            open_qty -= qty
    return matches


def volume_between(before: Tick | None, tick: Tick) -> Volume:
    """Return what traded from *before* to *tick*; a count that goes back (a new day, a late tick) counts nothing.

    Args:
        before: The tick before; None if the market was not seen between the two.
        tick: The tick that came.
    """
    if tick.volume is None:
        return Volume()
    if before is None or before.volume is None:
        return Volume(0)
    return Volume(max(0, tick.volume - before.volume))


def _share(limit: Paise, open_qty: Units, room: Units, against: Against, lot: Units) -> list[Match]:
    qty = min(open_qty, room)
    qty -= qty % lot
    return [Match(limit, qty, against, is_volume=True)] if qty > 0 else []
