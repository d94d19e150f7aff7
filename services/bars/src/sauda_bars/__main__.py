"""The wiring of the bars service: settings -> the desk's bars -> their role.

ticks, replies -> bars.desk -> bars, subscriptions (what it asks of the past)
"""

from collections.abc import Sequence

from sauda.service import Role, run, unit_role
from sauda.settings import Settings
from sauda_bars.units import units


def wire(settings: Settings) -> Sequence[Role]:
    """Build the service's one role.

    Raises:
        ConfigError: the market's calendar cannot be read.
    """
    return [unit_role(unit, settings) for unit in units(settings)]


def main() -> None:
    """Run the service until SIGTERM."""
    run("bars", wire)


if __name__ == "__main__":
    main()
