"""Lives many seeds, on as many processors as wanted. A seed comes to the same in whatever process it is lived."""

import gc
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from simulation.life import Life, Outcome


def outcomes(seeds: range, jobs: int) -> Iterator[Outcome]:
    """Yield what each of *seeds* comes to, in their order."""
    if jobs == 1:
        yield from map(lived, seeds)
        return
    # Spawned, not forked: nothing of this process can be in what a seed comes to.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_settle) as pool:
        try:
            yield from pool.map(lived, seeds, chunksize=20)
        finally:
            # Whoever has seen enough does not wait for the rest.
            pool.shutdown(wait=True, cancel_futures=True)


def lived(seed: int) -> Outcome:
    """Live one seed."""
    return Life(seed).run()


def _settle() -> None:
    # What was loaded stays; a run leaves little garbage, so it is seldom looked for.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
