"""The page of a sweep shows whatever a grid holds as text, and Plotly accepts its map."""

import json
import re

import plotly.graph_objects as go

from sauda.sweep.findings import findings
from sauda.sweep.grid import grid_of
from sauda.sweep.heat import drawn_metric, heat, telling_keys
from sauda.sweep.page import page
from sauda.sweep.trial import Trial
from tests.unit.sweep.test_findings import a_part

EVIL = "<img src=x onerror=alert(1)>"
GRID = grid_of([f"name={EVIL},b", "lots=1,2"])
FACTS = {"strategies": [EVIL], "data": {"name": EVIL, "fingerprint": "ab"}, "split": None}


def test_what_stands_in_a_grid_is_text_and_never_markup() -> None:
    trials = [
        Trial(0, GRID.at(0), a_part(sharpe=2.0, net=100), a_part(net=-50)),
        Trial(1, GRID.at(1), error=EVIL),
        Trial(2, GRID.at(2), a_part(sharpe=1.0), a_part(), trouble=EVIL),
    ]
    found = findings(GRID, trials, "sharpe", 4)

    text = page(found, FACTS, telling_keys(found))

    assert "<img" not in text
    assert text.count("&lt;img src=x") > 5
    assert text.count('<tr class="chosen">') == 1
    charts = re.search(r'<script id="charts"[^>]*>(.*?)</script>', text, re.DOTALL)
    assert charts is not None
    assert json.loads(charts[1])[0]["id"] == "heat"


def test_plotly_accepts_the_map() -> None:
    found = findings(GRID, [Trial(0, GRID.at(0), a_part(), a_part())], "max_drawdown", 4)

    drawn = heat(found, ("name", "lots"))

    assert drawn is not None
    assert len(drawn["choices"]) == 2
    for choice in drawn["choices"]:
        (trace,) = choice["traces"]
        go.Figure([{**trace, "colorscale": "Viridis"}], drawn["layout"])
        assert trace["z"] == [[0.0, None], [None, None]]


def test_a_sweep_of_one_combination_has_no_map() -> None:
    grid = grid_of(["lots=1"])
    found = findings(grid, [Trial(0, grid.at(0), a_part())], "sharpe", 1)

    assert heat(found, telling_keys(found)) is None
    assert 'id="heat"' not in page(found, FACTS, telling_keys(found))


def test_where_no_combination_has_the_metric_the_map_shows_net_and_says_so() -> None:
    trials = [
        Trial(0, GRID.at(0), a_part(sharpe=None, net=100_00)),
        Trial(1, GRID.at(1), a_part(sharpe=None, net=-50_00)),
    ]
    found = findings(GRID, trials, "sharpe", 4)

    drawn = heat(found, ("name", "lots"))

    assert drawn is not None
    assert drawn["choices"][0]["name"] == "net: all data"
    assert drawn["choices"][0]["traces"][0]["z"] == [[100.0, None], [-50.0, None]]
    assert "No combination has the figure sharpe: the map shows net." in page(found, FACTS, ("name", "lots"))
    assert drawn_metric(findings(GRID, [Trial(0, GRID.at(0), a_part(sharpe=1.0))], "sharpe", 4)) == "sharpe"
