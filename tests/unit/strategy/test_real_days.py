"""On three real days the desk sells the right straddle, and makes what pandas says, to the paisa.

The desk: the recording's ticks, the strategy, the paper exchange and the valuation in lock step on the log in
memory. The independent calculation knows the file and the documented rules, and nothing of the desk's code:

- a decision of 09:20:00 knows every row up to that second;
- a sale gets the bid, a purchase pays the ask, the last price where there is no quote;
- a stop is touched by the last price and then pays the ask; it stands at entry x 1.25, rounded up to 0.05;
- a bar trades at its open (0 s), low and high (20 s, 40 s; high first if it fell), close (59 s).
"""

import os
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest

from sauda.calendar import load_calendar
from sauda.codec import encode
from sauda.contracts import STREAM_OF, DeskPnl, Fill, PlaceOrder, Side, Subscribe, Tick, Unsubscribe
from sauda.log import Output
from sauda.recordings.timeline import Recording
from sauda.testing.lockstep import LockStep
from sauda_execution.exchange import paper_unit
from sauda_execution.house import House
from sauda_execution.settings import Limits
from sauda_pnl.valuation import valuation_unit
from sauda_strategy.kinds import strategy_unit
from sauda_strategy.option_kinds import ShortStraddleRules
from sauda_strategy.option_rules import OptionRules
from sauda_strategy.rule_files import load_rules

REPOSITORY = Path(__file__).parents[3]
DATA = Path(os.environ.get("SAUDA_TEST_DATA", REPOSITORY.parent / "shared/data"))


class RealDay(NamedTuple):
    """A recording, and what is known of it."""

    file: str
    underlying: str
    date: str
    decided: str
    """When the straddle is sold: at 09:20, or when a recording that starts later has shown its chain for 5 s."""
    strike: int
    lot: int
    speed: float


DAYS = [
    pytest.param(
        RealDay(
            "nse_chain_snapshots_202508/NIFTY_chain_2025-08-29.parquet",
            "NIFTY",
            "2025-08-29",
            "09:24:21",
            24_600,
            75,
            600,
        ),
        id="chain snapshots",
    ),
    pytest.param(
        RealDay(
            "kite_ticks_banknifty_20210820/ticks_2021-08-20.parquet",
            "BANKNIFTY",
            "2021-08-20",
            "09:20:00",
            35_300,
            25,
            1,
        ),
        id="ticks",
    ),
    pytest.param(
        RealDay(
            "nifty_weekly_1min_20210611_14/bars_1min_2021-06-11.parquet",
            "NIFTY",
            "2021-06-11",
            "09:20:00",
            15_800,
            75,
            1,
        ),
        id="bars",
    ),
]


def recording_of(day: RealDay) -> Path:
    path = DATA / day.file
    if not path.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{path} is missing: CI never skips")
        pytest.skip(f"{path} is missing: set SAUDA_TEST_DATA")
    return path


# The desk.


def play(day: RealDay, path: Path, rules: OptionRules | None = None) -> LockStep:
    calendar = load_calendar(REPOSITORY / "config/market")
    shipped = load_rules(REPOSITORY / "config/strategies").rules["nifty_straddle"]
    assert isinstance(shipped, ShortStraddleRules)
    rules = rules or shipped.model_copy(update={"tsymbol": day.underlying})
    limits = Limits.at_speed(day.speed, max_order_age_s=30, stale_quote_s=30)
    units = [
        valuation_unit(),
        paper_unit(House(calendar, limits)),
        strategy_unit("straddle", rules, lambda exchange, on: calendar.session(exchange, on) is not None),
    ]
    desk = LockStep(units)
    recording = Recording(path, frozenset({day.underlying}), calendar)
    desk.play(recording.instruments)
    listening = Listening(desk, set(recording.indices))
    # The feed publishes an instant whole; its heartbeat comes last.
    for _, instant in groupby(
        recording.messages(), key=lambda m: m.recv_ns if isinstance(m, Tick) else m.event_ns
    ):
        listening.publish(list(instant))
    return desk


class Listening:
    """What a feed does with subscriptions: who subscribes gets the newest earlier tick, then what follows."""

    def __init__(self, desk: LockStep, wanted: set[str]) -> None:
        self._desk = desk
        self._wanted = wanted
        self._latest: dict[str, Tick] = {}
        self._wishes = 0

    def publish(self, instant: list[Any]) -> None:
        for message in instant:
            if isinstance(message, Tick):
                self._latest[message.instrument] = message
        self._append([m for m in instant if not isinstance(m, Tick) or m.instrument in self._wanted])
        wishes = self._desk.log.entries("subscriptions")
        if len(wishes) > self._wishes:
            for wish in self._desk.said("subscriptions")[self._wishes :]:
                self._grant(wish)
            self._wishes = len(wishes)

    def _grant(self, wish: Any) -> None:
        match wish:
            case Subscribe():
                self._wanted |= set(wish.instruments)
                self._append([self._latest[name] for name in wish.instruments if name in self._latest])
            case Unsubscribe():
                self._wanted -= set(wish.instruments)

    def _append(self, messages: list[Any]) -> None:
        if messages:
            self._desk.log.append([Output(STREAM_OF[type(one)], encode(one)) for one in messages])
            self._desk.settle()


