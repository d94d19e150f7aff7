"""The unit of this service as its settings make it: here, and for whoever runs it again."""

from collections.abc import Mapping

from sauda.calendar import load_calendar
from sauda.contracts import Plain
from sauda.settings import Settings
from sauda.unit import Unit
from sauda.units import ruleless
from sauda.version import code_version
from sauda_bars.desk import bars_unit


def units(settings: Settings, rules: Mapping[str, Mapping[str, Plain]] | None = None) -> list[Unit]:
    """Return the one unit; it has no rules, and no setting changes what it says.

    Raises:
        ConfigError: the market's calendar cannot be read, or *rules* name the unit.
    """
    calendar = load_calendar(settings.config / "market")
    return ruleless(bars_unit(calendar.session), {}, code_version("sauda", "sauda_bars"), rules)
