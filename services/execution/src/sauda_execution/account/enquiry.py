"""Questions to an exchange that stands still, as `sauda margin` and an order ticket ask them: nothing is sent."""

import msgspec

from sauda.contracts import (
    ChargeLines,
    Instrument,
    InstrumentId,
    InstrumentKind,
    OrderKind,
    PlaceOrder,
    Product,
    RejectReason,
    Side,
)
from sauda.errors import SaudaError
from sauda.money import Paise, Units
from sauda_execution.account.part import MarginAccount
from sauda_execution.account.statement import Statement
from sauda_execution.admission import Admission
from sauda_execution.charges import Charging
from sauda_execution.exchange import PaperExchange
from sauda_execution.trade import Trade

_MOST_LOTS = 100_000
"""More nobody asks for: what needs no margin at all would otherwise have no end."""


class NoAnswerError(SaudaError):
    """The question has no answer on this desk."""


class Largest(msgspec.Struct, frozen=True):
    """The largest order in one contract that the account can carry now."""

    instrument: InstrumentId
    side: Side
    product: Product
    lot_size: Units
    lots: int
    qty: Units
    one_lot: Paise
    """What one lot needs on top of what is blocked: margin or premium, and charges."""
    needed: Paise
    """What the largest order needs."""
    available: Paise


class Preview(msgspec.Struct, frozen=True):
    """What an order would meet if it were sent now; money in paise."""

    order: PlaceOrder
    """As it would go out: a market order with the limit that protects it."""
    reason: RejectReason | None
    """Why it would be refused; None: it would be accepted."""
    detail: str | None
    price: Paise
    """At which margin and charges are worked out: its limit, its trigger, or what the quote offers."""
    slices: int
    """Orders that it would be cut into because of the freeze quantity."""
    margin: Paise
    """More than is blocked now, premium included; negative if it frees some."""
    costs: ChargeLines
    charges: Paise
    needed: Paise
    available: Paise


def preview(exchange: PaperExchange, order: PlaceOrder) -> Preview:
    """Return what would become of *order*. The copy that is asked has counted it afterwards: ask another one next time.

    Raises:
        NoAnswerError: there is no account, no such contract, or no price of it.
    """
    account, contract = _account(exchange), _tradable(exchange, order.instrument)
    order = msgspec.structs.replace(order, event_ns=exchange.known.market.now_ns)
    ruling = Admission(exchange.known, exchange.parts).judge(order)
    going = _as_it_goes_out(exchange, order)
    wanted = account.means.wanted(going, contract)
    price = order.limit_price or order.trigger_price or _touch(exchange, order)
    costs = _costs(exchange, going, contract, price, ruling.slices)
    return Preview(
        order=going,
        reason=ruling.refusal.reason if ruling.refusal else None,
        detail=ruling.refusal.detail if ruling.refusal else None,
        price=price,
        slices=ruling.slices,
        margin=wanted.margin,
        costs=costs,
        charges=costs.total,
        needed=wanted.margin + costs.total,
        available=wanted.available,
    )


def statement(exchange: PaperExchange) -> Statement:
    """Return the account's statement.

    Raises:
        NoAnswerError: the exchange has no account.
    """
    return _account(exchange).means.statement()


def largest(
    exchange: PaperExchange, instrument: InstrumentId, side: Side, product: Product, strategy: str
) -> Largest:
    """Return the largest order of *strategy*; hedges that are held count.

    Raises:
        NoAnswerError: there is no account, no such contract, or no price of it.
    """
    account, contract = _account(exchange), _tradable(exchange, instrument)
    order = _as_it_goes_out(
        exchange,
        PlaceOrder(
            order_id="an enquiry",
            strategy=strategy,
            instrument=instrument,
            side=side,
            qty=contract.lot_size,
            kind=OrderKind.MARKET,
            event_ns=exchange.known.market.now_ns,
            product=product,
        ),
    )
    lots = _most(account, contract, order)
    one, all_of_it = (
        account.means.wanted(_of_lots(order, number, contract), contract) for number in (1, max(lots, 1))
    )
    return Largest(
        instrument=instrument,
        side=side,
        product=product,
        lot_size=contract.lot_size,
        lots=lots,
        qty=lots * contract.lot_size,
        one_lot=one.needed,
        needed=all_of_it.needed if lots else 0,
        available=one.available,
    )


def _tradable(exchange: PaperExchange, instrument: InstrumentId) -> Instrument:
    """Return the contract, of which a price has been seen.

    Raises:
        NoAnswerError: there is none, or no price of it.
    """
    contract = exchange.known.instruments.get(instrument)
    if contract is None:
        raise NoAnswerError(f"{instrument!r} is not among the desk's instruments (`sauda tail instruments`)")
    if contract.kind is InstrumentKind.INDEX:
        raise NoAnswerError(f"{instrument} is an index: trade its futures or options")
    if exchange.known.market.quote(instrument) is None:
        raise NoAnswerError(f"no price of {instrument} has been seen today: nobody has subscribed to it")
    return contract


def _touch(exchange: PaperExchange, order: PlaceOrder) -> Paise:
    """Return what the quote offers to *order*: the other side's best price, or the last one."""
    quote = exchange.known.market.quote(order.instrument)
    if quote is None:
        return 0
    return (quote.ask if order.side is Side.BUY else quote.bid) or quote.ltp


def _costs(
    exchange: PaperExchange, order: PlaceOrder, contract: Instrument, price: Paise, slices: int
) -> ChargeLines:
    """Return what it would cost if all of it traded at *price*."""
    charging = next((part for part in exchange.parts if isinstance(part, Charging)), None)
    if charging is None:
        return ChargeLines()
    trade = Trade(
        strategy=order.strategy,
        instrument=contract,
        side=order.side,
        qty=order.qty,
        price=price,
        product=order.product,
        order_id=order.order_id,
        slices=slices,
        at_ns=order.event_ns,
    )
    return charging.charge(trade)


def _as_it_goes_out(exchange: PaperExchange, order: PlaceOrder) -> PlaceOrder:
    """Return *order* with the limit that protects it: that is the price that is asked for."""
    moment = Admission(exchange.known, exchange.parts).moment(order)
    for part in exchange.parts:
        order = part.outgoing(order, moment)
    return order


def _most(account: MarginAccount, contract: Instrument, order: PlaceOrder) -> int:
    def fits(lots: int) -> bool:
        return account.means.wanted(_of_lots(order, lots, contract), contract).fits

    low, high = 0, 1
    while high <= _MOST_LOTS and fits(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return min(low, _MOST_LOTS)


def _of_lots(order: PlaceOrder, lots: int, contract: Instrument) -> PlaceOrder:
    return msgspec.structs.replace(order, qty=lots * contract.lot_size)


def _account(exchange: PaperExchange) -> MarginAccount:
    found = next((part for part in exchange.parts if isinstance(part, MarginAccount)), None)
    if found is None:
        raise NoAnswerError("this exchange has no account")
    return found
