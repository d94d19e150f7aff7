"""The class that a strategy is written as; the same one runs in a backtest, on paper and in a dry run.

    class Above(Strategy):
        '''Long while the close stands above its mean.'''

        class Rules(Rules):
            instrument: str
            length: int = 20

        def setup(self) -> None:
            self.mean = self.track(SMA(self.rules.length), self.rules.instrument, "5m")

        def on_bar(self, bar: Bar) -> Intents:
            if self.mean.value is None:
                return None
            return Target(bar.instrument, Side.BUY if bar.close > self.mean.value else None, "5m close and its mean")

`setup` declares and is run at every start of the process; what a strategy sets on itself afterwards is kept, and comes back
after a restart. No handler may ask for the time, for chance or for a file: the same messages must give the same intents.
"""

from collections.abc import Iterable, Sequence
from datetime import time
from typing import Any, Protocol, TypeAlias, TypeVar

from sauda.clock import UnixNs
from sauda.contracts import Bar, Fill, Instrument, InstrumentId, Right, Tick
from sauda.money import Paise, Units
from sauda_strategy.api.intents import Intent
from sauda_strategy.rules import Rules

Intents: TypeAlias = Intent | Iterable[Intent] | None
"""What a handler returns."""


class Indicator(Protocol):
    """Takes one value or bar after the other; see `sauda_strategy.indicators`."""

    @property
    def value(self) -> Any:
        """Return its newest value, or None until it has seen enough."""

    def update(self, bar: Bar) -> None:
        """Take the next bar."""

    def freeze(self) -> Any:
        """Return all that it remembers as plain JSON values."""

    def thaw(self, kept: Any) -> None:
        """Take back what `freeze` returned, to the bit."""


I = TypeVar("I", bound=Indicator)  # noqa: E741  (an indicator of any kind)


class Contracts(Protocol):
    """The contracts on one underlying, as they stand today."""

    @property
    def index(self) -> InstrumentId | None:
        """Return the index itself, which nobody can trade."""

    @property
    def future(self) -> Instrument | None:
        """Return the future to trade: the nearest that does not expire within the rules' `roll_days`."""

    @property
    def price(self) -> Paise | None:
        """Return the underlying's price: the index's, else the future's, else what put-call parity says."""

    def option(self, right: Right, points_away: Paise = 0) -> Instrument | None:
        """Return the option of the nearest expiry at the money, or *points_away* above it; None while it is not known."""


class Desk(Protocol):
    """What a strategy sees of the desk. The host (`sauda_strategy.host`) implements it."""

    now_ns: UnixNs

    def watch(self, instrument: InstrumentId, *timeframes: str) -> None:
        """See `Strategy.watch`."""

    def track(self, indicator: I, instrument: InstrumentId, timeframe: str) -> I:
        """See `Strategy.track`."""

    def call_at(self, at: time) -> None:
        """See `Strategy.call_at`."""

    def contracts(self, underlying: str) -> Contracts:
        """See `Strategy.contracts`."""

    def definition(self, instrument: InstrumentId) -> Instrument | None:
        """See `Strategy.definition`."""

    def quote(self, instrument: InstrumentId) -> Tick | None:
        """See `Strategy.quote`."""

    def bars(self, instrument: InstrumentId, timeframe: str) -> Sequence[Bar]:
        """See `Strategy.bars`."""

    def held(self, instrument: InstrumentId) -> Units:
        """See `Strategy.held`."""


class Strategy:
    """Derive from it, name your `Rules`, and write the handlers that you need."""

    Rules: type[Rules] = Rules

    def __init__(self, rules: Any, desk: Desk) -> None:
        """Take the instance's *rules*; a strategy overrides `setup`, never this."""
        self.rules = rules
        self._desk = desk

    def setup(self) -> None:
        """Declare instruments, timeframes, indicators and times; nothing else. Run whenever the process starts."""

    def on_start(self) -> Intents:
        """The first market time has come, or somebody said `start`, or the rules were changed."""

    def on_tick(self, tick: Tick) -> Intents:
        """An instrument that is watched shows a new price."""

    def on_bar(self, bar: Bar) -> Intents:
        """A bar that is watched is complete, and every indicator on it has taken it. Bars of the past do not come here."""

    def on_fill(self, fill: Fill) -> Intents:
        """An order of this strategy has traded."""

    def on_time(self, at: time) -> Intents:
        """A time of day that `call_at` asked for has come, once on every trading day."""

    # What it may ask for in `setup`.

    def watch(self, instrument: InstrumentId, *timeframes: str) -> None:
        """Listen to *instrument*: ticks come to `on_tick`, bars of *timeframes* (`1m`, `5m`, `15m`, `1h`, `1d`) to `on_bar`."""
        self._desk.watch(instrument, *timeframes)

    def track(self, indicator: I, instrument: InstrumentId, timeframe: str) -> I:
        """Feed *indicator* with every complete bar, those of the warm-up first; return it."""
        return self._desk.track(indicator, instrument, timeframe)

    def call_at(self, at: time) -> None:
        """Let `on_time` come at this time of every trading day, whether the market moves or not."""
        self._desk.call_at(at)

    def contracts(self, underlying: str) -> Contracts:
        """Return the contracts on *underlying*, and listen to what tells its price."""
        return self._desk.contracts(underlying)

    # What it may ask at any time.

    @property
    def now_ns(self) -> UnixNs:
        """Return the market's time."""
        return self._desk.now_ns

    def definition(self, instrument: InstrumentId) -> Instrument | None:
        """Return lot size, tick size, expiry and so on; None while nobody has told them."""
        return self._desk.definition(instrument)

    def quote(self, instrument: InstrumentId) -> Tick | None:
        """Return the newest tick of an instrument that is watched or traded."""
        return self._desk.quote(instrument)

    def bars(self, instrument: InstrumentId, timeframe: str) -> Sequence[Bar]:
        """Return the newest complete bars, oldest first, those of the warm-up among them."""
        return self._desk.bars(instrument, timeframe)

    def held(self, instrument: InstrumentId) -> Units:
        """Return the units that this strategy holds, a short is negative; in a dry run those that it would hold."""
        return self._desk.held(instrument)
