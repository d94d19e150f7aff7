"""The desks that are looked at: the gateway's own, and beside it those that somebody asked for, replays most of all."""

import asyncio
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final

from sauda.clock import monotonic_s
from sauda.errors import ConfigError
from sauda.record import Record
from sauda.runner import Stop
from sauda.settings import Settings
from sauda_gateway.desk import Desk
from sauda_gateway.lanes import SLOW, run
from sauda_gateway.problems import ProblemError, no_desk
from sauda_gateway.voices import last_of_each
from sauda_gateway.watching import Watch, as_sent

_OTHERS: Final = 4
"""Desks that are followed beside the own one; the one that was longest not asked for goes."""
_RECORDS: Final = 3
"""That each thread keeps open."""
_FORGOTTEN_S: Final = 300.0
_WAIT_S: Final = 15.0
_LOOK_S: Final = 0.05
_LOOKS: Final = 20
"""Until somebody asks again whether it is there at all."""


@dataclass
class _Other:
    desk: Desk
    stop: threading.Event
    asked_s: float = field(default_factory=monotonic_s)


@dataclass
class _Kept:
    """A record that a thread keeps open."""

    record: Record
    books: int
    """Books of the desk that were put aside when it was opened."""

    @classmethod
    def of(cls, record: Record) -> "_Kept":
        return cls(record, _books(record))

    def is_current(self) -> bool:
        """Return whether it is still that of the desk's present book."""
        return _books(self.record) == self.books


def _books(record: Record) -> int:
    live = record.live
    return -1 if live is None else live.number(live.keys.aside)


class Desks:
    """Gives desks by name, and each thread records of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.own = Desk(settings.desk, lambda: Record.open(settings))
        self.watch = Watch(settings, self._strategies)
        self._others: OrderedDict[str, _Other] = OrderedDict()
        self._lock = threading.Lock()
        self._local = threading.local()

    def run(self, stop: Stop) -> None:
        """Follow the own desk until told to stop."""
        try:
            self.own.run(stop)
        finally:
            with self._lock:
                for other in self._others.values():
                    other.stop.set()

    def status(self) -> dict[str, Any]:
        """Return how the own desk is, as it was seen last."""
        return as_sent(self.watch.status)

    def _strategies(self) -> list[str]:
        with self.own.look() as known:
            return sorted({*known.worth.strategies, *last_of_each(known.voices.signals)})

    async def known(self, name: str | None) -> Desk:
        """Return the desk *name*, None: the own one, as far as it is known; no thread waits for it.

        Raises:
            ProblemError: 404 if there is none, 503 if it is not known yet.
        """
        deadline_s = monotonic_s() + _WAIT_S
        while True:
            desk = await self._desk(name or self.own.name)
            for _ in range(_LOOKS):
                if desk.is_known:
                    return desk
                await asyncio.sleep(_LOOK_S)
            if monotonic_s() > deadline_s:
                raise ProblemError(
                    503, f"the desk {desk.name} is not known yet: {desk.away}", headers={"Retry-After": "1"}
                )

    async def _desk(self, name: str) -> Desk:
        if name == self.own.name:
            return self.own
        with self._lock:
            found = self._others.get(name)
            if found is not None and found.desk.is_known:
                found.asked_s = monotonic_s()
                self._others.move_to_end(name)
                return found.desk
        # One that is being read may have been deleted meanwhile.
        return await run(SLOW, lambda: self._other(name))

    def record(self, name: str | None = None) -> Record:
        """Return a record of the desk *name* for this thread; it stays open for the next request.

        Raises:
            ProblemError: 404 if there is no such desk.
        """
        kept: OrderedDict[str, _Kept] = self._local.__dict__.setdefault("records", OrderedDict())
        desk = name or self._settings.desk
        found = kept.pop(desk, None)
        if found is not None and not found.is_current():
            found.record.close()
            found = None
        kept[desk] = found or _Kept.of(self._opened(desk))
        while len(kept) > _RECORDS:
            kept.popitem(last=False)[1].record.close()
        return kept[desk].record

    def forget(self, name: str) -> None:
        """Follow the desk *name* no more: it was deleted."""
        with self._lock:
            other = self._others.pop(name, None)
        if other is not None:
            other.stop.set()

    def _opened(self, desk: str) -> Record:
        try:
            record = Record.open(self._settings, desk)
        except ConfigError as error:
            raise no_desk(desk, str(error)) from error
        if desk != self._settings.desk and not record.exists():
            record.close()
            raise no_desk(desk)
        return record

    def _other(self, name: str) -> Desk:
        try:
            self._opened(name).close()
        except ProblemError:
            self.forget(name)
            raise
        with self._lock:
            if name not in self._others:
                self._others[name] = self._followed(name)
                self._make_room()
            return self._others[name].desk

    def _followed(self, name: str) -> _Other:
        desk, stop = Desk(name, lambda: self._opened(name)), threading.Event()
        threading.Thread(target=desk.run, args=(stop,), name=f"desk {name}", daemon=True).start()
        return _Other(desk, stop)

    def _make_room(self) -> None:
        old = [name for name, one in self._others.items() if monotonic_s() - one.asked_s > _FORGOTTEN_S]
        while len(self._others) - len(old) > _OTHERS:
            old.append(next(name for name in self._others if name not in old))
        for name in old:
            self._others.pop(name).stop.set()
