"""`sauda orders`, `fills`, `positions`, `pnl`: what the desk ordered, traded, holds and has made."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from sauda.cli import screen
from sauda.cli.options import DateOption, DeskOption, JsonOption, StrategyOption, opened

if TYPE_CHECKING:
    from sauda.book.holdings import Holding
    from sauda.book.orders import OrderState
    from sauda.book.valuation import Profit
    from sauda.cli.by_day import DayPnl
    from sauda.contracts import DeskPnl, Fill, StrategyPnl

ByDayOption: TypeAlias = Annotated[
    bool, typer.Option("--by-day", help="What each trading day made, with the deepest fall within it.")
]


def orders(
    strategy: StrategyOption = None,
    day: DateOption = None,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the orders and how they stand.

    An order's average price is that of its fills, to the nearest paisa.
    """
    from sauda.book.orders import orders_of
    from sauda.reading import readable

    with opened(desk) as view:
        # Executions first: an order that is placed in between is then still without its answer, never the reverse.
        executions = list(readable(view.forwards("executions")))
        book = orders_of(readable(view.forwards("orders")), executions)
    wanted = [order for order in book if _is_wanted(order.strategy, order.event_ns, strategy, day)]
    if as_json:
        screen.json_list(wanted)
        return
    screen.answer(
        _ORDER, [_order_row(order) for order in wanted], _nothing("orders", view.desk, strategy, day)
    )


