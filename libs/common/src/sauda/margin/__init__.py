"""Margin without the broker: what positions on one underlying need, by scenarios and dated rates. Pure.

    rules (config/market/margins.yaml) -> Rates        what holds on a day
    Leg, Rates -> scan                                 what a contract gains in each scenario (Black-76)
    legs, Rates -> requirement, worst                  what they need together
    available, one lot -> max_quantity

Floats live inside; what comes out is whole rupees in paise, rounded up.
"""

from sauda.margin.quantity import max_quantity
from sauda.margin.rules import MarginBook, Rates, load_margins
from sauda.margin.scan import Leg, Priced, priced
from sauda.margin.span import NOTHING, Requirement, netted, requirement, requirement_of, worst, worst_of

__all__ = [
    "NOTHING",
    "Leg",
    "MarginBook",
    "Priced",
    "Rates",
    "Requirement",
    "load_margins",
    "max_quantity",
    "netted",
    "priced",
    "requirement",
    "requirement_of",
    "worst",
    "worst_of",
]
