"""Makes a unit as its `opened` records say it was made, from the code that is here, and tells what is not as it was."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from pydantic import ValidationError

from sauda.contracts import Opened, Plain
from sauda.errors import ConfigError
from sauda.settings import Settings
from sauda.unit import Unit
from sauda.units import available

Rules: TypeAlias = Mapping[str, Mapping[str, Plain]]
"""unit -> rules that replace those of its file, key by key"""

Available: TypeAlias = Callable[[Settings, Rules | None], Mapping[str, Unit]]


class MadeOf:
    """One unit, made anew wherever the record says that it was made of something else.

    Settings are always the record's: a desk that ran at 60x decides as it did there, wherever it is run again. Rules are today's,
    so that an edited file shows what it changes, unless they are to be the record's as well.
    """

    def __init__(
        self, name: str, settings: Settings, *, as_recorded: bool = False, units: Available = available
    ) -> None:
        self._name = name
        self._settings = settings
        self._as_recorded = as_recorded
        self._units = units
        self._made: dict[str, Unit] = {}
        self.openings: list[Opened] = []
        """What the unit was made of, one after the other; equal ones once."""
        self.unit: Unit | None = None
        """As it was made last."""

    def __call__(self, opened: Opened | None) -> Unit:
        """Return the unit as of *opened*; the same one for the same settings and rules.

        Raises:
            ConfigError: it cannot be made here.
        """
        if opened is not None and (not self.openings or _facts(opened) != _facts(self.openings[-1])):
            self.openings.append(opened)
        rules = dict(opened.rules) if opened and self._as_recorded else {}
        settings = dict(opened.settings) if opened else {}
        key = repr((settings, rules))
        if key not in self._made:
            self._made[key] = self._make(settings, rules)
        self.unit = self._made[key]
        return self.unit

    def notes(self) -> list[str]:
        """Return what differs between the record and here, one line each."""
        if self.unit is None:
            return []
        if not self.openings:
            return ["the record does not say what it was made of: settings and rules are those of today"]
        here = self._settings.public()
        notes = [
            f"{name} is {_all(values)}, taken from the record (a unit started from here would have {here[name]})"
            for name, values in _values(opened.settings for opened in self.openings).items()
            if values != [here.get(name)]
        ]
        notes += [
            f"rule {name} was {_all(values)} and is {self.unit.rules.get(name)!r} here"
            for name, values in _values(opened.rules for opened in self.openings).items()
            if values != [self.unit.rules.get(name)]
        ]
        return notes

    def same_version(self) -> bool:
        """Return whether all of the record was made by the code that is here."""
        return self.unit is not None and all(one.version == self.unit.version for one in self.openings)

    def _make(self, settings: Mapping[str, Plain], rules: Mapping[str, Plain]) -> Unit:
        made = self._units(
            settings_with(self._settings, settings), {self._name: rules} if rules else None
        ).get(self._name)
        if made is None:
            raise ConfigError(
                f"{self._name} is in the record, but nothing here makes it: its rules file or its service is gone or broken "
                f"(units here: {', '.join(sorted(self._units(self._settings, None)))}); --as-recorded takes the rules from the record"
            )
        return made


def settings_with(settings: Settings, values: Mapping[str, object]) -> Settings:
    """Return *settings* with other *values*, checked as any setting is.

    Raises:
        ConfigError: a value that cannot be used, or a name that is no setting here.
    """
    try:
        return Settings.model_validate({**settings.model_dump(), **values})
    except ValidationError as error:
        detail = error.errors()[0]
        name = str(detail["loc"][0])
        raise ConfigError(f"{name}={values.get(name)!r}: {detail['msg']}") from error


def _facts(opened: Opened) -> tuple[str, Mapping[str, Plain], Mapping[str, Plain]]:
    return opened.version, opened.settings, opened.rules


def _values(mappings: Iterable[Mapping[str, Plain]]) -> dict[str, list[Plain]]:
    found: dict[str, list[Plain]] = {}
    for mapping in mappings:
        for name, value in mapping.items():
            if value not in found.setdefault(name, []):
                found[name].append(value)
    return found


def _all(values: list[Plain]) -> str:
    return ", then ".join(map(repr, values))
