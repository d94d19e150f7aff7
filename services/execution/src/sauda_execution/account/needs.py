"""What an underlying needs, by our own scenarios: for what is held, for what waits, and for each strategy alone."""

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter, itemgetter
from typing import Final, NamedTuple

import msgspec

from sauda.clock import ist_date
from sauda.contracts import Instrument, InstrumentId, InstrumentKind, Product, Side
from sauda.margin import NOTHING, MarginBook, Priced, Rates, Requirement, requirement_of, worst_of
from sauda.money import Paise, Units
from sauda_execution.account.ledger import Position
from sauda_execution.account.legs import Entry, is_delivery, is_derivative, price_of
from sauda_execution.account.priced import PricedLegs
from sauda_execution.account.prices import Prices
from sauda_execution.known import Known

_COMMODITIES: Final = "MCX"
_CONTRACT: Final = itemgetter(0)
_EXCHANGE: Final = attrgetter("exchange")
_SHARE: Final = InstrumentKind.EQUITY


class Need(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is blocked for one underlying."""

    held: Requirement = NOTHING
    """Of what is held."""
    worst: Requirement = NOTHING
    """Of what is held and of the entries that wait, at their worst."""
    premium: Paise = 0
    """What waits to be paid: premium of options and price of shares that somebody still wants to buy."""
    shares: Paise = 0
    """Of shares within the day, and of shares sold that are not there."""
    strategies: dict[str, Paise] = {}
    """Strategy -> what it holds, taken alone."""

    @property
    def total(self) -> Paise:
        """Return the sum, as our scenarios see it."""
        return self.worst.total + self.premium + self.shares


class _OfHeld(NamedTuple):
    """What an underlying's legs needed when they were last looked at, and what that followed from."""

    spot: Paise
    rates: Rates
    legs: list[Priced]
    need: Requirement


class Needs:
    """Computes; what it keeps of that follows from what is asked alone."""

    def __init__(self, known: Known, margins: MarginBook, prices: Prices) -> None:
        self._known = known
        self._margins = margins
        self._prices = prices
        self._legs = PricedLegs(prices)
        self._of_held: dict[str, _OfHeld] = {}
        self._netted: tuple[Sequence[Position], Sequence[tuple[Instrument, Units]]] = ((), ())

    def of(
        self,
        underlying: str,
        positions: Sequence[Position],
        waiting: Sequence[Entry],
        bought: Sequence[Entry] = (),
        strategies: Mapping[str, Paise] | None = None,
    ) -> Need:
        """Return what *underlying* needs.

        Args:
            underlying: Its name.
            positions: What is held on it.
            waiting: Entries in the market.
            bought: Orders to be taken as if they had filled, all of them: the legs of a basket.
            strategies: What each strategy needs alone, if that is known; None: it is computed.
        """
        held = self._netted_of(positions)
        if bought:
            held = _netted([*[(one.contract, one.qty) for one in positions], *_wished(bought)])
        waits = _netted(_wished(waiting)) if waiting else []
        of_held, of_worst = self._scenarios(underlying, held, waits)
        if bought:
            # The broker's word is about what is held, and these are not.
            of_held = self._scenarios(underlying, self._netted_of(positions), ())[0]
        return Need(
            held=of_held,
            worst=of_worst,
            premium=sum([self._unpaid(one) for one in (*waiting, *bought)]),
            shares=sum([self._shares_held(one) for one in positions if one.contract.kind is _SHARE])
            + sum([self._shares_wanted(one) for one in (*waiting, *bought)]),
            strategies=self._strategies(underlying, positions, of_held)
            if strategies is None
            else dict(strategies),
        )

    def _netted_of(self, positions: Sequence[Position]) -> Sequence[tuple[Instrument, Units]]:
        """Return the derivatives of *positions*, each once: most questions are about what the one before was about."""
        if self._netted[0] != positions:
            self._netted = (positions, _netted([(one.contract, one.qty) for one in positions]))
        return self._netted[1]

    def spot(self, underlying: str, contracts: Iterable[Instrument]) -> Paise | None:
        """Return the underlying's price."""
        derivatives = [one for one in contracts if is_derivative(one)]
        return self._prices.spot(underlying, derivatives, self._rates(underlying, derivatives))

    def _scenarios(
        self,
        underlying: str,
        held: Sequence[tuple[Instrument, Units]],
        waits: Sequence[tuple[Instrument, Units]],
    ) -> tuple[Requirement, Requirement]:
        contracts = [*map(_CONTRACT, held), *map(_CONTRACT, waits)]
        rates = self._rates(underlying, contracts)
        spot = self._prices.spot(underlying, contracts, rates)
        if spot is None:
            return NOTHING, NOTHING
        now_ns = self._known.market.now_ns
        legs = self._legs.of(held, spot, rates, now_ns)
        of_held = self._need_of_held(underlying, spot, rates, legs)
        waiting = self._legs.of(waits, spot, rates, now_ns) if waits else ()
        return of_held, worst_of(spot, legs, waiting, rates, of_held) if waiting else of_held

    def _need_of_held(self, underlying: str, spot: Paise, rates: Rates, legs: list[Priced]) -> Requirement:
        last = self._of_held.get(underlying)
        if last is None or (last.spot, last.rates, last.legs) != (spot, rates, legs):
            last = _OfHeld(spot, rates, legs, requirement_of(spot, legs, rates))
            self._of_held[underlying] = last
        return last.need

    def _rates(self, underlying: str, contracts: Sequence[Instrument]) -> Rates:
        is_commodity = _COMMODITIES in map(_EXCHANGE, contracts)
        return self._margins.rates(underlying, ist_date(self._known.market.now_ns), is_commodity=is_commodity)

    def _strategies(
        self, underlying: str, positions: Sequence[Position], together: Requirement
    ) -> dict[str, Paise]:
        names = sorted({one.strategy for one in positions})
        found: dict[str, Paise] = {}
        for strategy in names:
            theirs, alone = positions, together
            if len(names) > 1:
                theirs = [one for one in positions if one.strategy == strategy]
                legs = _netted([(one.contract, one.qty) for one in theirs])
                alone = self._scenarios(underlying, legs, ())[0]
            total = alone.total + sum(
                [self._shares_held(one) for one in theirs if one.contract.kind is _SHARE]
            )
            if total:
                found[strategy] = total
        return found

    def _unpaid(self, entry: Entry) -> Paise:
        """Return what a waiting buy will pay in full when it trades."""
        order, contract = entry.order, entry.contract
        if order.side is Side.SELL:
            return 0
        value = entry.qty * price_of(order, self._known.market)
        if contract.kind is InstrumentKind.OPTION:
            return value
        return self._shares_need(value, intraday=False) if is_delivery(order, contract) else 0

    def _shares_wanted(self, entry: Entry) -> Paise:
        order, contract = entry.order, entry.contract
        if contract.kind is not InstrumentKind.EQUITY or (
            is_delivery(order, contract) and order.side is Side.BUY
        ):
            return 0
        value = abs(entry.qty) * price_of(order, self._known.market)
        # What is sold without being there has to be bought back, at whatever price.
        return self._shares_need(value, intraday=True)

    def _shares_held(self, position: Position) -> Paise:
        contract = position.contract
        if contract.kind is not InstrumentKind.EQUITY or (position.is_paid and position.qty > 0):
            return 0
        price = self._prices.of(contract)
        value = abs(position.cost) if price is None else abs(position.qty) * price
        need = self._shares_need(value, intraday=True)
        # Who sold shares for delivery that are not there was paid for them: that money is not free either.
        return need if position.product is Product.MIS else value + need

    def _shares_need(self, value: Paise, *, intraday: bool) -> Paise:
        day = ist_date(self._known.market.now_ns)
        return self._margins.share_need(value, day, intraday=intraday)


def _wished(entries: Iterable[Entry]) -> list[tuple[Instrument, Units]]:
    return [(one.contract, one.qty) for one in entries]


def _netted(held: Iterable[tuple[Instrument, Units]]) -> list[tuple[Instrument, Units]]:
    """Return the derivatives of *held*, each contract once."""
    sums: dict[InstrumentId, tuple[Instrument, Units]] = {}
    for contract, qty in held:
        kind = contract.kind  # `is_derivative`, without a call: a third of what this costs
        if kind is InstrumentKind.OPTION or kind is InstrumentKind.FUTURE:
            name = contract.instrument
            known = sums.get(name)
            sums[name] = (contract, qty if known is None else known[1] + qty)
    return [one for one in sums.values() if one[1]]
