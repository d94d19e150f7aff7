"""All combinations, on as many processes as wanted. In which order they are done changes nothing."""

import signal
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from sauda.errors import SaudaError
from sauda.garbage import collect_rarely
from sauda.sweep.trial import Task, Trial, run_trial


class WorkerLostError(SaudaError):
    """A process of the sweep was ended by somebody else, most often for want of memory."""


def trials(task: Task, combinations: Mapping[int, dict[str, str]], jobs: int) -> Iterator[Trial]:
    """Run *combinations* (number -> values) and yield each as it is done.

    Whoever stops asking, or is interrupted, leaves what is not begun undone.

    Args:
        task: What they have in common.
        combinations: Those to run.
        jobs: Processes; with 1 all is done in this one.

    Raises:
        ConfigError: the data cannot be used.
        WorkerLostError: see there.
    """
    if jobs == 1 or len(combinations) < 2:
        for number, values in combinations.items():
            yield run_trial(task, number, values)
        return
    # Fresh processes: a fork would copy whatever threads and files this one has.
    context = get_context("spawn")
    pool = ProcessPoolExecutor(min(jobs, len(combinations)), context, _begin)
    try:
        waiting = [pool.submit(run_trial, task, number, values) for number, values in combinations.items()]
        for done in as_completed(waiting):
            yield done.result()
    except BrokenProcessPool as error:
        raise WorkerLostError(
            "a process of the sweep was ended from outside, perhaps for want of memory: try fewer --jobs"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    # Ctrl-C goes to all processes of a terminal: a worker just leaves, its parent tells what is done.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    collect_rarely()
