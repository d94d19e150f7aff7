"""The account as a part of the exchange: it refuses what the cash cannot carry, and books what happens.

Nothing is computed on a tick. What an underlying needs is computed when an order on it is placed, changed or ends, when it
trades, at the close and when a new day begins: its legs, their prices or the day are then others.
"""

from collections.abc import Sequence

import msgspec

from sauda.clock import UnixNs
from sauda.contracts import Account, Fill, Instrument, MarginReply, Message, PlaceOrder, RejectReason
from sauda.errors import InvariantError
from sauda.money import Paise, to_indian
from sauda.state import State
from sauda_execution.account.closes import Closes
from sauda_execution.account.means import Means, Wanted
from sauda_execution.acts import Act, Say
from sauda_execution.checks import Moment, Refusal
from sauda_execution.house import House
from sauda_execution.known import Known
from sauda_execution.parts import Part


def account_parts(state: State, known: Known, house: House, account: str) -> list["MarginAccount"]:
    """Return the account of a house that has one."""
    if house.margins is None or house.capital is None:
        return []
    means = Means(state, known, house, margins=house.margins, capital=house.capital, account=account)
    return [MarginAccount(means, known, Closes(state, house.calendar))]


class MarginAccount(Part):
    """One cash account; positions of all strategies are margined together, as a broker does."""

    def __init__(self, means: Means, known: Known, closes: Closes) -> None:
        self.means = means
        self._known = known
        self._closes = closes

    @property
    def due_ns(self) -> UnixNs:
        """Return the next close of an exchange on which something is held."""
        return self._closes.due_ns

    def available(self) -> Paise:
        """Return what is left beside all that is blocked, for waiting entries too."""
        return self.means.figures().available

    # May it be carried?

    def refusal(self, order: PlaceOrder, moment: Moment) -> Refusal | None:
        """Refuse what needs more than is available: an entry, or an exit that leaves something else uncovered.

        What the exchange makes itself leads out and always may.
        """
        if moment.made or moment.in_basket or moment.instrument is None:
            return None
        if not moment.is_exit:
            return _refusal(self.means.wanted(order, moment.instrument, filled=moment.filled))
        if moment.is_change and not self._is_more(order):
            return None
        return _refusal(self.means.wanted_to_leave(order, moment.instrument, filled=moment.filled))

    def basket_refusal(self, legs: Sequence[PlaceOrder], moment: Moment) -> Refusal | None:
        """Refuse a basket whose legs, all filled, need more than is available."""
        return _refusal(self.means.wanted_together(legs))

    # What happened.

    def on_accepted(self, order: PlaceOrder) -> Sequence[Act]:
        """Block what it needs."""
        return self._renew(order)

    def on_modified(self, order: PlaceOrder, *, made: bool) -> Sequence[Act]:
        """Block what its new terms need; what has become a mere exit by its change releases what it blocked before."""
        return self._renewed(order)

    def on_ended(self, order: PlaceOrder, unfilled: int, reason: str) -> Sequence[Act]:
        """Release what it still needed; of an order that has traded whole its last fill has done that."""
        return self._renew(order) if unfilled else ()

    def on_fill(self, order: PlaceOrder, fill: Fill) -> Sequence[Act]:
        """Book the trade.

        Raises:
            InvariantError: nobody knows the contract, so that its cash would be lost.
        """
        contract = self.means.contract(fill.instrument)
        if contract is None:
            raise InvariantError(f"fill {fill.fill_id} is of {fill.instrument!r}, which is no known contract")
        before = self.means.figures()
        self.means.ledger.book(fill, contract)
        self._closes.expect(contract.exchange, self._known.market.now_ns)
        question = self.means.question(contract)
        self.means.renew(contract.underlying)
        asked = () if question is None else (Say(question),)
        return (*asked, *self._say_if_not(before))

    def on_message(self, message: Message) -> Sequence[Act]:
        """Learn contracts, and hear what the broker says."""
        if isinstance(message, Instrument):
            self.means.prices.learn(message)
        elif isinstance(message, MarginReply):
            before = self.means.figures()
            self.means.take(message)
            return self._say_if_not(before)
        return ()

    def on_due(self, now_ns: UnixNs) -> Sequence[Act]:
        """An exchange has closed: mark futures, and look at the prices once more before the night."""
        before, ledger = self.means.figures(), self.means.ledger
        for exchange in self._closes.due(now_ns):
            ledger.mark(exchange, self.means.price)
            for underlying in ledger.underlyings(exchange):
                self.means.renew(underlying)
            self._closes.forget(exchange)
            if ledger.underlyings(exchange):
                self._closes.expect(exchange, now_ns)
        return self._say_if_not(before)

    def on_day(self, day_ns: UnixNs) -> Sequence[Act]:
        """What is held has a day less to live; the first day opens the account."""
        before = self.means.figures()
        self.means.prices.restored()
        opened = self.means.ledger.open_day()
        for exchange in self.means.ledger.exchanges():
            self._closes.expect(exchange, self._known.market.now_ns)
        for underlying in sorted({*self.means.ledger.underlyings(), *self.means.blocked.needs()}):
            self.means.renew(underlying)
        return self._say() if opened else self._say_if_not(before)

    def restored(self) -> None:
        """Rebuild the indexes."""
        self.means.restored()
        self._closes.restored()

    # How.

    def _is_more(self, order: PlaceOrder) -> bool:
        working = self._known.book.working(order.order_id)
        return working is None or order.qty > working.order.qty

    def _renew(self, order: PlaceOrder) -> Sequence[Act]:
        # What only reduces blocks nothing, so nothing has changed; and whoever wants out gets out quickly.
        return () if self._known.book.is_exit(order) else self._renewed(order)

    def _renewed(self, order: PlaceOrder) -> Sequence[Act]:
        contract = self.means.contract(order.instrument)
        if contract is None:
            return ()
        before = self.means.figures()
        self.means.renew(contract.underlying, orders_alone=True, judged=order)
        return self._say_if_not(before)

    def _say_if_not(self, before: Account) -> Sequence[Act]:
        after = self.means.figures()
        return () if after is before or after == before else self._say(after)

    def _say(self, figures: Account | None = None) -> Sequence[Act]:
        now_ns = self._known.market.now_ns
        return (Say(msgspec.structs.replace(figures or self.means.figures(), event_ns=now_ns)),)


def _refusal(wanted: Wanted) -> Refusal | None:
    if wanted.fits:
        return None
    return Refusal(
        RejectReason.MARGIN,
        f"needs Rs {to_indian(wanted.needed)}, available Rs {to_indian(wanted.available)}:"
        f" short by Rs {to_indian(wanted.needed - wanted.available)}",
    )
