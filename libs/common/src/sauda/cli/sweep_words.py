"""What `sauda sweep` found, as a table, as JSON, and as files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from sauda.cli import screen
from sauda.sweep import words
from sauda.sweep.findings import Findings, findings, sentences
from sauda.sweep.grid import Grid
from sauda.sweep.heat import keys_of
from sauda.sweep.trial import Task, Trial, assumed, market_of
from sauda.sweep.writing import document, write

_REMARKS: Final = 5
"""Most of what went wrong that is printed."""


class Report:
    """How a sweep is to be told."""

    def __init__(
        self, grid: Grid, metric: str, heat: str | None, out: Path | None, *, limit: int, as_json: bool
    ) -> None:
        """Check what was asked for.

        Raises:
            ConfigError: *heat* does not name two keys of the grid.
        """
        self._grid, self._metric, self._heat = grid, metric, heat
        self._out, self._limit, self._as_json = out, limit, as_json
        # A mistake in it must not be found out after an hour of work.
        keys_of(heat, findings(grid, (), metric, 0))

    def tell(self, task: Task, trials: Sequence[Trial], planned: int) -> None:
        """Write and print what *trials* came to."""
        found = findings(self._grid, trials, self._metric, planned)
        if self._out is not None:
            write(found, facts_of(task), self._out, keys_of(self._heat, found))
        if self._as_json:
            screen.json_document(document(found, facts_of(task)))
        else:
            _print(found, self._limit)
            for line in assumed(task):
                screen.note(line)


def facts_of(task: Task) -> dict[str, Any]:
    """Return what a sweep was made of, nothing of the machine in it."""
    market = market_of(task)
    return {
        "strategies": [name for name, _ in task.rules],
        "data": {"name": market.name, "fingerprint": market.fingerprint},
        "from": None if task.from_day is None else task.from_day.isoformat(),
        "to": None if task.to_day is None else task.to_day.isoformat(),
        "split": task.split
        if task.split is None or isinstance(task.split, float)
        else task.split.isoformat(),
        "rules": {name: dict(texts) for name, texts in task.rules},
        "set": dict(task.changes),
        "assumptions": assumed(task),
    }


def _print(found: Findings, limit: int) -> None:
    titles, rows = words.table(found, found.trials[:limit], words.BRIEF, remarks=False)
    if rows:
        screen.table([title.replace("±", ">") for title in titles], [words.texts(row) for row in rows])
    wrong = words.remarks(found)
    for text in wrong[:_REMARKS]:
        screen.note(text)
    if len(wrong) > _REMARKS:
        screen.note(f"and {len(wrong) - _REMARKS} more remarks (-o, --json)")
    if len(found.trials) > limit:
        screen.note(f"the best {limit} of {len(found.trials)}; --limit shows more, -o writes all")
    for sentence in sentences(found):
        screen.line(sentence)
