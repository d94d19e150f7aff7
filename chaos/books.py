"""Orders, fills, positions and cash, added up from the executions alone and held against what the desk says."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chaos.finding import Finding
from sauda.contracts import (
    DeskPnl,
    Fill,
    Message,
    OrderCancelled,
    OrderRejected,
    PlaceOrder,
    PositionPnl,
    RejectReason,
    StrategyPnl,
)
from sauda.money import Paise, Units


def order_ended_by(message: Message) -> str | None:
    """Return the order that ended here; a refusal to cancel what was just filled ends nothing."""
    match message:
        case Fill() | OrderCancelled():
            return message.order_id
        case OrderRejected(reason=RejectReason.ORDER_DONE | RejectReason.UNKNOWN_ORDER):
            return None
        case OrderRejected():
            return message.order_id
        case _:
            return None


def check_orders(orders: Iterable[Message], executions: Iterable[Message]) -> Finding:
    """Each order is placed once and ends once; a filled one is filled whole."""
    finding = Finding("orders")
    placed = [one for one in orders if isinstance(one, PlaceOrder)]
    said = list(executions)
    fills = [one for one in said if isinstance(one, Fill)]
    ends = [order_id for one in said if (order_id := order_ended_by(one))]
    finding.require_each_once("order", (one.order_id for one in placed))
    finding.require_each_once("fill", (one.fill_id for one in fills))
    finding.require_same("the end of order", (one.order_id for one in placed), ends, "executions")
    wanted = {one.order_id: (one.strategy, one.instrument, one.side.value, one.qty) for one in placed}
    for fill in fills:
        got = (fill.strategy, fill.instrument, fill.side.value, fill.qty)
        asked = wanted.get(fill.order_id)
        finding.require(asked == got, f"fill {fill.fill_id} is {got}, its order asked for {asked}")
    others = Counter(type(one).__name__ for one in said if order_ended_by(one))
    finding.facts = (
        f"{len(placed)} orders, {len(fills)} fills, each order ended once {dict(sorted(others.items()))}"
    )
    finding.require(placed, "there was no order: the market did not move the desk")
    return finding


@dataclass(slots=True)
class Account:
    """What the fills of one strategy in one instrument come to."""

    qty: Units = 0
    cash: Paise = 0
    """Received less paid, before charges."""
    charges: Paise = 0

    def add(self, fill: Fill) -> None:
        """Book *fill*."""
        self.qty += fill.signed_qty
        self.cash -= fill.signed_qty * fill.price
        self.charges += fill.charges


def check_money(executions: Iterable[Message], points: Iterable[Message]) -> Finding:
    """The newest points of the valuation are what the fills add up to, in units and paise."""
    finding = Finding("positions and cash")
    accounts: defaultdict[tuple[str, str], Account] = defaultdict(Account)
    for message in executions:
        if isinstance(message, Fill):
            accounts[message.strategy, message.instrument].add(message)
    last: dict[tuple[str, ...], PositionPnl | StrategyPnl | DeskPnl] = {}
    stamps: list[tuple[tuple[str, ...], int]] = []
    for point in points:
        if isinstance(point, PositionPnl | StrategyPnl | DeskPnl):
            last[_series(point)] = point
            stamps.append((_series(point), point.event_ns))
    finding.require_each_once("point", stamps)
    worth = _check_positions(finding, accounts, last)
    _check_totals(finding, worth, last)
    cash = sum(account.cash for account in accounts.values())
    finding.facts = (
        f"{len(accounts)} positions, {len(worth)} strategies, {len(stamps)} points, cash {cash / 100:,.2f}"
    )
    return finding


def _series(point: PositionPnl | StrategyPnl | DeskPnl) -> tuple[str, ...]:
    match point:
        case PositionPnl():
            return (point.strategy, point.instrument)
        case StrategyPnl():
            return (point.strategy,)
        case DeskPnl():
            return ()


def _check_positions(
    finding: Finding, accounts: dict[tuple[str, str], Account], last: Mapping[tuple[str, ...], object]
) -> dict[str, list[Paise]]:
    """Compare each position; return strategy -> [worth, charges] as the fills and the last prices give them."""
    worth: dict[str, list[Paise]] = {}
    for (strategy, instrument), account in sorted(accounts.items()):
        point = last.get((strategy, instrument))
        wanted = (account.qty, account.cash, account.charges)
        said = (
            (point.qty, point.realised - point.cost, point.charges)
            if isinstance(point, PositionPnl)
            else None
        )
        finding.require(
            said == wanted,
            f"{strategy} in {instrument}: fills give units, cash, charges {wanted}, the point says {said}",
        )
        price = point.ltp if isinstance(point, PositionPnl) else 0
        sums = worth.setdefault(strategy, [0, 0])
        sums[0] += account.cash + account.qty * price
        sums[1] += account.charges
    return worth


def _check_totals(
    finding: Finding, worth: dict[str, list[Paise]], last: Mapping[tuple[str, ...], object]
) -> None:
    whole = [0, 0]
    for strategy, (money, charges) in sorted(worth.items()):
        _check_total(finding, strategy, (money, charges), last.get((strategy,)))
        whole[0] += money
        whole[1] += charges
    if worth:
        _check_total(finding, "the desk", (whole[0], whole[1]), last.get(()))


def _check_total(finding: Finding, whose: str, wanted: tuple[Paise, Paise], point: object) -> None:
    said = (
        (point.realised + point.unrealised, point.charges)
        if isinstance(point, StrategyPnl | DeskPnl)
        else None
    )
    finding.require(
        said == wanted, f"{whose}: fills give profit, charges {wanted} in paise, the newest point says {said}"
    )
