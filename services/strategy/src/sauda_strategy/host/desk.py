"""What a strategy sees of the desk: its questions, answered from what the host knows."""

from collections.abc import Sequence
from datetime import time
from typing import Protocol

from sauda.clock import UnixNs
from sauda.contracts import Bar, Instrument, InstrumentId, Tick
from sauda.errors import ConfigError
from sauda.instruments import canonical
from sauda.money import Units
from sauda_strategy.api import Contracts
from sauda_strategy.api.strategy import I
from sauda_strategy.host.asked import Asked


class Answers(Protocol):
    """Whoever knows; the host."""

    def contracts(self, underlying: str) -> Contracts:
        """Return the contracts on *underlying*."""

    def definition(self, instrument: InstrumentId) -> Instrument | None:
        """Return its definition."""

    def quote(self, instrument: InstrumentId) -> Tick | None:
        """Return its newest tick."""

    def bars(self, instrument: InstrumentId, timeframe: str) -> Sequence[Bar]:
        """Return its newest bars."""

    def held(self, instrument: InstrumentId) -> Units:
        """Return what is held."""


class HostDesk:
    """See `sauda_strategy.api.strategy.Desk`."""

    def __init__(self, answers: Answers) -> None:
        self.now_ns: UnixNs = 0
        """Set before every call of a handler."""
        self.asked = Asked()
        self.is_open = True
        """Whether `setup` is still running: what is declared later would be lost with a restart."""
        self._answers = answers

    def watch(self, instrument: InstrumentId, *timeframes: str) -> None:
        """Listen to *instrument*."""
        self._declare("watch")
        self.asked.watch(_named(instrument), timeframes)

    def track(self, indicator: I, instrument: InstrumentId, timeframe: str) -> I:
        """Feed *indicator*."""
        self._declare("track")
        self.asked.track(indicator, _named(instrument), timeframe)
        return indicator

    def call_at(self, at: time) -> None:
        """Call `on_time` at that time."""
        self._declare("call_at")
        self.asked.times.add(at)

    def contracts(self, underlying: str) -> Contracts:
        """Return the contracts, declared in `setup` or not."""
        name = canonical(underlying)
        if name not in self.asked.underlyings:
            self._declare("contracts")
            self.asked.underlyings[name] = None
        return self._answers.contracts(name)

    def definition(self, instrument: InstrumentId) -> Instrument | None:
        """Return its definition."""
        return self._answers.definition(instrument)

    def quote(self, instrument: InstrumentId) -> Tick | None:
        """Return its newest tick."""
        return self._answers.quote(instrument)

    def bars(self, instrument: InstrumentId, timeframe: str) -> Sequence[Bar]:
        """Return its newest bars."""
        if (instrument, timeframe) not in self.asked.series:
            raise ConfigError(f"bars of {instrument} {timeframe} are not watched: ask for them in setup")
        return self._answers.bars(instrument, timeframe)

    def held(self, instrument: InstrumentId) -> Units:
        """Return what is held."""
        return self._answers.held(instrument)

    def _declare(self, what: str) -> None:
        if not self.is_open:
            raise ConfigError(
                f"{what}() belongs into setup(): what is asked for later is lost with a restart"
            )


def _named(instrument: InstrumentId) -> InstrumentId:
    if not isinstance(instrument, str) or not all(instrument.partition(":")):
        raise ConfigError(
            f"{instrument!r} is no instrument: write EXCHANGE:TRADINGSYMBOL, such as 'NSE:Nifty 50'"
        )
    return instrument
