"""Orders that belong together: brackets, OCO groups, trailing stops and baskets, one part of the exchange each.

What one of them does to an order happens in the step of the trade that caused it, before any other order meets the market:
so there is no moment at which both sides of a group could trade.
"""

from sauda.state import State
from sauda_execution.admission import Admission
from sauda_execution.groups.basket import Baskets
from sauda_execution.groups.bracket import Brackets
from sauda_execution.groups.oco import OcoGroups
from sauda_execution.groups.trailing import TrailingStops
from sauda_execution.known import Known
from sauda_execution.parts import Part


def group_parts(state: State, known: Known, admission: Admission) -> list[Part]:
    """Return the parts that hold orders together, in the order in which they are asked."""
    return [
        OcoGroups(state, known.book),
        Brackets(state, known),
        TrailingStops(state, known),
        Baskets(state, known, admission),
    ]


__all__ = ["group_parts"]
