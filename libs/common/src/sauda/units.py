"""Finds the units of whatever services are installed, without knowing any service.

A service names its function `units(settings, rules) -> [Unit]` in the entry point group `sauda.units` of its package.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import entry_points
from typing import Final, Protocol

from sauda.contracts import Plain
from sauda.errors import ConfigError
from sauda.settings import Settings
from sauda.unit import Unit

GROUP: Final = "sauda.units"


class MakeUnits(Protocol):
    """What a service offers."""

    def __call__(
        self, settings: Settings, rules: Mapping[str, Mapping[str, Plain]] | None = None
    ) -> Sequence[Unit]:
        """Return the service's units.

        Args:
            settings: As the service itself would be started with.
            rules: unit -> rules that replace those of its file, key by key.

        Raises:
            ConfigError: settings or rules that no unit can be made of.
        """


def available(settings: Settings, rules: Mapping[str, Mapping[str, Plain]] | None = None) -> dict[str, Unit]:
    """Return every unit that the installed services make of *settings*, by name.

    Raises:
        ConfigError: see `MakeUnits`, or no service is installed here.
    """
    offers = sorted(entry_points(group=GROUP), key=lambda offer: offer.name)
    if not offers:
        raise ConfigError("no service is installed here, so there are no units: use the program in .venv/bin")
    makers: list[MakeUnits] = [offer.load() for offer in offers]
    return {unit.name: unit for make in makers for unit in make(settings, rules)}


def chosen(settings: Settings, names: Sequence[str]) -> dict[str, Plain]:
    """Return the settings *names* as a record can keep them."""
    public = settings.public()
    return {name: public[name] for name in names}


def ruleless(
    unit: Unit,
    settings: Mapping[str, Plain],
    version: str,
    rules: Mapping[str, Mapping[str, Plain]] | None,
) -> list[Unit]:
    """Return *unit*, which has no rules, with what it was made of.

    Raises:
        ConfigError: *rules* name it.
    """
    if rules and rules.get(unit.name):
        raise ConfigError(f"{unit.name} follows no rules; what can be set for it: {', '.join(settings)}")
    return [replace(unit, settings=settings, version=version)]
