"""The wiring of the alerts service: settings -> the unit, the watcher, a courier for each destination.

executions, pnl, ticks -> alerts.desk -> alerts;   Redis, disks -> alerts.watch -> alerts;   alerts -> alerts.to.* -> people
"""

from collections.abc import Sequence

from sauda.service import Role, run, unit_role
from sauda.settings import Settings
from sauda_alerts.units import units


def wire(settings: Settings) -> Sequence[Role]:
    """Build the service's roles; nothing connects yet.

    Raises:
        ConfigError: config/alerts.yaml, risk.yaml, the calendar or an address cannot be used.
    """
    return [unit_role(unit, settings) for unit in units(settings)]


def main() -> None:
    """Run the service until SIGTERM."""
    run("alerts", wire)


if __name__ == "__main__":
    main()
