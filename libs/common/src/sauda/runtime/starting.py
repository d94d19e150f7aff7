"""`up`, step by step: check, start, wait, and say where to look or what is wrong."""

import subprocess
import sys
import time
from collections.abc import Mapping

from sauda.clock import monotonic_s
from sauda.errors import ConfigError
from sauda.runtime.desk import WATCHERS, Desk, Replica, Say
from sauda.runtime.place import Place
from sauda.runtime.reasons import Waiting, without_process

PATIENCE_S = 180.0
"""From the first start to all healthy, on a slow machine too."""

_CHECK_S = 60
_SHOWN = 15
"""Log lines of a service that is not healthy: what it said last is mostly why."""


def check_rules(place: Place, variables: Mapping[str, str]) -> None:
    """Let the strategy service read its rules; the library does not know them.

    Raises:
        ConfigError: it refuses them; with its own words.
    """
    folder = place.root / (variables.get("SAUDA_CONFIG") or "config") / "strategies"
    own_kinds = place.root / (variables.get("SAUDA_STRATEGIES") or "strategies")
    command = [sys.executable, "-m", "sauda_strategy.check", str(folder), str(own_kinds)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_CHECK_S, check=False)
    if done.returncode:
        raise ConfigError((done.stderr or done.stdout).strip())


def say_what_to_know(place: Place, variables: Mapping[str, str], before: str | None, say: Say) -> None:
    """Say what is no mistake and yet may surprise: another book takes over, nobody trades.

    Args:
        place: The project.
        variables: What was asked for.
        before: The book that is up now.
        say: Prints a line.
    """
    if before and before != variables["SAUDA_DESK"]:
        say(f"desk {before!r} is stopped; its book stays: make up DESK={before} goes on")
    folder = place.root / (variables.get("SAUDA_CONFIG") or "config") / "strategies"
    if not any(one.suffix in {".yaml", ".yml"} for one in (folder.iterdir() if folder.is_dir() else ())):
        say(f"warning: no strategy in {folder}: the desk runs, and trades nothing")


def wait_until_healthy(desk: Desk, say: Say, patience_s: float = PATIENCE_S) -> list[Replica]:
    """Return the replicas that are not healthy after *patience_s*, or never will be; none if all is well.

    If it takes longer than a few seconds, say what it waits for and why.
    """
    deadline, waiting = monotonic_s() + patience_s, Waiting(say)
    while True:
        replicas = desk.replicas()
        there = {one.service for one in replicas}
        ill = [one for one in replicas if not one.healthy and one.service not in WATCHERS]
        absent = [one for one in desk.services() if one not in there and one not in WATCHERS]
        if not ill and not absent:
            return []
        if hopeless := [one for one in ill if one.hopeless]:
            return hopeless  # the others only wait for these
        if monotonic_s() > deadline:
            return [*ill, *(Replica(one, one, "not started", False, "", 0, "") for one in absent)]
        waiting.look(ill)
        time.sleep(0.3)


def say_what_is_wrong(desk: Desk, ill: list[Replica], say: Say) -> None:
    """Print who is not healthy, and the end of its log."""
    for replica in ill:
        said = without_process(replica.detail)
        what = "refuses its settings" if replica.hopeless else f"is not healthy: {replica.state.lower()}"
        say(f"{replica.name} {what}{f': {said}' if said else ''}")
    for service in dict.fromkeys(one.service for one in ill):
        say(f"the end of its log (all of it: make logs s={service}):")
        for line in _without_repeats(list(desk.logs([service], 60, follow=False))):
            say(f"  {line}")


def _without_repeats(lines: list[str]) -> list[str]:
    """Return the last lines, each once: a service that fails again and again says the same each time."""
    return list(dict.fromkeys(lines))[-_SHOWN:]


def say_where_to_look(desk: Desk, variables: Mapping[str, str], say: Say) -> None:
    """Print what a newcomer types next."""
    source = variables["SAUDA_SOURCE"]
    what = variables.get("SAUDA_RECORDING", "") if source == "recording" else source
    say(
        f"\nThe desk {variables['SAUDA_DESK']!r} is up ({desk.runtime}): {what} at {variables['SAUDA_SPEED']}x\n"
    )
    for line in desk.summary():
        say(f"  {line}")
    say(
        "\n"
        "  .venv/bin/sauda fills              what was traded\n"
        "  .venv/bin/sauda pnl                what it is worth\n"
        "  .venv/bin/sauda tail ticks --follow\n"
        "  make logs s=strategy               what it thinks\n"
        "  make ps    make down"
    )
