"""What `sauda diff --set` found, in words and as JSON."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

from sauda.book.orders import OrderState, orders_of
from sauda.cli import screen
from sauda.cli.asked_units import Ends
from sauda.cli.plain_values import shown
from sauda.contracts import DeskPnl, Fill, StrategyPnl
from sauda.whatif.compared import Compared, compared
from sauda.whatif.outcome import Outcome
from sauda.whatif.told import Told

T = TypeVar("T")

WHY_THEY_DIFFER: Final = "the record and lock step may differ: in life orders met the market as late as the desk was, in lock step at once"


def tell_outcome(outcome: Outcome, ends: Ends, *, limit: int, as_json: bool) -> bool:
    """Print what the change does to orders, fills and profit; return whether it does nothing."""
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
                notes.append(f"{player.unit.name} {which} could not work {len(player.parked)} messages")
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
