"""When each entry of a replay is due. Pure: whoever calls says what time it is.

An entry is due as long after the start as its market time lies behind the first one's, divided by the speed. So
nothing adds up: a late entry does not delay those behind it. A pause, a skipped gap or another speed moves the start.
"""

from typing import Final, TypeAlias

from sauda.clock import NS_PER_S, UnixNs

SteadyNs: TypeAlias = int
"""An instant of a clock that never steps back."""

SPEEDS: Final = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 60, 100, 200, 500, 1000, 2000, 5000, 10_000)
"""What `+` and `-` go through; behind the last comes "as fast as it goes"."""


class Pace:
    """The timeline of one replay."""

    def __init__(
        self,
        speed: float | None,
        *,
        longest_gap_s: float | None = None,
        may_speed_up: bool = True,
    ) -> None:
        """Begin with the first entry that is offered.

        Args:
            speed: Market seconds in a second; None: as fast as it goes.
            longest_gap_s: No entry is waited for longer than so many seconds; None: as long as the market took.
            may_speed_up: Whether `faster` may go beyond *speed*.
        """
        self.speed = speed
        self._most = None if may_speed_up else speed
        self._limited = not may_speed_up
        self._longest_ns = None if longest_gap_s is None else round(longest_gap_s * NS_PER_S)
        self._start: SteadyNs = 0
        """When the market time `_zero` is due."""
        self._zero: UnixNs | None = None
        self._last: UnixNs | None = None
        """Market time of the last entry played."""
        self._next: UnixNs | None = None
        self._paused_at: SteadyNs | None = None

    @property
    def paused(self) -> bool:
        """Whether time stands still."""
        return self._paused_at is not None

    @property
    def gap_ns(self) -> int:
        """Return the market time between the last entry and the next one."""
        return 0 if self._last is None or self._next is None else self._next - self._last

    def offer(self, time_ns: UnixNs | None, now: SteadyNs) -> None:
        """Take the next entry's market time; one that has none, or an older one than the last, comes along with the last."""
        self._next = self._last if time_ns is None else max(time_ns, self._last or time_ns)
        if self._next is not None and self._zero is None:
            self._zero, self._start = self._next, self._at(now)
        if self.speed is not None and self._longest_ns is not None:
            self._start -= max(0, self._waited_for(self.gap_ns) - self._longest_ns)

    def left_ns(self, now: SteadyNs) -> int | None:
        """Return how long until the next entry is due, 0 if it is; None while time stands still."""
        if self._paused_at is not None:
            return None
        if self.speed is None or self._next is None:
            return 0
        return max(0, self._due(self._next) - now)

    def played(self) -> None:
        """The entry that was offered has been played."""
        self._last = self._next

    def pause(self, now: SteadyNs) -> None:
        """Let time stand still."""
        if self._paused_at is None:
            self._paused_at = now

    def resume(self, now: SteadyNs) -> None:
        """Go on; the pause never was."""
        if self._paused_at is not None:
            self._start += now - self._paused_at
            self._paused_at = None

    def jump(self, now: SteadyNs) -> None:
        """Make the next entry due at once: the gap before it, or a step while time stands still."""
        if self._next is not None and self.speed is not None:
            self._start += min(0, self._at(now) - self._due(self._next))

    def faster(self, now: SteadyNs) -> None:
        """Take the next higher speed, unless this is the most that is allowed."""
        if self.speed is not None:
            above = next((one for one in SPEEDS if one > self.speed), None)
            if not self._limited or (above is not None and (self._most is None or above <= self._most)):
                self._change(above, now)

    def slower(self, now: SteadyNs) -> None:
        """Take the next lower speed."""
        below = [one for one in SPEEDS if self.speed is None or one < self.speed]
        if below:
            self._change(below[-1], now)

    def _change(self, speed: float | None, now: SteadyNs) -> None:
        """Go on from the market time that is reached now."""
        at = self._at(now)
        if self._last is not None:
            reached = self._last
            if self.speed is not None and self._zero is not None:
                reached = max(reached, self._zero + round((at - self._start) * self.speed))
            if self._next is not None:
                reached = min(reached, max(self._next, self._last))
            self._zero, self._start = reached, at
        self.speed = speed

    def _at(self, now: SteadyNs) -> SteadyNs:
        return now if self._paused_at is None else self._paused_at

    def _due(self, time_ns: UnixNs) -> SteadyNs:
        return self._start + self._waited_for(time_ns - (self._zero or 0))

    def _waited_for(self, market_ns: int) -> int:
        return market_ns if self.speed == 1 else round(market_ns / (self.speed or 1))
