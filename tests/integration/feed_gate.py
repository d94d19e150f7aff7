"""The gate for feed faults: a seeded schedule of everything that goes wrong, and the judge's verdict.

    python -m tests.integration.feed_gate --seed 3 --seconds 60

runs random combinations for so long, judges the desk's stream afterwards, and exits 1 if it refuses it.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from sauda.clock import monotonic_s
from sauda.contracts import Tick
from tests.integration.fed_desk import Gate, fed, pause

GARBAGE = (
    '{"t":"tf","e":"NFO","tk":',
    '{"t":"tf","e":"NSE","tk":"26000","lp":"garbage"}',
    '{"t":"tf","e":"NSE","tk":"26000","lp":"-5"}',
    '{"t":"tf","e":"NSE","tk":"26000","lp":"1e9"}',
    '{"t":"tf","e":"NSE","tk":"26000","lp":"0","ft":"0"}',
    '{"t":"tf","e":"XXX","tk":"1","lp":"1.00"}',
    "[1,2,3]",
    "null",
    "",
)


def random_step(gate: Gate, dice: random.Random) -> str:
    """Let one to three things go wrong at once; return their names."""
    done = dice.sample(sorted(CHEAP), dice.randint(1, 3))
    for name in done:
        CHEAP[name](gate, dice)
        pause(dice.choice((0.0, 0.0, 0.05, 0.3)))
    return "+".join(done)


Action = Callable[[Gate, random.Random], object]

CHEAP: dict[str, Action] = {
    "drop": lambda gate, _: gate.costs_frames("drop", lambda: gate.fault("drop")),
    "close": lambda gate, _: gate.costs_frames("close", lambda: gate.fault("drop", code=1001)),
    "kick": lambda gate, _: gate.costs_frames("kick", lambda: gate.fault("kick")),
    "half_frame": lambda gate, _: gate.costs_frames("half a frame", lambda: gate.fault("half_frame")),
    "expire_session": lambda gate, _: gate.costs_frames("expiry", lambda: gate.fault("expire_session")),
    "expire_quietly": lambda gate, _: gate.fault("expire_session", drop=False),
    "malformed": lambda gate, dice: gate.fault("malformed", text=dice.choice(GARBAGE)),
    "duplicate": lambda gate, dice: gate.fault("duplicate", frames=dice.randint(1, 200)),
    "out_of_order": lambda gate, dice: gate.fault("out_of_order", frames=dice.randint(1, 100)),
    "stale_snapshot": lambda gate, dice: gate.fault("stale_snapshot", seconds=dice.choice((30, 600))),
    "latency": lambda gate, dice: gate.fault(
        "latency", rest_ms=dice.randint(0, 400), ws_ms=dice.randint(0, 400)
    ),
    "http_502": lambda gate, dice: gate.fault("http_502", requests=dice.randint(1, 2)),
    "ws_502": lambda gate, dice: gate.fault("ws_502", requests=dice.randint(1, 3)),
    "kill_feed": lambda gate, dice: gate.restart_feed(dice.uniform(0, 0.3)),
    "kill_broker": lambda gate, dice: gate.restart_simulator(dice.uniform(0, 0.3)),
    "mute_and_kill_feed": lambda gate, dice: muted_then_killed(gate, dice.uniform(0.2, 1.5)),
}
"""What is over soon: a mute socket alone costs the feed ten seconds to notice."""


def muted_then_killed(gate: Gate, after_s: float) -> None:
    """Kill the feed while it does not know yet that its socket is dead."""
    gate.costs_frames("mute", lambda: gate.fault("mute"))
    pause(after_s)
    gate.restart_feed()


LEAST_STEPS = 4
"""However slow the machine is."""


def random_run(gate: Gate, seed: int, seconds: float, tell: Callable[[str], None]) -> None:
    """Let things go wrong for *seconds*, and a few times at least; each time the desk must recover."""
    dice, until_s, steps = random.Random(seed), monotonic_s() + seconds, 0
    while monotonic_s() < until_s or steps < LEAST_STEPS:
        steps += 1
        done = random_step(gate, dice)
        pause(dice.choice((0.0, 0.2, 0.6)))
        gate.fault("clear")
        took_s = gate.recovers(done)
        gate.in_order_again()
        tell(f"{done}: all is seen again after {took_s:.1f} s")
    # What was on its way when the last step was over must be told, too.
    pause(1)
    gate.recovers("the last step")


def main() -> int:
    """Run a schedule and judge it; 1 if the desk was told anything wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.integration.feed_gate", description="Let a feed meet every fault; judge it."
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--depth", action="store_true", help="with five levels of each book")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sauda-gate-") as folder, fed(Path(folder)) as gate:
        gate.feed.environ["SAUDA_FEED_DEPTH"] = str(asked.depth)
        gate.open()
        random_run(gate, asked.seed, asked.seconds, print)
        found = gate.verdict()
        ticks = sum(isinstance(message, Tick) for message in gate.said())
    print(f"seed {asked.seed}: {ticks} ticks, {len(gate.blackouts)} blackouts, {len(found)} violations")
    for violation in found[:20]:
        print(f"  {violation}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
