"""The prices that a report's chart shows: of what is delivered, about one a minute."""

from collections.abc import Collection, Mapping, Sequence

from sauda.backtest.told import PRICE_EVERY_NS
from sauda.clock import UnixNs
from sauda.contracts import InstrumentId, Tick
from sauda.money import Paise
from sauda.recordings.bar_path import WholeBar


class ChartPrices(dict[InstrumentId, list[tuple[UnixNs, Paise]]]):
    """instrument -> (instant, last price)."""

    def __init__(self, latest: Mapping[InstrumentId, Tick]) -> None:
        """Take where the newest tick of each instrument stands."""
        super().__init__()
        self._latest = latest
        self.due_ns: UnixNs = 0
        """When the next look is due."""

    def look(self, at_ns: UnixNs, sent: Collection[InstrumentId]) -> None:
        """Keep the newest prices of what is *sent*, if at the instant *at_ns* that is due."""
        if at_ns < self.due_ns:
            return
        self._wait(at_ns)
        for instrument in sent:
            tick = self._latest.get(instrument)
            if tick is not None:
                seen, seen_ns = self.setdefault(instrument, []), tick.recv_ns
                if not seen or seen[-1][0] < seen_ns:
                    seen.append((seen_ns, tick.ltp))

    def look_within(
        self, bar: WholeBar, latest: dict[InstrumentId, Tick], sent: Collection[InstrumentId]
    ) -> None:
        """Keep what the ticks of *bar* show, each of which becomes the *latest*: it is longer than a minute."""
        for tick in bar.others:
            self.look(tick.recv_ns, sent)
            latest[tick.instrument] = tick

    def look_along(self, bars: Sequence[WholeBar], sent: Collection[InstrumentId]) -> None:
        """Keep what a look at the beginning of each of *bars*, of one instrument, would: of all else nothing came since."""
        before = bars[0]
        self.look(before.first.recv_ns, sent)
        seen = self.setdefault(before.first.instrument, [])
        for bar in bars[1:]:
            at_ns, last = bar.first.recv_ns, before.rest.last
            if at_ns >= self.due_ns:
                self._wait(at_ns)
                seen.append((last.recv_ns, last.ltp))
            before = bar

    def _wait(self, at_ns: UnixNs) -> None:
        self.due_ns = at_ns // PRICE_EVERY_NS * PRICE_EVERY_NS + PRICE_EVERY_NS
