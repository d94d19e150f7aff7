"""TPSeries and EODChartData: charts of the day and of earlier days, in the broker's form and with its oddities.

Rows come newest first, the running bar among them; now and then one has no prices, an index has a bar before the open, the last bar
of a day may have a negative volume. All of it follows from seed and date, as the market itself does.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, TypeAlias

from sauda.clock import NS_PER_S, UnixNs, ist_date, to_ist
from sauda.contracts import InstrumentKind
from sauda.errors import ConfigError
from sauda.money import to_rupees
from sauda_simulator.calls import Call
from sauda_simulator.login import BusinessError
from sauda_simulator.lookups import NO_DATA, Reply
from sauda_simulator.market.bars import MinuteBar
from sauda_simulator.market.day import MarketDay, trading_day
from sauda_simulator.market.listing import Contract
from sauda_simulator.market.noise import key_of, mixed
from sauda_simulator.market_clock import MarketClock

Work: TypeAlias = Callable[[], list[Reply] | list[str]]
"""A chart still to be drawn: that takes a tenth of a second a day, and is done beside the market."""

INTERVALS: Final = (1, 3, 5, 10, 15, 30, 60, 120, 240)
LONGEST_DAYS: Final = 62
"""Calendar days of minutes that one call may ask for: the real server gives up over long ranges."""
MOST_DAILY: Final = 1201
"""Rows of a daily chart, the newest ones."""
TIMED_OUT: Final = "Server Timeout :  "
_KEPT: Final = 24
"""Days that are kept at hand: some two megabytes each."""
_FOREVER: Final = 1 << 40
_ZERO: Final = dict.fromkeys(("into", "inth", "intl", "intc", "intvwap"), "0.00")
_MISSING: Final = {"into": "NaN", "inth": "NaN", "intl": "NaN"}


@dataclass(frozen=True)
class _Asked:
    """A chart that was asked for."""

    contract: Contract
    from_s: int
    to_s: int
    minutes: int
    now_ns: UnixNs


class Charts:
    """Draws charts from days of its own, so that it can work in another thread than the market."""

    def __init__(self, market: MarketClock) -> None:
        self._market = market
        self._days: OrderedDict[tuple[date, str], MarketDay] = OrderedDict()
        self._daily: dict[tuple[date, str], Reply] = {}
        """(day, contract) -> the row of a day that is over"""
        self._lock = threading.Lock()

    def time_series(self, call: Call) -> Work:
        """Answer TPSeries; without a beginning from this morning on.

        Raises:
            BusinessError: the contract or the interval is unknown, or the range too long.
        """
        minutes = int(call.number("intrv", 1))
        if minutes not in INTERVALS:
            raise BusinessError(f"Invalid Input : intrv {minutes} is not one of {INTERVALS}")
        today, quarter = self._market.moment()
        contract = today.by_key.get(f"{call.text('exch')}|{call.text('token')}")
        from_s = int(call.number("st", 0)) or today.hours.open_ns // NS_PER_S
        if contract is None or (quarter is None and from_s >= today.hours.open_ns // NS_PER_S):
            raise BusinessError(NO_DATA)
        now_ns = self._market.now_ns()
        to_s = min(int(call.number("et", _FOREVER)), now_ns // NS_PER_S)
        if to_s - from_s > LONGEST_DAYS * 86_400:
            raise BusinessError(TIMED_OUT)
        asked = _Asked(contract, from_s, to_s, minutes, now_ns)
        return lambda: self._series(asked)

    def end_of_day(self, call: Call) -> Work:
        """Answer EODChartData; its rows are JSON inside of JSON.

        Raises:
            BusinessError: the contract is unknown.
        """
        exchange, _, symbol = call.text("sym").partition(":")
        contract = self._market.day().by_symbol.get((exchange, symbol))
        if contract is None:
            raise BusinessError(NO_DATA)
        now_ns = self._market.now_ns()
        to_s = min(int(call.number("to", _FOREVER)), now_ns // NS_PER_S)
        asked = _Asked(contract, int(call.number("from", 0)), to_s, 0, now_ns)
        return lambda: self._end_of_day(asked)

    def _series(self, asked: _Asked) -> list[Reply]:
        found: list[Reply] = []
        with self._lock:
            for day, contract in self._listed(asked):
                rows = list(_rows(day, _minutes(day, contract, asked.now_ns), asked.minutes))
                rows = _odd(rows, day, contract, over=asked.now_ns >= day.hours.close_ns)
                found += [row for row in rows if asked.from_s <= int(str(row["ssboe"])) <= asked.to_s][::-1]
        if not found:
            raise BusinessError(NO_DATA)
        return found

    def _end_of_day(self, asked: _Asked) -> list[str]:
        found: list[str] = []
        with self._lock:
            for day, contract in self._listed(asked):
                key = (day.hours.day, contract.key)
                row = self._daily.get(key) or _day_row(day, contract, asked.now_ns)
                if row is not None and asked.now_ns >= day.hours.close_ns:
                    self._daily[key] = row
                found += [json.dumps(row)] if row is not None else []
                if len(found) >= MOST_DAILY:
                    break
        if not found:
            raise BusinessError(NO_DATA)
        return found

    def _listed(self, asked: _Asked) -> Iterator[tuple[MarketDay, Contract]]:
        """Yield the trading days asked for on which the contract was listed, newest first."""
        at = ist_date(min(asked.now_ns, asked.to_s * NS_PER_S))
        first = ist_date(asked.from_s * NS_PER_S)
        while at >= first:
            try:
                hours = trading_day(self._market.calendar, at)
                day = self._day(at, asked.contract.underlying) if hours.day == at else None
            except ConfigError:
                return  # the calendar knows nothing so early: neither lots nor expiries
            contract = None if day is None else day.by_key.get(asked.contract.key)
            if day is not None and contract is not None and asked.now_ns >= day.hours.open_ns:
                yield day, contract
            at -= timedelta(days=1)

    def _day(self, at: date, name: str) -> MarketDay:
        """Return the market of one underlying on a day: the same as that of all of them together."""
        day = self._days.pop((at, name), None)
        if day is None:
            hours = trading_day(self._market.calendar, at)
            day = MarketDay(self._market.plan.seed, hours, [name], self._market.calendar)
        self._days[at, name] = day
        if len(self._days) > _KEPT:
            self._days.popitem(last=False)
        return day


def _minutes(day: MarketDay, contract: Contract, now_ns: UnixNs) -> Sequence[MinuteBar]:
    quarter = day.quarter_at(now_ns)
    if quarter is None:
        return ()
    summary = day.summary(contract)
    summary.advance(day.second(quarter))
    return summary.minutes


def _rows(day: MarketDay, bars: Sequence[MinuteBar], minutes: int) -> Iterator[Reply]:
    for start in range(0, len(bars), minutes):
        group = bars[start : start + minutes]
        opens_ns = day.hours.open_ns + start * 60 * NS_PER_S
        volume = sum(bar.volume for bar in group)
        before = bars[start - 1].oi if start else group[0].oi
        average = sum(bar.turnover for bar in group) // volume if volume else group[-1].close
        yield {
            **_stamp(opens_ns),
            **_prices(group),
            "intvwap": to_rupees(average),
            "intv": str(volume),
            "intoi": str(group[-1].oi - before),
            "v": str(group[-1].cumulative),
            "oi": str(group[-1].oi),
        }


def _stamp(instant_ns: UnixNs) -> Reply:
    return {
        "stat": "Ok",
        "time": f"{to_ist(instant_ns):%d-%m-%Y %H:%M:%S}",
        "ssboe": str(instant_ns // NS_PER_S),
    }


def _prices(group: Sequence[MinuteBar]) -> Reply:
    return {
        "into": to_rupees(group[0].open),
        "inth": to_rupees(max(bar.high for bar in group)),
        "intl": to_rupees(min(bar.low for bar in group)),
        "intc": to_rupees(group[-1].close),
    }


def _odd(rows: list[Reply], day: MarketDay, contract: Contract, *, over: bool) -> list[Reply]:
    """Return *rows*, oldest first, as the broker really sends them.

    One minute in eighty stands there twice, once without prices; an index has a bar at 09:14; and every fourth contract's last bar of a day
    that is over has a negative volume.
    """
    key = key_of("chart", day.hours.day, contract.trading_symbol)
    found: list[Reply] = []
    if contract.kind is InstrumentKind.INDEX and rows:
        found.append({**rows[0], **_stamp(day.hours.open_ns - 60 * NS_PER_S)})
    for number, row in enumerate(rows):
        odd = mixed(key, number) % 80
        # Never the newest: that one still trades.
        if odd == 0 and number < len(rows) - 1:
            found.append({**row, **(_ZERO if mixed(key, number) & (1 << 30) else _MISSING)})
        found.append(row)
    if over and key % 4 == 0 and contract.kind is not InstrumentKind.INDEX:
        found[-1] = {**found[-1], "intv": f"-{found[-1]['intv']}"}
    return found


def _day_row(day: MarketDay, contract: Contract, now_ns: UnixNs) -> Reply | None:
    bars = _minutes(day, contract, now_ns)
    if not bars:
        return None
    midnight_s = (day.hours.open_ns // NS_PER_S + 19_800) // 86_400 * 86_400 - 19_800
    return {
        "time": f"{day.hours.day:%d-%b-%Y}".upper(),
        **_prices(bars),
        "ssboe": str(midnight_s),
        "intv": str(bars[-1].cumulative),
    }
