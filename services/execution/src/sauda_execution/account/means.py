"""What the account has, what of it is blocked, and whether that leaves enough for a wish. Everything about one account meets here."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from sauda.contracts import Account, Instrument, InstrumentId, MarginReply, MarginRequest, PlaceOrder
from sauda.margin import MarginBook
from sauda.money import Paise, Units
from sauda.state import State
from sauda_execution.account.blocked import Blocked, Sums
from sauda_execution.account.broker import BrokerMargins
from sauda_execution.account.estimate import estimated_charges
from sauda_execution.account.exits import may_uncover, proceeds, within, without
from sauda_execution.account.ledger import Cash, Ledger
from sauda_execution.account.legs import Entry, entries, fills_at_once, is_derivative, waiting_exits
from sauda_execution.account.needs import Need, Needs
from sauda_execution.account.prices import Prices
from sauda_execution.account.statement import Statement, stated
from sauda_execution.house import House
from sauda_execution.known import Known


class Wanted(NamedTuple):
    """What an order would need, and what there is."""

    margin: Paise
    """More than is blocked now, premium to be paid included; negative if it frees some. Of an exit less what it brings."""
    charges: Paise
    available: Paise

    @property
    def needed(self) -> Paise:
        """Return both."""
        return self.margin + self.charges

    @property
    def fits(self) -> bool:
        """Can the account carry it? What needs no margin is never refused for its charges."""
        return self.margin <= 0 or self.needed <= self.available


class Means:
    """One account's cash, positions, prices and margin."""

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
        self._asks = house.asks_broker
        self.ledger = Ledger(state, capital)
        self.prices = Prices(state, known)
        self.broker = BrokerMargins(state, account, margins)
        self.blocked = Blocked(state, self.broker if self._asks else None)
        self._needs = Needs(known, margins, self.prices)
        self._judged: tuple[PlaceOrder | None, Need] = (None, Need())
        """The order that was judged last, and what its underlying needs with it: of use within that step alone."""
        self._figures: tuple[tuple[Cash, Sums, Paise], Account] | None = None
        """From what the account was last told, and as what: derived."""

    @property
    def available(self) -> Paise:
        """Return what a new order may need."""
        return self.ledger.cash.balance - self.blocked.sums.total - self._open_losses()

    def wanted(self, order: PlaceOrder, contract: Instrument, *, filled: Units = 0) -> Wanted:
        """Return what *order*, of which *filled* units have traded, would need beside all that is held and waits."""
        underlying = contract.underlying
        entry = Entry(order, contract, order.side.sign * (order.qty - filled))
        waiting = [*entries(self._known, underlying, without=order.order_id), entry]
        need = self._needs.of(underlying, self.ledger.positions(underlying), waiting, strategies={})
        self._judged = (order, need)
        return self._compare({underlying: need}, [entry])

    def wanted_to_leave(self, order: PlaceOrder, contract: Instrument, *, filled: Units = 0) -> Wanted:
        """Return what the exit *order* would need: by itself, or once the exits that wait have traded too; the dearer."""
        known, exit_ = self._known, Entry(order, contract, order.side.sign * (order.qty - filled))
        if not may_uncover(exit_):
            return self._compare({}, ())
        others = [
            one for one in waiting_exits(known, contract.underlying, order.order_id) if may_uncover(one)
        ]
        ways = [
            self._leaving(contract.underlying, [exit_], before)
            for before in ([others, []] if others else [[]])
        ]
        return max(ways, key=lambda one: (not one.fits, one.needed))

    def wanted_together(self, orders: Sequence[PlaceOrder]) -> Wanted:
        """Return what *orders* would need together: those that fill at once hedge each other and all others.

        What would rest hedges nothing: its market may never come, and what it should protect is held by then.
        """
        wishes: list[Entry] = []
        for order in orders:
            contract = self.contract(order.instrument)
            if contract is not None:
                wishes.append(Entry(order, contract, order.side.sign * order.qty))
        names = sorted({one.contract.underlying for one in wishes})
        if self._only_close(wishes):
            # A way out that would rest may never come; one that uncovers something is taken to come.
            sure = [
                one
                for one in wishes
                if may_uncover(one) or fills_at_once(one.order, one.contract, self._known)
            ]
            ways = [
                self._leaving(name, [one for one in sure if one.contract.underlying == name])
                for name in names
            ]
            return Wanted(sum(one.margin for one in ways), sum(one.charges for one in ways), self.available)
        return self._compare({name: self._need_together(name, wishes) for name in names}, wishes)

    def _leaving(self, underlying: str, exits: Sequence[Entry], before: Sequence[Entry] = ()) -> Wanted:
        """Return what *exits*, all on *underlying*, need when those *before* have traded.

        Nothing if they raise nothing at the prices of this instant: what the market has done is no reason to stay.
        """
        positions, waiting = self.ledger.positions(underlying), entries(self._known, underlying)
        all_of_them = within(positions, [*exits, *before])
        goes = without(positions, all_of_them)
        held = self._needs.of(underlying, positions, waiting, strategies={})
        now = held
        if before:
            stays = without(positions, within(positions, before))
            now = self._needs.of(underlying, stays, waiting, strategies={})
        then = self._needs.of(underlying, goes, waiting, strategies={})
        # The broker's word is about what is held.
        now, then = (msgspec.structs.replace(one, held=held.held) for one in (now, then))
        if self.blocked.total_of(underlying, then) <= self.blocked.total_of(underlying, now):
            return self._compare({}, ())
        wanted = self._compare({underlying: then}, all_of_them)
        return wanted._replace(margin=wanted.margin - proceeds(all_of_them, self._known.market))

    def _only_close(self, wishes: Sequence[Entry]) -> bool:
        """Do *wishes*, taken together, only reduce what their strategies hold?"""
        names = sorted({one.contract.underlying for one in wishes})
        held = [one for name in names for one in self.ledger.positions(name)]
        return bool(wishes) and within(held, wishes) == list(wishes)

    def _need_together(self, underlying: str, wishes: Sequence[Entry]) -> Need:
        theirs = [one for one in wishes if one.contract.underlying == underlying]
        filled = [one for one in theirs if fills_at_once(one.order, one.contract, self._known)]
        waiting = [*entries(self._known, underlying), *(one for one in theirs if one not in filled)]
        return self._needs.of(underlying, self.ledger.positions(underlying), waiting, filled, strategies={})

    def renew(self, underlying: str, *, orders_alone: bool = False, judged: PlaceOrder | None = None) -> None:
        """Compute again what *underlying* needs, at the prices of this instant, and keep both.

        Args:
            underlying: Its name.
            orders_alone: Whether nothing else has changed: then each strategy still needs alone what it did.
            judged: The order that has come in or changed. Was it judged a moment ago, in the same step, the answer stands.
        """
        positions = self.ledger.positions(underlying)
        strategies = self.blocked.need(underlying).strategies if orders_alone else None
        last, need = self._judged
        self._judged = (None, Need())
        if judged is not None and last is judged and strategies is not None:
            need = msgspec.structs.replace(need, strategies=strategies)
        else:
            waiting = entries(self._known, underlying)
            need = self._needs.of(underlying, positions, waiting, strategies=strategies)
        self.blocked.put(underlying, need)
        contracts = [one.contract for one in positions]
        spot = self._needs.spot(underlying, contracts) if contracts else None
        self.prices.remember(underlying, spot, contracts)

    def question(self, contract: Instrument) -> MarginRequest | None:
        """Return what to ask the broker now that the position in *contract* has changed; None: nothing, or nobody."""
        if not self._asks or not is_derivative(contract):
            return None
        held: dict[InstrumentId, Units] = {}
        for one in self.ledger.positions(contract.underlying):
            if is_derivative(one.contract):
                name = one.contract.instrument
                held[name] = held.get(name, 0) + one.qty
        self.blocked.add_up_again()
        return self.broker.ask(contract.underlying, held, self._known.market.now_ns)

    def contract(self, instrument: InstrumentId) -> Instrument | None:
        """Return its definition; of what is still held also when the day of its expiry is over."""
        found = self._known.instruments.get(instrument)
        if found is not None:
            return found
        held = (one.contract for name in self.ledger.underlyings() for one in self.ledger.positions(name))
        return next((one for one in held if one.instrument == instrument), None)

    def price(self, instrument: InstrumentId) -> Paise | None:
        """Return its last price; None if none was ever seen."""
        contract = self.contract(instrument)
        return None if contract is None else self.prices.of(contract)

    def figures(self) -> Account:
        """Return the account as it stands, without a stamp: the same object until it changes."""
        of = (self.ledger.cash, self.blocked.sums, self._open_losses())
        if self._figures is None or self._figures[0] != of:
            self._figures = (of, _account(*of))
        return self._figures[1]

    def take(self, reply: MarginReply) -> None:
        """Take what the broker says."""
        self.broker.take(reply, self.blocked.needs())
        self.blocked.add_up_again()

    def statement(self) -> Statement:
        """Return the account as people want to see it."""
        figures = msgspec.structs.replace(self.figures(), event_ns=self._known.market.now_ns)
        return stated(figures, self.blocked, self.broker)

    def restored(self) -> None:
        """Rebuild the indexes."""
        self.ledger.restored()
        self.prices.restored()
        self.blocked.add_up_again()

    def _open_losses(self) -> Paise:
        return self.ledger.open_losses(self.prices.of)

    def _compare(self, needs: dict[str, Need], wishes: Sequence[Entry]) -> Wanted:
        market = self._known.market
        now = sum(self.blocked.total_of(name, self.blocked.need(name)) for name in needs)
        return Wanted(
            margin=sum(self.blocked.total_of(name, need) for name, need in needs.items()) - now,
            charges=sum(estimated_charges(self._tariff, one, market, market.now_ns) for one in wishes),
            available=self.available,
        )


def _account(cash: Cash, blocked: Sums, lost: Paise) -> Account:
    return Account(
        event_ns=0,
        start=cash.start,
        premium=cash.premium,
        realised=cash.realised,
        charges=cash.charges,
        cash=cash.balance,
        blocked=blocked.total,
        available=cash.balance - blocked.total - lost,
        span=blocked.span,
        exposure=blocked.exposure,
        strategies=blocked.strategies,
        open_losses=lost,
    )
