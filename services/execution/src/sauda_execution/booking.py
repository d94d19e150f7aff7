"""A match becomes a fill: the order's row, the holding, the quote's quantity, the charges. In one step, each exactly once."""

import msgspec

from sauda.contracts import Against, Fill, OrderKind, PlaceOrder
from sauda.errors import InvariantError
from sauda.money import Paise, Units
from sauda_execution import answers
from sauda_execution.acts import Settle
from sauda_execution.book import Stage, Working
from sauda_execution.known import Known
from sauda_execution.matching import Match
from sauda_execution.trade import Charges, Trade, slices_traded


class Booking:
    """Books trades."""

    def __init__(self, known: Known, charges: Charges | None) -> None:
        self._known = known
        self._charges = charges

    def fill(self, working: Working, match: Match) -> tuple[Working, Fill]:
        """Book *match*; return the order as it stands then, out of the market if nothing is left, and its fill."""
        known, order = self._known, working.order
        fill = self._charged(working, match.qty, match.price, match.against)
        after = msgspec.structs.replace(working, filled=working.filled + match.qty, fills=working.fills + 1)
        if after.open_qty:
            known.book.put(after)
        else:
            known.book.take_out(order)
        known.book.apply(fill)
        if match.quoted is not None:
            known.liquidity.take(order.instrument, order.side, match.quoted, match.qty)
        return after, fill

    def settle(self, act: Settle) -> tuple[PlaceOrder, Fill]:
        """Book a settlement; return the order that it stands for, which was never in the market, and its fill."""
        order = PlaceOrder(
            order_id=act.order_id,
            strategy=act.strategy,
            instrument=act.instrument,
            side=act.side,
            qty=act.qty,
            kind=OrderKind.MARKET,
            event_ns=self._known.market.now_ns,
            product=act.product,
        )
        working = Working(order, Stage.ARRIVING, expires_ns=0)
        fill = self._charged(working, act.qty, act.price, Against.SETTLEMENT)
        self._known.book.apply(fill)
        return order, fill

    def _charged(self, working: Working, qty: Units, price: Paise, against: Against) -> Fill:
        """Return the order's next fill with what it costs."""
        fill = answers.filled(working, qty, price, against, self._known.market.now_ns)
        if self._charges is None:
            return fill
        instrument = self._known.instruments.get(fill.instrument)
        if instrument is None:
            raise InvariantError(f"fill {fill.fill_id} is of {fill.instrument!r}, which is no known contract")
        costs = self._charges.charge(
            Trade(
                strategy=fill.strategy,
                instrument=instrument,
                side=fill.side,
                qty=qty,
                price=price,
                product=fill.product,
                order_id=fill.order_id,
                slices=slices_traded(working.filled + qty, working.order.qty, working.slices),
                at_ns=fill.event_ns,
                is_settlement=against is Against.SETTLEMENT,
            )
        )
        return msgspec.structs.replace(fill, charges=costs.total, costs=costs)
