"""What every service says of its loops, from the same words as its health file, and the way from a service to its page."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from sauda.metrics import measures
from sauda.metrics.endpoint import Endpoint
from sauda.metrics.measures import Figures, Reading
from sauda.settings import Settings

if TYPE_CHECKING:
    from sauda.health import Health
    from sauda.service import Role


def endpoint_of(
    settings: Settings,
    health: "Health",
    roles: "Callable[[], Sequence[Role]]",
    more: Iterable[Figures | None] = (),
) -> Endpoint:
    """Return the page of a service.

    Args:
        settings: They must have a `metrics_port`.
        health: What is said at /health and /ready.
        roles: The loops that there are at the moment.
        more: What is told beside them.
    """
    beside = [one for one in more if one is not None]

    def read() -> list[Reading]:
        now = roles()
        figures = [*beside, *(role.figures for role in now if role.figures is not None)]
        told = [reading for one in figures for reading in one.readings()]
        return [*_process(health), *(line for role in now for line in _role(role)), *_merged(told)]

    return Endpoint(settings.metrics_host, settings.metrics_port or 0, settings.desk, health, read)


def _process(health: "Health") -> list[Reading]:
    ready = health.last is not None and health.last.ready
    return [Reading(measures.READY, (), int(ready))]


def _role(role: "Role") -> list[Reading]:
    facts = role.facts()
    ready = role.failure is None and role.ready()
    phase = "failed" if role.failure is not None else facts.get("phase")
    found = [Reading(measures.ROLE_READY, (role.name,), int(ready))]
    if isinstance(phase, str):
        found.append(Reading(measures.PHASE, (role.name, phase), 1))
    # A truth is a number to Python, and no figure.
    numbers = [
        (name, fact)
        for name, fact in facts.items()
        if isinstance(fact, int | float) and not isinstance(fact, bool)
    ]
    return found + [Reading(measures.FACT, (role.name, name), fact) for name, fact in numbers]


def _merged(readings: list[Reading]) -> list[Reading]:
    """Return one reading for each set of labels: two units of a process may both have told of the same strategy."""
    found: dict[tuple[measures.Measure, tuple[str, ...]], Reading] = {}
    for reading in readings:
        key = (reading.measure, reading.labels)
        before = found.get(key)
        is_sum = before is not None and reading.measure.kind is measures.Kind.COUNTER
        found[key] = reading._replace(value=_sum(before, reading)) if before and is_sum else reading
    return list(found.values())


def _sum(one: Reading, other: Reading) -> float:
    both = (one.value, other.value)
    return sum(value for value in both if isinstance(value, int | float))
