"""When an exchange is open, when contracts expire, what a lot is: dated data, looked up by day.

Which years' holidays are known stands in config/market/holidays.yaml and is answered by `Calendar.knows_year`; in
other years only weekends are closed. Expiries, lots, strike steps and ticks serve the simulator and recordings that
do not carry them: live, the broker's symbol master is the truth.

`load_calendar` reads files; everything else is pure, and computed once for each day.
"""

from collections.abc import Sequence
from datetime import date, time, timedelta
from pathlib import Path
from typing import NamedTuple

from sauda.calendar_expiries import nominal_expiry, nominal_monthly
from sauda.calendar_rules import (
    ClosingRule,
    ContractRules,
    HolidayList,
    Hours,
    MarketRules,
    R,
    SessionRule,
    SpecialDay,
    SquareOffRule,
    in_force,
    load_rules,
)
from sauda.clock import NS_PER_S, UnixNs, from_ist
from sauda.contracts import InstrumentKind
from sauda.errors import ConfigError
from sauda.instruments import canonical
from sauda.money import Paise, Units

_IST_AHEAD_NS = 19_800 * NS_PER_S
_DAY_NS = 86_400 * NS_PER_S
_MINUTE_NS = 60 * NS_PER_S
_ONE_DAY = timedelta(days=1)
_EPOCH = date(1970, 1, 1).toordinal()
_LONGEST_CLOSURE_DAYS = 30
"""No exchange was ever closed for so long; a search that goes on further has met a mistake in the data."""


class Session(NamedTuple):
    """The hours of one exchange on one day."""

    open_ns: UnixNs
    close_ns: UnixNs
    """The first instant after it."""
    parts: tuple[tuple[UnixNs, UnixNs], ...]
    """(opens, closes) of each part; usually one."""

    def contains(self, instant_ns: UnixNs) -> bool:
        """Is there trading at *instant_ns*?"""
        return any(opens <= instant_ns < closes for opens, closes in self.parts)


def load_calendar(folder: Path) -> "Calendar":
    """Read the rules of config/market.

    Raises:
        ConfigError: a file is missing or broken; names file and key.
    """
    return Calendar(load_rules(folder))


