"""A recorded desk as a backtest: its own ticks, definitions, commands and replies, in the order of their ids, in lock step."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from sauda.backtest.outcome import Data, Outcome
from sauda.backtest.told import PRICE_EVERY_NS, Told
from sauda.clock import UnixNs
from sauda.codec import decode
from sauda.contracts import Instrument, InstrumentId, Message, Plain, Tick
from sauda.errors import ConfigError, ContractError
from sauda.log import Entry
from sauda.merge import IdParts
from sauda.money import Paise, to_paise
from sauda.rerun.source import Streams
from sauda.unit import Unit
from sauda.whatif.desk import LockStepDesk
from sauda.whatif.market import outside

_DAY_NS: Final = 86_400 * 10**9
_IST_NS: Final = 19_800 * 10**9
_TELL_EVERY: Final = 5_000
"""Entries between two words about how far it has come."""


class RecordedDesk:
    """Plays one record."""

    def __init__(
        self,
        streams: Streams,
        units: Sequence[Unit],
        since: Mapping[str, IdParts | None],
        states: Mapping[str, Mapping[bytes, bytes]],
    ) -> None:
        """Prepare; *since* and *states* say where in the record each unit began, and with what."""
        self._streams = streams
        self._units = units
        self.told = Told()
        self._desk = LockStepDesk(units, since, states, self.told.take)
        self._digest = hashlib.blake2b(digest_size=8)
        self._ticks = 0
        self._sessions: list[tuple[UnixNs, UnixNs]] = []
        self._day = -1
        self._defined: dict[InstrumentId, Instrument] = {}
        self._prices: dict[InstrumentId, list[tuple[UnixNs, Paise]]] = {}

    def play(self, tell: Callable[[UnixNs, int], None] = lambda _at_ns, _ticks: None) -> None:
        """Let the desk live through the whole record.

        Raises:
            ConfigError: the record has no tick.
        """
        for number, (entry, message) in enumerate(_read(self._streams)):
            self._digest.update(entry.data)
            if isinstance(message, Tick):
                self._note(message)
            elif isinstance(message, Instrument):
                self._defined[message.instrument] = message
            self._desk.take(entry, message)
            if number % _TELL_EVERY == 0 and self._sessions:
                tell(self._sessions[-1][1], self._ticks)
        if not self._ticks:
            raise ConfigError(f"desk {self._streams.desk} has no tick on record: there is nothing to play")

    def outcome(self, capital: Plain, assumptions: Sequence[str]) -> Outcome:
        """Return what came of it."""
        told, units = self.told, self._units
        traded = {order.instrument for order in told.orders}
        return Outcome(
            data=Data(
                f"desk {self._streams.desk}",
                self._digest.hexdigest(),
                self._sessions[0][0],
                self._sessions[-1][1],
                self._ticks,
                bars=False,
                sessions=tuple(self._sessions),
            ),
            strategies=tuple(sorted(_instance(one) for one in units if one.name.startswith("strategy."))),
            settings={name: value for unit in units for name, value in unit.settings.items()},
            rules={_instance(unit): unit.rules for unit in units if unit.rules},
            capital=to_paise(str(capital)),
            assumptions=tuple(assumptions),
            signals=tuple(told.signals),
            orders=tuple(told.orders),
            executions=tuple(told.executions),
            fills=tuple(told.fills),
            alerts=tuple(told.alerts),
            equity=told.equity,
            instruments={name: self._defined[name] for name in sorted(traded & self._defined.keys())},
            parked=tuple(line for player in self._desk.players for line in player.parked),
            stopped={one.unit.name: one.stopped for one in self._desk.players if one.stopped},
            prices={name: tuple(self._prices[name]) for name in sorted(traded & self._prices.keys())},
        )

    def _note(self, tick: Tick) -> None:
        self._ticks += 1
        at_ns = tick.recv_ns
        day = (at_ns + _IST_NS) // _DAY_NS
        if day != self._day:
            self._day = day
            self._sessions.append((at_ns, at_ns))
        else:
            self._sessions[-1] = (self._sessions[-1][0], at_ns)
        seen = self._prices.setdefault(tick.instrument, [])
        if not seen or at_ns - seen[-1][0] >= PRICE_EVERY_NS:
            seen.append((at_ns, tick.ltp))


def _instance(unit: Unit) -> str:
    return unit.name.removeprefix("strategy.")


def _read(streams: Streams) -> Iterator[tuple[Entry, Message | None]]:
    for entry in outside(streams):
        try:
            yield entry, decode(entry.data)
        except ContractError:
            yield entry, None
