"""Keeps the prices coming that somebody looks at: subscribes to them in the gateway's name, and lets go of them later.

Nobody subscribes twice to what comes anyway for others: the feed counts by name. Only definitions of the desk can be asked for.
"""

from collections.abc import Callable, Iterable
from typing import Final

from sauda.clock import UnixNs
from sauda.contracts import InstrumentId, Subscribe, Unsubscribe

KEPT_S: Final = 120.0
"""Seconds after the last look until the prices are let go."""
MOST: Final = 600
"""Instruments at a time: a broker limits them, and strategies come first."""


class Calling:
    """What the people before their screens need. Not for desks without a feed."""

    def __init__(self, name: str, write: Callable[[Subscribe | Unsubscribe], None]) -> None:
        self._name = name
        self._write = write
        self._until_s: dict[InstrumentId, float] = {}

    def want(self, instruments: Iterable[InstrumentId], now_s: float, market_ns: UnixNs) -> None:
        """Take note that somebody looks at *instruments* now."""
        new: list[InstrumentId] = []
        for instrument in instruments:
            if instrument not in self._until_s:
                if len(self._until_s) >= MOST:
                    break
                new.append(instrument)
            self._until_s[instrument] = now_s + KEPT_S
        if new:
            self._write(Subscribe(self._name, tuple(new), market_ns))

    def recall(self, wish: Subscribe | Unsubscribe, now_s: float) -> None:
        """Take what stands on the stream: in our name a gateway has asked that was killed, and could not let go."""
        for instrument in wish.instruments if wish.by == self._name else ():
            if isinstance(wish, Subscribe):
                self._until_s.setdefault(instrument, now_s + KEPT_S)
            else:
                self._until_s.pop(instrument, None)

    def let_go(self, now_s: float, market_ns: UnixNs) -> None:
        """Let go of what nobody has looked at for a while."""
        old = [instrument for instrument, until_s in self._until_s.items() if until_s < now_s]
        for instrument in old:
            del self._until_s[instrument]
        if old:
            self._write(Unsubscribe(self._name, tuple(old), market_ns))

    def let_go_of_all(self, market_ns: UnixNs) -> None:
        """Let go of everything: the gateway ends."""
        self.let_go(float("inf"), market_ns)

    def forget(self) -> None:
        """Forget what was asked for: another book has begun, in which nothing was."""
        self._until_s = {}
