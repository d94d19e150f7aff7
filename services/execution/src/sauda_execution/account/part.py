"""The account as a part of the exchange: it refuses what the cash cannot carry, and books what happens.

Nothing is computed on a tick. What an underlying needs is computed when an order on it is placed, changed or ends, when it
trades, at the close and when a new day begins: its legs, their prices or the day are then others.
"""

from collections.abc import Sequence

import msgspec

from sauda.clock import UnixNs
from sauda.contracts import (
    Account,
    Fill,
    Instrument,
    InstrumentId,
    MarginReply,
    Message,
    PlaceOrder,
    RejectReason,
)
from sauda.errors import InvariantError
from sauda.margin import MarginBook
from sauda.money import Paise, Units, to_indian
from sauda.state import State
from sauda_execution.account.blocked import Blocked
from sauda_execution.account.broker import BrokerMargins
from sauda_execution.account.closes import Closes
from sauda_execution.account.estimate import estimated_charges
from sauda_execution.account.ledger import Ledger
from sauda_execution.account.legs import Entry, entries, is_derivative
from sauda_execution.account.needs import Need, Needs
from sauda_execution.account.prices import Prices
from sauda_execution.acts import Act, Say
from sauda_execution.checks import Moment, Refusal
from sauda_execution.house import House
from sauda_execution.known import Known
from sauda_execution.parts import Part


def account_parts(state: State, known: Known, house: House, account: str) -> list[Part]:
    """Return the account of a house that has one."""
    if house.margins is None or house.capital is None:
        return []
    return [MarginAccount(state, known, house, margins=house.margins, capital=house.capital, account=account)]