class Calendar:
    """Answers by exchange (NSE, BSE, NFO, BFO, CDS, MCX) or underlying (any of its names)."""

    def __init__(self, rules: MarketRules) -> None:
        self._rules = rules
        self._sessions: dict[tuple[str, int], Session | None] = {}
        """(exchange, days since 1970) -> hours, for the days asked for so far."""
        self._square_off: dict[str, tuple[SquareOffRule, ...]] = dict(rules.square_off.items())
        self._closing: dict[str, tuple[ClosingRule, ...]] = dict(rules.closing.items())
        self._holidays: dict[tuple[str, int], HolidayList] = {
            (exchange, holidays.year): holidays
            for holidays in rules.holidays
            for exchange in holidays.exchanges
        }
        self._special: dict[tuple[str, date], SpecialDay] = {
            (exchange, special.day): special for special in rules.special for exchange in special.exchanges
        }

    def knows_year(self, year: int, exchange: str = "NSE") -> bool:
        """Is the list of that year's holidays complete? If not, only weekends (and listed days) are closed."""
        holidays = self._holidays.get((exchange, year))
        return holidays is not None and holidays.complete

    def session(self, exchange: str, day: date) -> Session | None:
        """Return the hours of *exchange* on *day*, special sessions included; None if it is closed all day.

        Raises:
            ConfigError: the exchange is unknown, or nothing is known of its hours so early.
        """
        return self._session(exchange, day.toordinal() - _EPOCH)

    def is_open(self, exchange: str, instant_ns: UnixNs) -> bool:
        """Is there trading on *exchange* at that instant?

        Raises:
            ConfigError: as `session`.
        """
        session = self._session(exchange, (instant_ns + _IST_AHEAD_NS) // _DAY_NS)
        return session is not None and session.contains(instant_ns)

    def next_trading_day(self, exchange: str, day: date) -> date:
        """Return the first day on or after *day* on which *exchange* trades."""
        return self._trading_day(exchange, day, _ONE_DAY)

    def previous_trading_day(self, exchange: str, day: date) -> date:
        """Return the last day on or before *day* on which *exchange* traded."""
        return self._trading_day(exchange, day, -_ONE_DAY)

    def square_off_ns(self, exchange: str, day: date) -> UnixNs | None:
        """Return when the broker closes MIS positions on *day*, or None if *exchange* is closed all day.

        Raises:
            ConfigError: as `session`, or no such time is known for that day.
        """
        session = self.session(exchange, day)
        if session is None:
            return None
        rule = self._known(exchange, "square_off", day, self._square_off.get(exchange, ()))
        return max(session.open_ns, session.close_ns - rule.minutes * _MINUTE_NS)

    def closing_window(self, exchange: str, day: date, *, of_index: bool) -> tuple[UnixNs, UnixNs]:
        """Return from when until when prices count for the settlement of contracts of *exchange* that end on *day*.

        Args:
            exchange: Where the contract trades.
            day: Its expiry; if nothing is settled on it (holiday, muhurat), the trading day before it counts.
            of_index: Whether what is averaged is the index (or share) beneath the contract, or the contract's own trades.

        Raises:
            ConfigError: as `session`, or nothing is known of settlement on that exchange on that day.
        """
        settling = self._settling_day(exchange, day)
        session = self.session(exchange, settling)
        rule = self._known(exchange, "closing", settling, self._closing.get(exchange, ()))
        minutes = rule.index_minutes if of_index and rule.index_minutes else rule.contract_minutes
        # A settling day has a session.
        opens, closes = (session.open_ns, session.close_ns) if session else (0, 0)
        return max(opens, closes - minutes * _MINUTE_NS), closes

    def expiries(self, underlying: str, from_day: date, count: int) -> list[date]:
        """Return the next *count* expiries, weekly and monthly, on or after *from_day*; fewer if they end.

        Raises:
            ConfigError: no rule is known for the underlying, as for commodities.
        """
        name = canonical(underlying)
        rules = self._rules.expiries.get(name)
        if rules is None:
            raise ConfigError(f"config/market/expiries.yaml: no rule for the expiries of {name}")
        monday = from_day - timedelta(days=from_day.weekday())
        found: list[date] = []
        # Five weeks hold a monthly expiry for sure.
        for week in range(5 * count + 5):
            nominal = nominal_expiry(rules, monday + timedelta(weeks=week))
            expiry = self._settling_day(rules.exchange, nominal) if nominal else None
            if expiry and expiry >= from_day and expiry not in found:
                found.append(expiry)
            if len(found) >= count:
                break
        return found[:count]

    def monthly_expiry(self, underlying: str, from_day: date) -> date:
        """Return the first monthly expiry on or after *from_day*.

        Raises:
            ConfigError: no rule is known for the underlying on those days.
        """
        name = canonical(underlying)
        rules = self._rules.expiries.get(name)
        month = from_day.replace(day=1)
        for _ in range(3):
            nominal = nominal_monthly(rules, month) if rules else None
            if rules is None or nominal is None:
                break
            expiry = self._settling_day(rules.exchange, nominal)
            if expiry >= from_day:
                return expiry
            month = (month + timedelta(days=31)).replace(day=1)
        raise ConfigError(f"config/market/expiries.yaml: no monthly expiry of {name} is known on {from_day}")

    def lot_size(self, underlying: str, day: date) -> Units:
        """Return the units in a lot of the contracts listed on *day*; around a change, older ones may differ.

        Raises:
            ConfigError: it is not known for that day.
        """
        return self._known(underlying, "lots", day, self._contract(underlying).lots).units

    def strike_step(self, underlying: str, day: date) -> Paise:
        """Return the distance of strikes near the money.

        Raises:
            ConfigError: it is not known for that day.
        """
        return self._known(underlying, "strike_steps", day, self._contract(underlying).strike_steps).step

    def tick_size(self, underlying: str, kind: InstrumentKind, day: date) -> Paise:
        """Return the smallest move of a price of the underlying's options or futures.

        Raises:
            ConfigError: it is not known for that day, or *kind* is neither.
        """
        contract = self._contract(underlying)
        match kind:
            case InstrumentKind.OPTION:
                return self._known(underlying, "option_ticks", day, contract.option_ticks).tick
            case InstrumentKind.FUTURE:
                return self._known(underlying, "future_ticks", day, contract.future_ticks).tick
            case _:
                raise ConfigError(f"no tick size is kept for {kind.value}, only for options and futures")

    def _session(self, exchange: str, day_number: int) -> Session | None:
        key = (exchange, day_number)
        try:
            return self._sessions[key]
        except KeyError:
            session = self._sessions[key] = self._compute(exchange, date.fromordinal(day_number + _EPOCH))
            return session

    def _compute(self, exchange: str, day: date) -> Session | None:
        rule = self._known(exchange, "sessions", day, self._session_rules(exchange))
        special = self._special.get((exchange, day))
        hours = special.hours if special else self._usual(exchange, day, rule)
        if not hours:
            return None
        parts = tuple((from_ist(day, part.opens), from_ist(day, part.closes)) for part in hours)
        return Session(parts[0][0], parts[-1][1], parts)

    def _usual(self, exchange: str, day: date, rule: SessionRule) -> Sequence[Hours]:
        holidays = self._holidays.get((exchange, day.year))
        if day.weekday() >= 5 or (holidays and day in holidays.closed):
            return ()
        hours = rule.hours_us_winter if rule.hours_us_winter and _is_us_winter(day) else rule.hours
        return (_without_closed_half(day, hours, holidays, rule.evening_from),)

    def _session_rules(self, exchange: str) -> tuple[SessionRule, ...]:
        for known, rules in self._rules.sessions.items():
            if known == exchange:
                return rules
        raise ConfigError(f"unknown exchange {exchange!r}: take one of {', '.join(self._rules.sessions)}")

    def _contract(self, underlying: str) -> ContractRules:
        name = canonical(underlying)
        rules = self._rules.contracts.get(name)
        if rules is None:
            raise ConfigError(f"config/market/contracts.yaml: nothing is known of contracts on {name}")
        return rules

    @staticmethod
    def _known(name: str, what: str, day: date, rules: Sequence[R]) -> R:
        rule = in_force(rules, day)
        if rule is None:
            since = rules[0].since if rules else "never"
            raise ConfigError(
                f"config/market: {what} of {name} are not known on {day}, only since {since}: "
                "add them there, with their source"
            )
        return rule

    def _settling_day(self, exchange: str, nominal: date) -> date:
        """Return where an expiry goes that falls on *nominal*: the last day on or before it that settles contracts."""
        day = self.previous_trading_day(exchange, nominal)
        while (special := self._special.get((exchange, day))) and not special.settles:
            day = self.previous_trading_day(exchange, day - _ONE_DAY)
        return day

    def _trading_day(self, exchange: str, day: date, step: timedelta) -> date:
        for _ in range(_LONGEST_CLOSURE_DAYS):
            if self.session(exchange, day):
                return day
            day += step
        raise ConfigError(
            f"config/market: {exchange} would be closed for {_LONGEST_CLOSURE_DAYS} days at {day}"
        )


def _without_closed_half(
    day: date, hours: Hours, holidays: HolidayList | None, evening_from: time | None
) -> Hours:
    if holidays and evening_from and day in holidays.morning_closed:
        return Hours(evening_from, hours.closes)
    if holidays and evening_from and day in holidays.evening_closed:
        return Hours(hours.opens, evening_from)
    return hours


def _is_us_winter(day: date) -> bool:
    """Does America keep winter time in the evening of *day*? From 2007 on: first Sunday of November to second of March."""
    begins = _first_sunday(day.year, 11)
    ends = _first_sunday(day.year, 3) + timedelta(days=7)
    return not ends <= day < begins


def _first_sunday(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(6 - first.weekday()) % 7)
