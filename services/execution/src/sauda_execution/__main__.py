"""The wiring of the execution service: settings -> calendar, limits -> paper exchange -> its unit."""

from collections.abc import Sequence

from sauda.calendar import load_calendar
from sauda.service import Role, run, unit_role
from sauda.settings import Settings
from sauda_execution.exchange import paper_unit
from sauda_execution.settings import Limits


def wire(settings: Settings) -> Sequence[Role]:
    """Build the service's one role: the paper account."""
    calendar = load_calendar(settings.config / "market")
    limits = Limits.at_speed(
        settings.speed, max_order_age_s=settings.max_order_age_s, stale_quote_s=settings.stale_quote_s
    )
    return [unit_role(paper_unit(calendar, limits), settings)]


def main() -> None:
    """Run the service until SIGTERM."""
    run("execution", wire)


if __name__ == "__main__":
    main()
