"""What the unit says, and that it does not say the same again within the debounce of market time."""

import msgspec

from sauda.clock import NS_PER_S, UnixNs, clock_text
from sauda.contracts import Alert, Level
from sauda.state import State
from sauda_alerts.rules import Rule

_DAY_NS = 86_400 * NS_PER_S


class Told(msgspec.Struct, frozen=True):
    """When something was said last, and how often it was not said since."""

    at_ns: UnixNs
    held: int = 0


class Voice:
    """Makes alerts of one source."""

    def __init__(self, state: State, source: str, speed: float) -> None:
        """Say nothing yet.

        Args:
            state: Of the unit; one table is added.
            source: Its name.
            speed: Market seconds in a second of the desk: debounces are the desk's own seconds.
        """
        self._told = state.table("told", Told)
        self._source = source
        self._speed = speed

    def market_ns(self, desk_ns: int) -> int:
        """Return the desk's own *desk_ns* as market time."""
        return round(desk_ns * self._speed)

    def say(
        self, rule: Rule, code: str, text: str, now_ns: UnixNs, level: Level | None = None
    ) -> list[Alert]:
        """Return the alert, if its rule is in force."""
        if not rule.enabled:
            return []
        return [Alert(self._source, level or rule.loudness, code, text, now_ns)]

    def say_once(self, about: str, rule: Rule, code: str, text: str, now_ns: UnixNs) -> list[Alert]:
        """Return the alert, unless the same code was said *about* the same within the debounce."""
        key = f"{code}|{about}"
        last = self._told.get(key)
        if not rule.enabled:
            return []
        if last and 0 <= now_ns - last.at_ns < self.market_ns(rule.debounce_s * NS_PER_S):
            self._told.put(key, Told(last.at_ns, last.held + 1))
            return []
        more = f" ({last.held} more since {clock_text(last.at_ns)[11:19]})" if last and last.held else ""
        self._told.put(key, Told(now_ns))
        return self.say(rule, code, text + more, now_ns)

    def say_late(self, about: str, rule: Rule, code: str, text: str, now_ns: UnixNs) -> list[Alert]:
        """Return the alert that the debounce held back, once it is past: what still lasts must not stay unsaid."""
        key = f"{code}|{about}"
        last = self._told.get(key)
        if not rule.enabled or last is None or not last.held:
            return []
        if now_ns - last.at_ns < self.market_ns(rule.debounce_s * NS_PER_S):
            return []
        self._told.put(key, Told(now_ns))
        others = last.held - 1
        more = f" ({others} more since {clock_text(last.at_ns)[11:19]})" if others else ""
        return self.say(rule, code, text + more, now_ns)

    def is_held_back(self, about: str, code: str) -> bool:
        """Return whether the newest of *code* about it was not said yet."""
        last = self._told.get(f"{code}|{about}")
        return last is not None and last.held > 0

    def forget(self, now_ns: UnixNs) -> None:
        """Drop what was said so long ago that no debounce reaches there."""
        longest_ns = max(_DAY_NS, self.market_ns(_DAY_NS))
        for key, told in list(self._told.items()):
            if now_ns - told.at_ns > longest_ns:
                self._told.drop(key)
