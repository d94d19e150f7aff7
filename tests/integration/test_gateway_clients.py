"""Two hundred clients of the gateway as it is run, ten prices a second each, and one more that follows everything and reads nothing."""

from contextlib import closing
from itertools import islice

from benchmarks.gateway_clients import CLIENTS, runs
from benchmarks.gateway_desk import RATE

MOST_P99_MS = 150
MOST_GROWN_MB = 3
SECONDS = 8


def test_one_that_stalls_among_two_hundred_delays_nobody_and_fills_no_memory() -> None:
    with closing(runs(CLIENTS, SECONDS)) as measured:
        alone, beside = islice(measured, 2)

    print(alone.line(), beside.line(), sep="\n")
    assert alone.clients == beside.clients == CLIENTS
    # Where the machine itself is late, everybody is: then the one that stalls must not make it worse.
    assert beside.p99_ms <= max(MOST_P99_MS, 2 * alone.p99_ms)
    assert beside.updates_per_s >= 0.8 * min(RATE, alone.updates_per_s)
    assert max(beside.memory_mb) - beside.memory_mb[0] < MOST_GROWN_MB
