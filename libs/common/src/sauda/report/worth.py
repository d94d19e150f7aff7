"""What it came to: profit, charges, margin, and what was risked for it."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from sauda.clock import UnixNs
from sauda.contracts import ChargeLines, Fill
from sauda.money import Paise
from sauda.report.curve import DayResult, average_margin, deepest, longest_under_water
from sauda.report.part import Part
from sauda.report.ratios import share, sharpe, sortino

_LINES: Final = tuple(ChargeLines.__struct_fields__)


class Worth(msgspec.Struct, frozen=True):
    """What it came to."""

    net: Paise
    """`realised + unrealised - charges` at the end."""
    gross: Paise
    charges: Paise
    charge_lines: dict[str, Paise]
    """They sum to `charges`; `unknown` is what came without lines."""
    peak_margin: Paise
    average_margin: Paise
    return_on_margin: float | None
    """`net` over `peak_margin`."""
    return_on_average_margin: float | None
    return_on_capital: float | None
    sharpe: float | None
    sortino: float | None
    max_drawdown: Paise
    max_drawdown_percent: float | None
    """Of capital and the profit that stood at the height."""
    drawdown_from_ns: UnixNs | None
    drawdown_to_ns: UnixNs | None
    recovered_ns: UnixNs | None
    longest_under_water_days: int
    best_day: Paise | None
    worst_day: Paise | None


def worth(part: Part, daily: Sequence[DayResult], capital: Paise) -> Worth:
    """Return what *part* came to.

    Args:
        part: A strategy's share of the run.
        daily: What its days made.
        capital: What the account began with; every strategy is measured by the whole of it.
    """
    net = part.points[-1].net if part.points else 0
    charges = sum(fill.charges for fill in part.inside)
    fall = deepest(part.points)
    returns = [share(day.net, capital) or 0.0 for day in daily]
    peak = max((point.margin for point in part.points), default=0)
    typical = average_margin(part.points, part.days)
    return Worth(
        net=net,
        gross=net + charges,
        charges=charges,
        charge_lines=charge_lines(part.inside),
        peak_margin=peak,
        average_margin=typical,
        return_on_margin=share(net, peak),
        return_on_average_margin=share(net, typical),
        return_on_capital=share(net, capital),
        sharpe=sharpe(returns),
        sortino=sortino(returns),
        max_drawdown=fall.amount,
        max_drawdown_percent=share(100 * fall.amount, capital + fall.height),
        drawdown_from_ns=fall.from_ns,
        drawdown_to_ns=fall.to_ns,
        recovered_ns=fall.recovered_ns,
        longest_under_water_days=longest_under_water(daily),
        best_day=max((day.net for day in daily), default=None),
        worst_day=min((day.net for day in daily), default=None),
    )


def charge_lines(fills: Iterable[Fill]) -> dict[str, Paise]:
    """Return what *fills* cost by line; lines that cost nothing are left out."""
    sums = dict.fromkeys((*_LINES, "unknown"), 0)
    for fill in fills:
        for line in _LINES if fill.costs else ():
            sums[line] += getattr(fill.costs, line)
        sums["unknown"] += fill.charges - (fill.costs.total if fill.costs else 0)
    return {line: paise for line, paise in sums.items() if paise}
