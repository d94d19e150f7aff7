"""On real days a fly, a condor and a combined target make what pandas says, to the paisa: on snapshots, bars and ticks.

What is bought pays the ask and what is sold gets the bid, the last price where there is no quote; at 15:15 the same the other way
round. Stops are off, so that each leg has two prices that the file shows.
"""

from typing import Any

import pandas as pd
import pytest

from sauda.clock import to_ist
from sauda.contracts import Fill, Side
from tests.unit.strategy.option_desk import rules
from tests.unit.strategy.test_real_days import (
    DAYS,
    RealDay,
    at_the_money,
    instant,
    play,
    recording_of,
    rows_of,
)

CHAIN, TICKS, BARS = (RealDay(*param.values[0]) for param in DAYS)  # type: ignore[misc]
LEGS: dict[str, dict[str, tuple[int, Side]]] = {
    "iron_fly": {
        "CE": (0, Side.SELL),
        "PE": (0, Side.SELL),
        "CEW": (50, Side.BUY),
        "PEW": (-50, Side.BUY),
    },
    "iron_condor": {
        "CE": (100, Side.SELL),
        "PE": (-100, Side.SELL),
        "CEW": (300, Side.BUY),
        "PEW": (-300, Side.BUY),
    },
}
DISTANCES: dict[str, dict[str, Any]] = {
    "iron_fly": {"wing_points": 50},
    "iron_condor": {"sotm_points": 100, "wing_points": 200},
}


def priced(rows: pd.DataFrame, side: Side) -> int:
    """Return what an order of *side* trades at, after the last of *rows*."""
    last = rows.iloc[-1]
    return int((last.ask if side is Side.BUY else last.bid) or last.ltp)


def expected(rows: pd.DataFrame, day: RealDay, kind: str) -> dict[tuple[str, Side], int]:
    near = rows[rows.expiry == rows.expiry.min()]
    money = at_the_money(rows, day)
    found: dict[tuple[str, Side], int] = {}
    for name, (offset, side) in LEGS[kind].items():
        leg = near[(near.strike == money + offset) & (near.option_type == name[:2])]
        symbol = f"NFO:{leg.trading_symbol.iloc[0]}"
        found[symbol, side] = priced(leg[leg.ns <= instant(day, day.decided)], side)
        found[symbol, side.opposite] = priced(leg[leg.ns <= instant(day, "15:15:00")], side.opposite)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("day", "kind"),
    [
        pytest.param(CHAIN, "iron_condor", id="chain-condor"),
        pytest.param(BARS, "iron_fly", id="bars-fly"),
    ],
)
def test_a_real_day_makes_what_pandas_says_to_the_paisa(day: RealDay, kind: str) -> None:
    path = recording_of(day)

    desk = play(day, path, rules(kind, **DISTANCES[kind]))

    fills = [fill for fill in desk.said("executions") if isinstance(fill, Fill)]
    assert {(fill.instrument, fill.side): fill.price for fill in fills} == expected(rows_of(path), day, kind)
    assert [fill.qty for fill in fills] == [day.lot] * 2 * len(LEGS[kind])
    bought_first = [fill.side for fill in fills[: len(LEGS[kind])]]
    assert bought_first == sorted(bought_first, key=lambda side: side.value)  # BUY before SELL.
    assert not desk.said("alerts")


def reached(rows: pd.DataFrame, day: RealDay, points: int) -> dict[tuple[str, Side], int]:
    """Return what the straddle trades at when both legs together are closed with so many points of profit.

    A quote counts for a minute; what is short costs the ask.
    """
    legs = [symbol for symbol in rows.trading_symbol.unique() if str(day.strike) in symbol]
    start = instant(day, day.decided)
    sold = {leg: priced(rows[(rows.trading_symbol == leg) & (rows.ns <= start)], Side.SELL) for leg in legs}
    latest: dict[str, tuple[int, int]] = {}
    for row in rows[rows.trading_symbol.isin(legs)].itertuples():
        latest[row.trading_symbol] = (row.ns, int(row.ask or row.ltp))
        fresh = len(latest) == 2 and all(ns >= row.ns - 60 * 10**9 for ns, _ in latest.values())
        if row.ns > start and fresh and sum(sold[leg] - latest[leg][1] for leg in legs) >= points * 100:
            # The feed publishes an instant whole, so the exit meets the last quotes of the same second.
            then = {
                leg: priced(rows[(rows.trading_symbol == leg) & (rows.ns <= row.ns)], Side.BUY)
                for leg in legs
            }
            bought = {(f"NFO:{leg}", Side.BUY): then[leg] for leg in legs}
            return {**{(f"NFO:{leg}", Side.SELL): sold[leg] for leg in legs}, **bought}
    raise LookupError(f"{points} points were never made")


@pytest.mark.slow
@pytest.mark.parametrize("points", [40])
def test_a_combined_target_is_reached_when_pandas_says_so(points: int) -> None:
    path = recording_of(TICKS)
    straddle = rules(
        "short_straddle",
        tsymbol="BANKNIFTY",
        stop_loss_percentage=1000,
        combined_target_rupees=points * TICKS.lot,
    )

    desk = play(TICKS, path, straddle)

    fills = [fill for fill in desk.said("executions") if isinstance(fill, Fill)]
    assert {(fill.instrument, fill.side): fill.price for fill in fills} == reached(
        rows_of(path), TICKS, points
    )
    assert all(to_ist(fill.event_ns).hour < 15 for fill in fills)
    assert not desk.said("alerts")
