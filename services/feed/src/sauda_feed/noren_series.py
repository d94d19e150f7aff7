"""TPSeries and EODChartData in Noren's words: rows in, bars out. Pure.

Rows come newest first, and not all are bars: some have no price or none that is a number, some stand before the open, and the newest
still trades. Such a row is left out; nothing is made up for it.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Final, NamedTuple

from sauda.clock import NS_PER_S, UnixNs, from_ist, ist_date
from sauda.contracts import PastBar
from sauda.errors import ContractError
from sauda.history.knowers import Day
from sauda.history.timeframes import begin_of, end_of
from sauda.money import Paise, Units, to_paise

_PRICES: Final = ("into", "inth", "intl", "intc")
_MOST: Final[Paise] = 10**12
"""A hundred crore rupees: no price."""
_MOST_UNITS: Final = 10**13
_LONGEST: Final = 24
"""Characters of a number that is read at all."""
_LATEST_S: Final = 10**10
"""Epoch seconds of the year 2286: a greater number counts something else."""


class Rows(NamedTuple):
    """What an answer holds."""

    bars: list[PastBar]
    """Oldest first, none twice."""
    spoilt: int
    """Rows that have prices, and such as cannot be."""


def intraday(
    answer: Sequence[Any], days: Sequence[Day], timeframe: str, now_ns: UnixNs, *, index: bool
) -> Rows:
    """Return the bars of *days* in an answer to TPSeries, without the one that still trades at *now_ns*.

    Args:
        answer: The rows as the library returns them.
        days: Sessions; what stands outside of them (a pre-open bar at 09:14) is no bar.
        timeframe: What was asked for.
        now_ns: The market's time.
        index: Whether it has neither volume nor open interest, whatever the rows say.
    """
    bars: dict[UnixNs, PastBar] = {}
    spoilt = 0
    for row in answer:
        start_ns = _stamp(row)
        day = next((one for one in days if start_ns is not None and one.session.contains(start_ns)), None)
        if day is None or start_ns is None or begin_of(start_ns, timeframe, day.session) != start_ns:
            continue
        if end_of(start_ns, timeframe, day.session) > now_ns or start_ns in bars:
            continue
        try:
            bar = _bar(row, start_ns, index=index)
        except ContractError:
            spoilt += 1
            continue
        if bar is not None:
            bars[start_ns] = bar
    return Rows([bars[start] for start in sorted(bars)], spoilt)


def daily(answer: Sequence[Any], days: Sequence[Day], now_ns: UnixNs, *, index: bool) -> Rows:
    """Return the bars of *days* in an answer to EODChartData, whose rows are JSON inside of JSON."""
    sessions = {_date_of(day): day.session for day in days if day.session.close_ns <= now_ns}
    bars: dict[UnixNs, PastBar] = {}
    spoilt = 0
    for text in answer:
        row = _unpacked(text)
        named = _day_named(row)
        session = sessions.get(named) if named else None
        if session is None or session.open_ns in bars:
            continue
        try:
            bar = _bar(row, session.open_ns, index=index)
        except ContractError:
            spoilt += 1
            continue
        if bar is not None:
            bars[session.open_ns] = bar
    return Rows([bars[start] for start in sorted(bars)], spoilt)


def _bar(row: Mapping[str, Any], start_ns: UnixNs, *, index: bool) -> PastBar | None:
    """Return a row as a bar; None if it holds no price.

    Raises:
        ContractError: it holds prices that cannot be.
    """
    prices = [_price(row.get(name)) for name in _PRICES]
    if not any(prices):
        return None
    open_, high, low, close = (price or 0 for price in prices)
    if not 0 < low <= min(open_, close) or not max(open_, close) <= high <= _MOST:
        raise ContractError(f"prices that cannot be: {prices}")
    if index:
        return PastBar(start_ns, open_, high, low, close)
    return PastBar(start_ns, open_, high, low, close, _units(row.get("intv")), _units(row.get("oi")))


def _price(text: Any) -> Paise | None:
    """Return rupees as paise; what is missing or no number is None."""
    if text is None or not 0 < len(str(text)) <= _LONGEST:
        return None
    try:
        return to_paise(str(text).strip())
    except ContractError:
        return None


def _units(text: Any) -> Units | None:
    """Return a quantity; one that is missing or negative (the closing bar's, now and then) is not known."""
    try:
        number = float(str(text)) if text is not None and len(str(text)) <= _LONGEST else -1.0
    except ValueError:
        return None
    return round(number) if 0 <= number <= _MOST_UNITS else None


def _stamp(row: Any) -> UnixNs | None:
    """Return when a row's bar begins: by its epoch seconds, or else by its text in Indian time."""
    if not isinstance(row, Mapping) or row.get("stat", "Ok") != "Ok":
        return None
    epoch = str(row.get("ssboe") or "").partition(".")[0]
    if epoch.isascii() and epoch.isdigit() and 0 < int(epoch) < _LATEST_S:
        return int(epoch) * NS_PER_S
    try:
        at = datetime.strptime(str(row.get("time")), "%d-%m-%Y %H:%M:%S")  # noqa: DTZ007  (Indian time, and made so below)
    except ValueError:
        return None
    return from_ist(at.date(), at.time())


def _unpacked(text: Any) -> Mapping[str, Any]:
    try:
        row = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return {}
    return row if isinstance(row, Mapping) else {}


def _day_named(row: Mapping[str, Any]) -> date | None:
    try:
        return datetime.strptime(str(row.get("time")).title(), "%d-%b-%Y").date()  # noqa: DTZ007  (a date has no zone)
    except ValueError:
        return None


def _date_of(day: Day) -> date:
    return ist_date(day.session.open_ns)


def bounds(days: Sequence[Day]) -> tuple[int, int]:
    """Return the epoch seconds from which to which the broker is asked about *days*: the last second is taken in."""
    return days[0].span.from_ns // NS_PER_S, days[-1].span.to_ns // NS_PER_S - 1


def midnights(days: Sequence[Day]) -> tuple[int, int]:
    """Return the epoch seconds of the first and the last of *days*, as EODChartData takes them."""
    first, last = _date_of(days[0]), _date_of(days[-1])
    return (from_ist(first, time()) // NS_PER_S, from_ist(last, time(23, 59, 59)) // NS_PER_S)