# The independent calculation.


def rows_of(path: Path) -> pd.DataFrame:
    """Return everything that traded or was quoted, in paise: ns, symbol, right, strike, ltp, bid, ask."""
    rows = pd.read_parquet(path)
    rows["order"] = range(len(rows))
    if "ltp" not in rows:
        rows = pd.concat(list(bar_ticks(rows)))
    for name in ("bid", "ask", "ltp"):
        rows[name] = (rows[name] * 100).round() if name in rows else 0
    rows = rows[rows.ltp > 0].sort_values(["ts_utc_ns", "order"], kind="stable")
    rows = rows.rename(columns={"ts_utc_ns": "ns"})
    return rows[["ns", "trading_symbol", "option_type", "expiry", "strike", "ltp", "bid", "ask"]]


def bar_ticks(bars: pd.DataFrame) -> Iterator[pd.DataFrame]:
    fell = bars.close < bars.open
    path = [bars.open, bars.high.where(fell, bars.low), bars.low.where(fell, bars.high), bars.close]
    for price, second in zip(path, (0, 20, 40, 59), strict=True):
        yield bars.assign(ltp=price, ts_utc_ns=bars.ts_utc_ns + second * 10**9)


def instant(day: RealDay, clock: str) -> int:
    return int(pd.Timestamp(f"{day.date} {clock}", tz="Asia/Kolkata").value)


def at_the_money(rows: pd.DataFrame, day: RealDay) -> int:
    """Return the strike nearest to the index, or to the forward where call and put cost nearly the same."""
    known = rows[rows.ns <= instant(day, day.decided)].groupby("trading_symbol").last()
    index = known[known.option_type.isna()]
    options = known[known.expiry == known.expiry.min()]
    quoted = (options.bid > 0) & (options.ask > 0)
    worth = ((options.bid + options.ask) / 2).where(quoted, options.ltp)
    pairs = options.assign(worth=worth).pivot(index="strike", columns="option_type", values="worth").dropna()
    gap = pairs.CE - pairs.PE
    nearest = gap.abs().idxmin()
    price = index.ltp.iloc[0] if len(index) else nearest * 100 + gap[nearest]
    return min(
        (int(strike) for strike in options.strike.unique()),
        key=lambda strike: (abs(strike * 100 - price), strike),
    )


def leg_result(rows: pd.DataFrame, day: RealDay) -> tuple[int, int]:
    """Return for how much one option is sold and bought back, paise."""
    before = rows[rows.ns <= instant(day, day.decided)].iloc[-1]
    sold = int(before.bid or before.ltp)
    stop = -(-sold * 125 // 500) * 5
    meanwhile = rows[(rows.ns > before.ns) & (rows.ns <= instant(day, "15:15:00"))]
    touched = meanwhile[meanwhile.ltp >= stop]
    last = touched.iloc[0] if len(touched) else meanwhile.iloc[-1]
    return sold, int(last.ask or last.ltp)


def expected(rows: pd.DataFrame, day: RealDay) -> dict[str, tuple[int, int]]:
    options = rows[(rows.strike == at_the_money(rows, day)) & (rows.expiry == rows.expiry.min())]
    return {f"NFO:{name}": leg_result(leg, day) for name, leg in options.groupby("trading_symbol")}


@pytest.mark.parametrize("day", DAYS)
def test_the_straddle_of_a_real_day_makes_what_pandas_says_to_the_paisa(day: RealDay) -> None:
    path = recording_of(day)
    rows = rows_of(path)
    legs = expected(rows, day)

    desk = play(day, path)

    fills = [fill for fill in desk.said("executions") if isinstance(fill, Fill)]
    traded = {
        name: tuple(
            next(fill.price for fill in fills if fill.instrument == name and fill.side is side)
            for side in (Side.SELL, Side.BUY)
        )
        for name in legs
    }
    assert at_the_money(rows, day) == day.strike
    assert traded == legs
    assert [fill.qty for fill in fills] == [day.lot] * 4
    final = desk.said("pnl")[-1]
    assert isinstance(final, DeskPnl)
    assert final.net == final.realised == sum(day.lot * (sold - bought) for sold, bought in legs.values())
    assert not desk.said("alerts")
    first = next(order for order in desk.said("orders") if isinstance(order, PlaceOrder))
    assert first.event_ns == instant(day, day.decided)
