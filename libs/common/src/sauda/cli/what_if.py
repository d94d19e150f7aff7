"""`sauda diff --set`: the desk in lock step, as it was made and with a change, beside the record."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from sauda.cli import screen
from sauda.cli.asked_units import Ends, shared_out
from sauda.cli.book import OrderState, orders_of
from sauda.cli.plain_values import shown
from sauda.codec import decode
from sauda.contracts import DeskPnl, Fill, Message, Plain, StrategyPnl
from sauda.errors import ConfigError, ContractError
from sauda.log import Entry
from sauda.rerun.made_of import MadeOf, settings_with
from sauda.units import available
from sauda.whatif.compared import Compared, compared
from sauda.whatif.desk import LockStepDesk
from sauda.whatif.market import Beginning, beginnings, outside
from sauda.whatif.told import Told, told_of

if TYPE_CHECKING:
    from sauda.record import Record
    from sauda.settings import Settings
    from sauda.unit import Unit

T = TypeVar("T")

WHY_THEY_DIFFER = "the record and lock step may differ: in life orders met the market as late as the desk was, in lock step at once"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Three desks: as it was, the same in lock step, and with the change."""

    record: Told
    as_made: LockStepDesk
    changed: LockStepDesk
    heard: set[str]
    """Instruments that the record has ticks of."""


def what_if(
    record: "Record",
    settings: "Settings",
    names: Sequence[str],
    texts: Mapping[str, str],
    ends: Ends,
    *,
    limit: int,
    as_json: bool,
) -> bool:
    """Run the desk with the change *texts* to the units *names*, tell what differs, and return whether nothing does.

    Raises:
        ConfigError: nothing has such a setting or rule, or the value cannot be used.
    """
    began = beginnings(record)
    made = {name: _made(name, settings, how) for name, how in began.items()}
    changed = {**made, **_changed(made, settings, began, names, texts)}
    since = {name: how.ticks for name, how in began.items()}
    outcome = Outcome(
        _recorded(record, ends),
        LockStepDesk(list(made.values()), since),
        LockStepDesk(list(changed.values()), since),
        set(),
    )
    for entry, message in _market(record, ends):
        instrument = getattr(message, "instrument", None)
        if instrument is not None and entry.stream == "ticks":
            outcome.heard.add(instrument)
        outcome.as_made.take(entry, message)
        outcome.changed.take(entry, message)
    return _tell(outcome, ends, limit=limit, as_json=as_json)


def _made(name: str, settings: "Settings", how: Beginning) -> "Unit":
    return MadeOf(name, settings, as_recorded=True)(how.opened)


def _changed(
    made: Mapping[str, "Unit"],
    settings: "Settings",
    began: Mapping[str, Beginning],
    names: Sequence[str],
    texts: Mapping[str, str],
) -> dict[str, "Unit"]:
    """Return the units that the change concerns, made with it."""
    values, rules = shared_out(texts, made, names)
    found: dict[str, Unit] = {}
    for name in names:
        opened = began[name].opened
        recorded: dict[str, Plain] = dict(opened.settings) if opened else {}
        own = {key: value for key, value in values.items() if key in made[name].settings}
        if not own and name not in rules:
            continue
        whole: dict[str, Plain] = {**(dict(opened.rules) if opened else {}), **rules.get(name, {})}
        units = available(settings_with(settings, {**recorded, **own}), {name: whole} if whole else None)
        if name not in units:
            raise ConfigError(f"{name} cannot be made here: its rules file or its service is gone")
        found[name] = units[name]
    return found


def _market(record: "Record", ends: Ends) -> Iterator[tuple[Entry, Message | None]]:
    cut = ends.cut()
    for entry in outside(record):
        if cut is not None and cut([entry]) == 0:
            return
        try:
            yield entry, decode(entry.data)
        except ContractError:
            yield entry, None


def _recorded(record: "Record", ends: Ends) -> Told:
    cut = ends.cut()
    return told_of(record, lambda entry: cut is None or cut([entry]) == 1)


