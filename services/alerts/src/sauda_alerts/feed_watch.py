"""Is the feed there? No tick of anything, a hole in the data, no fresh price of what is held. Pure."""

from collections.abc import Callable
from datetime import date
from typing import Final

from sauda.bars.timeframes import Hours
from sauda.clock import NS_PER_S, UnixNs, clock_text, ist_date
from sauda.contracts import Alert, FeedGap, Fill, InstrumentId, Level, Tick
from sauda.money import Units
from sauda.state import State
from sauda_alerts.instants import Instants
from sauda_alerts.rules import Rules
from sauda_alerts.voice import Voice

Sessions = Callable[[str, date], Hours | None]
"""An exchange's hours on a day (`Calendar.session`)."""

_TICK: Final = "tick"
_SIGHT: Final = "sight"
_MUTE: Final = "mute"
_REMEMBERED_NS: Final = 7 * 86_400 * NS_PER_S
"""An exchange that has not ticked for so long is not watched any more."""


class FeedWatch:
    """What the ticks tell, measured on the market's time while an exchange is open."""

    def __init__(self, state: State, voice: Voice, rules: Rules, sessions: Sessions) -> None:
        self._voice = voice
        self._rules = rules
        self._sessions = sessions
        self._instants = Instants(state, "instants")
        """`tick`: the newest of anything; `sight`: the end of the newest hole"""
        self._exchanges = Instants(state, "exchanges")
        """exchange -> its newest tick"""
        self._quoted = Instants(state, "quoted")
        """instrument that is held -> its newest tick, or when it was traded"""
        self._held = state.table("held", int)
        """`strategy|instrument` -> units, signed"""
        self._said = state.table("said", int)
        """`mute`, or an instrument whose price is stale -> since when that was said"""

    def see(self, tick: Tick) -> list[Alert]:
        """Take a price."""
        now_ns, name = tick.recv_ns, tick.instrument
        self._instants.reach(_TICK, now_ns)
        self._exchanges.reach(name.partition(":")[0], now_ns)
        if name in self._quoted:
            self._quoted.reach(name, now_ns)
        if not self._said:
            return []
        self._said.drop(name)
        since_ns = self._said.get(_MUTE)
        if since_ns is None:
            return []
        self._said.drop(_MUTE)
        if self._voice.is_held_back("", "FEED_MUTE"):
            return []  # Nobody was told that they had ceased.
        silent_s = (now_ns - since_ns) / NS_PER_S
        text = f"ticks come again, after {silent_s:,.0f} s of market time"
        return self._voice.say(self._rules.feed_mute, "FEED_BACK", text, now_ns, Level.INFO)

    def trade(self, fill: Fill) -> None:
        """Know what is held: only that must have a fresh price."""
        key = f"{fill.strategy}|{fill.instrument}"
        qty: Units = (self._held.get(key) or 0) + fill.signed_qty
        if qty:
            self._held.put(key, qty)
            self._quoted.reach(fill.instrument, fill.event_ns)
            return
        self._held.drop(key)
        if not any(one.endswith(f"|{fill.instrument}") for one in self._held):
            self._quoted.drop(fill.instrument)
            self._said.drop(fill.instrument)

    def lose_sight(self, gap: FeedGap) -> list[Alert]:
        """Take a hole in the data; one while everything is closed is nobody's business."""
        self._instants.reach(_SIGHT, gap.to_ns)
        length_ns = gap.to_ns - gap.from_ns
        if length_ns < self._voice.market_ns(self._rules.feed_gap.after_ns) or not self._traded_in(gap):
            return []
        times = f"from {clock_text(gap.from_ns)} to {clock_text(gap.to_ns)} IST"
        text = f"the feed was disconnected {times}: {gap.reason}"
        return self._voice.say_once("", self._rules.feed_gap, "FEED_GAP", text, gap.to_ns)

    def reach(self, now_ns: UnixNs) -> list[Alert]:
        """Look what is missing as market time reaches *now_ns*."""
        opened = {name: at for name in self._exchanges if (at := self._open_since(name, now_ns))}
        if not opened:
            for name in self._said:
                self._said.drop(name)
            return []
        return self._mute(now_ns, min(opened.values())) or self._stale(now_ns, opened)

    def new_day(self, now_ns: UnixNs) -> None:
        """Forget exchanges whose ticks come no more."""
        for name in self._exchanges:
            if now_ns - self._exchanges.get(name) > _REMEMBERED_NS:
                self._exchanges.drop(name)

    def restored(self) -> None:
        """Read the instants back."""
        for one in (self._instants, self._exchanges, self._quoted):
            one.restored()

    def _mute(self, now_ns: UnixNs, open_ns: UnixNs) -> list[Alert]:
        rule, said_ns = self._rules.feed_mute, self._said.get(_MUTE)
        if said_ns is not None:
            return self._voice.say_late("", rule, "FEED_MUTE", _silence(said_ns, now_ns), now_ns)
        since_ns = max(self._instants.get(_TICK), self._instants.get(_SIGHT), open_ns)
        if now_ns - since_ns <= self._voice.market_ns(rule.after_ns):
            return []
        self._said.put(_MUTE, since_ns)
        return self._voice.say_once("", rule, "FEED_MUTE", _silence(since_ns, now_ns), now_ns)

    def _stale(self, now_ns: UnixNs, opened: dict[str, UnixNs]) -> list[Alert]:
        if _MUTE in self._said:
            return []  # That says it of all of them.
        rule, found = self._rules.stale_quote, []
        patience_ns = self._voice.market_ns(rule.after_ns)
        for name in self._quoted:
            open_ns = opened.get(name.partition(":")[0])
            if open_ns is None:
                continue
            if (said_ns := self._said.get(name)) is not None:
                found += self._voice.say_late(name, rule, "STALE_QUOTE", _staleness(name, said_ns), now_ns)
                continue
            since_ns = max(self._quoted.get(name), self._instants.get(_SIGHT), open_ns)
            if now_ns - since_ns > patience_ns:
                self._said.put(name, since_ns)
                found += self._voice.say_once(name, rule, "STALE_QUOTE", _staleness(name, since_ns), now_ns)
        return found

    def _open_since(self, exchange: InstrumentId, now_ns: UnixNs) -> UnixNs | None:
        hours = self._sessions(exchange, ist_date(now_ns))
        if hours is None:
            return None
        return next((opens for opens, closes in hours.parts if opens <= now_ns < closes), None)

    def _traded_in(self, gap: FeedGap) -> bool:
        for exchange in self._exchanges:
            for day in {ist_date(gap.from_ns), ist_date(gap.to_ns)}:
                hours = self._sessions(exchange, day)
                if hours and any(opens < gap.to_ns and gap.from_ns < closes for opens, closes in hours.parts):
                    return True
        return False


def _silence(since_ns: UnixNs, now_ns: UnixNs) -> str:
    silent_s = (now_ns - since_ns) / NS_PER_S
    return f"no tick of anything for {silent_s:,.0f} s of market time, since {clock_text(since_ns)} IST"


def _staleness(name: InstrumentId, since_ns: UnixNs) -> str:
    return f"{name} is held and has had no tick since {clock_text(since_ns)} IST"
