"""Boards and alert rules ask for metrics that there are, by labels that they have, of services that there are."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.grafana.boards import BOARDS, FOLDER
from deploy.grafana.panels import PROMETHEUS, document
from sauda.contracts import PositionPnl, StrategyPnl
from sauda.metrics.measures import MEASURES, Kind, Measure
from sauda.testing.builders import NOW, OPTION, a_fill
from sauda_pnl.writers.lines import Lines

REPOSITORY = Path(__file__).parents[3]
RULES: dict[str, Any] = yaml.safe_load((REPOSITORY / "deploy/prometheus/alerts.yml").read_text())
NAMES = {one.name: one for one in MEASURES}
FOREIGN = {
    "up",
    "scrape_duration_seconds",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "prometheus_tsdb_head_series",
    "http_api_request_duration_seconds_bucket",
    "storage_bucket_series_num",
    "storage_shard_disk_size",
}
"""What Prometheus, its client library and InfluxDB 2 tell of themselves, by their own documentation."""
SEEN_ELSEWHERE = {
    "sauda_market_time_seconds",
    "sauda_role_phase",
    "sauda_role_ready",
    "sauda_messages_total",
    "sauda_request_seconds",
}
"""For whoever asks; /ready and the gateway's own screen show the same."""
GIVEN = {"desk", "le", "service", "replica", "job"}
"""Labels that every one of our metrics has, or that Prometheus adds."""


def queries() -> list[tuple[str, str]]:
    """Return (where, PromQL) of all boards and rules."""
    panels = [
        (f"{name}: {panel.title}", query)
        for name, board in BOARDS.items()
        if board.source is PROMETHEUS
        for panel in board.panels
        for _, query in panel.asked
    ]
    return panels + [(rule["alert"], rule["expr"]) for group in RULES["groups"] for rule in group["rules"]]


def measure_of(name: str) -> Measure | None:
    """Return what a series is of: a histogram has three."""
    found = NAMES.get(name)
    if found is None:
        found = NAMES.get(re.sub("_(bucket|sum|count)$", "", name))
        return found if found is not None and found.kind is Kind.HISTOGRAM else None
    return found


def series_in(query: str) -> list[tuple[str, set[str]]]:
    """Return (name, labels it is chosen by) of each series that *query* names."""
    bare = re.sub(r'"[^"]*"', '""', query)
    found = re.findall(r"\b([a-z][a-z0-9_]*_[a-z0-9_]+|up)\b(?:\{([^}]*)\})?(?!\()", bare)
    calls = {"histogram_quantile"}
    by = {word.strip() for group in re.findall(r"by \(([^)]*)\)", bare) for word in group.split(",")}
    return [
        (name, {re.split("[!=]", part)[0].strip() for part in chosen.split(",") if part.strip()})
        for name, chosen in found
        if name not in calls | by and not name.startswith("__")
    ]


@pytest.mark.parametrize("where", [where for where, _ in queries()])
def test_each_query_asks_for_what_there_is(where: str) -> None:
    for query in [query for name, query in queries() if name == where]:
        named = series_in(query)
        assert named, query
        by = {word.strip() for group in re.findall(r"by \(([^)]*)\)", query) for word in group.split(",")}
        for name, chosen in named:
            measure = measure_of(name)
            assert measure is not None or name in FOREIGN, name
            if measure is not None:
                assert chosen <= {*measure.labels, *GIVEN}, (name, chosen)
                assert by <= {*measure.labels, *GIVEN}, (name, by)


def test_every_metric_is_on_a_board_or_said_to_be_seen_elsewhere() -> None:
    shown = {one.name for _, query in queries() for name, _ in series_in(query) if (one := measure_of(name))}

    assert shown | SEEN_ELSEWHERE == set(NAMES)
    assert not shown & SEEN_ELSEWHERE


def written() -> dict[str, set[str]]:
    """Return measurement -> tags and fields, as the writer prints them of messages that tell all there is to tell."""
    strategy = StrategyPnl("s", 1, 2, 3, 4, 5, 6.0, NOW, peak_margin=7, peak=8, drawdown=9, day_net=10)
    found: dict[str, set[str]] = {}
    for message in (a_fill(), strategy, PositionPnl("s", OPTION, 65, 1, 2, 3, 4, 5, NOW)):
        line = Lines("live").line(message)
        assert line is not None
        tags, fields = line.split(" ")[:2]
        measurement, *named = tags.split(",")
        found[measurement] = {part.partition("=")[0] for part in (*named, *fields.split(","))}
    return found


def flux_queries() -> list[tuple[str, str]]:
    """Return (where, Flux) of all boards: those that are written by the program, and the one that is written by hand."""
    files = sorted(FOLDER.glob("*.json"))
    return [
        (f"{path.stem}: {panel['title']}", target["query"])
        for path in files
        for panel in json.loads(path.read_text())["panels"]
        for target in panel.get("targets", ())
        if "query" in target
    ]


@pytest.mark.parametrize("where", [where for where, _ in flux_queries()])
def test_each_query_of_the_database_asks_for_what_is_written(where: str) -> None:
    known, made_by_flux = written(), {"_time", "_value", "_field", "_measurement"}
    for query in [query for name, query in flux_queries() if name == where]:
        measurements = set(re.findall(r'r\._measurement == "(\w+)"', query))
        columns = {
            *re.findall(r'r\._field == "(\w+)"', query),
            *re.findall(r"\br\.([a-z]\w*)", query),
            *(
                one
                for group in re.findall(r"(?:columns|rowKey): \[([^]]*)\]", query)
                for one in re.findall(r"\w+", group)
            ),
        }
        assert measurements <= known.keys()
        assert measurements or "cardinality" in query
        asked = columns - made_by_flux
        assert asked <= set().union(*(known[name] for name in measurements)), asked
    assert len(flux_queries()) > 15


@pytest.mark.parametrize("name", BOARDS)
def test_the_files_are_those_that_the_program_writes(name: str) -> None:
    assert json.loads((FOLDER / f"{name}.json").read_text()) == document(BOARDS[name])


def test_panels_lie_beside_one_another_and_none_over_another() -> None:
    for board in BOARDS.values():
        cells = [
            (x, y)
            for panel in document(board)["panels"]
            for place in (panel["gridPos"],)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        ]
        assert len(cells) == len(set(cells)), board.title
        assert max(x for x, _ in cells) < 24


def test_every_alert_says_how_bad_it_is_and_what_is_wrong() -> None:
    rules = [rule for group in RULES["groups"] for rule in group["rules"]]

    assert {rule["labels"]["level"] for rule in rules} == {"warning", "critical"}
    assert all(rule["annotations"]["summary"] for rule in rules)
    assert len({rule["alert"] for rule in rules}) == len(rules)


def test_prometheus_asks_every_service_that_the_compose_file_builds() -> None:
    compose = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())
    config = yaml.safe_load((REPOSITORY / "deploy/prometheus/prometheus.yml").read_text())
    (job,) = [one for one in config["scrape_configs"] if one["job_name"] == "sauda"]
    (found,) = job["dns_sd_configs"]

    assert {name for name, one in compose["services"].items() if "build" in one} <= set(found["names"])
