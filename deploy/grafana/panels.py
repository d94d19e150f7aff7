"""What a board is made of, in the words of Grafana's dashboard JSON (its "classic" model, which file provisioning takes)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

PROMETHEUS: Final = {"type": "prometheus", "uid": "machinery"}
INFLUXDB: Final = {"type": "influxdb", "uid": "desk"}
COLUMNS: Final = 24
"""Of Grafana's grid."""

_DESKS: Final = {
    "prometheus": {"query": "label_values(sauda_ready, desk)"},
    "influxdb": {
        "query": 'import "influxdata/influxdb/schema"\nschema.tagValues(bucket: v.defaultBucket, tag: "desk", start: -10y)'
    },
}


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture: what is drawn, and what is asked for."""

    title: str
    asked: Sequence[tuple[str, str]]
    """(legend, query): PromQL, or Flux."""
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 12
    height: int = 8
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """One page of panels."""

    uid: str
    title: str
    meaning: str
    source: dict[str, str]
    panels: Sequence[Panel]
    since: str = "now-30m"
    tags: tuple[str, ...] = field(default=("sauda",))


def document(board: Board) -> dict[str, Any]:
    """Return *board* as Grafana reads it."""
    return {
        "uid": board.uid,
        "title": board.title,
        "description": board.meaning,
        "tags": list(board.tags),
        "timezone": "Asia/Kolkata",
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "refresh": "5s",
        "time": {"from": board.since, "to": "now"},
        "templating": {"list": [_desk_variable(board.source)]},
        "panels": _laid_out(board),
    }


def _desk_variable(source: dict[str, str]) -> dict[str, Any]:
    return {
        "name": "desk",
        "label": "Desk",
        "type": "query",
        "datasource": source,
        "refresh": 2,
        **_DESKS[source["type"]],
        "current": {"text": "live", "value": "live"},
        "options": [],
        "includeAll": False,
        "multi": False,
    }


def _laid_out(board: Board) -> list[dict[str, Any]]:
    """Put the panels side by side, a new row where one does not fit."""
    found: list[dict[str, Any]] = []
    x = y = tallest = 0
    for number, panel in enumerate(board.panels, start=1):
        if x + panel.width > COLUMNS:
            x, y, tallest = 0, y + tallest, 0
        place = {"x": x, "y": y, "w": panel.width, "h": panel.height}
        found.append(_panel(panel, board.source, number, place))
        x, tallest = x + panel.width, max(tallest, panel.height)
    return found


def _panel(panel: Panel, source: dict[str, str], number: int, place: dict[str, int]) -> dict[str, Any]:
    targets = [
        _target(source, chr(ord("A") + at), legend, query) for at, (legend, query) in enumerate(panel.asked)
    ]
    defaults: dict[str, Any] = {"unit": panel.unit}
    if panel.kind == "timeseries":
        defaults["custom"] = {"lineWidth": 1, "fillOpacity": 5, "showPoints": "never", "spanNulls": False}
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.meaning,
        "datasource": source,
        "gridPos": place,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": _OPTIONS[panel.kind],
        "targets": targets,
    }


def _target(source: dict[str, str], ref: str, legend: str, query: str) -> dict[str, Any]:
    if source is PROMETHEUS:
        return {"refId": ref, "datasource": source, "expr": query, "legendFormat": legend, "range": True}
    return {"refId": ref, "datasource": source, "query": query}


_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "value",
        "graphMode": "area",
    },
    "table": {"showHeader": True},
}
