"""What the exchange's rest between small steps costs and saves on the way of a tick: `python -m benchmarks.rests`.

    python -m benchmarks.rests                                # in turn: as it is, and without a rest; about two minutes
    python -m benchmarks.rests rests=own,0,2 turns=5 rate=1000

Between orders nobody waits for the exchange, so it rests and takes the next ticks together: what that leaves of the processors goes to
whoever is on the way. Told are tick -> order, order -> fill and tick -> fill, and the best of each figure over the turns.
"""

import os
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Final

from benchmarks.hops import Hop, latency
from benchmarks.server import private_server

OWN: Final = "own"
"""The rest that the unit asks for by itself."""
TOLD: Final = ("tick -> order", "order -> fill", "tick -> fill")


def main() -> None:
    """Measure in turn and print."""
    given = dict(word.split("=", 1) for word in sys.argv[1:])
    rests, turns = given.get("rests", f"{OWN},0").split(","), int(given.get("turns", "3"))
    rate, seconds = int(given.get("rate", "5000")), float(given.get("seconds", "8"))
    found: defaultdict[tuple[str, str], list[Hop]] = defaultdict(list)
    for _ in range(turns):
        for rest in rests:
            os.environ["REST_MS"] = "0" if rest == OWN else rest
            execution = "sauda_execution" if rest == OWN else "benchmarks.rested"
            with private_server() as (port, _), tempfile.TemporaryDirectory(prefix="sauda-bench-") as folder:
                measured = latency(port, Path(folder), rate, seconds, execution=execution)
            for name in TOLD:
                found[rest, name].append(measured.hop(name))
    for (rest, name), hops in sorted(found.items()):
        p10, p50, p99 = (min(getattr(hop, what) for hop in hops) for what in ("p10_ms", "p50_ms", "p99_ms"))
        print(f"rest {rest:<4} {name:<14} p10 {p10:8.2f}  p50 {p50:8.2f}  p99 {p99:8.2f} ms")


if __name__ == "__main__":
    main()
