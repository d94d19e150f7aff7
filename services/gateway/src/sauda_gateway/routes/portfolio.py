"""What was traded, is held and has been made: fills, positions, open stops and targets, the account, charges, the curve."""

from collections.abc import Iterable
from datetime import time
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response

from sauda.book.holdings import Holding
from sauda.book.orders import average
from sauda.clock import UnixNs, from_ist
from sauda.contract_note.drawing_up import added
from sauda.contracts import Account, ChargeLines, DeskPnl, Fill, OrderKind, StrategyPnl
from sauda.money import Paise
from sauda_gateway.asking import (
    PROBLEMS,
    USUAL,
    After,
    Day,
    Limit,
    NewestFirst,
    Strategy,
    TheDesk,
    of_day,
    page,
    page_by_name,
    sent,
    tagged,
    with_id,
)
from sauda_gateway.auth import READ
from sauda_gateway.desk import Desk, Known
from sauda_gateway.lanes import LanedRoute
from sauda_gateway.ledger import Series
from sauda_gateway.routes.order_forms import AllLines, ShownOrder, shown
from sauda_gateway.schemas import answers

router = APIRouter(tags=["portfolio"], responses=PROBLEMS, route_class=LanedRoute)


class ShownPosition(Holding, frozen=True, kw_only=True):
    """A position with its average price."""

    average_price: Paise | None
    """`cost / qty` to the nearest paisa; null while nothing is held."""


class Counts(msgspec.Struct, frozen=True):
    """How many there are."""

    fills: int
    positions: int
    """That are open."""
    orders: dict[str, int]
    """status -> orders"""
    strategies: int
    """That have ever traded."""


class Portfolio(msgspec.Struct, frozen=True):
    """The desk's money at a glance; the points are those of `sauda pnl --json`."""

    desk: str
    event_ns: UnixNs | None
    """Market time of the newest valuation; null before the first."""
    capital: Paise | None
    """What the account began with."""
    cash: Paise | None
    available: Paise | None
    """What a new order may need."""
    blocked: Paise | None
    """By margin, of what is held and of entries that wait."""
    value: Paise | None
    """`capital + net`."""
    realised: Paise
    unrealised: Paise
    charges: Paise
    net: Paise
    percent: float | None
    """`net` in percent of the capital."""
    margin: Paise | None
    roi: float | None
    """`net` in percent of the most margin that was ever blocked."""
    peak: Paise | None
    drawdown: Paise | None
    day_net: Paise | None
    """What of `net` was made today."""
    strategies: list[StrategyPnl]
    positions: list[ShownPosition]
    counts: Counts
    account: Account | None


class ChargeSums(msgspec.Struct, frozen=True):
    """What was paid besides prices, by line; paise."""

    desk: AllLines
    strategies: dict[str, AllLines]
    total: Paise


@router.get("/fills", responses=answers(Fill, listed=True, entry=True), dependencies=[READ])
def fills(
    *,
    desk: TheDesk,
    strategy: Strategy = None,
    instrument: Annotated[str | None, Query(max_length=100)] = None,
    date: Day = None,
    after: After = None,
    limit: Limit = USUAL,
    newest: NewestFirst = False,
) -> Response:
    """List fills in the order in which they happened, with their charges line by line."""
    is_of_day = of_day(date)
    with desk.look() as known:
        every = list(known.ledger.fills)
    found = [
        (one.id, one)
        for one in every
        if strategy in (None, one.fill.strategy)
        and instrument in (None, one.fill.instrument)
        and is_of_day(one.fill.event_ns)
    ]
    part, after_it = page(found, after, limit, newest_first=newest)
    items = [with_id(one.id, one.cause, one.fill) for _, one in part]
    return sent({"items": items, "next": after_it})