class MarginAccount(Part):
    """One cash account; positions of all strategies are margined together, as a broker does."""

    def __init__(
        self,
        state: State,
        known: Known,
        house: House,
        *,
        margins: MarginBook,
        capital: Paise,
        account: str,
    ) -> None:
        """*capital* is the cash it begins with; *account* names it in questions to the broker."""
        self._known = known
        self._tariff = house.tariff
        self._ledger = Ledger(state, capital)
        self._prices = Prices(state, known)
        self._needs = Needs(known, margins, self._prices)
        self._closes = Closes(state, house.calendar)
        self._broker = BrokerMargins(state, account, margins)
        self._asks = house.asks_broker
        self._blocked = Blocked(state, self._broker if self._asks else None)

    @property
    def due_ns(self) -> UnixNs:
        """Return the next close of an exchange on which something is held."""
        return self._closes.due_ns

    # May it be carried?

    def refusal(self, order: PlaceOrder, moment: Moment) -> Refusal | None:
        """Refuse an entry that needs more than is available. An exit is never refused."""
        if moment.is_exit or moment.in_basket or moment.instrument is None:
            return None
        underlying = moment.instrument.underlying
        entry = Entry(order, moment.instrument, order.side.sign * (order.qty - moment.filled))
        waiting = [*entries(self._known, underlying, without=order.order_id), entry]
        need = self._needs.of(underlying, self._ledger.positions(underlying), waiting)
        return self._shortfall({underlying: need}, [entry])

    def basket_refusal(self, legs: Sequence[PlaceOrder], moment: Moment) -> Refusal | None:
        """Refuse a basket whose legs, all filled, need more than is available: they hedge each other."""
        contracts = {leg.order_id: self._known.instruments.get(leg.instrument) for leg in legs}
        bought = [
            Entry(leg, contract, leg.side.sign * leg.qty)
            for leg in legs
            if (contract := contracts[leg.order_id]) is not None
        ]
        needs = {
            name: self._needs.of(
                name,
                self._ledger.positions(name),
                entries(self._known, name),
                [one for one in bought if one.contract.underlying == name],
            )
            for name in sorted({one.contract.underlying for one in bought})
        }
        return self._shortfall(needs, bought)

    def _shortfall(self, needs: dict[str, Need], wanted: Sequence[Entry]) -> Refusal | None:
        market = self._known.market
        now = sum(self._blocked.total_of(name, self._blocked.need(name)) for name in needs)
        more = sum(self._blocked.total_of(name, need) for name, need in needs.items()) - now
        charges = sum(estimated_charges(self._tariff, one, market, market.now_ns) for one in wanted)
        needed, available = more + charges, self._ledger.cash.balance - self._blocked.total()
        if needed <= available or more <= 0:
            return None
        return Refusal(
            RejectReason.MARGIN,
            f"needs Rs {to_indian(needed)}, available Rs {to_indian(available)}:"
            f" short by Rs {to_indian(needed - available)}",
        )

    # What happened.

    def on_accepted(self, order: PlaceOrder) -> Sequence[Act]:
        """Block what it needs."""
        return self._renew_of(order)

    def on_modified(self, order: PlaceOrder) -> Sequence[Act]:
        """Block what its new terms need."""
        return self._renew_of(order)

    def on_ended(self, order: PlaceOrder, unfilled: int, reason: str) -> Sequence[Act]:
        """Release what it still needed; of an order that has traded whole its last fill has done that."""
        return self._renew_of(order) if unfilled else ()

    def on_fill(self, order: PlaceOrder, fill: Fill) -> Sequence[Act]:
        """Book the trade."""
        contract = self._contract(fill.instrument)
        if contract is None:
            raise InvariantError(f"fill {fill.fill_id} is of {fill.instrument!r}, which is no known contract")
        before = self._figures()
        self._ledger.book(fill, contract)
        self._closes.expect(contract.exchange, self._known.market.now_ns)
        asked = self._ask(contract)
        self._renew(contract.underlying)
        return (*asked, *self._say_if_not(before))

    def on_message(self, message: Message) -> Sequence[Act]:
        """Learn contracts, and hear what the broker says."""
        if isinstance(message, Instrument):
            self._prices.learn(message)
        elif isinstance(message, MarginReply):
            before = self._figures()
            self._broker.take(message, self._blocked.needs())
            return self._say_if_not(before)
        return ()

    def on_due(self, now_ns: UnixNs) -> Sequence[Act]:
        """An exchange has closed: mark futures, and look at the prices once more before the night."""
        before = self._figures()
        for exchange in self._closes.due(now_ns):
            self._ledger.mark(exchange, self._price)
            for underlying in self._ledger.underlyings(exchange):
                self._renew(underlying)
            self._closes.forget(exchange)
            if self._ledger.underlyings(exchange):
                self._closes.expect(exchange, now_ns)
        return self._say_if_not(before)

    def on_day(self, day_ns: UnixNs) -> Sequence[Act]:
        """What is held has a day less to live; the first day opens the account."""
        before = self._figures()
        self._prices.restored()
        opened = self._ledger.open_day()
        for underlying in sorted({*self._ledger.underlyings(), *self._blocked.needs()}):
            self._renew(underlying)
        return self._say() if opened else self._say_if_not(before)

    def restored(self) -> None:
        """Rebuild the indexes."""
        self._ledger.restored()
        self._prices.restored()
        self._closes.restored()

    # How.

    def _renew_of(self, order: PlaceOrder) -> Sequence[Act]:
        contract = self._contract(order.instrument)
        if contract is None:
            return ()
        before = self._figures()
        self._renew(contract.underlying)
        return self._say_if_not(before)

    def _renew(self, underlying: str) -> None:
        """Compute again what *underlying* needs, at the prices of this instant."""
        positions, waiting = self._ledger.positions(underlying), entries(self._known, underlying)
        self._blocked.put(underlying, self._needs.of(underlying, positions, waiting))
        contracts = [one.contract for one in positions]
        spot = self._needs.spot(underlying, contracts) if contracts else None
        self._prices.remember(underlying, spot, contracts)

    def _ask(self, contract: Instrument) -> Sequence[Act]:
        if not self._asks or not is_derivative(contract):
            return ()
        held: dict[InstrumentId, Units] = {}
        for one in self._ledger.positions(contract.underlying):
            if is_derivative(one.contract):
                name = one.contract.instrument
                held[name] = held.get(name, 0) + one.qty
        request = self._broker.ask(contract.underlying, held, self._known.market.now_ns)
        return () if request is None else (Say(request),)

    def _contract(self, instrument: InstrumentId) -> Instrument | None:
        """Return its definition; of what is still held also when the day of its expiry is over."""
        found = self._known.instruments.get(instrument)
        if found is not None:
            return found
        held = (one.contract for name in self._ledger.underlyings() for one in self._ledger.positions(name))
        return next((one for one in held if one.instrument == instrument), None)

    def _price(self, instrument: InstrumentId) -> Paise | None:
        contract = self._contract(instrument)
        return None if contract is None else self._prices.of(contract)

    def _figures(self) -> Account:
        """Return the account as it stands, without the time."""
        cash, blocked = self._ledger.cash, self._blocked.total()
        span, exposure = self._blocked.parts()
        return Account(
            event_ns=0,
            start=cash.start,
            premium=cash.premium,
            realised=cash.realised,
            charges=cash.charges,
            cash=cash.balance,
            blocked=blocked,
            available=cash.balance - blocked,
            span=span,
            exposure=exposure,
            strategies=self._blocked.strategies(),
        )

    def _say_if_not(self, before: Account) -> Sequence[Act]:
        return () if self._figures() == before else self._say()

    def _say(self) -> Sequence[Act]:
        return (Say(msgspec.structs.replace(self._figures(), event_ns=self._known.market.now_ns)),)
