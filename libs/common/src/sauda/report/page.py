"""A run as one page: what was assumed, the figures, the charts, the trades."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sauda.backtest.outcome import Outcome
from sauda.report import words
from sauda.report.charts import charts
from sauda.report.curve import DESK
from sauda.report.figures import Figures
from sauda.report.ratios import FEWEST_DAYS
from sauda.report.round_trips import RoundTrip
from sauda.report.sheet import Cell, bullets, cards, chart, folded, section, sheet, table

TRADES: Final = 2000
"""Most trades that the page lists; all are in trades.parquet."""
_DIGITS: Final = 12
"""Of a fingerprint, where people read it."""

_TRADE_COLUMNS: Final = (
    *("Strategy", "Instrument", "Side", ">Qty", "Opened", "Closed"),
    *(">Entry", ">Exit", ">Charges", "±Net"),
)


def page(outcome: Outcome, found: Mapping[str, Figures], trips: Sequence[RoundTrip]) -> str:
    """Return the page of a run."""
    data = outcome.data
    title = f"Backtest {', '.join(outcome.strategies) or 'without a strategy'}"
    span = f"{words.instant(data.first_ns)} to {words.instant(data.last_ns)} IST"
    kind = "ticks made of bars" if data.bars else "ticks"
    subtitle = f"{data.name} · {span} · {data.ticks:,} {kind} · data {data.fingerprint[:_DIGITS]}"
    return sheet(title, subtitle, _body(outcome, found, trips), charts(outcome, found))


def _body(outcome: Outcome, found: Mapping[str, Figures], trips: Sequence[RoundTrip]) -> Iterable[str]:
    desk = found[DESK]
    yield from _troubles(outcome)
    if outcome.assumptions:
        yield section("Assumed, because the data does not say it", bullets(outcome.assumptions))
    yield cards(words.headline(desk))
    yield section("Worth and drawdown", chart("equity"), _few_days(desk))
    yield '<div class="pair">'
    yield section("Day by day", chart("daily"))
    yield section("Charges by line", chart("charges"))
    yield "</div>"
    if outcome.fills:
        yield section("Prices, entries and exits", chart("prices", choice=True))
    yield section("Trades, from flat to flat", _trades(trips))
    yield section("All figures", _all_figures(found))
    yield section("Rules and settings", *_facts(outcome))


def _troubles(outcome: Outcome) -> Iterable[str]:
    lines = [f"{unit} stopped: {why}" for unit, why in sorted(outcome.stopped.items())]
    lines += [text for _, text in sorted(outcome.gave_up.items())]
    lines += [f"not worked: {line}" for line in outcome.parked[:20]]
    if len(outcome.parked) > 20:
        lines.append(f"and {len(outcome.parked) - 20} more messages that were not worked")
    if lines:
        yield section("This run did not go through", bullets(lines), kind="warn")


def _few_days(desk: Figures) -> str:
    days = desk.trading.days
    if days >= FEWEST_DAYS:
        return ""
    return f'<p class="note">{days} trading {"day" if days == 1 else "days"}: yearly ratios (Sharpe, Sortino) need at least {FEWEST_DAYS}.</p>'


def _trades(trips: Sequence[RoundTrip]) -> str:
    shown = table(_TRADE_COLUMNS, (_trade(trip) for trip in trips[:TRADES]), sortable=True)
    if len(trips) > TRADES:
        shown += f'<p class="note">The first {TRADES:,} of {len(trips):,}; all are in trades.parquet.</p>'
    return shown


def _trade(trip: RoundTrip) -> list[Cell]:
    return [
        trip.strategy,
        trip.instrument,
        trip.side.value,
        (f"{trip.qty:,}", trip.qty),
        (words.instant(trip.opened_ns), trip.opened_ns),
        ("open" if trip.closed_ns is None else words.instant(trip.closed_ns), trip.closed_ns),
        _price(trip.entry),
        _price(trip.exit),
        (words.rupees(trip.charges), trip.charges),
        (words.rupees(trip.net), trip.net),
    ]


def _price(paise: float | None) -> Cell:
    return (words.NOTHING, None) if paise is None else (f"{paise / 100:,.2f}", paise)


def _all_figures(found: Mapping[str, Figures]) -> str:
    titles, rows = words.table(found)
    return table([titles[0], *(f">{title}" for title in titles[1:])], rows)


def _facts(outcome: Outcome) -> Iterable[str]:
    for name, rules in sorted(outcome.rules.items()):
        yield folded(f"Rules of {name}", _pairs(rules))
    yield folded("Settings", _pairs(outcome.settings))
    facts = {"data": outcome.data.name, "fingerprint": outcome.data.fingerprint}
    yield folded("Data", _pairs({**facts, "capital, Rs": words.rupees(outcome.capital)}))


def _pairs(values: Mapping[str, Any]) -> str:
    return table(("Key", "Value"), [(key, str(value)) for key, value in sorted(values.items())])
