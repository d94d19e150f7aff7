"""Exits that take away what covers something else: a wing that is sold leaves its short option naked.

An order alone only reduces what its strategy holds; of the account it may still raise what is blocked.
"""

from collections.abc import Iterable, Sequence

import msgspec

from sauda.contracts import InstrumentKind, Product, Side
from sauda.money import Paise, Units
from sauda_execution.account.ledger import Position, is_paid
from sauda_execution.account.legs import Entry, price_of
from sauda_execution.market import Market

_Key = tuple[str, str, Product]


def may_uncover(exit_: Entry) -> bool:
    """May *exit_* raise a margin? Shares cover no derivative here, and a short option adds to every scenario."""
    kind = exit_.contract.kind
    return kind is InstrumentKind.FUTURE or (kind is InstrumentKind.OPTION and exit_.order.side is Side.SELL)


def within(positions: Sequence[Position], exits: Iterable[Entry]) -> list[Entry]:
    """Return *exits*, the first ones first, cut to what is held: a stop and a target close one position once."""
    left: dict[_Key, Units] = {_key_of(one): one.qty for one in positions}
    found: list[Entry] = []
    for one in exits:
        key = _key(one)
        held = left.get(key, 0)
        qty = min(abs(one.qty), abs(held)) if held * one.qty < 0 else 0
        if qty:
            signed = one.order.side.sign * qty
            left[key] = held + signed
            found.append(one._replace(qty=signed))
    return found


def without(positions: Sequence[Position], exits: Sequence[Entry]) -> list[Position]:
    """Return what is left of *positions* when *exits*, which lie within them, have traded."""
    closed: dict[_Key, Units] = {}
    for one in exits:
        closed[_key(one)] = closed.get(_key(one), 0) + one.qty
    left: list[Position] = []
    for position in positions:
        gone = closed.get(_key_of(position)) if closed else None
        qty = position.qty + (gone or 0)
        if gone and qty:
            cost = position.cost * qty // position.qty
            left.append(msgspec.structs.replace(position, qty=qty, cost=cost))
        elif qty:
            left.append(position)
    return left


def proceeds(exits: Sequence[Entry], market: Market) -> Paise:
    """Return what *exits* bring into the cash, less what they pay, at the worst price that is known."""
    return -sum(
        one.qty * _worst_price(one, market) for one in exits if is_paid(one.contract, one.order.product)
    )


def _worst_price(exit_: Entry, market: Market) -> Paise:
    order, quote = exit_.order, market.quote(exit_.order.instrument)
    if order.side is Side.BUY or order.limit_price is not None:
        return price_of(order, market)
    known = [one for one in (order.trigger_price, None if quote is None else quote.ltp) if one is not None]
    return min(known, default=0)


def _key(exit_: Entry) -> _Key:
    return exit_.order.strategy, exit_.order.instrument, exit_.order.product


def _key_of(position: Position) -> _Key:
    return position.strategy, position.contract.instrument, position.product
