"""What an order will cost in charges, about: enough to know whether the cash will do."""

from sauda.clock import UnixNs, ist_date
from sauda.money import Paise
from sauda_execution.account.legs import Entry, price_of
from sauda_execution.charges.exact import Traded, whole
from sauda_execution.charges.tariff import Tariff
from sauda_execution.market import Market
from sauda_execution.trade import Trade


def estimated_charges(tariff: Tariff | None, entry: Entry, market: Market, now_ns: UnixNs) -> Paise:
    """Return what *entry* would cost as one trade at the price it may pay; nothing where nobody charges."""
    order, contract, qty = entry
    segment = None if tariff is None else tariff.segment(contract, order.product)
    if tariff is None or segment is None:
        return 0
    trade = Trade(
        strategy=order.strategy,
        instrument=contract,
        side=order.side,
        qty=abs(qty),
        price=price_of(order, market),
        product=order.product,
        order_id=order.order_id,
        slices=1,
        at_ns=now_ns,
    )
    return whole(sum(tariff.exact(trade, segment, ist_date(now_ns), Traded())))
