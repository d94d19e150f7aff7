"""The metric over two of the keys: the two that it depends on most, or those that were asked for."""

from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import msgspec

from sauda.errors import ConfigError
from sauda.sweep.findings import MONEY, Findings, metric_of
from sauda.sweep.trial import Scores, Trial


def drawn_metric(found: Findings) -> str:
    """Return what the map shows: the metric; `net`, which every run has, where no combination has it."""
    has_it = any(metric_of(trial.first, found.metric) is not None for trial in found.trials)
    has_net = any(trial.first is not None for trial in found.trials)
    return found.metric if has_it or not has_net else "net"


def telling_keys(found: Findings) -> tuple[str, ...]:
    """Return the two keys (fewer if fewer vary) whose values move the metric most.

    That is the distance between the highest and the lowest median over a key's values; ties go to the earlier key.
    """
    found = msgspec.structs.replace(found, metric=drawn_metric(found))
    spans = [
        (-_span(found, key), at, key) for at, (key, values) in enumerate(found.grid.axes) if len(values) > 1
    ]
    chosen = {key for *_, key in sorted(spans)[:2]}
    return tuple(key for key in found.grid.keys if key in chosen)


def keys_of(text: str | None, found: Findings) -> tuple[str, ...]:
    """Return the keys that *text* (`a,b`) names; without one the most telling.

    Raises:
        ConfigError: it does not name two keys of the grid.
    """
    if text is None:
        return telling_keys(found)
    keys = tuple(key.strip() for key in text.split(","))
    if len(set(keys)) != 2 or not set(keys) <= set(found.grid.keys):
        raise ConfigError(
            f"--heat {text}: name two keys of the grid, such as a,b; it has {', '.join(found.grid.keys)}"
        )
    return keys


def heat(found: Findings, keys: Sequence[str]) -> dict[str, Any] | None:
    """Return the heat map over *keys*, as Plotly understands it; None if nothing varies."""
    if not keys:
        return None
    found = msgspec.structs.replace(found, metric=drawn_metric(found))
    across, *rest = keys
    down = rest[0] if rest else None
    is_more = len(found.grid.axes) > len(keys)
    ways: list[tuple[str, Callable[[Trial], Scores | None], Callable[[Sequence[float]], float]]] = []
    where = "first part" if found.is_split else "all data"
    ways.append((f"{where}{', median of the others' if is_more else ''}", lambda trial: trial.first, median))
    if is_more:
        best = min if found.metric == "max_drawdown" else max
        ways.append((f"{where}, best of the others", lambda trial: trial.first, best))
    if found.is_split:
        ways.append(
            (f"second part{', median of the others' if is_more else ''}", lambda trial: trial.second, median)
        )
    choices = [
        {"name": f"{found.metric}: {name}", "traces": [_trace(found, across, down, of, combine)]}
        for name, of, combine in ways
    ]
    layout = {
        "xaxis": {"type": "category", "title": {"text": across}},
        "yaxis": {"type": "category", "title": {"text": down or ""}},
    }
    return {"id": "heat", "choices": choices, "layout": layout}


def _trace(
    found: Findings,
    across: str,
    down: str | None,
    of: Callable[[Trial], Scores | None],
    combine: Callable[[Sequence[float]], float],
) -> dict[str, Any]:
    axes = dict(found.grid.axes)
    cells: dict[tuple[str, str], list[float]] = {}
    for trial in found.trials:
        value = metric_of(of(trial), found.metric)
        if value is not None:
            place = trial.values[across], trial.values[down] if down else ""
            cells.setdefault(place, []).append(value / 100 if found.metric in MONEY else value)
    columns, rows = axes[across], axes[down] if down else ("",)
    grid = [[combine(cells[x, y]) if (x, y) in cells else None for x in columns] for y in rows]
    return {
        "type": "heatmap",
        "x": list(columns),
        "y": list(rows),
        "z": grid,
        "texttemplate": "%{z:,.0f}" if found.metric in MONEY else "%{z:.2f}",
        "hovertemplate": f"{found.metric} %{{z:,.4f}}<br>%{{x}} · %{{y}}<extra></extra>",
        "colorscale": [[0, "--loss"], [0.5, "--paper"], [1, "--gain"]],
        # Nothing gained, nothing lost is no colour; a drawdown has no such middle.
        **({"reversescale": True} if found.metric == "max_drawdown" else {"zmid": 0}),
        "hoverongaps": False,
        "xgap": 1,
        "ygap": 1,
    }


def _span(found: Findings, key: str) -> float:
    groups: dict[str, list[float]] = {}
    for trial in found.trials:
        value = metric_of(trial.first, found.metric)
        if value is not None:
            groups.setdefault(trial.values[key], []).append(value)
    medians = [median(group) for group in groups.values()]
    return max(medians) - min(medians) if medians else 0.0