def fills(
    strategy: StrategyOption = None,
    day: DateOption = None,
    with_charges: Annotated[
        bool, typer.Option("--charges", help="Show what each cost, line by line.")
    ] = False,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the fills in the order in which they happened."""
    from sauda.book.valuation import read_fills
    from sauda.cli import charge_lines

    with opened(desk) as view:
        reads = read_fills(view)
    wanted = [(read, fill) for read, fill in reads if _is_wanted(fill.strategy, fill.event_ns, strategy, day)]
    if as_json:
        screen.json_list(charge_lines.wire(*one) if with_charges else one[0].wire() for one in wanted)
        return
    nothing = _nothing("fills", view.desk, strategy, day)
    if with_charges:
        screen.answer(charge_lines.COLUMNS, charge_lines.rows(fill for _, fill in wanted), nothing)
        return
    columns = ("TIME", "FILL", "STRATEGY", "SIDE", ">QTY", "INSTRUMENT", ">PRICE", ">CHARGES")
    screen.answer(columns, [_fill_row(fill) for _, fill in wanted], nothing)


def positions(
    strategy: StrategyOption = None,
    day: DateOption = None,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what each strategy holds, and what it has made.

    With --date as of the end of that day.
    """
    from sauda.book.valuation import holdings_at

    with opened(desk) as view:
        found = holdings_at(view, day)
    held = [holding for holding in found if strategy in (None, holding.strategy)]
    if as_json:
        screen.json_list(held)
        return
    screen.answer(
        _HOLDING, [_holding_row(holding) for holding in held], _nothing("positions", view.desk, strategy, day)
    )


def pnl(
    strategy: StrategyOption = None,
    day: DateOption = None,
    by_day: ByDayOption = False,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the newest profit and loss, by strategy and position.

    With --date the last valuation of that day. ROI is the net in percent of the most margin that was ever blocked.
    """
    from sauda.book.valuation import profit_at

    if by_day:
        _pnl_by_day(strategy, day, desk, as_json=as_json)
        return
    with opened(desk) as view:
        profit = profit_at(view, day, strategy)
    if as_json:
        screen.json_document(profit)
        return
    screen.answer(_PNL, _pnl_rows(profit), _nothing("valuation", view.desk, strategy, day))
    if profit.positions:
        screen.blank()
        screen.table(_HOLDING, [_holding_row(holding) for holding in profit.positions])


def _pnl_by_day(strategy: str | None, day: date | None, desk: str | None, *, as_json: bool) -> None:
    from sauda.cli.by_day import days_of, totals_only
    from sauda.reading import readable

    with opened(desk) as view:
        every = days_of(readable(totals_only(view.forwards("pnl"))))
    wanted = [one for one in every if strategy in (None, one.strategy) and day in (None, one.date)]
    if as_json:
        screen.json_list(wanted)
        return
    screen.answer(_DAY, [_day_row(one) for one in wanted], _nothing("valuation", view.desk, strategy, day))


_PNL = (
    "TIME",
    "STRATEGY",
    ">NET",
    ">REALISED",
    ">UNREALISED",
    ">CHARGES",
    ">MARGIN",
    ">ROI %",
    ">DRAWDOWN",
    ">OF THE DAY",
)
_DAY = (
    "DATE",
    "STRATEGY",
    ">NET",
    ">REALISED",
    ">UNREALISED",
    ">CHARGES",
    ">DRAWDOWN",
    ">PEAK MARGIN",
)
_ORDER = (
    "TIME",
    "ORDER",
    "SIDE",
    ">QTY",
    "INSTRUMENT",
    "KIND",
    ">LIMIT",
    ">TRIGGER",
    "STATUS",
    ">FILLED",
    ">AVERAGE",
    "REASON",
)
_HOLDING = (
    "TIME",
    "STRATEGY",
    "INSTRUMENT",
    ">QTY",
    ">AVERAGE",
    ">LTP",
    ">REALISED",
    ">UNREALISED",
    ">CHARGES",
)


def _nothing(what: str, desk: str, strategy: str | None, day: date | None) -> str:
    """Say that there is nothing, and of what: a name that was mistyped shows."""
    whose = f" of strategy {strategy}" if strategy else ""
    when = f" on {day}" if day else ""
    return f"no {what}{whose}{when} on desk {desk}"


def _is_wanted(owner: str, event_ns: int, strategy: str | None, day: date | None) -> bool:
    from sauda.clock import ist_date

    return strategy in (None, owner) and day in (None, ist_date(event_ns))


def _order_row(order: "OrderState") -> screen.Row:
    return (
        screen.instant(order.event_ns),
        order.order_id,
        order.side.value,
        str(order.qty),
        order.instrument,
        order.kind.value,
        screen.rupees(order.limit_price),
        screen.rupees(order.trigger_price),
        order.status.value,
        str(order.filled_qty),
        screen.rupees(order.average_price),
        order.reason or "",
    )


def _fill_row(fill: "Fill") -> screen.Row:
    return (
        screen.instant(fill.event_ns),
        fill.fill_id,
        fill.strategy,
        fill.side.value,
        str(fill.qty),
        fill.instrument,
        screen.rupees(fill.price),
        screen.rupees(fill.charges),
    )


def _holding_row(held: "Holding") -> screen.Row:
    from sauda.book.orders import average

    return (
        screen.instant(held.event_ns),
        held.strategy,
        held.instrument,
        str(held.qty),
        screen.rupees(average(abs(held.cost), abs(held.qty)) if held.qty else None),
        screen.rupees(held.ltp),
        screen.rupees(held.realised),
        screen.rupees(held.unrealised),
        screen.rupees(held.charges),
    )


def _pnl_rows(profit: "Profit") -> list[screen.Row]:
    points: list[tuple[str, StrategyPnl | DeskPnl]] = [(point.strategy, point) for point in profit.strategies]
    if profit.desk:
        points.append(("ALL", profit.desk))
    rows: list[screen.Row] = []
    for name, point in points:
        money = (point.net, point.realised, point.unrealised, point.charges, point.margin)
        roi = "-" if point.roi is None else f"{point.roi:.2f}"
        past = map(screen.rupees, (point.drawdown, point.day_net))
        rows.append((screen.instant(point.event_ns), name, *map(screen.rupees, money), roi, *past))
    return rows


def _day_row(day: "DayPnl") -> screen.Row:
    money = (day.net, day.realised, day.unrealised, day.charges, day.drawdown, day.peak_margin)
    return (day.date.isoformat(), day.strategy or "ALL", *map(screen.rupees, money))
