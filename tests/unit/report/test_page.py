"""The page needs nothing but itself, shows what stands in the data as text, and never shows an infinity."""

import base64
import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import plotly.graph_objects as go
import pytest
from plotly.offline import get_plotlyjs

from sauda.backtest.outcome import Outcome
from sauda.contracts import ChargeLines, Side
from sauda.report import figures, write
from sauda.report.charts import charts
from sauda.report.page import page
from sauda.report.round_trips import round_trips
from tests.unit.report.made_up import a_fill, a_run, at, hours, points

EVIL = "</script><img src=x onerror=alert(1)>&\"'"
COLOURS = {f"--line{number}" for number in range(1, 7)} | {
    *("--gain", "--loss", "--soft", "--ink", "--paper", "--losswash", "--rule"),
}


class Elements(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def evil_run() -> Outcome:
    costs = ChargeLines(brokerage=20, gst=4)
    return a_run(
        fills=[
            a_fill(
                Side.BUY, 10, 100_00, at("10:00"), instrument=EVIL, strategy=EVIL, charges=24, costs=costs
            ),
            a_fill(
                Side.SELL, 10, 110_00, at("11:00"), instrument=EVIL, strategy=EVIL, charges=24, costs=costs
            ),
        ],
        equity=points([(at("10:00"), -24), (at("11:00"), 99_52)]),
        sessions=hours(0, 1),
        rules={EVIL: {EVIL: EVIL}},
        assumptions=[EVIL],
        name=EVIL,
    )


def shown(outcome: Outcome) -> str:
    return page(outcome, figures(outcome), round_trips(outcome.fills))


def data_of(text: str, name: str) -> str:
    found = re.search(rf'<script id="{name}"[^>]*>(.*?)</script>', text, re.DOTALL)
    assert found is not None
    return found[1]


def test_what_stands_in_the_data_is_text_and_never_markup() -> None:
    text = shown(evil_run())

    tags = [tag for tag, _ in Elements(text).found]
    assert "img" not in tags
    assert tags.count("script") == 3
    assert not set("<>&") & set(data_of(text, "charts"))
    assert EVIL in json.loads(data_of(text, "charts"))[-1]["choices"][0]["name"]


def test_nothing_is_fetched() -> None:
    for tag, attributes in Elements(shown(evil_run())).found:
        assert tag not in {"link", "iframe", "object", "base"}
        assert not {"src", "href", "srcset", "action"} & attributes.keys(), tag


def test_the_charting_library_is_in_the_page_and_whole() -> None:
    packed = base64.b64decode(data_of(shown(evil_run()), "library"))

    assert gzip.decompress(packed).decode() == get_plotlyjs()


def test_plotly_accepts_every_chart() -> None:
    outcome = evil_run()

    made = charts(outcome, figures(outcome))

    assert [one["id"] for one in made] == ["equity", "daily", "charges", "prices"]
    for one in made:
        for traces in [one["traces"]] if "traces" in one else [choice["traces"] for choice in one["choices"]]:
            # The page's colours are looked up in its style before Plotly sees them.
            go.Figure(painted(traces), painted(one["layout"]))


def painted(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("--"):
        assert value in COLOURS
        return "#123456"
    if isinstance(value, dict):
        return {key: painted(inner) for key, inner in value.items()}
    return [painted(inner) for inner in value] if isinstance(value, list) else value


def test_every_colour_of_a_chart_is_in_the_style() -> None:
    style = (Path(__file__).parents[3] / "libs/common/src/sauda/report/web/style.css").read_text()

    for colour in COLOURS:
        # Light, dark by the machine's wish, dark by the reader's.
        assert style.count(f"{colour}:") == 3, colour


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(a_run(), id="nothing known of the days"),
        pytest.param(a_run(sessions=hours(0)), id="never traded"),
        pytest.param(a_run(sessions=hours(0), capital=0), id="no capital"),
        pytest.param(
            a_run(fills=[a_fill(Side.BUY, 1, 100, at("10:00"))], sessions=hours(0)),
            id="a trade without an end",
        ),
    ],
)
def test_a_run_that_came_to_nothing_has_a_report_without_infinities(outcome: Outcome, tmp_path: Path) -> None:
    written = write(outcome, tmp_path)

    result = json.loads((tmp_path / "result.json").read_text(), parse_constant=pytest.fail)
    assert result["figures"]["ALL"]["trading"]["hit_rate"] is None
    assert result["figures"]["ALL"]["worth"]["sharpe"] is None
    assert all(path.stat().st_size for path in written.files)


def test_one_day_is_a_day(tmp_path: Path) -> None:
    write(a_run(sessions=hours(0)), tmp_path / "one")
    write(a_run(sessions=hours(0, 1)), tmp_path / "two")

    assert "1 trading day: " in (tmp_path / "one/report.html").read_text()
    assert "2 trading days: " in (tmp_path / "two/report.html").read_text()


def test_the_figures_tell_the_names_of_what_they_are() -> None:
    told = msgspec.to_builtins(figures(evil_run())["ALL"])

    assert told["trading"] | {"turnover": 2100_00, "trades": 1, "exposure": 0.05} == told["trading"]
    assert told["worth"]["charge_lines"] == {"brokerage": 40, "gst": 8}
    assert told["daily"][0] == {"date": "2026-11-23", "net": 99_52, "closing": 99_52, "drawdown": 0}