def _tell(outcome: Outcome, ends: Ends, *, limit: int, as_json: bool) -> bool:
    before, now = outcome.as_made.told, outcome.changed.told
    orders = compared(_orders(before, ends), _orders(now, ends), [_by_order_id, _by_order_terms])
    fills = compared(_fills(before, ends), _fills(now, ends), [_by_fill_id, _by_fill_terms])
    profit = [
        ("record", outcome.record),
        ("lock step, as made", before),
        ("lock step, with the change", now),
    ]
    notes = _notes(outcome)
    is_same = orders.same and fills.same
    if as_json:
        screen.json_document(
            {
                "same": is_same,
                "orders": _document(orders),
                "fills": _document(fills),
                "profit": {
                    name: {"desk": told.desk, "strategies": list(told.strategies.values())}
                    for name, told in profit
                },
                "notes": notes,
            }
        )
        return is_same
    _tell_compared("order", orders, limit, _order_line)
    _tell_compared("fill", fills, limit, _fill_line)
    screen.blank()
    screen.table(
        ("PROFIT", "STRATEGY", ">NET", ">REALISED", ">UNREALISED", ">CHARGES"), list(_profit_rows(profit))
    )
    for note in notes:
        screen.note(f"note: {note}")
    return is_same


def _notes(outcome: Outcome) -> list[str]:
    notes = [WHY_THEY_DIFFER]
    unheard = sorted(outcome.changed.told.wanted - outcome.as_made.told.wanted - outcome.heard)
    if unheard:
        few = ", ".join(unheard[:5]) + (" ..." if len(unheard) > 5 else "")
        notes.append(
            f"the change asks for instruments that the desk did not listen to, so they have no prices here: {few}"
        )
    for which, desk in (("as made", outcome.as_made), ("with the change", outcome.changed)):
        for player in desk.players:
            if player.stopped:
                notes.append(f"{player.unit.name} {which} stops: {player.stopped}")
            if player.parked:
                notes.append(f"{player.unit.name} {which} could not work {player.parked} messages")
    return notes


def _orders(told: Told, ends: Ends) -> list[OrderState]:
    return [one for one in orders_of(told.orders, told.executions) if ends.holds_time(one.event_ns)]


def _fills(told: Told, ends: Ends) -> list[Fill]:
    return [one for one in told.executions if isinstance(one, Fill) and ends.holds_time(one.event_ns)]


def _by_order_id(order: OrderState) -> object:
    return order.order_id


def _by_order_terms(order: OrderState) -> object:
    return order.strategy, order.instrument, order.side, order.event_ns


def _by_fill_id(fill: Fill) -> object:
    return fill.fill_id


def _by_fill_terms(fill: Fill) -> object:
    return fill.strategy, fill.instrument, fill.side, fill.event_ns


def _document(found: Compared[Any]) -> dict[str, Any]:
    changes = [{"before": one.before, "now": one.now, "fields": one.fields} for one in found.change]
    return {"appear": found.appear, "vanish": found.vanish, "change": changes}


def _tell_compared(what: str, found: Compared[T], limit: int, words: Callable[[T], str]) -> None:
    counts = f"{len(found.appear)} appear, {len(found.vanish)} vanish, {len(found.change)} change"
    screen.line(f"{what}s: {counts}")
    lines = [
        *(f"  + {words(one)}" for one in found.appear),
        *(f"  - {words(one)}" for one in found.vanish),
        *(f"  ~ {words(one.before)}: {_fields(one.fields)}" for one in found.change),
    ]
    for text in lines[:limit]:
        screen.line(text)
    if len(lines) > limit:
        screen.line(f"  ... and {len(lines) - limit} more (--limit, --json)")


def _fields(fields: Mapping[str, tuple[Any, Any]]) -> str:
    return ", ".join(
        f"{name} {shown(name, was)} -> {shown(name, came)}" for name, (was, came) in fields.items()
    )


def _order_line(order: OrderState) -> str:
    terms = f"{order.side.value} {order.qty} {order.instrument} {order.kind.value}"
    return f"{screen.instant(order.event_ns)}  {order.order_id}  {terms}  {order.status.value}"


def _fill_line(fill: Fill) -> str:
    terms = f"{fill.side.value} {fill.qty} {fill.instrument} at {screen.rupees(fill.price)}"
    return f"{screen.instant(fill.event_ns)}  {fill.fill_id}  {terms}"


def _profit_rows(profit: Iterable[tuple[str, Told]]) -> Iterator[screen.Row]:
    for name, told in profit:
        points: list[tuple[str, StrategyPnl | DeskPnl]] = sorted(told.strategies.items())
        if told.desk is not None:
            points.append(("ALL", told.desk))
        if not points:
            yield name, "nothing was traded", "-", "-", "-", "-"
        for strategy, point in points:
            money = (point.net, point.realised, point.unrealised, point.charges)
            yield name, strategy, *map(screen.rupees, money)
