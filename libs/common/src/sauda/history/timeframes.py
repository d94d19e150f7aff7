"""Which bars can be asked for, where they begin and end, and how long ones are made of short ones. Pure.

All are counted from the opening of the session, so an hour begins at 09:15; the close cuts the last one short.
"""

from collections.abc import Iterable
from itertools import groupby
from typing import Final

from sauda.bars import timeframes
from sauda.bars.timeframes import DAY, TIMEFRAMES, Hours
from sauda.clock import NS_PER_S, UnixNs
from sauda.contracts import PastBar
from sauda.errors import ContractError
from sauda.history.spans import Span

_MINUTE_NS: Final = 60 * NS_PER_S
MINUTES: Final = {name: timeframes.length_ns(name) // _MINUTE_NS for name in TIMEFRAMES if name != DAY}


def length_ns(timeframe: str) -> int | None:
    """Return how long a bar of *timeframe* lasts; None for a day, which lasts a session.

    Raises:
        ContractError: there are no such bars.
    """
    if timeframe == DAY:
        return None
    minutes = MINUTES.get(timeframe)
    if minutes is None:
        raise ContractError(f"no bars of {timeframe!r}: take one of {', '.join(TIMEFRAMES)}")
    return minutes * _MINUTE_NS


def begin_of(instant_ns: UnixNs, timeframe: str, session: Hours) -> UnixNs:
    """Return where the bar begins that holds *instant_ns* of *session*."""
    length = length_ns(timeframe)
    return session.open_ns if length is None else instant_ns - (instant_ns - session.open_ns) % length


def end_of(start_ns: UnixNs, timeframe: str, session: Hours) -> UnixNs:
    """Return where the bar ends that begins at *start_ns*."""
    length = length_ns(timeframe)
    return session.close_ns if length is None else min(start_ns + length, session.close_ns)


def complete(session: Hours, timeframe: str, to_ns: UnixNs) -> Span:
    """Return the part of *session* whose bars have ended by *to_ns*."""
    if to_ns >= session.close_ns:
        return Span(session.open_ns, session.close_ns)
    if to_ns <= session.open_ns:
        return Span(session.open_ns, session.open_ns)
    return Span(session.open_ns, begin_of(to_ns, timeframe, session))


def count_in(span: Span, timeframe: str) -> int:
    """Return how many bars a session's *span* can have."""
    length = length_ns(timeframe)
    lasts = span.to_ns - span.from_ns
    return min(1, lasts) if length is None else -(-lasts // length)


def base_of(timeframe: str) -> str:
    """Return the bars of which a broker's *timeframe* is made.

    Brokers count from the full hour. 09:15 and 09:00 are multiples of 15 minutes, so those agree with ours; an hour, a half and ten
    minutes do not.
    """
    if timeframe == DAY:
        return DAY
    return timeframe if 15 % MINUTES[timeframe] == 0 else ("5m" if timeframe == "10m" else "15m")


def grown(bars: Iterable[PastBar], timeframe: str, session: Hours) -> list[PastBar]:
    """Return bars of *timeframe* made of shorter ones of one session, which come oldest first."""
    groups = groupby(bars, key=lambda bar: begin_of(bar.start_ns, timeframe, session))
    return [_one(start, list(group)) for start, group in groups]


def _one(start_ns: UnixNs, bars: list[PastBar]) -> PastBar:
    volumes = [bar.volume for bar in bars if bar.volume is not None]
    interests = [bar.oi for bar in bars if bar.oi is not None]
    return PastBar(
        start_ns,
        bars[0].open,
        max(bar.high for bar in bars),
        min(bar.low for bar in bars),
        bars[-1].close,
        # A part that is not known makes the sum unknown.
        sum(volumes) if len(volumes) == len(bars) else None,
        interests[-1] if interests else None,
    )
