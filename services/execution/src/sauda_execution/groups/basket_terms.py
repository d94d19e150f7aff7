"""The terms of a basket: which legs can be one wish, and the order that trades a leg back."""

from sauda.clock import UnixNs
from sauda.contracts import LegFailure, OrderKind, PlaceBasket, PlaceOrder, RejectReason
from sauda.money import Units
from sauda_execution.checks import Refusal
from sauda_execution.groups.bracket_terms import is_bracket

MOST_LEGS = 20
"""A basket's legs are all judged and placed in one step."""


def basket_refusal(basket: PlaceBasket) -> Refusal | None:
    """Do the legs of *basket* make one wish?"""
    legs = basket.legs
    if not 1 <= len(legs) <= MOST_LEGS:
        return _bad(f"basket {basket.basket_id!r} has {len(legs)} legs, a basket has 1 to {MOST_LEGS}")
    ids = [leg.order_id for leg in legs]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        return _bad(f"basket {basket.basket_id!r} names the leg {twice[0]!r} twice")
    for leg in legs:
        if leg.strategy != basket.strategy:
            return _bad(
                f"leg {leg.order_id!r} is of {leg.strategy!r}, its basket {basket.basket_id!r} of {basket.strategy!r}"
            )
        if leg.oco is not None:
            return _bad(f"leg {leg.order_id!r} is of the OCO group {leg.oco!r}: a leg is wanted for certain")
        if is_bracket(leg) and basket.on_failure is LegFailure.UNDO:
            return _bad(
                f"leg {leg.order_id!r} is a bracket's entry: what its stop or target has traded cannot be undone;"
                " take the policy `complete`"
            )
    return None


def buys_first(basket: PlaceBasket) -> tuple[PlaceOrder, ...]:
    """Return the legs as they are placed: what is bought hedges what is sold, and lowers its margin."""
    return tuple(sorted(basket.legs, key=lambda leg: -leg.side.sign))


def undo_order(leg: PlaceOrder, traded: Units, now_ns: UnixNs) -> PlaceOrder:
    """Return the order that trades back what *leg* has traded."""
    return PlaceOrder(
        order_id=f"{leg.order_id}-undo",
        strategy=leg.strategy,
        instrument=leg.instrument,
        side=leg.side.opposite,
        qty=traded,
        kind=OrderKind.MARKET,
        event_ns=now_ns,
        parent_id=leg.order_id,
        product=leg.product,
    )


def _bad(detail: str) -> Refusal:
    return Refusal(RejectReason.BAD_GROUP, detail)
