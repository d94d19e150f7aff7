"""A close that the calendar does not know is found as soon as it does: futures are marked every day until they are flat."""

from dataclasses import replace
from datetime import date

from sauda.calendar import Session
from sauda.contracts import Account, Message, Side
from sauda.errors import ConfigError
from sauda.margin import load_margins
from sauda.state import State
from sauda.testing.builders import Weekdays, a_clock, a_tick, at
from sauda.testing.restart import play
from sauda_execution.account.closes import Closes
from sauda_execution.exchange import PaperExchange
from sauda_execution.house import House
from tests.unit.execution.lived import CALENDAR, FUTURE, MARKET, a_future, trades

LAST = date(2026, 12, 31)
NEW_YEAR = date(2027, 1, 1)
MONTHS_LATER = date(2027, 3, 1)
HOUSE = House(CALENDAR, margins=load_margins(MARKET), capital=10_00_000_00)


class Gappy(Weekdays):
    """Knows nothing of the days from *first* until before *until*."""

    def __init__(self, first: date, until: date) -> None:
        self._first, self._until = first, until

    def session(self, exchange: str, day: date, /) -> Session | None:
        if self._first <= day < self._until:
            raise ConfigError(f"nothing is known of {exchange} on {day}")
        return super().session(exchange, day)


def a_holder(house: House) -> PaperExchange:
    """Return an exchange with a future bought on the last day of the year, marked at its close."""
    exchange = PaperExchange(house)
    play(exchange, [a_future(expiry="2027-03-30"), *trades(FUTURE, Side.BUY, 24_600_00, "10:00", day=LAST)])
    play(exchange, [a_clock(at("15:41", LAST))])
    return exchange


def realised(said: list[Message]) -> list[int]:
    return [one.realised for one in said if isinstance(one, Account)]


def test_a_future_is_marked_in_a_year_whose_holidays_are_not_known_yet() -> None:
    exchange = a_holder(HOUSE)

    play(exchange, [a_tick(24_700_00, instrument=FUTURE, at_ns=at("15:00", NEW_YEAR))])

    # Bought at the offer, 24,600.05.
    assert realised(play(exchange, [a_clock(at("15:40", NEW_YEAR))]))[-1] == 65 * 99_95


def test_a_day_of_which_nothing_is_known_hides_none_after_it() -> None:
    closes = Closes(State(), Gappy(NEW_YEAR, date(2027, 1, 4)))

    closes.expect("NFO", at("15:30", LAST))

    assert closes.due_ns == at("15:30", date(2027, 1, 4))


def test_a_close_that_lay_too_far_ahead_is_found_on_the_next_day_that_begins() -> None:
    exchange = a_holder(replace(HOUSE, calendar=Gappy(NEW_YEAR, MONTHS_LATER)))

    play(exchange, [a_tick(24_700_00, instrument=FUTURE, at_ns=at("10:00", MONTHS_LATER))])

    assert realised(play(exchange, [a_clock(at("15:30", MONTHS_LATER))]))[-1] == 65 * 99_95
