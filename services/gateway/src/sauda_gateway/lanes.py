"""Who waits for whom: each kind of work has threads of its own, so that no read, however slow, stands before an order or the kill switch.

    control   start, stop, square off, the kill switch
    changes   changes of orders, and their ends
    orders    whatever else changes something; an order may wait some seconds for the first quote of its contract
    quick     reads of what is known in memory
    slow      reads of the record, and processes that are begun or ended: causes, the past, replays, dead letters
    audit     the lines about what was refused

A route of `LanedRoute` that is a plain function runs in a lane: a read in the quick one, a write in that for orders, unless `in_lane` says
otherwise. Coroutines run on the event loop, and wait for nobody.
"""

import inspect
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, Final, NamedTuple, TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar
from fastapi.routing import APIRoute

from sauda_gateway.problems import ProblemError

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


class Lane(NamedTuple):
    """Threads that are kept for one kind of work."""

    name: str
    threads: int
    waiting: int
    """Requests that wait for a thread; one more is sent away, so that no queue grows."""


CONTROL: Final = Lane("control", 4, 1_000)
CHANGES: Final = Lane("changes", 4, 1_000)
ORDERS: Final = Lane("orders", 8, 1_000)
QUICK: Final = Lane("quick", 6, 200)
SLOW: Final = Lane("slow", 4, 50)
AUDIT: Final = Lane("audit", 2, 1_000)

_READS: Final = frozenset({"GET", "HEAD"})
_ATTRIBUTE: Final = "runs_in_lane"


def in_lane(lane: Lane) -> Callable[[F], F]:
    """Return what lets an endpoint run in *lane*."""

    def mark(endpoint: F) -> F:
        setattr(endpoint, _ATTRIBUTE, lane)
        return endpoint

    return mark


def lane_of(endpoint: Callable[..., Any]) -> Lane | None:
    """Return the lane of a route's *endpoint*; None: it runs on the event loop."""
    found: Lane | None = getattr(endpoint, _ATTRIBUTE, None)
    return found


class _Threads:
    """The threads of one lane, and how many requests they are asked for."""

    def __init__(self, lane: Lane) -> None:
        self.limiter = CapacityLimiter(lane.threads)
        self.inside = 0


_threads: Final[RunVar[dict[Lane, _Threads]]] = RunVar("sauda_gateway.lanes")
"""Of each event loop."""


async def run(lane: Lane, work: Callable[[], T]) -> T:
    """Run *work* in a thread of *lane*.

    Raises:
        ProblemError: 503 if too many wait there already.
    """
    threads = _threads.get({}).get(lane) or _new_threads(lane)
    if threads.inside >= lane.threads + lane.waiting:
        detail = f"{lane.waiting} requests wait already where this one would ({lane.name})"
        raise ProblemError(503, detail, headers={"Retry-After": "2"})
    threads.inside += 1
    try:
        return await to_thread.run_sync(work, limiter=threads.limiter)
    finally:
        threads.inside -= 1


def _new_threads(lane: Lane) -> _Threads:
    made = _Threads(lane)
    _threads.set({**_threads.get({}), lane: made})
    return made


class LanedRoute(APIRoute):
    """A route whose function runs in its lane."""

    writes = ORDERS

    def __init__(self, path: str, endpoint: Callable[..., Any], **how: Any) -> None:
        is_read = _READS.issuperset(how.get("methods") or ())
        super().__init__(path, _laned(endpoint, QUICK if is_read else self.writes), **how)


class ControlRoute(LanedRoute):
    """A route of those that steer."""

    writes = CONTROL


def _laned(endpoint: Callable[..., Any], usual: Lane) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(endpoint):
        return endpoint
    lane = lane_of(endpoint) or usual

    @in_lane(lane)
    @wraps(endpoint)
    async def laned(*args: Any, **kwargs: Any) -> Any:
        return await run(lane, partial(endpoint, *args, **kwargs))

    return laned
