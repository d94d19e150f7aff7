"""May this entry in, by the limits of config/risk.yaml? Every No has a reason and a sentence with the figures.

An exit is never held up by a limit; it counts among the orders of its second. The one exit that is refused is the twin of one
that still works, where both together would close more than is held: that would open the other side.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from sauda.clock import NS_PER_S, clock_text
from sauda.contracts import Fill, Instrument, InstrumentId, PlaceOrder, RejectReason, Tick
from sauda.state import State
from sauda_execution.acts import Act
from sauda_execution.checks import DESK, Moment, Refusal
from sauda_execution.known import Known
from sauda_execution.parts import Part
from sauda_execution.risk.exposure import Exposure
from sauda_execution.risk.one_order import hours_refusal, price_refusal, size_refusal
from sauda_execution.risk.pace import Pace, Twins, terms
from sauda_execution.risk.rules import RiskRules, ScopeLimits, SymbolLimits
from sauda_execution.risk.standing import open_orders_refusal, symbol_refusal, total_refusal

_MOST_KEPT: Final = 4_096


class Scope(NamedTuple):
    """Whose sums are compared with which limits."""

    strategy: str | None
    """None: the whole desk."""
    whose: str
    """For people."""
    symbol: SymbolLimits
    whole: ScopeLimits


class RiskGate(Part):
    """Refuses entries that would break a limit of the desk, of their strategy, or of their instrument."""

    def __init__(self, state: State, known: Known, rules: RiskRules) -> None:
        self._known = known
        self._rules = rules
        self._pace = Pace(state)
        self._twins = Twins(state, rules.duplicate_ms)
        self.exposure = Exposure(known.book, known.market)
        """What would be held: derived from the book."""
        self._scopes_of: dict[tuple[str, InstrumentId], tuple[Instrument, tuple[Scope, ...]]] = {}
        """(strategy, instrument) -> its definition and whose limits hold: derived from the rules alone."""

    def refusal(self, order: PlaceOrder, moment: Moment) -> Refusal | None:
        """Judge *order* by every limit; the first that it breaks is told."""
        if moment.made:
            return None  # The exchange takes its own for no mistake, and it has them out of a position or a group.
        if moment.is_exit:
            return None if moment.is_change else self._twin_exit_refusal(order, moment)
        if moment.instrument is None or moment.quote is None:
            return None  # The exchange's own checks have refused it.
        return next(self._refusals(order, moment, moment.instrument, moment.quote), None)

    def basket_refusal(self, legs: Sequence[PlaceOrder], moment: Moment) -> Refusal | None:
        """Refuse a basket at once whose legs cannot all go out within the second, or would together hold too much.

        One of exits alone is held up by no limit.
        """
        book = self._known.book
        entries = [leg for leg in legs if not book.is_exit(leg)]
        if not entries:
            return None
        found = next(self._together_refusals(entries, legs), None)
        return found or self._rate_refusal(legs[0].strategy, moment.slices, moment)

    def on_accepted(self, order: PlaceOrder) -> Sequence[Act]:
        """Count it, entry or exit."""
        working = self._known.book.working(order.order_id)
        self._count(order.strategy, 1 if working is None else working.slices)
        self._twins.remember(order, self._known.market.now_ns)
        self.exposure.follow(order)
        return ()

    def on_modified(self, order: PlaceOrder, *, made: bool) -> Sequence[Act]:
        """Count a strategy's change too: to the exchange it is a message like an order.

        What the exchange moves itself (a trailing stop, a bracket's child) must keep nobody's entry out.
        """
        if not made:
            self._count(order.strategy, 1)
        self.exposure.follow(order)
        return ()

    def on_fill(self, order: PlaceOrder, fill: Fill) -> Sequence[Act]:
        """Follow the book."""
        self.exposure.follow(order)
        return ()

    def on_ended(self, order: PlaceOrder, unfilled: int, reason: str) -> Sequence[Act]:
        """Follow the book."""
        self.exposure.end(order)
        return ()

    def on_day(self, day_ns: int) -> Sequence[Act]:
        """Forget yesterday's last second."""
        self._pace.forget()
        return ()

    def restored(self) -> None:
        """Follow the book from where it stands."""
        self._twins.restored()
        self.exposure.restored()

    def _refusals(
        self, order: PlaceOrder, moment: Moment, instrument: Instrument, quote: Tick
    ) -> Iterator[Refusal]:
        near = self._rules.price_away_ticks * instrument.tick_size
        scopes = self._scopes(order, instrument)
        if mute := self._mute_refusal(moment, order.instrument):
            yield mute
        for strategy, whose, symbol, whole in scopes:
            found = (
                hours_refusal(moment.now_ns, symbol, whose)
                or size_refusal(order, quote.ltp, symbol, whose)
                or price_refusal(order, quote.ltp, symbol, near=near, whose=whose)
                or symbol_refusal(
                    order.instrument,
                    [order],
                    quote.ltp,
                    self.exposure,
                    symbol,
                    strategy=strategy,
                    whose=whose,
                )
                or total_refusal([order], self.exposure, whole, strategy=strategy, whose=whose)
            )
            if found is None and not moment.is_change:
                found = open_orders_refusal(
                    order, self.exposure, symbol, whole, strategy=strategy, whose=whose
                )
            if found is not None:
                yield found
        slices = 1 if moment.is_change else moment.slices
        if rate := self._rate_refusal(order.strategy, slices, moment):
            yield rate
        if not moment.is_change and (twin := self._twin_refusal(order, moment)):
            yield twin

    def _together_refusals(
        self, entries: Sequence[PlaceOrder], legs: Sequence[PlaceOrder]
    ) -> Iterator[Refusal]:
        for leg in entries:
            instrument = self._known.instruments.get(leg.instrument)
            quote = self._known.market.quote(leg.instrument)
            if instrument is None or quote is None:
                continue  # The exchange's own checks have refused it.
            for strategy, whose, symbol, whole in self._scopes(leg, instrument):
                found = symbol_refusal(
                    leg.instrument,
                    legs,
                    quote.ltp,
                    self.exposure,
                    symbol,
                    strategy=strategy,
                    whose=whose,
                ) or total_refusal(legs, self.exposure, whole, strategy=strategy, whose=whose)
                if found is not None:
                    yield found

    def _scopes(self, order: PlaceOrder, instrument: Instrument) -> tuple[Scope, ...]:
        key = (order.strategy, order.instrument)
        kept = self._scopes_of.get(key)
        if kept is None or kept[0] is not instrument:
            if len(self._scopes_of) >= _MOST_KEPT:
                self._scopes_of.clear()
            own = self._rules.of_strategy(order.strategy)
            desk = Scope(None, "the desk", self._rules.of_symbol(instrument), self._rules)
            theirs = Scope(order.strategy, order.strategy, own, own)
            # Of a strategy that nothing is said of, as of most, nothing is asked.
            kept = (instrument, (desk, theirs) if _says_anything(own) else (desk,))
            self._scopes_of[key] = kept
        return kept[1]

    def _mute_refusal(self, moment: Moment, instrument: InstrumentId) -> Refusal | None:
        mute_s, market = self._rules.feed_mute_s, self._known.market
        if not mute_s or not market.is_mute(instrument, mute_s * NS_PER_S):
            return None
        last_ns = market.last_tick_ns()
        return Refusal(
            RejectReason.FEED_MUTE,
            f"no price of anything has come for {(moment.now_ns - last_ns) / NS_PER_S:.1f} s of market time"
            f" (the last at {clock_text(last_ns)} IST), an entry needs one within {mute_s} s (feed_mute_s)",
        )

    def _rate_refusal(self, strategy: str, orders: int, moment: Moment) -> Refusal | None:
        own = self._rules.of_strategy(strategy).max_orders_per_second
        for scope, whose, most in (
            (DESK, "the desk", self._rules.max_orders_per_second),
            (strategy, strategy, own),
        ):
            if most is not None and (sent := self._pace.within(scope, moment.now_ns)) + orders > most:
                more = "this one" if orders == 1 else f"these {orders}"
                return Refusal(
                    RejectReason.ORDER_RATE,
                    f"{sent} orders of {whose} went out in the last second and {more} would come on top,"
                    f" the limit is {most} (max_orders_per_second)",
                )
        return None

    def _twin_refusal(self, order: PlaceOrder, moment: Moment) -> Refusal | None:
        twin = self._twins.of(order, moment.now_ns)
        if twin is None:
            return None
        return Refusal(
            RejectReason.DUPLICATE,
            f"the same as {twin.order_id!r}, {(moment.now_ns - twin.at_ns) // 1_000_000} ms before it;"
            f" after {self._rules.duplicate_ms} ms of market time it is another order (duplicate_ms)",
        )

    def _twin_exit_refusal(self, order: PlaceOrder, moment: Moment) -> Refusal | None:
        book = self._known.book
        if self._twins.of(order, moment.now_ns) is None:
            return None
        beside = (book.working(order_id) for order_id in book.by_instrument.get(order.instrument, ()))
        closing = sum(one.open_qty for one in beside if one and terms(one.order) == terms(order))
        held = abs(book.held_qty(order.strategy, order.instrument, order.product))
        if not closing or closing + order.qty <= held:
            return None
        return self._twin_refusal(order, moment)

    def _count(self, strategy: str, orders: int) -> None:
        now_ns = self._known.market.now_ns
        own = self._rules.of_strategy(strategy).max_orders_per_second
        for scope, most in ((DESK, self._rules.max_orders_per_second), (strategy, own)):
            if most is not None:
                self._pace.count(scope, orders, now_ns, most)


def _says_anything(limits: ScopeLimits) -> bool:
    return any(getattr(limits, name) is not None for name in type(limits).model_fields)
