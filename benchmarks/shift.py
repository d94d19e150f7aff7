"""How far a benchmark's market time is ahead of the machine's clock: it must lie in a session, whatever day it is."""

import os
from datetime import date, time

from sauda.clock import NS_PER_S, SystemClock, from_ist

_SESSION_NS = from_ist(date(2026, 11, 23), time(9, 30))
_MINUTES_NS = 600 * NS_PER_S

# One shift for all processes of a run: the first sets it for those that it starts.
MARKET_SHIFT_NS = int(
    os.environ.get("MARKET_SHIFT_NS") or _SESSION_NS - SystemClock().now_ns() // _MINUTES_NS * _MINUTES_NS
)
