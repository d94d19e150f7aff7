"""Bars and the indicators that they feed: those of the warm-up first, then live, each once and in order (`sauda.bars` sees to that)."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec

from sauda.bars.turning import TurningBars
from sauda.clock import NS_PER_S, UnixNs
from sauda.contracts import Bar, FeedGap, HistoryReply, InstrumentId, Tick
from sauda.state import State
from sauda_strategy.api import Indicator, Study
from sauda_strategy.host.asked import Asked, Tracked
from sauda_strategy.host.hours import Sessions
from sauda_strategy.plain_values import from_plain, to_plain

PATIENCE_NS: Final = 30 * NS_PER_S
"""Desk time for which a series waits for its warm-up, and for what was missed in a feed gap: at N times the market's pace, N
times as much market time, as whoever answers is no faster for it."""

_Feed = tuple[Callable[[Any], None], bool]
"""What takes a bar or, if so, its close."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An indicator in the state."""

    first: msgspec.Raw
    """As it was new: another one means other parameters, and what it remembered is not for it."""
    now: msgspec.Raw


class Series:
    """All series of one strategy."""

    def __init__(self, state: State, sessions: Sessions, by: str, patience_ns: int = PATIENCE_NS) -> None:
        self.bars = self._bars = TurningBars(state, sessions, by, patience_ns=patience_ns)
        self._patience_ns = patience_ns
        self.see: Callable[[Tick], Sequence[Bar]] = self._bars.see
        """Takes a tick and returns the bars that are over; bound here, as it runs with every tick."""
        self._unanswered = state.table("warmups", str)
        """`<instrument> <timeframe>` -> why its warm-up does not come, or nothing yet; without a row it has come"""
        self._kept = state.table("indicators", Kept)
        """see `Tracked.name`"""
        self._asked = Asked()
        self._first: dict[str, msgspec.Raw] = {}
        """indicator -> as it was new"""
        self._fed: dict[tuple[InstrumentId, str], list[_Feed]] = {}
        """series -> how the indicators take its bars"""
        self._changed = False
        self.is_warm = True
        """Whether the warm-up of every series has come, or is not waited for any longer."""
        self.barred: frozenset[InstrumentId] = frozenset()
        """Instruments of whose ticks bars are made."""

    def restored(self) -> None:
        """Read back what the state knows, before `take_up`."""
        self._bars.restored()

    def take_up(self, asked: Asked, warmup: int) -> None:
        """Make the series that were *asked* for, and no others; thaw the indicators.

        Raises:
            ConfigError: there is no such timeframe.
        """
        self._asked = asked
        for instrument, timeframe in asked.series:
            self._bars.watch(instrument, (timeframe,), warmup)
            if warmup and not self._bars.ready(instrument, timeframe):
                self._unanswered.put(_key(instrument, timeframe), "")
        self.barred = frozenset(instrument for instrument, _ in asked.series)
        for instrument in self._bars.instruments:
            if instrument not in self.barred:
                self._bars.forget(instrument)
        self._fed = {}
        for one in asked.tracked:
            self._fed.setdefault((one.instrument, one.timeframe), []).append(_feed(one.indicator))
        self._first = {one.name: _frozen(one) for one in asked.tracked}
        self._thaw(asked.tracked)
        self._look()

    def reach(self, past_ns: UnixNs) -> Sequence[Bar]:
        """Return the bars that are over at *past_ns*."""
        return self._bars.reach(past_ns)

    def lose_sight(self, gap: FeedGap) -> None:
        """Take it that part of the market was not seen."""
        self._bars.lose_sight(gap)

    def take(self, reply: HistoryReply) -> Sequence[Bar]:
        """Take bars of the past; return them, and the live ones that waited for them."""
        bars = self._bars.take(reply)
        key = _key(reply.instrument, reply.timeframe)
        if key in self._unanswered:
            if reply.error:
                self._unanswered.put(key, reply.error)
            elif self._bars.ready(reply.instrument, reply.timeframe):
                self._unanswered.drop(key)
        return bars

    def in_vain(self) -> list[str]:
        """Look which series are warm; return a sentence for each that is not waited for though its past did not come."""
        if self.is_warm:
            return []
        self._look()
        said: list[str] = []
        for instrument, timeframe in self._asked.series:
            key = _key(instrument, timeframe)
            why = self._unanswered.get(key)
            if why is not None and self._bars.ready(instrument, timeframe):
                self._unanswered.drop(key)
                missing = why or f"no answer within {self._patience_ns // NS_PER_S} s of market time"
                said.append(
                    f"{key} begins with {len(self.past(instrument, timeframe))} bars of the past: {missing}"
                )
        return said

    def feed(self, bar: Bar) -> None:
        """Let the indicators of its series have *bar*; whatever a user's own one raises comes through."""
        fed = self._fed.get((bar.instrument, bar.timeframe))
        if fed:
            self._changed = True
            for take, by_close in fed:
                take(bar.close if by_close else bar)

    def listens(self, bar: Bar) -> bool:
        """Return whether `on_bar` wants *bar*: it is live, and its series is watched."""
        return not bar.past and (bar.instrument, bar.timeframe) in self._asked.listened

    def past(self, instrument: InstrumentId, timeframe: str) -> Sequence[Bar]:
        """Return the newest bars, oldest first."""
        return self._bars.past(instrument, timeframe)

    def _thaw(self, tracked: Iterable[Tracked]) -> None:
        """Give back to each what it remembered; one that is new takes the bars that are there."""
        for one in tracked:
            kept = self._kept.get(one.name)
            if kept is not None and bytes(kept.first) == bytes(self._first[one.name]):
                one.indicator.thaw(from_plain(msgspec.json.decode(kept.now)))
                continue
            for bar in self._bars.past(one.instrument, one.timeframe):
                one.indicator.update(bar)
        self._changed = True

    def _look(self) -> None:
        self.is_warm = all(self._bars.ready(*one) for one in self._asked.series)

    def write(self) -> None:
        """Bring the rows of the indicators up to date; before a commit.

        Raises:
            UnkeepableError: one of a user's own cannot be kept; names it. Its row stays as it was.
        """
        if not self._changed:
            return
        self._changed = False
        for name in [one for one in self._kept if one not in self._first]:
            self._kept.drop(name)
        for one in self._asked.tracked:
            row = Kept(first=self._first[one.name], now=_frozen(one))
            before = self._kept.get(one.name)
            if before is None or _bytes(before) != _bytes(row):
                self._kept.put(one.name, row)


def _feed(indicator: Indicator) -> _Feed:
    # Most take closes: straight to `add`, without the call in between.
    by_close = getattr(type(indicator), "update", None) is Study.update
    return (indicator.add if by_close else indicator.update), by_close  # type: ignore[attr-defined]  # a `Study` has it


def _key(instrument: InstrumentId, timeframe: str) -> str:
    return f"{instrument} {timeframe}"


def _bytes(row: Kept) -> tuple[bytes, bytes]:
    return bytes(row.first), bytes(row.now)


def _frozen(one: Tracked) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(to_plain(one.indicator.freeze())))
