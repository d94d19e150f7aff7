"""All kinds of strategies at once on a made-up hour, phase by phase: the market, the strategies, who answers them, until all are quiet.

So the same hour is worked on any log alike, whoever carries the strategies; a phase waits for the one before it.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from sauda.clock import NS_PER_S, UnixNs
from sauda.codec import decode, encode
from sauda.contracts import (
    STREAM_OF,
    ChangeRules,
    ClockTick,
    HistoryReply,
    HistoryRequest,
    Instrument,
    InstrumentKind,
    Message,
    PastBar,
    Tick,
)
from sauda.log import Log, Output
from sauda.runner import Carrier
from sauda.testing.builders import Weekdays, a_gap, at
from sauda.testing.market import INDEX, MadeUpMarket, index_tick, option_tick
from sauda_execution.days import TradingCalendar
from sauda_execution.exchange import paper_unit
from sauda_execution.house import House
from sauda_execution.settings import Limits
from sauda_strategy.kinds import BUILTIN

CONFIG = Path(__file__).parents[2] / "config"
FUTURE = "NFO:NIFTY01DEC26F"
NEXT_FUTURE = "NFO:NIFTY29DEC26F"
STEP_S = 20
WEEKDAYS = Weekdays()
FRIDAY = date(2026, 11, 20)
FORGETFUL = '''"""Says every third bar, and how many there were; the counter it goes by is one that is not kept, on purpose."""

from sauda_strategy.api import Bar, Intents, Opinion, Strategy, TradingRules


class Forgetful(Strategy):
    class Rules(TradingRules):
        instrument: str = "NSE:Nifty 50"

    def setup(self) -> None:
        self.watch(self.rules.instrument, "1m")
        self._bars = 0

    def on_bar(self, bar: Bar) -> Intents:
        self._bars += 1
        return Opinion(bar.instrument, None, f"{self._bars} bars") if self._bars % 3 == 0 else None
'''

_SOLD = {"tsymbol": "NIFTY", "exit_time": "10:10", "reentries": 2, "stop_loss_percentage": 12}
_SEEN = {
    "instrument": INDEX,
    "timeframe": "1m",
    "entry_from": "09:16",
    "entry_until": "10:05",
    "exit_time": "10:11",
    "warmup_bars": 40,
}
RULES: dict[str, dict[str, Any]] = {
    "short_straddle": {**_SOLD, "entry_time": "09:17", "trail_points": 10},
    "short_strangle": {**_SOLD, "entry_time": "09:18", "sotm_points": 50, "combined_target_rupees": 3000},
    "iron_fly": {**_SOLD, "entry_time": "09:19", "wing_points": 150, "target_percentage": 30},
    "iron_condor": {**_SOLD, "entry_time": "09:20", "wing_points": 100, "sotm_points": 50},
    "ema_scalper": {
        **_SEEN,
        "fast": 2,
        "slow": 5,
        "debounce_bars": 1,
        "confirm_timeframe": "5m",
        "trade": "option",
    },
    "sma_crossover": {**_SEEN, "fast": 2, "slow": 6},
    "rsi_reversion": {**_SEEN, "length": 4, "stop_percentage": 0.3, "mode": "dry_run"},
    "momentum": {**_SEEN, "length": 3, "threshold_percent": 0.05, "cooldown_bars": 1, "stop_atr": 2},
}
"""kind, and name of its instance -> rules; one of them in a dry run"""


def write_project(folder: Path) -> None:
    """Make the folders of a project with an instance of every kind, and one that forgets."""
    assert set(RULES) == set(BUILTIN.known)
    (folder / "config/strategies").mkdir(parents=True)
    (folder / "config/market").symlink_to(CONFIG / "market")
    (folder / "strategies").mkdir()
    (folder / "strategies/forgetful.py").write_text(FORGETFUL)
    for name, rules in {**RULES, "forgetful": {"warmup_bars": 0}}.items():
        path = folder / "config/strategies" / f"{name}.yaml"
        path.write_text(yaml.safe_dump({"kind": name, **rules}))


def steps(minutes: int) -> Iterator[list[Message]]:
    """Yield what the market says at once: the definitions, then 20 seconds after 20 seconds from the opening on."""
    chain = MadeUpMarket(strikes=16)
    futures = [
        Instrument(one, "NFO", one, "NIFTY", InstrumentKind.FUTURE, 65, 10, expiry)
        for one, expiry in ((FUTURE, "2026-12-01"), (NEXT_FUTURE, "2026-12-29"))
    ]
    yield [*chain.instruments(), *futures]
    for second in range(0, minutes * 60, STEP_S):
        now_ns = at("09:15:00") + second * NS_PER_S
        spot = 24_500_00 + 80_00 * math.sin(second / 400) + 30_00 * math.sin(second / 50)
        options = (option_tick(one, spot, now_ns) for one in chain.instruments()[1:])
        rolled = (_future_tick(one, spot, now_ns) for one in (FUTURE, NEXT_FUTURE))
        yield [index_tick(spot, now_ns), *rolled, *options, ClockTick(now_ns)]
        if second == 24 * 60:
            yield [a_gap(now_ns + NS_PER_S, now_ns + 10 * NS_PER_S)]
        if second == 27 * 60:
            # The future that is held is to be left now.
            rules = {"kind": "sma_crossover", **RULES["sma_crossover"], "roll_days": 10}
            yield [ChangeRules("sma_crossover", rules, "test", now_ns)]


def _future_tick(name: str, spot: float, now_ns: UnixNs) -> Tick:
    price = round(spot / 10) * 10 + 40_00
    return Tick(name, now_ns, now_ns, price, price - 10, price + 10, 6_500, 6_500)


class Others:
    """The exchange, and the feed as far as it answers questions about the past: in this process, on any log."""

    def __init__(self, log: Log, calendar: TradingCalendar = WEEKDAYS) -> None:
        self._log = log
        lease = log.acquire("execution.paper", "test", 3_600_000)
        assert lease is not None
        limits = Limits.at_speed(1.0, max_order_age_s=60, stale_quote_s=60)
        self._exchange = Carrier(paper_unit(House(calendar, limits)), log, lease)
        self._answered = b"-"
        self.asked: list[HistoryRequest] = []

    def answer(self) -> bool:
        """Answer every question that has come up, in parts; return whether there was any."""
        entries = self._log.entries("subscriptions", self._answered)
        if entries:
            self._answered = b"(" + entries[-1].id
        found = [one for one in (decode(entry.data) for entry in entries) if isinstance(one, HistoryRequest)]
        self.asked += found
        said(self._log, (part for one in found for part in replies(one)))
        return bool(found)

    def trade(self) -> bool:
        """Let the exchange work whatever it has; return whether there was anything."""
        worked = 0
        while count := self._exchange.step():
            worked += count
        return worked > 0


def said(log: Log, messages: Iterable[Message]) -> None:
    """Write *messages* at once."""
    if outputs := [Output(STREAM_OF[type(one)], encode(one)) for one in messages]:
        log.append(outputs)


def play(log: Log, others: Others, market: Iterable[list[Message]], quiet: Callable[[], object]) -> None:
    """Play the *market*; `quiet` returns once the strategies have worked all that is on the log."""
    for messages in market:
        said(log, messages)
        quiet()
        while others.answer() or others.trade():
            quiet()


def replies(question: HistoryRequest) -> list[HistoryReply]:
    """Return made-up bars in two parts: Friday's last ones, or those that were asked for by their time."""
    length_ns = {"1m": 60, "5m": 300}[question.timeframe] * NS_PER_S
    first_ns, to_ns = question.from_ns, question.to_ns
    if first_ns is None:
        to_ns = at("15:30:00", FRIDAY)
        first_ns = to_ns - (question.count or 0) * length_ns
    first_ns += (at("09:15:00") - first_ns) % length_ns
    bars = tuple(_past(one) for one in range(first_ns, to_ns - length_ns + 1, length_ns))
    middle = len(bars) // 2
    about = (question.request_id, question.by, question.instrument, question.timeframe, question.event_ns)
    return [HistoryReply(*about, bars[:middle], 1, 2), HistoryReply(*about, bars[middle:], 2, 2)]


def _past(start_ns: UnixNs) -> PastBar:
    price = round(24_500_00 + 50_00 * math.sin(start_ns / NS_PER_S / 700))
    return PastBar(start_ns, price, price + 5_00, price - 5_00, price + 1_00)
