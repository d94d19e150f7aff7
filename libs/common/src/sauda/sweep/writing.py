"""Writes a sweep into a folder: `sweep.json`, `sweep.parquet` and `sweep.html`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from sauda.errors import ConfigError
from sauda.report.document import text_of
from sauda.sweep.findings import Findings, sentences
from sauda.sweep.trial import Scores, Trial

_WHOLE = frozenset({"days", "trades", "net", "charges", "max_drawdown", "peak_margin", "expectancy"})
_SCORES = tuple(name for name in Scores.__struct_fields__ if name != "shape")


def document(found: Findings, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands in `sweep.json`: money in paise."""
    return {
        "format": 1,
        **facts,
        "grid": {key: list(values) for key, values in found.grid.axes},
        "metric": found.metric,
        "planned": found.planned,
        "complete": len(found.trials) == found.planned,
        "luck": msgspec.to_builtins(found.luck),
        "meaning": sentences(found),
        "trials": [msgspec.to_builtins(trial) for trial in found.trials],
    }


def write(found: Findings, facts: Mapping[str, Any], folder: Path, heat: Sequence[str]) -> None:
    """Write everything into *folder*; files of an earlier sweep are replaced.

    Args:
        found: The sweep.
        facts: What it was made of, for `sweep.json`.
        folder: Where to.
        heat: The keys of the heat map.

    Raises:
        ConfigError: the folder cannot be written.
    """
    from sauda.report.tables import write_rows
    from sauda.sweep.page import page

    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "sweep.json").write_bytes(text_of(document(found, facts)))
        write_rows(folder / "sweep.parquet", _columns(found), [_row(trial) for trial in found.trials])
        (folder / "sweep.html").write_text(page(found, facts, heat), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"-o {folder}: cannot be written: {error.strerror or error}") from error


def _columns(found: Findings) -> dict[str, str]:
    parts = ("first", "second") if found.is_split else ("first",)
    kinds = {name: "int64" if name in _WHOLE else "float64" for name in _SCORES}
    return {
        "number": "int64",
        **{f"rule.{key}": "string" for key in found.grid.keys},
        **{f"{part}.{name}": kind for part in parts for name, kind in kinds.items()},
        "error": "string",
        "trouble": "string",
    }


def _row(trial: Trial) -> dict[str, Any]:
    scores = {
        f"{part}.{name}": getattr(one, name)
        for part, one in (("first", trial.first), ("second", trial.second))
        if one is not None
        for name in _SCORES
    }
    rules = {f"rule.{key}": value for key, value in trial.values.items()}
    return {"number": trial.number, **rules, **scores, "error": trial.error, "trouble": trial.trouble}
