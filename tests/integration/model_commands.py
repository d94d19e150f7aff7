"""Random commands to a log, for the check of the model; leases and entries are said by number."""

import random
from typing import Any, Final

from sauda.log import Output

UNITS: Final = ("unit.a", "unit.b")
STREAMS: Final = ("ticks", "orders", "control")
WRITTEN: Final = (*STREAMS, "alerts", "journal")

TIMES_TO_LIVE_MS: Final = (30_000, 70_000)
PASSING_MS: Final = 20_000
"""No lease is within ten seconds of its end after whole steps of this, so the test's own milliseconds do not matter."""

Command = tuple[str, dict[str, Any]]
_STATES: Final = (b"t/x", b"t/y", b"u/x")


def commands(dice: random.Random, length: int) -> list[Command]:
    """Return a random sequence: mostly what a desk does, often what it never should."""
    makers = (_lease_command, _reading_command, _step_command, _step_command, _append_command)
    opening: list[Command] = [("acquire", {"unit": unit, "ttl_ms": 70_000}) for unit in UNITS]
    opening += [("load", {"lease": back, "inputs": STREAMS[back:]}) for back in (0, 1)]
    return [*opening, *(dice.choice(makers)(dice) for _ in range(length))]


def _any_lease(dice: random.Random) -> int:
    """Say how many leases were given out after the one that is meant: the older, the likelier a zombie."""
    return dice.choice((0, 0, 0, 0, 1, 1, 1, 2, 3, 99))


def _lease_command(dice: random.Random) -> Command:
    match dice.randrange(7):
        case 0 | 1:
            return "acquire", {"unit": dice.choice(UNITS), "ttl_ms": dice.choice(TIMES_TO_LIVE_MS)}
        case 2:
            return "renew", {"lease": _any_lease(dice)}
        case 3:
            return "release", {"lease": _any_lease(dice)}
        case 4:
            return "pass", {"milliseconds": PASSING_MS}
        case 5:
            return "left", {"unit": dice.choice((*UNITS, "unit.nobody"))}
        case _:
            inputs = tuple(dice.sample(STREAMS, dice.randint(0, 3)))
            return "load", {"lease": _any_lease(dice), "inputs": inputs}


def _reading_command(dice: random.Random) -> Command:
    match dice.randrange(3):
        case 0:
            return "read", {"behind": _behind(dice), "count": dice.randint(1, 6)}
        case 1:
            kinds = ("-", "+", "id", "(id", "ms", "(ms")
            ends = (dice.choice(kinds), dice.choice(kinds))
            numbers = (dice.randint(0, 8), dice.randint(1, 12))
            count = dice.choice((None, 1, 3))
            return "range", {"stream": dice.choice(WRITTEN), "ends": ends, "numbers": numbers, "count": count}
        case _:
            return "state", {"unit": dice.choice((*UNITS, "unit.nobody"))}


def _behind(dice: random.Random) -> dict[str, int]:
    return {name: dice.randint(0, 10) for name in dice.sample(STREAMS, dice.randint(1, 3))}


def _step_command(dice: random.Random) -> Command:
    moves = {
        name: (dice.choice((0, 0, 0, 0, 0, -1, 1)), dice.choice((0, 0, 0, 0, 0, 1)), dice.randint(1, 3))
        for name in dice.sample(STREAMS, dice.choice((0, 1, 1, 1, 2)))
    }
    rows = dice.sample(_STATES, dice.randint(0, 2))
    return "commit", {
        "lease": _any_lease(dice),
        "behind": _behind(dice) if dice.random() < 0.3 else {},
        "moves": moves,
        "changes": {row: dice.choice((None, b"%d" % dice.randrange(100))) for row in rows},
        "outputs": _outputs(dice, dice.randint(0, 3)),
        "last": dice.random() < 0.1,
    }


def _append_command(dice: random.Random) -> Command:
    return "append", {"outputs": _outputs(dice, dice.randint(0, 3))}


def _outputs(dice: random.Random, count: int) -> list[Output]:
    streams = (*STREAMS, "ticks", "alerts")
    return [
        Output(dice.choice(streams), b"message %d" % dice.randrange(1000), dice.choice((b"", b"ticks 1-0")))
        for _ in range(count)
    ]
