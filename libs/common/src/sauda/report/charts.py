"""The charts of a run, as Plotly understands them: plain dictionaries of traces and layout.

Amounts are rupees here, instants IST wall time: what is drawn is for the eye. Colours are the page's own names (`--gain`),
so that they follow its light or dark dress.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sauda.backtest.outcome import Outcome
from sauda.clock import UnixNs, clock_text
from sauda.contracts import Against, Fill, Side
from sauda.money import Paise
from sauda.report import words
from sauda.report.curve import DESK, Point, curve
from sauda.report.days import Day, days_of
from sauda.report.figures import Figures
from sauda.report.thinning import kept

Chart = dict[str, Any]
"""`id` of the element it is drawn into, and `traces`, `layout`, or `choices` of such to pick from."""

INSTRUMENTS: Final = 16
"""Most instruments whose price is drawn: those that were traded most often."""
_PRICES: Final = 700
"""Points of a price that are drawn: there may be sixteen such lines in a page."""
_LINES: Final = ("--line1", "--line2", "--line3", "--line4", "--line5", "--line6")


def charts(outcome: Outcome, found: Mapping[str, Figures]) -> list[Chart]:
    """Return everything that is drawn."""
    days = days_of(outcome)
    made = [_equity(outcome, found, days), _daily(found[DESK]), _charges(found[DESK])]
    return [*made, *_prices(outcome, days)]


def _equity(outcome: Outcome, found: Mapping[str, Figures], days: Sequence[Day]) -> Chart:
    names = [name for name in found if name == DESK or len(found) > 2]
    traces: list[Any] = []
    for at, name in enumerate(reversed(names)):
        points = curve(outcome, name)
        points = [points[index] for index in kept([point.net for point in points])]
        traces += _curve(
            points, "Desk" if name == DESK else name, _LINES[at % len(_LINES)], is_desk=name == DESK
        )
    layout = {
        "xaxis": {**_time_axis(days), "anchor": "y2"},
        "yaxis": {"domain": [0.36, 1], "title": {"text": "net, Rs"}},
        "yaxis2": {"domain": [0, 0.28], "title": {"text": "drawdown, Rs"}, "rangemode": "tozero"},
        "showlegend": len(names) > 1,
        "hovermode": "x unified",
    }
    return {"id": "equity", "traces": traces, "layout": layout}


def _curve(points: Sequence[Point], name: str, colour: str, *, is_desk: bool) -> list[Any]:
    x = [_time(point.event_ns) for point in points]
    line = {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": x,
        "y": [_rupees(point.net) for point in points],
        "line": {"color": colour, "width": 2 if is_desk else 1.2},
        "hovertemplate": "%{y:,.2f}",
    }
    if not is_desk:
        return [line]
    fall = {
        **line,
        "name": "drawdown",
        "y": [-_rupees(point.drawdown) for point in points],
        "yaxis": "y2",
        "line": {"color": "--loss", "width": 1},
        "fill": "tozeroy",
        "fillcolor": "--losswash",
        "showlegend": False,
    }
    return [line, fall]


def _daily(desk: Figures) -> Chart:
    bars = {
        "type": "bar",
        "x": [day.date.isoformat() for day in desk.daily],
        "y": [_rupees(day.net) for day in desk.daily],
        "marker": {"color": ["--gain" if day.net >= 0 else "--loss" for day in desk.daily]},
        "hovertemplate": "%{x}: %{y:,.2f}<extra></extra>",
    }
    # Days as names, not as dates: no holes for weekends.
    layout = {
        "xaxis": {"type": "category", "tickangle": 0},
        "yaxis": {"title": {"text": "net of the day, Rs"}},
    }
    return {"id": "daily", "traces": [bars], "layout": {**layout, "bargap": 0.25}}


def _charges(desk: Figures) -> Chart:
    lines = sorted(words.charges(desk), key=lambda line: line[1])
    bars = {
        "type": "bar",
        "orientation": "h",
        "y": [name for name, _ in lines],
        "x": [_rupees(paise) for _, paise in lines],
        "text": [words.rupees(paise) for _, paise in lines],
        "textposition": "auto",
        "cliponaxis": False,
        "marker": {"color": "--line1"},
        "hovertemplate": "%{y}: %{x:,.2f}<extra></extra>",
    }
    return {"id": "charges", "traces": [bars], "layout": {"yaxis": {"type": "category"}, "bargap": 0.3}}


def _prices(outcome: Outcome, days: Sequence[Day]) -> Iterable[Chart]:
    counts = Counter(fill.instrument for fill in outcome.fills)
    chosen = sorted(counts, key=lambda name: (-counts[name], name))[:INSTRUMENTS]
    if not chosen:
        return
    layout = {
        "xaxis": _time_axis(days),
        "yaxis": {"title": {"text": "price, Rs"}},
        "showlegend": True,
    }
    choices = [
        {
            "name": f"{name} · {counts[name]} fills",
            "traces": [_price(outcome.prices.get(name, ())), *_marks(outcome.fills, name)],
        }
        for name in chosen
    ]
    yield {"id": "prices", "choices": choices, "layout": layout}


def _price(prices: Sequence[tuple[UnixNs, Paise]]) -> Any:
    prices = [prices[index] for index in kept([price for _, price in prices], _PRICES)]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "last price",
        "x": [_time(at) for at, _ in prices],
        "y": [_rupees(price) for _, price in prices],
        "line": {"color": "--soft", "width": 1.2},
        "hovertemplate": "%{x}: %{y:,.2f}<extra></extra>",
    }


def _marks(fills: Iterable[Fill], instrument: str) -> list[Any]:
    mine = [fill for fill in fills if fill.instrument == instrument]
    traded = [fill for fill in mine if fill.against is not Against.SETTLEMENT]
    settled = [fill for fill in mine if fill.against is Against.SETTLEMENT]
    kinds = (
        ("bought", "triangle-up", "--gain", [fill for fill in traded if fill.side is Side.BUY]),
        ("sold", "triangle-down", "--loss", [fill for fill in traded if fill.side is Side.SELL]),
        ("settled", "x", "--ink", settled),
    )
    return [_mark(name, symbol, colour, some) for name, symbol, colour, some in kinds if some]


def _mark(name: str, symbol: str, colour: str, fills: Sequence[Fill]) -> Any:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [_time(fill.event_ns) for fill in fills],
        "y": [_rupees(fill.price) for fill in fills],
        "text": [f"{fill.side.value} {fill.qty} · {fill.strategy}" for fill in fills],
        "marker": {"symbol": symbol, "size": 11, "color": colour, "line": {"width": 1, "color": "--paper"}},
        "hovertemplate": "%{text}<br>%{x} at %{y:,.2f}<extra></extra>",
    }


def _time_axis(days: Sequence[Day]) -> Any:
    """Return an axis of time; over several days one without nights, in which instants stand side by side in their order.

    Plotly can cut nights out of an axis of dates. But it fails on some spans, and takes minutes over years with few days.
    """
    if len(days) < 2:
        return {"type": "date"}
    return {"type": "category", "categoryorder": "category ascending", "tickangle": 0}


def _time(at: UnixNs) -> str:
    text = clock_text(at)
    return text.removesuffix(".000").removesuffix(":00")


def _rupees(amount: Paise) -> float:
    return amount / 100
