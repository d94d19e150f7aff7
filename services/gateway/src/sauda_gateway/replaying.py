"""The process of one replay: what `sauda replay --into` does, definitions included; it ends with its gateway.

    python -m sauda_gateway.replaying DESK INTO FROM TO DATE SPEED HOW        empty: none; HOW: resume, or empty

The market that is watched again begins with what could be traded then, as it would for a service that joins.
"""

import os
import sys
import threading
from datetime import date
from pathlib import Path
from typing import Final

from sauda.cli.replay_course import Asked
from sauda.cli.replay_run import Wish, run_replay
from sauda.clock import SystemClock
from sauda.errors import SaudaError
from sauda.record import Record
from sauda.settings import load_settings
from sauda.window import parse_bound

STREAMS: Final = ("ticks", "bars", "signals", "orders", "executions", "pnl", "control", "alerts")
_LOOK_S: Final = 0.5


def main() -> None:
    """Replay what the command line says, as long as the parent lives."""
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()
    try:
        desk, into, since, until, day, speed, how = sys.argv[1:]
        code = _replay(desk, _wish(_asked(since, until, day), into, speed, how))
    except SaudaError as error:
        sys.stderr.write(f"{error}\n")
        code = 1
    sys.exit(code)


def _asked(since: str, until: str, day: str) -> Asked:
    bounds = (("--from", since), ("--to", until), ("--date", day))
    return Asked(
        streams=STREAMS,
        since=parse_bound(since) if since else None,
        until=parse_bound(until) if until else None,
        day=date.fromisoformat(day) if day else None,
        define=True,
        text=" ".join([*STREAMS, *(f"{option} {text}" for option, text in bounds if text)]),
    )


def _wish(asked: Asked, into: str, speed: str, how: str) -> Wish:
    return Wish(asked, float(speed), None, step=False, into=into, services=(), how=how, as_json=False)


def _replay(desk: str, wish: Wish) -> int:
    record = Record.open(load_settings(), desk)
    try:
        return run_replay(record, wish, Path.cwd())
    finally:
        record.close()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        SystemClock().sleep(_LOOK_S)
    os._exit(1)  # What was written is committed with how far it came; the lease runs out by itself.


if __name__ == "__main__":
    main()
