"""The wiring of the strategy service: rules files -> strategies -> a unit each.

A rules file that cannot be used is cried out and left aside; the others trade. With none at all the service
stays up and idle, so that a desk without strategies is a healthy desk.
"""

from collections.abc import Sequence

from sauda.service import Role, open_log, run, unit_role
from sauda.settings import Settings
from sauda_strategy.instances import Instances


def wire(settings: Settings) -> Sequence[Role]:
    """Build a role for each strategy instance, and one that looks after them."""
    instances = Instances(settings, open_log(settings), lambda unit: unit_role(unit, settings))
    return [instances.role, *instances.begin()]


def main() -> None:
    """Run the service until SIGTERM."""
    run("strategy", wire)


if __name__ == "__main__":
    main()
