"""What is broken, when and for how long: a list that follows from the seed and the length alone. Pure.

The same seed gives the same list on every machine; which process is the *holder* at that instant is the run's own history.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

SERVICES: Final = ("feed", "strategy", "execution", "pnl", "bars", "archive", "alerts")
"""The services that take part, in the order of the data's flow."""


class Act(Enum):
    """What can be done to a victim."""

    KILL = "kill"
    """`kill -9`; started again after the event's duration."""
    PAUSE = "pause"
    """SIGSTOP; goes on after the duration, as a process that does not know it was away."""
    RESTART = "restart"
    """SIGTERM, and a new process once it has ended."""
    DOUBLE = "double"
    """One replica more for a while."""
    CUT = "cut"
    """Every connection to Redis and the database is reset."""
    HALF_OPEN = "half-open"
    """Connections stay open and carry nothing any more; new ones work."""
    HANG = "hang"
    """New connections are accepted and never answered; those that are open are reset first."""
    REFUSE = "refuse"
    """New connections are refused; those that are open are reset first."""
    SLOW = "slow"
    """Latency, jitter and little bandwidth."""
    HOLD = "hold"
    """What is on its way arrives after the lease has run out: a zombie's commit."""
    LOSE_ANSWER = "lost answer"
    """The next commit reaches the server, its answer never comes back."""
    LOSE_REQUEST = "lost request"
    """The next commit never reaches the server."""
    KILL_REDIS = "kill redis"
    PAUSE_REDIS = "pause redis"
    KILL_DATABASE = "kill database"
    LOSE_ROWS_ANSWER = "lost answer of the database"
    """The next transaction is done, its answer never comes back."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that is done to the desk."""

    at_s: float
    """Seconds after the first one could be."""
    act: Act
    victim: str
    """`execution/holder`, `execution/1`, `redis`, `database`."""
    for_s: float
    """How long it lasts: the pause, the outage, the time until a killed process is started again."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How often an act is done, and how long it lasts."""

    per_minute: float
    shortest_s: float
    longest_s: float


def rates(lease_ms: int) -> dict[Act, Rate]:
    """Return what a minute has of each act; what must outlast a lease is measured in leases."""
    lease_s = lease_ms / 1000
    past = (1.2 * lease_s, 2.4 * lease_s)
    return {
        Act.KILL: Rate(23, 0.0, 0.25),
        Act.PAUSE: Rate(10, *past),
        Act.RESTART: Rate(3, 0.0, 0.0),
        Act.DOUBLE: Rate(2, 4.0, 8.0),
        Act.CUT: Rate(3, 0.0, 0.0),
        Act.HALF_OPEN: Rate(2, 0.0, 0.0),
        Act.HANG: Rate(1, 0.5, 3.0),
        Act.REFUSE: Rate(2, 0.3, 2.0),
        Act.SLOW: Rate(2, 2.0, 6.0),
        Act.HOLD: Rate(4, *past),
        Act.LOSE_ANSWER: Rate(6, 0.0, 0.0),
        Act.LOSE_REQUEST: Rate(3, 0.0, 0.0),
        Act.KILL_REDIS: Rate(1, 0.1, 0.8),
        Act.PAUSE_REDIS: Rate(0.6, 0.3, 1.2),
        Act.KILL_DATABASE: Rate(1, 0.1, 2.0),
        Act.LOSE_ROWS_ANSWER: Rate(3, 0.0, 0.0),
    }


SERVERS: Final = {Act.KILL_REDIS: "redis", Act.PAUSE_REDIS: "redis", Act.KILL_DATABASE: "database"}


def schedule(seed: int, minutes: float, lease_ms: int, services: Sequence[str] = SERVICES) -> list[Event]:
    """Return the events of a run, in order.

    Each act has its number of slots, of equal length, and happens once in each: the counts depend on the length alone.
    """
    length_s = minutes * 60
    events: list[Event] = []
    for act, rate in rates(lease_ms).items():
        # A die for each act: a change of one rate leaves the others' times alone.
        dice = random.Random(f"{seed}/{act.value}")  # noqa: S311  (a schedule needs no secrets)
        count = max(1, round(rate.per_minute * minutes))
        slot_s = length_s / count
        for number in range(count):
            at_s = round((number + dice.random()) * slot_s, 3)
            for_s = round(dice.uniform(rate.shortest_s, rate.longest_s), 3)
            events.append(Event(at_s, act, _victim(act, number, services, dice), for_s))
    return sorted(events, key=lambda event: (event.at_s, event.act.value, event.victim))


def _victim(act: Act, number: int, services: Sequence[str], dice: random.Random) -> str:
    if act in SERVERS:
        return SERVERS[act]
    if act is Act.LOSE_ROWS_ANSWER:
        return f"pnl/{dice.randint(1, 2)}"
    # In turn, so that no service is forgotten in a short run; mostly the one whose loss is felt.
    service = services[number % len(services)]
    return f"{service}/holder" if dice.random() < 0.75 else f"{service}/{dice.randint(1, 2)}"
