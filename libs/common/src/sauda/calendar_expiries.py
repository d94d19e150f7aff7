"""On which day of a week contracts would expire if there were no holidays. Pure."""

from collections.abc import Iterator
from datetime import date, timedelta

from sauda.calendar_rules import ExpiryRules, in_force


def nominal_expiry(rules: ExpiryRules, monday: date) -> date | None:
    """Return the expiry in the week of *monday* before any holiday moves it; None if there is none."""
    for monthly in _monthly_expiries(rules, monday):
        if monday <= monthly < monday + timedelta(days=7):
            return monthly
    weekly = in_force(rules.weekly, monday)
    if weekly is None or weekly.number is None:
        return None
    return monday + timedelta(days=weekly.number)


def nominal_monthly(rules: ExpiryRules, month: date) -> date | None:
    """Return the monthly expiry in the month of *month* before any holiday moves it; None if there is none."""
    last = _last_day(month.year, month.month)
    rule = in_force(rules.monthly, last)
    if rule is None or rule.number is None:
        return None
    return last - timedelta(days=(last.weekday() - rule.number) % 7)


def _monthly_expiries(rules: ExpiryRules, monday: date) -> Iterator[date]:
    """Yield the nominal monthly expiries of the months that the week of *monday* touches."""
    for month in {(day.year, day.month) for day in (monday, monday + timedelta(days=6))}:
        monthly = nominal_monthly(rules, date(*month, 1))
        if monthly is not None:
            yield monthly


def _last_day(year: int, month: int) -> date:
    return (date(year, month, 28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
