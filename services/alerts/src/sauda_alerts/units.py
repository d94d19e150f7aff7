"""The unit of this service as its settings make it: here, and for whoever runs it again."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from sauda.bars.timeframes import Hours
from sauda.calendar import load_calendar
from sauda.contracts import Plain
from sauda.errors import ConfigError
from sauda.settings import Settings
from sauda.unit import Unit
from sauda.units import chosen
from sauda.version import code_version
from sauda_alerts.desk import NAME, alerts_unit
from sauda_alerts.rules_file import load_limits, load_rules

DECISIVE: Final = ("speed",)
"""Settings that its alerts depend on: patience is the desk's own, not the market's."""


def units(settings: Settings, rules: Mapping[str, Mapping[str, Plain]] | None = None) -> list[Unit]:
    """Return the one unit; its rules are those of alerts.yaml, and what risk.yaml lets a day lose.

    Raises:
        ConfigError: the market's calendar, the rules or the limits cannot be read.
    """
    changes = (rules or {}).get(NAME)
    found, limits = load_rules(settings.config, changes), load_limits(settings.config, changes)
    calendar = load_calendar(settings.config / "market")
    unit = alerts_unit(found, limits, forgiving(calendar.session), settings.speed)
    version = code_version("sauda", "sauda_alerts")
    return [
        replace(
            unit,
            settings=chosen(settings, DECISIVE),
            rules={**found.flat(), **limits.flat()},
            version=version,
        )
    ]


def forgiving(sessions: Callable[[str, date], Hours | None]) -> Callable[[str, date], Hours | None]:
    """Return *sessions* that are closed where nothing is known: one strange contract must not silence the rest."""

    def hours(exchange: str, day: date) -> Hours | None:
        try:
            return sessions(exchange, day)
        except ConfigError:
            return None

    return hours
