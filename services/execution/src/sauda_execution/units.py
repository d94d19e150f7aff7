"""The units of this service as its settings make them: here, and for whoever runs them again."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from sauda.calendar import load_calendar
from sauda.clock import NS_PER_MS
from sauda.contracts import Plain
from sauda.margin import load_margins
from sauda.money import to_paise
from sauda.settings import Settings
from sauda.unit import Unit
from sauda.units import chosen
from sauda.version import code_version
from sauda_execution.charges import load_tariff
from sauda_execution.exchange import paper_unit
from sauda_execution.house import House
from sauda_execution.order_rules import load_order_rules
from sauda_execution.risk.rules import RiskRules
from sauda_execution.risk.rules_file import load_risk
from sauda_execution.settings import HALF_SPREAD_BPS, HALF_SPREAD_FUTURE_BPS, HALF_SPREAD_TICKS, Limits

UNIT: Final = "execution.paper"
DECISIVE: Final = (
    "speed",
    "max_order_age_s",
    "stale_quote_s",
    "brokerage",
    "capital",
    "margin_source",
    "order_latency_ms",
    "slippage_ticks",
    "fills",
)
"""Settings that the exchange's answers depend on."""


def units(settings: Settings, rules: Mapping[str, Mapping[str, Plain]] | None = None) -> list[Unit]:
    """Return the one paper account; its rules are the limits of risk.yaml.

    Raises:
        ConfigError: the market's calendar, price lists or the limits cannot be read.
    """
    risk = load_risk(settings.config, (rules or {}).get(UNIT))
    made_of = chosen(settings, DECISIVE)
    version = code_version("sauda", "sauda_execution")
    return [replace(paper_unit(house(settings, risk)), settings=made_of, rules=risk.plain(), version=version)]


def house(settings: Settings, risk: RiskRules) -> House:
    """Return the desk's own house: with charges, an account, order rules, limits, and an end of every position.

    Raises:
        ConfigError: the market's calendar or price lists cannot be read.
    """
    market = settings.config / "market"
    calendar = load_calendar(market)
    return House(
        calendar,
        _limits(settings),
        tariff=load_tariff(market, settings.brokerage),
        rules=load_order_rules(market),
        risk=risk.at_speed(settings.speed),
        closing=calendar,
        capital=to_paise(settings.capital),
        margins=load_margins(market),
        asks_broker=settings.margin_source == "broker",
    )


def _limits(settings: Settings) -> Limits:
    guards = Limits.at_speed(
        settings.speed, max_order_age_s=settings.max_order_age_s, stale_quote_s=settings.stale_quote_s
    )
    return replace(
        guards,
        latency_ns=settings.order_latency_ms * NS_PER_MS,
        slippage_ticks=settings.slippage_ticks,
        half_spread_ticks=HALF_SPREAD_TICKS,
        half_spread_bps=HALF_SPREAD_BPS,
        half_spread_future_bps=HALF_SPREAD_FUTURE_BPS,
        fills=settings.fills,
    )
