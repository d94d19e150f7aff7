"""Makes the units of a record: of what the record says, or of what today's files say."""

from collections.abc import Callable

from sauda.contracts import Opened
from sauda.errors import ConfigError
from sauda.rerun.rerun import MakeUnit
from sauda.settings import Settings
from sauda.unit import Unit
from sauda.units import available


def as_recorded(settings: Settings) -> Callable[[str], MakeUnit]:
    """Return a maker of each unit with the settings and rules that its `opened` record names.

    The maker raises ConfigError for a unit of which neither the record nor the files say enough.
    """

    def maker(name: str) -> MakeUnit:
        def make(opened: Opened | None) -> Unit:
            recorded = settings.model_copy(update=opened.settings) if opened else settings
            rules = {name: opened.rules} if opened and opened.rules else None
            return one(available(recorded, rules), name)

        return make

    return maker


def one(units: dict[str, Unit], name: str) -> Unit:
    """Return the unit *name*.

    Raises:
        ConfigError: nothing installed here makes it.
    """
    if name not in units:
        raise ConfigError(f"no service here makes the unit {name!r}; there are: {', '.join(sorted(units))}")
    return units[name]