@router.get("/positions", responses=answers(ShownPosition, listed=True), dependencies=[READ])
def positions(
    *,
    desk: TheDesk,
    strategy: Strategy = None,
    open_only: Annotated[bool, Query(alias="open", description="only what is held now")] = False,
    after: Annotated[str | None, Query(max_length=250, description="`next` of the part before")] = None,
    limit: Limit = USUAL,
) -> Response:
    """List every position that was ever opened, and what it has made."""
    with desk.look() as known:
        every = known.ledger.series(
            lambda name, held: strategy in (None, name) and (held.qty != 0 or not open_only)
        )
    part, after_it = page_by_name([(" ".join(one), one) for one in every], after, limit)
    with desk.look() as known:
        items = _positions(known, [one for _, one in part])
    return sent({"items": items, "next": after_it})


@router.get("/risk-orders", responses=answers(ShownOrder, listed=True), dependencies=[READ])
def risk_orders(
    *, desk: TheDesk, strategy: Strategy = None, after: After = None, limit: Limit = USUAL
) -> Response:
    """List the open stops and targets: orders that wait for a trigger, or that protect another."""
    with desk.look() as known:
        waiting = list(known.ledger.working())
    found = [
        (one.changed_id, one)
        for one in sorted(waiting, key=lambda one: one.at)
        if (one.state.parent_id is not None or one.state.kind in (OrderKind.SL, OrderKind.SL_M))
        and strategy in (None, one.state.strategy)
    ]
    part, after_it = page(found, after, limit)
    return sent({"items": [shown(one) for _, one in part], "next": after_it})


@router.get("/portfolio", responses=answers(Portfolio), dependencies=[READ])
def portfolio(
    *,
    desk: TheDesk,
) -> Response:
    """Show the account and the newest valuation."""
    return sent(portfolio_of(desk))


def portfolio_of(desk: Desk) -> Portfolio:
    """Return the desk's money at a glance."""
    with desk.look() as known:
        point, account = known.worth.desk, known.ledger.account
        strategies = [known.worth.strategies[name] for name in sorted(known.worth.strategies)]
        orders, traded = known.ledger.counts(), len(known.ledger.fills)
        held = _positions(known, known.ledger.series(lambda _, one: one.qty != 0))
    point = point or DeskPnl(0, 0, 0, 0, None, None, 0)
    capital = account.start if account else None
    return Portfolio(
        desk=desk.name,
        event_ns=point.event_ns or None,
        capital=capital,
        cash=account.cash if account else None,
        available=account.available if account else None,
        blocked=account.blocked if account else None,
        value=None if capital is None else capital + point.net,
        realised=point.realised,
        unrealised=point.unrealised,
        charges=point.charges,
        net=point.net,
        percent=100 * point.net / capital if capital else None,
        margin=point.margin,
        roi=point.roi,
        peak=point.peak,
        drawdown=point.drawdown,
        day_net=point.day_net,
        strategies=strategies,
        positions=held,
        counts=Counts(
            fills=traded,
            positions=len(held),
            orders=orders,
            strategies=len(strategies),
        ),
        account=account,
    )


@router.get("/charges", responses=answers(ChargeSums), dependencies=[READ])
def charges(*, request: Request, desk: TheDesk, strategy: Strategy = None, date: Day = None) -> Response:
    """Show what was paid besides prices, line by line."""
    is_of_day = of_day(date)
    with desk.look() as known:
        every = list(known.ledger.costs.items())
    by_strategy: dict[str, list[ChargeLines]] = {}
    for (day, name), lines in every:
        if strategy in (None, name) and is_of_day(from_ist(day, time())):
            by_strategy.setdefault(name, []).append(lines)
    sums = {name: added(lines) for name, lines in sorted(by_strategy.items())}
    desk_sum = added(sums.values())
    by_name = {name: AllLines.of(lines) for name, lines in sums.items()}
    return tagged(request, ChargeSums(AllLines.of(desk_sum), by_name, desk_sum.total))


def _positions(known: Known, series: Iterable[Series]) -> list[ShownPosition]:
    return [
        ShownPosition(
            **msgspec.structs.asdict(one),
            average_price=average(abs(one.cost), abs(one.qty)) if one.qty else None,
        )
        for one in known.ledger.holdings(known.worth.positions, series)
    ]
