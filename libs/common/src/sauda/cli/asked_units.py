"""Which units a question is about, which part of the record, and with which changes: what `diff` and `state` share."""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from sauda.clock import UnixNs
from sauda.contracts import Plain
from sauda.errors import ConfigError
from sauda.log import Entry
from sauda.merge import IdParts, id_parts

if TYPE_CHECKING:
    from sauda.record import Record
    from sauda.rerun.recorded_log import Cut
    from sauda.unit import Unit
    from sauda.window import Bound

_OF_THE_MARKET = frozenset({"ticks", "orders", "executions", "pnl"})
"""Streams whose messages carry the market's time; a command carries that of the person."""


def recorded_units(record: "Record") -> list[str]:
    """Return every unit that was carried forward on the desk; the feed has no inputs and is none."""
    from sauda.rerun.journal import records_of_all

    names = [unit.unit for unit in record.units() if unit.positions]
    if not names and record.live is None:
        names = sorted({one.unit for one in records_of_all(record.forwards("journal"))})
    return names


def named_units(record: "Record", wanted: Sequence[str]) -> list[str]:
    """Return the units *wanted*, all that are recorded if none is.

    Raises:
        ConfigError: the desk has no such unit; lists those it has.
    """
    known = recorded_units(record)
    for name in wanted:
        if name not in known:
            whole = {**{one.partition(".")[2]: one for one in known}, **{one: one for one in known}}
            near = difflib.get_close_matches(name, whole, n=1)
            hint = f"did you mean {whole[near[0]]}? " if near else ""
            there = f"units there: {', '.join(known)}" if known else "no unit was ever carried there"
            raise ConfigError(f"desk {record.desk} has no unit {name!r}; {hint}{there}")
    return list(dict.fromkeys(wanted)) or known


def texts_of(assignments: Iterable[str], option: str = "--set ") -> dict[str, str]:
    """Read `key=value` texts; *option* stands before each where something is wrong.

    Raises:
        ConfigError: one has no `=`, or a key stands twice.
    """
    found: dict[str, str] = {}
    for text in assignments:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"{option}{text!r} is not key=value, such as stop_loss_percentage=30")
        if key.strip() in found:
            raise ConfigError(f"{option}{key.strip()}: is said twice")
        found[key.strip()] = value.strip()
    return found


def shared_out(
    texts: Mapping[str, str], units: Mapping[str, "Unit"], names: Sequence[str]
) -> tuple[dict[str, str], dict[str, dict[str, Plain]]]:
    """Sort what is to be set: settings by name, and rules by unit.

    Raises:
        ConfigError: none of the units *names* has such a setting or rule; names near ones.
    """
    settings: dict[str, str] = {}
    rules: dict[str, dict[str, Plain]] = {}
    chosen = [units[name] for name in names if name in units]
    known = sorted({key for unit in chosen for key in (*unit.settings, *unit.rules)})
    for key, value in texts.items():
        followers = [unit.name for unit in chosen if key in unit.rules]
        if any(key in unit.settings for unit in chosen):
            settings[key] = value
        elif followers:
            for name in followers:
                rules.setdefault(name, {})[key] = value
        else:
            near = difflib.get_close_matches(key, known, n=3)
            hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(known)}"
            raise ConfigError(f"--set {key}: no setting or rule of {', '.join(names)}; {hint}")
    return settings, rules


class Ends:
    """The part of the record from *since* to *until*, as a person names it."""

    def __init__(self, record: "Record", since: "Bound | None", until: "Bound | None") -> None:
        from sauda.reading import newest_date
        from sauda.window import TimeBound

        day = (
            newest_date(record, "ticks")
            if isinstance(since, TimeBound) or isinstance(until, TimeBound)
            else None
        )
        self._from, self._to = since, until
        self.from_ns = since.instant(day) if isinstance(since, TimeBound) and day else None
        self.to_ns = until.instant(day) if isinstance(until, TimeBound) and day else None
        self._first_tick_after = None if self.to_ns is None else _first_tick_after(record, self.to_ns)

    def holds(self, entry: Entry) -> bool:
        """Return whether *entry* lies in it; the end is the matter of `cut`."""
        from sauda.market_time import stamp_of
        from sauda.window import IdBound

        if isinstance(self._from, IdBound):
            return self._from.id == b"-" or id_parts(entry.id) >= id_parts(self._from.id)
        at = stamp_of(entry.data) if entry.stream in _OF_THE_MARKET else None
        return self.from_ns is None or at is None or at >= self.from_ns

    def holds_time(self, at: UnixNs) -> bool:
        """Return whether the market time *at* is not before it."""
        return self.from_ns is None or at >= self.from_ns

    def cut(self) -> "Cut | None":
        """Return what ends a run at the end of this part; None if it has none."""
        from sauda.window import IdBound

        if isinstance(self._to, IdBound):
            if self._to.id == b"+":
                return None
            last = id_parts(self._to.id) if b"-" in self._to.id else (int(self._to.id), 1 << 64)
            return lambda entries: _until(entries, lambda entry: id_parts(entry.id) > last)
        return None if self.to_ns is None else self._until_time

    def _until_time(self, entries: Sequence[Entry]) -> int:
        return _until(entries, self._is_after)

    def _is_after(self, entry: Entry) -> bool:
        from sauda.market_time import stamp_of

        if entry.stream == "ticks":
            after = self._first_tick_after
            return after is not None and id_parts(entry.id) >= after
        at = stamp_of(entry.data) if entry.stream in _OF_THE_MARKET else None
        return at is not None and self.to_ns is not None and at > self.to_ns


def _until(entries: Sequence[Entry], is_beyond: Callable[[Entry], bool]) -> int:
    return next((at for at, entry in enumerate(entries) if is_beyond(entry)), len(entries))


def _first_tick_after(record: "Record", instant: UnixNs) -> IdParts | None:
    from sauda.market_time import stamp_of
    from sauda.reading import id_at

    for entry in record.forwards("ticks", id_at(record, "ticks", instant)):
        at = stamp_of(entry.data)
        if at is not None and at > instant:
            return id_parts(entry.id)
    return None
