"""Orders, fills, positions and cash, added up from the executions alone and held against what the desk says."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from chaos.finding import Finding
from sauda.contracts import DeskPnl, Fill, Message, PositionPnl, StrategyPnl
from sauda.money import Paise, Units
from sauda.testing.outcomes import outcomes, sent, strays


def check_orders(orders: Iterable[Message], executions: Iterable[Message]) -> Finding:
    """Each order is placed once and ends once: filled whole, or cancelled or refused with the rest untraded."""
    finding = Finding("orders")
    asked, said = list(orders), list(executions)
    placed = sent(asked)
    fills = [one for one in said if isinstance(one, Fill)]
    finding.require_each_once("order", (one.order_id for one in placed))
    finding.require_each_once("fill", (one.fill_id for one in fills))
    found = outcomes(asked, said)
    for flaw in chain(*(one.flaws() for one in found.values()), strays(asked, said)):
        finding.require(False, flaw)
    ends = Counter(one.status for one in found.values())
    finding.facts = (
        f"{len(found)} orders, {len(fills)} fills, each order ended once {dict(sorted(ends.items()))}"
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
