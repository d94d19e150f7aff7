"""What was done: orders, fills, trades, and how the trades went."""

from collections.abc import Sequence

import msgspec

from sauda.clock import UnixNs
from sauda.contracts import Against, Fill
from sauda.money import Paise, Units
from sauda.report.days import Window, held_ns
from sauda.report.part import Part
from sauda.report.ratios import average, share


class Trading(msgspec.Struct, frozen=True):
    """What was done, and how it went trade by trade."""

    orders: int
    fills: int
    trades: int
    """Closed ones: from flat to flat."""
    open_trades: int
    days: int
    """That were played, traded on or not."""
    trades_a_day: float | None
    turnover: Paise
    """Value of all that was bought and sold; settlements are not trades."""
    exposure: float | None
    """Share of the sessions' time with a position."""
    hit_rate: float | None
    """Share of the closed trades that made something after charges."""
    average_win: Paise | None
    average_loss: Paise | None
    """Below zero; a trade of exactly nothing is neither."""
    expectancy: Paise | None
    """What a closed trade made on average, after charges."""
    profit_factor: float | None
    """All wins over all losses; None without a loss."""


def trading(part: Part) -> Trading:
    """Return what *part* did."""
    closed = part.closed
    wins = [one.net for one in closed if one.net > 0]
    losses = [one.net for one in closed if one.net < 0]
    hours = sum(day.last_ns - day.first_ns for day in part.days)
    traded = [one for one in part.inside if one.against is not Against.SETTLEMENT]
    return Trading(
        orders=part.orders,
        fills=len(part.inside),
        trades=len(closed),
        open_trades=part.open_trades,
        days=len(part.days),
        trades_a_day=share(len(closed), len(part.days)),
        turnover=sum(one.qty * one.price for one in traded),
        exposure=share(held_ns(_spells(part.fills, part.window), part.days), hours),
        hit_rate=share(len(wins), len(closed)),
        average_win=average(sum(wins), len(wins)),
        average_loss=average(sum(losses), len(losses)),
        expectancy=average(sum(one.net for one in closed), len(closed)),
        profit_factor=share(sum(wins), -sum(losses)),
    )


def _spells(fills: Sequence[Fill], window: Window) -> list[tuple[UnixNs, UnixNs]]:
    """Return (begin, end) of each time in which something was held."""
    spells: list[tuple[UnixNs, UnixNs]] = []
    held: dict[tuple[str, str], Units] = {}
    since: UnixNs | None = None
    for fill in fills:
        key = (fill.strategy, fill.instrument)
        held[key] = held.get(key, 0) + fill.signed_qty
        if not held[key]:
            del held[key]
        if held and since is None:
            since = fill.event_ns
        elif not held and since is not None:
            spells.append((since, fill.event_ns))
            since = None
    if since is not None:
        spells.append((since, window.until_ns))
    return spells
