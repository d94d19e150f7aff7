"""The wiring of the execution service: settings -> the paper exchange -> its role."""

from collections.abc import Sequence

from sauda.service import Role, run, unit_role
from sauda.settings import Settings
from sauda_execution.units import units


def wire(settings: Settings) -> Sequence[Role]:
    """Build the service's one role: the paper account."""
    return [unit_role(unit, settings) for unit in units(settings)]


def main() -> None:
    """Run the service until SIGTERM."""
    run("execution", wire)


if __name__ == "__main__":
    main()
