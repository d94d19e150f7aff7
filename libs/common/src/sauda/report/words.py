"""The figures of a run as people read them: what each is called, and its value in rupees, percent or days."""

from collections.abc import Mapping
from typing import Final

from sauda.clock import UnixNs, to_ist
from sauda.money import Paise, to_indian
from sauda.report.figures import Figures

NOTHING: Final = "-"
"""What stands for a figure that is not defined."""

LINES: Final[Mapping[str, str]] = {
    "brokerage": "Brokerage",
    "stt": "STT / CTT",
    "exchange": "Exchange",
    "sebi": "SEBI",
    "ipft": "IPFT",
    "stamp": "Stamp duty",
    "gst": "GST",
    "rounding": "Rounding",
    "unknown": "Without lines",
}
"""charge line -> its name"""


def headline(one: Figures) -> list[tuple[str, str]]:
    """Return the few figures that a run is judged by."""
    worth, trading = one.worth, one.trading
    return [
        ("Net profit", rupees(worth.net)),
        ("Charges", rupees(worth.charges)),
        ("Return on peak margin", percent(worth.return_on_margin)),
        ("Return on capital", percent(worth.return_on_capital)),
        ("Max drawdown", rupees(worth.max_drawdown)),
        ("Sharpe", number(worth.sharpe)),
        ("Profit factor", number(trading.profit_factor)),
        ("Hit rate", percent(trading.hit_rate)),
        ("Expectancy per trade", rupees(trading.expectancy)),
        ("Trades", f"{trading.trades:,}"),
    ]


def rows(one: Figures) -> list[tuple[str, str]]:
    """Return all figures."""
    return [*_made(one), *_risked(one), *_traded(one)]


def table(found: Mapping[str, Figures]) -> tuple[list[str], list[list[str]]]:
    """Return the titles and rows of a table with one column for each strategy, the desk last.

    Where there is one strategy, it is the desk.
    """
    if len(found) == 2:
        found = {name: one for name, one in found.items() if name == "ALL"}
    columns = [rows(one) for one in found.values()]
    titles = ["", *("Desk" if name == "ALL" else name for name in found)]
    return titles, [
        [label, *(column[at][1] for column in columns)] for at, (label, _) in enumerate(columns[-1])
    ]


def charges(one: Figures) -> list[tuple[str, Paise]]:
    """Return the charges by line, with their names."""
    return [(LINES[line], paise) for line, paise in one.worth.charge_lines.items()]


def rupees(amount: Paise | None) -> str:
    """Return an amount as Indians group it."""
    return NOTHING if amount is None else to_indian(amount)


def percent(part: float | None) -> str:
    """Return a share of one as a percentage."""
    return NOTHING if part is None else f"{100 * part:,.2f} %"


def number(value: float | None) -> str:
    """Return a ratio with two digits."""
    return NOTHING if value is None else f"{value:,.2f}"


def instant(at: UnixNs | None) -> str:
    """Return an instant in IST, to the second."""
    return NOTHING if at is None else f"{to_ist(at):%Y-%m-%d %H:%M:%S}"


def _made(one: Figures) -> list[tuple[str, str]]:
    worth = one.worth
    return [
        ("Net profit", rupees(worth.net)),
        ("Before charges", rupees(worth.gross)),
        ("Charges", rupees(worth.charges)),
        ("Peak margin", rupees(worth.peak_margin)),
        ("Average margin", rupees(worth.average_margin)),
        ("Return on peak margin", percent(worth.return_on_margin)),
        ("Return on average margin", percent(worth.return_on_average_margin)),
        ("Return on capital", percent(worth.return_on_capital)),
        ("Best day", rupees(worth.best_day)),
        ("Worst day", rupees(worth.worst_day)),
    ]


def _risked(one: Figures) -> list[tuple[str, str]]:
    worth = one.worth
    part = None if worth.max_drawdown_percent is None else worth.max_drawdown_percent / 100
    return [
        ("Sharpe", number(worth.sharpe)),
        ("Sortino", number(worth.sortino)),
        ("Max drawdown", rupees(worth.max_drawdown)),
        ("Max drawdown of capital", percent(part)),
        ("Drawdown from", instant(worth.drawdown_from_ns)),
        ("Drawdown to", instant(worth.drawdown_to_ns)),
        ("Recovered", instant(worth.recovered_ns)),
        ("Longest under water, days", f"{worth.longest_under_water_days:,}"),
    ]


def _traded(one: Figures) -> list[tuple[str, str]]:
    trading = one.trading
    return [
        ("Trades", f"{trading.trades:,}"),
        ("Open at the end", f"{trading.open_trades:,}"),
        ("Hit rate", percent(trading.hit_rate)),
        ("Profit factor", number(trading.profit_factor)),
        ("Expectancy per trade", rupees(trading.expectancy)),
        ("Average win", rupees(trading.average_win)),
        ("Average loss", rupees(trading.average_loss)),
        ("Exposure", percent(trading.exposure)),
        ("Turnover", rupees(trading.turnover)),
        ("Orders", f"{trading.orders:,}"),
        ("Fills", f"{trading.fills:,}"),
        ("Days", f"{trading.days:,}"),
        ("Trades a day", number(trading.trades_a_day)),
    ]
