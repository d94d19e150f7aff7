"""The units of this service as its settings make them: here, and for whoever runs them again."""

from collections.abc import Mapping
from typing import Final

from sauda.calendar import load_calendar
from sauda.contracts import Plain
from sauda.settings import Settings
from sauda.unit import Unit
from sauda.units import chosen, ruleless
from sauda.version import code_version
from sauda_execution.charges import load_tariff
from sauda_execution.exchange import paper_unit
from sauda_execution.house import House
from sauda_execution.settings import Limits

DECISIVE: Final = ("speed", "max_order_age_s", "stale_quote_s", "brokerage")
"""Settings that the exchange's answers depend on."""


def units(settings: Settings, rules: Mapping[str, Mapping[str, Plain]] | None = None) -> list[Unit]:
    """Return the one paper account; it has no rules.

    Raises:
        ConfigError: the market's calendar or price lists cannot be read, or *rules* name it.
    """
    market = settings.config / "market"
    calendar = load_calendar(market)
    limits = Limits.at_speed(
        settings.speed, max_order_age_s=settings.max_order_age_s, stale_quote_s=settings.stale_quote_s
    )
    house = House(calendar, limits, tariff=load_tariff(market, settings.brokerage))
    made_of = chosen(settings, DECISIVE)
    return ruleless(paper_unit(house), made_of, code_version("sauda", "sauda_execution"), rules)
