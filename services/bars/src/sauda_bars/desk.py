"""The bars of every instrument whose ticks are on the desk, in all timeframes. Pure.

A tick of an instrument makes it watched; one that shows none for a week is forgotten, expired contracts among them.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from sauda.bars import Bars
from sauda.bars.bars import PATIENCE_NS
from sauda.bars.timeframes import Hours, midnight_after
from sauda.clock import NS_PER_S, UnixNs
from sauda.contracts import ClockTick, FeedGap, HistoryReply, Message, Tick
from sauda.errors import ConfigError
from sauda.state import State
from sauda.unit import Unit

INPUTS: Final = ("replies", "ticks")
OUTPUTS: Final = ("bars", "subscriptions")
NAME: Final = "bars.desk"

SAID: Final = ("1m", "5m", "15m", "1h", "1d")
"""The timeframes on the stream."""

_AT_ONCE: Final = 4
"""Open questions: the broker's limit belongs to strategies first, and nobody trades on these bars."""
_REMEMBERED_NS: Final = 7 * 86_400 * NS_PER_S


class Desk:
    """The processor of `bars.desk`."""

    def __init__(self, sessions: Callable[[str, date], Hours | None], patience_ns: int = PATIENCE_NS) -> None:
        self.state = State()
        self._bars = Bars(
            self.state, _forgiving(sessions), NAME, keep=0, patience_ns=patience_ns, at_once=_AT_ONCE
        )
        self._days = self.state.table("days", int)
        """`end` -> the end of the day, in India, of the newest message"""
        self._watched: set[str] = set()
        self._day_end_ns: UnixNs = 0

    def handle(self, message: Message) -> Sequence[Message]:
        """Take one message; return the bars and questions that follow from it."""
        if type(message) is Tick:
            # The hot path: nearly all ticks go on with the present minute of what is watched.
            now_ns, bars = message.recv_ns, self._bars
            if now_ns < self._day_end_ns and message.instrument in self._watched:
                said: Sequence[Message] = bars.see(message)
                return said if now_ns < bars.ask_ns else self._with_wishes(said, now_ns)
            return self._on_tick(message)
        match message:
            case ClockTick():
                self._begin_day(message.event_ns)
                return self._with_wishes(self._bars.reach(message.event_ns), message.event_ns)
            case FeedGap():
                self._bars.lose_sight(message)
                return self._with_wishes((), message.to_ns)
            case HistoryReply():
                return self._with_wishes(self._bars.take(message), message.event_ns)
            case _:
                return ()

    def restored(self) -> None:
        """Find again what is watched."""
        self._bars.restored()
        self._watched = set(self._bars.instruments)
        self._day_end_ns = self._days.get("end") or 0

    def _on_tick(self, tick: Tick) -> Sequence[Message]:
        self._begin_day(tick.recv_ns)
        said: Sequence[Message] = self._bars.see(tick)
        if tick.instrument not in self._watched:
            # Now market time is that of the tick: what was before it was not seen.
            self._bars.watch(tick.instrument, SAID)
            self._watched.add(tick.instrument)
            self._bars.see(tick)
        return self._with_wishes(said, tick.recv_ns)

    def _with_wishes(self, said: Sequence[Message], now_ns: UnixNs) -> Sequence[Message]:
        wishes = self._bars.wishes(now_ns)
        return [*said, *wishes] if wishes else said

    def _begin_day(self, now_ns: UnixNs) -> None:
        if now_ns < self._day_end_ns:
            return
        self._day_end_ns = midnight_after(now_ns)
        self._days.put("end", self._day_end_ns)
        for instrument in self._bars.instruments:
            if self._bars.last_day_ns(instrument) < now_ns - _REMEMBERED_NS:
                self._bars.forget(instrument)
                self._watched.discard(instrument)


def bars_unit(sessions: Callable[[str, date], Hours | None], speed: float = 1.0) -> Unit:
    """Return the unit.

    Args:
        sessions: An exchange's hours on a day (`Calendar.session`).
        speed: Of the market: whoever answers questions is no faster for it, so more of its time is waited.
    """
    patience_ns = round(PATIENCE_NS * max(1.0, speed))
    # Nobody waits for these bars, so the steps may be large: the orders have more need of the processor.
    return Unit(
        name=NAME,
        inputs=INPUTS,
        build=lambda: Desk(sessions, patience_ns),
        writes=OUTPUTS,
        rest_ms=50,
        long_rest_ms=100,
    )


def _forgiving(sessions: Callable[[str, date], Hours | None]) -> Callable[[str, date], Hours | None]:
    """Return *sessions* that are closed where nothing is known: one strange contract must not stop everybody's bars."""

    def hours(exchange: str, day: date) -> Hours | None:
        try:
            return sessions(exchange, day)
        except ConfigError:
            return None

    return hours
