"""May this order be accepted? The exchange's own checks first, then what goes out, then every part's say. Changes nothing."""

from collections.abc import Sequence
from typing import NamedTuple

from sauda.contracts import PlaceOrder
from sauda.money import Units
from sauda_execution.checks import Moment, Refusal, late_refusal, maker_refusal, market_refusal, terms_refusal
from sauda_execution.known import Known
from sauda_execution.parts import Part, Parts


class Ruling(NamedTuple):
    """What was decided about an order."""

    order: PlaceOrder
    """As it goes out; as it was sent if it is refused."""
    refusal: Refusal | None
    slices: int = 1


class Admission:
    """Judges orders by what is known and what the parts say."""

    def __init__(self, known: Known, parts: Parts) -> None:
        self._known = known
        self._parts = parts

    def judge(
        self,
        order: PlaceOrder,
        *,
        filled: Units = 0,
        is_change: bool = False,
        made: bool = False,
        in_basket: bool = False,
    ) -> Ruling:
        """Decide about *order*: one that is new, or the new terms of one that works."""
        moment = self.moment(order, filled=filled, is_change=is_change, made=made, in_basket=in_basket)
        refusal = self._basic_refusal(order, moment)
        if refusal is not None:
            return Ruling(order, refusal)
        going = order
        for outgoing in self._parts.that(Part.outgoing):
            going = outgoing(going, moment)
        slices = self._slices(going, moment)
        if slices != moment.slices:
            moment = moment._replace(slices=slices)
        for may_not in self._parts.that(Part.refusal):
            refusal = may_not(going, moment)
            if refusal is not None:
                return Ruling(order, refusal)
        return Ruling(going, None, moment.slices)

    def basket_refusal(self, legs: Sequence[PlaceOrder]) -> Refusal | None:
        """May all *legs*, of which each may by itself (`judge(leg, in_basket=True)`), be accepted together?

        Args:
            legs: As they go out; not empty.
        """
        slices = sum(self._slices(leg, self.moment(leg, in_basket=True)) for leg in legs)
        moment = self.moment(legs[0], in_basket=True)._replace(slices=slices)
        for may_not in self._parts.that(Part.basket_refusal):
            refusal = may_not(legs, moment)
            if refusal is not None:
                return refusal
        return None

    def moment(
        self,
        order: PlaceOrder,
        *,
        filled: Units = 0,
        is_change: bool = False,
        made: bool = False,
        in_basket: bool = False,
    ) -> Moment:
        """Return what is known at this instant about *order* and its market."""
        known = self._known
        return Moment(
            now_ns=known.market.now_ns,
            is_open=known.is_open(order.instrument),
            halted=known.control.get("halted"),
            quote=known.market.quote(order.instrument),
            is_blind=known.market.is_blind(order.instrument),
            answers_from_ns=known.days.previous_ns,
            instrument=known.instruments.get(order.instrument),
            # What the exchange makes itself leads out, even where it nets with another position of its strategy.
            # So does a change that only makes a waiting order smaller.
            is_exit=made
            or known.book.is_exit(order, filled)
            or (is_change and known.book.only_shrinks(order)),
            is_change=is_change,
            filled=filled,
            made=made,
            in_basket=in_basket,
        )

    def _slices(self, going: PlaceOrder, moment: Moment) -> int:
        return max([slices(going, moment) for slices in self._parts.that(Part.slices)], default=1)

    def _basic_refusal(self, order: PlaceOrder, moment: Moment) -> Refusal | None:
        limits = self._known.limits
        return (
            maker_refusal(order)
            or late_refusal(order, moment, limits, is_exit=moment.is_exit)
            or terms_refusal(order, moment.instrument)
            or market_refusal(order, moment, limits, is_exit=moment.is_exit)
        )
