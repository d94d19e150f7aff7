"""The unit of this service as its settings make it: here, and for whoever runs it again."""

from collections.abc import Mapping
from typing import Final

from sauda.calendar import load_calendar
from sauda.contracts import Plain
from sauda.settings import Settings
from sauda.unit import Unit
from sauda.units import chosen, ruleless
from sauda.version import code_version
from sauda_bars.desk import bars_unit

DECISIVE: Final = ("speed",)
"""Settings that its bars depend on: how long they wait for an answer about the past."""


def units(settings: Settings, rules: Mapping[str, Mapping[str, Plain]] | None = None) -> list[Unit]:
    """Return the one unit; it has no rules.

    Raises:
        ConfigError: the market's calendar cannot be read, or *rules* name the unit.
    """
    calendar = load_calendar(settings.config / "market")
    made_of, version = chosen(settings, DECISIVE), code_version("sauda", "sauda_bars")
    return ruleless(bars_unit(calendar.session, settings.speed), made_of, version, rules)
