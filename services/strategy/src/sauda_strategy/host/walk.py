"""Whole bars of one instrument, one after the other, where nothing comes between: a backtest of minutes lives here.

What happens is what `Host.handle` of each bar's first tick and of the clock of its instant would do, and then `Host.glide` of the
rest. A year of minutes costs a third of the processor time of asking all units four times a bar.
"""

from collections.abc import Iterable
from typing import Any

from sauda.contracts import InstrumentId, Message
from sauda.recordings.bar_path import WholeBar
from sauda.stretch import Calm
from sauda_strategy.api import Target
from sauda_strategy.host.calls import Calls
from sauda_strategy.host.knowledge import Knowledge


class Walk:
    """That of one strategy."""

    def __init__(self, knowledge: Knowledge, calls: Calls) -> None:
        self._knowledge = knowledge
        self._calls = calls

    def through(
        self, instrument: InstrumentId, bars: Iterable[WholeBar], calm: Calm, worked: list[Any]
    ) -> list[Message] | None:
        """Take *bars* of *instrument*, each whole, where it is *calm* and nothing follows; note each in *worked*.

        Where something follows at the beginning of the next, return it: of that one the first tick was taken, and the clock of
        its instant. None: it was not begun.
        """
        knowledge, calls = self._knowledge, self._calls
        turns = knowledge.series.bars.turns(instrument)
        if turns is None:
            return None
        time, newest = knowledge.time, knowledge.quotes.newest
        low, high, until_ns = max(calm.low, 0), calm.high, calm.until_ns
        met: Target | None = None
        for bar in bars:
            first, rest = bar.first, bar.rest
            last, price = rest.last, first.ltp
            if last.recv_ns >= until_ns or not (low < rest.low and rest.high < high and low < price < high):
                break
            ended = turns.end(bar) if first.instrument == instrument else None
            if ended is None:
                break
            newest[instrument] = first
            time.beat(first.recv_ns)
            out: list[Message] = []
            for one in ended:
                met = calls.tell_bar(one, out, met)
            if out or calls.has_traded:
                turns.over(turns.begin(bar))
                return out
            newest[instrument] = last
            time.now_ns = turns.go_on(bar)
            worked.append(bar)
        turns.over(time.now_ns)
        return None
