"""`sauda backtest --desk`: a recorded desk once more, in lock step, and what went otherwise there."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from sauda.cli import screen
from sauda.cli.asked_units import named_units
from sauda.cli.backtest_words import counted
from sauda.cli.what_if import made_as_recorded, with_changes
from sauda.clock import clock_text
from sauda.contracts import Fill
from sauda.errors import ConfigError
from sauda.money import to_indian
from sauda.whatif.market import beginnings

if TYPE_CHECKING:
    from sauda.backtest.outcome import Outcome
    from sauda.backtest.raced import Difference
    from sauda.clock import UnixNs
    from sauda.record import Record
    from sauda.settings import Settings
    from sauda.unit import Unit

_LINES = 20

Shown = Callable[[str, "UnixNs", "UnixNs"], AbstractContextManager[Callable[["UnixNs", int], None]]]
"""Shows how far it has come: name, first and last instant."""


def once_more(
    record: "Record", settings: "Settings", texts: Mapping[str, str], shown: Shown
) -> "tuple[Outcome, list[Difference]]":
    """Play the record to the desk's own units, with *texts* changed, and compare.

    Raises:
        ConfigError: a change that no unit knows, or a desk without ticks.
    """
    from sauda.backtest.plan import HOUSE
    from sauda.backtest.raced import differences
    from sauda.backtest.recorded import RecordedDesk

    began = {
        name: how for name, how in beginnings(record).items() if name in HOUSE or name.startswith("strategy.")
    }
    units = made_as_recorded(began, settings)
    for names, changes in _by_unit(record, list(began), texts):
        units |= with_changes(units, settings, began, names, changes)
    states = {name: start.state for name in began if (start := record.start_of(name)) is not None}
    desk = RecordedDesk(record, _in_order(units), {name: how.ticks for name, how in began.items()}, states)
    with shown(f"desk {record.desk}", 0, 0) as tell:
        desk.play(tell)
    exchange = units.get(HOUSE[0])
    capital = exchange.settings.get("capital", settings.capital) if exchange else settings.capital
    said = "Every order meets the exchange before the next tick: what raced in life does not race here."
    outcome = desk.outcome(str(capital), [said])
    return outcome, differences(record, outcome)


def tell_differences(found: "list[Difference]") -> None:
    """Print what went otherwise, and why."""
    if not found:
        screen.line("signals, orders and fills: as the desk had them")
        return
    unexplained = sum(not one.explained for one in found)
    told = f"{unexplained:,} of them unexplained" if unexplained else "all of it follows from races"
    screen.line(f"{counts(found)} went otherwise, {told}:")
    for one in sorted(found, key=lambda one: one.explained)[:_LINES]:
        screen.line(f"  {one.what} {one.name}")
        screen.line(f"    desk      {'; '.join(map(_words, one.desk)) or 'nothing'}")
        screen.line(f"    backtest  {'; '.join(map(_words, one.backtest)) or 'nothing'}")
        screen.line(f"    why       {one.why}")
    if len(found) > _LINES:
        screen.line(f"  ... and {len(found) - _LINES:,} more (--json)")


def counts(found: "Sequence[Difference]") -> str:
    """Return how many orders and signals are among *found*: `2 orders and 1 signal`."""
    numbers = {what: sum(one.what == what for one in found) for what in ("order", "signal")}
    return " and ".join(counted(number, what) for what, number in numbers.items() if number)


def _words(said: Mapping[str, Any]) -> str:
    kind = str(said.get("type", ""))
    if kind == Fill.__struct_config__.tag:
        return f"{said['side']} {said['qty']} at {to_indian(said['price'])} ({clock_text(said['event_ns'])})"
    return f"{kind} {said.get('reason', '')} ({clock_text(said['event_ns'])})".replace("  ", " ")


def _in_order(units: "Mapping[str, Unit]") -> "list[Unit]":
    return [units[name] for name in sorted(units)]


def _by_unit(
    record: "Record", names: list[str], texts: Mapping[str, str]
) -> list[tuple[list[str], dict[str, str]]]:
    """Sort `key` and `instance.key` by the units that they are for."""
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for key, value in texts.items():
        instance, dot, rule = key.rpartition(".")
        whole = [one for one in (f"strategy.{instance}", instance) if one in names]
        if dot and not whole:
            named_units(record, [instance])
            raise ConfigError(f"--set {key}: {instance} is no part of a backtest")
        found.setdefault(tuple(whole or names), {})[rule if dot else key] = value
    return [(list(names), changes) for names, changes in found.items()]
