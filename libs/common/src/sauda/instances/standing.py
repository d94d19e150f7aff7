"""How every strategy of a desk stands: what is written down for it, who carries it, what it holds and last thought."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from sauda.contracts import Opened, Plain, Signal
from sauda.hand.desk import EXCHANGE
from sauda.instances.files import Written
from sauda.money import Units
from sauda.newest_opening import newest_opening
from sauda.reading import readable
from sauda.record import Record
from sauda.redis_view import UnitHolding
from sauda.risk.book import rows_of
from sauda.risk.use import halts_of

PREFIX: Final = "strategy."
_LOOKED_THROUGH: Final = 5_000
"""Signals read back in search of each strategy's newest."""


class Position(msgspec.Struct, frozen=True):
    """What a strategy holds of one instrument."""

    instrument: str
    qty: Units


class Standing(msgspec.Struct, frozen=True):
    """One strategy instance."""

    strategy: str
    kind: str | None
    mode: str | None
    state: str
    """`trading`, `stopped`, `halted` (by a limit), `broken`, `not carried`."""
    why: str | None
    """Why it is broken, halted or not carried."""
    held_by: str | None
    """The replica that carries it now."""
    positions: list[Position]
    last_signal: Signal | None
    """Its newest decision; a dry run's order that would be sent only where no decision is found."""
    rules: dict[str, Plain]
    """Those that it follows; those of its file while nobody carries it."""
    differs_from_file: list[str]
    """Keys that `set`, or an edit that was not reloaded, has left different from the file."""


def rules_in_force(record: Record, unit: str) -> tuple[dict[str, Plain], Opened | None]:
    """Return the rules that *unit* follows, and what it was built with."""
    opened = newest_opening(record, unit)
    if opened is None:
        return {}, None
    for _, row in rows_of(record.state_of(unit), "rules"):
        if row["file"] == opened.rules:
            return dict(row["rules"]), opened
    return dict(opened.rules), opened


def standings(record: Record, written: Written) -> list[Standing]:
    """Return all instances that have a rules file, or were ever carried on the desk."""
    units = units_of(record)
    names = {*written.rules, *written.broken, *(name for name, unit in units.items() if unit.held)}
    exchange = record.state_of(EXCHANGE)
    held = _positions(exchange)
    names |= {name for name in held if name in units}
    signals = _last_signals(record, names)
    halts = {name: halt.text for name, halt in halts_of(exchange).items()}
    return [
        _standing(
            record,
            name,
            written,
            units.get(name),
            held=held.get(name, []),
            signal=signals.get(name),
            halts=halts,
        )
        for name in sorted(names)
    ]


def units_of(record: Record) -> dict[str, UnitHolding]:
    """Return the strategies that were ever carried on the desk, by instance."""
    return {unit.unit.removeprefix(PREFIX): unit for unit in record.units() if unit.unit.startswith(PREFIX)}


def _standing(
    record: Record,
    name: str,
    written: Written,
    unit: UnitHolding | None,
    *,
    held: list[Position],
    signal: Signal | None,
    halts: Mapping[str, str],
) -> Standing:
    file = written.rules.get(name, {})
    is_held = unit is not None and unit.held
    rules = (rules_in_force(record, PREFIX + name)[0] if is_held else {}) or file
    state, why = _state(record, name, rules, written, halts) if is_held else _absent(name, written)
    return Standing(
        strategy=name,
        kind=_text(rules.get("kind")),
        mode=_text(rules.get("mode")),
        state=state,
        why=why,
        held_by=unit.holder if unit is not None and is_held else None,
        positions=held,
        last_signal=signal,
        rules=rules,
        differs_from_file=sorted(key for key in rules if file and rules[key] != file.get(key)),
    )


def _state(
    record: Record, name: str, rules: Mapping[str, Plain], written: Written, halts: Mapping[str, str]
) -> tuple[str, str | None]:
    rows = record.state_of(PREFIX + name)
    if (broken := rows.get(b"broken/why")) is not None:
        return "broken", str(msgspec.json.decode(broken))
    limit = halts.get(name, halts.get("*"))
    if limit is not None:
        return "halted", limit
    on = rows.get(b"switch/on")
    trades = bool(rules.get("enabled")) if on is None else bool(msgspec.json.decode(on))
    file = written.broken.get(name)
    return "trading" if trades else "stopped", file and f"the file cannot be used: {file}"


def _absent(name: str, written: Written) -> tuple[str, str | None]:
    if name in written.broken:
        return "broken", written.broken[name]
    if name in written.rules:
        return "not carried", f"`sauda strategies reload {name}` starts it"
    return "not carried", "its rules file is gone: nobody manages what it holds"


def _positions(exchange: Mapping[bytes, bytes]) -> dict[str, list[Position]]:
    found: dict[str, list[Position]] = {}
    for _, row in rows_of(exchange, "held"):
        found.setdefault(str(row["strategy"]), []).append(Position(str(row["instrument"]), int(row["qty"])))
    return found


def _last_signals(record: Record, names: Iterable[str]) -> dict[str, Signal]:
    missing, found, would = set(names), dict[str, Signal](), dict[str, Signal]()
    for number, message in enumerate(readable(record.backwards("signals"))):
        if not missing or number >= _LOOKED_THROUGH:
            break
        if not isinstance(message, Signal) or message.strategy not in missing:
            continue
        if message.would_place is not None:
            would.setdefault(message.strategy, message)  # It follows from a decision, which says why.
            continue
        missing.discard(message.strategy)
        found[message.strategy] = message
    return would | found


def _text(value: Plain) -> str | None:
    return None if value is None else str(value)
