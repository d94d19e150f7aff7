"""How connections are broken: what a schedule's act means for the proxies of one replica."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from chaos.proxy import Proxy
from chaos.schedule import Act, Event

LATENCY_S: Final = 0.02
JITTER_S: Final = 0.03
BYTES_PER_S: Final = 2_000_000.0


_ALL: Final[dict[Act, tuple[Callable[[Proxy], None], Callable[[Proxy], None] | None]]] = {
    Act.CUT: (Proxy.cut, None),
    Act.HALF_OPEN: (Proxy.half_open, None),
    Act.SLOW: (lambda way: way.slow(LATENCY_S, JITTER_S, BYTES_PER_S), lambda way: way.slow(0, 0, 0)),
    Act.REFUSE: (Proxy.refuse, Proxy.listen),
    Act.HANG: (Proxy.hang, Proxy.unhang),
}
"""What is done to each connection's proxy, and what undoes it."""


def break_connections(event: Event, ways: Sequence[Proxy]) -> Callable[[], None] | None:
    """Break *ways*, the first of which leads to Redis; return what mends them, if anything has to."""
    redis, *others = ways
    match event.act:
        case Act.LOSE_ANSWER:
            redis.faults.lose_answer += 1
        case Act.LOSE_REQUEST:
            redis.faults.lose_request += 1
        case Act.LOSE_ROWS_ANSWER:
            for way in others:
                way.faults.lose_answer += 1
        case Act.HOLD:
            redis.hold(event.for_s)
        case _:
            deed, undo = _ALL[event.act]
            _each(ways, deed)
            return partial(_each, ways, undo) if undo is not None else None
    return None


def _each(ways: Sequence[Proxy], deed: Callable[[Proxy], None]) -> None:
    for way in ways:
        deed(way)
