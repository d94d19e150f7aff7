"""The units of this service as its settings make them: here, and for whoever runs them again."""

from collections.abc import Mapping
from typing import Final

from sauda.clock import NS_PER_MS
from sauda.contracts import Plain
from sauda.settings import Settings
from sauda.unit import Unit
from sauda.units import chosen, ruleless
from sauda.version import code_version
from sauda_pnl.valuation import valuation_unit

DECISIVE: Final = ("pnl_grid_ms",)
"""Settings that the valuation's points depend on."""


def units(settings: Settings, rules: Mapping[str, Mapping[str, Plain]] | None = None) -> list[Unit]:
    """Return the one valuation; it has no rules.

    Raises:
        ConfigError: *rules* name it.
    """
    made_of = chosen(settings, DECISIVE)
    return ruleless(
        valuation_unit(settings.pnl_grid_ms * NS_PER_MS), made_of, code_version("sauda", "sauda_pnl"), rules
    )
