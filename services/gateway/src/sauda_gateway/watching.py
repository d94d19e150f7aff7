"""How the desk is: its clock, streams, readers, units, services and Redis. Looked at every two seconds, not by each who asks."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from sauda import health
from sauda.clock import SystemClock, UnixNs, monotonic_s
from sauda.errors import ContractError, SaudaError
from sauda.hand.exchange import UNIT as EXCHANGE
from sauda.reading import read_entry
from sauda.record import Record
from sauda.redis_book import RedisBook
from sauda.redis_view import ServerFacts, StreamLag, UnitHolding, server_facts
from sauda.risk.use import Halt
from sauda.runner import Stop
from sauda.settings import Settings

EVERY_S: Final = 2.0
_STALE_MS: Final = 10_000
"""The feed writes at least each second; a market that is silent for so long stands still, or its feed is down."""


class ServiceHealth(msgspec.Struct, frozen=True):
    """One replica of a service, by its own report."""

    name: str
    ready: bool
    why: str


class DeskStatus(msgspec.Struct, frozen=True):
    """How a desk is."""

    desk: str
    at_ns: UnixNs
    """Wall time at which it was looked at."""
    away: str | None
    """Why Redis cannot be asked; null: it answers. All below is as it was then."""
    market_ns: UnixNs | None = None
    """The market's time: of the newest tick or heartbeat."""
    tick_age_ms: int | None = None
    """How long ago, by Redis' clock, the newest of them was written."""
    stands_still: bool = True
    """Whether the market shows nothing: the feed is down, or a recording over."""
    kill_switch: str | None = None
    """Who halted the desk, and why; null: it trades."""
    halted: dict[str, Halt] = {}
    """strategy, or `*` for the desk -> the limit that halted it"""
    units: list[UnitHolding] = []
    streams: list[StreamLag] = []
    services: list[ServiceHealth] = []
    """By their reports, where the gateway can see those: on one machine."""
    redis: ServerFacts | None = None


class Watch:
    """Looks at one desk, again and again."""

    def __init__(self, settings: Settings, strategies: Callable[[], list[str]]) -> None:
        """*strategies* tells whom a limit could have halted."""
        self._settings = settings
        self._strategies = strategies
        self._status = DeskStatus(settings.desk, 0, "not looked at yet")
        self._looked = threading.Event()

    @property
    def status(self) -> DeskStatus:
        """Return what was seen last."""
        return self._status

    def run(self, stop: Stop) -> None:
        """Look until told to stop."""
        while not stop.is_set():
            began_s = monotonic_s()
            try:
                record = Record.open(self._settings)
                try:
                    self._look(record, stop)
                finally:
                    record.close()
            except SaudaError as error:
                self._status = msgspec.structs.replace(
                    self._status, away=str(error), at_ns=SystemClock().now_ns()
                )
            stop.wait(max(0.1, EVERY_S - (monotonic_s() - began_s)))

    def _look(self, record: Record, stop: Stop) -> None:
        while not stop.is_set():
            self._status = status_of(record, self._settings, self._strategies())
            stop.wait(EVERY_S)


def status_of(record: Record, settings: Settings, strategies: list[str]) -> DeskStatus:
    """Return how the desk of *record* is."""
    now_ns = SystemClock().now_ns()
    live = record.live
    if live is None:
        return DeskStatus(record.desk, now_ns, None, streams=record.lag())
    newest = live.newest("ticks")
    age_ms = None if newest is None else live.now_ms() - int(newest.id.partition(b"-")[0])
    rows = _halts(live, strategies)
    switch = rows.pop(b"control/halted", None)
    return DeskStatus(
        desk=record.desk,
        at_ns=now_ns,
        away=None,
        market_ns=read_entry(newest).time_ns if newest else None,
        tick_age_ms=age_ms,
        stands_still=age_ms is None or age_ms > _STALE_MS,
        kill_switch=None if switch is None else str(msgspec.json.decode(switch)),
        halted={
            key.partition(b"/")[2].decode(): msgspec.json.decode(row, type=Halt) for key, row in rows.items()
        },
        units=live.units(),
        streams=live.lag(),
        services=list(_services(settings.health_file)),
        redis=server_facts(settings.redis_url, settings.desk),
    )


def as_sent(status: DeskStatus) -> dict[str, Any]:
    """Return *status* as it is sent."""
    sent: dict[str, Any] = msgspec.to_builtins(status)
    return sent


def _halts(live: RedisBook, strategies: list[str]) -> dict[bytes, bytes]:
    names = [b"control/halted", b"halts/*", *(f"halts/{name}".encode() for name in strategies)]
    return live.rows_of(EXCHANGE, names)


def _services(own: Path | None) -> Iterator[ServiceHealth]:
    """Yield the replicas whose reports lie beside our own."""
    for path in sorted(own.parent.glob("*.json")) if own is not None else ():
        try:
            name = health.read(path).service
        except ContractError:
            continue
        verdict = health.check(path)
        yield ServiceHealth(path.stem if path.stem != "health" else name, verdict.healthy, verdict.why)
