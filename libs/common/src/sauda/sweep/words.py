"""A sweep's table, for a terminal and for a page: which columns, and what stands in them."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sauda.report.sheet import Cell
from sauda.report.words import NOTHING, number, percent, rupees
from sauda.sweep.findings import Findings
from sauda.sweep.trial import Scores, Trial


class _Column(NamedTuple):
    """A figure in a table."""

    title: str
    """See `sauda.report.sheet.table` for its first character."""
    shown: Callable[[Any], str]


_COLUMNS: Final[Mapping[str, _Column]] = {
    "sharpe": _Column(">Sharpe", number),
    "sortino": _Column(">Sortino", number),
    "net": _Column("±Net", rupees),
    "max_drawdown": _Column(">Drawdown", rupees),
    "return_on_margin": _Column(">On margin", percent),
    "return_on_capital": _Column(">On capital", percent),
    "profit_factor": _Column(">Profit factor", number),
    "expectancy": _Column("±A trade", rupees),
    "hit_rate": _Column(">Hit rate", percent),
    "trades": _Column(">Trades", lambda count: f"{count:,}"),
}
WHOLE: Final = ("sharpe", "sortino", "net", "max_drawdown", "profit_factor", "hit_rate", "trades")
"""What a page shows of each combination."""
BRIEF: Final = ("sharpe", "net", "max_drawdown", "trades")
"""What fits into a terminal."""
_AFTER: Final = ("net", "sharpe", "trades")
"""Of the part that has no say little is told: it is there to be compared, not to be chosen from."""


def table(
    found: Findings, trials: Sequence[Trial], figures: Sequence[str], *, remarks: bool
) -> tuple[list[str], list[list[Cell]]]:
    """Return the titles and the rows of *trials* with *figures*, and always with the metric.

    Args:
        found: The sweep.
        trials: Those to show.
        figures: `WHOLE` or `BRIEF`.
        remarks: Whether what went wrong has a column, if anything did.
    """
    names = figures if found.metric in figures else (found.metric, *figures)
    has_remarks = remarks and any(trial.error or trial.trouble for trial in trials)
    titles = [">#", *(f">{key}" for key in found.grid.keys), *(_COLUMNS[name].title for name in names)]
    if found.is_split:
        titles += [f"{title[0]}2nd: {title[1:]}" for title in (_COLUMNS[name].title for name in _AFTER)]
    rows = [_row(found, trial, names, remarks=has_remarks) for trial in trials]
    return [*titles, *(["Remark"] if has_remarks else [])], rows


def remarks(found: Findings) -> list[str]:
    """Return what went wrong, most frequent first, and how often."""
    told = Counter(text for trial in found.trials if (text := trial.error or trial.trouble))
    return [f"{count} x {text}" for text, count in told.most_common()]


def texts(cells: Sequence[Cell]) -> list[str]:
    """Return the cells without what they are sorted by."""
    return [cell if isinstance(cell, str) else cell[0] for cell in cells]


def _row(found: Findings, trial: Trial, names: Sequence[str], *, remarks: bool) -> list[Cell]:
    cells: list[Cell] = [(str(trial.number + 1), trial.number)]
    cells += [_value(value) for value in trial.values.values()]
    cells += [_figure(trial.first, name) for name in names]
    if found.is_split:
        cells += [_figure(trial.second, name) for name in _AFTER]
    return [*cells, *([trial.error or trial.trouble or ""] if remarks else [])]


def _figure(scores: Scores | None, name: str) -> Cell:
    value = None if scores is None else getattr(scores, name)
    return (NOTHING, None) if value is None else (_COLUMNS[name].shown(value), value)


def _value(text: str) -> Cell:
    try:
        return text, float(text)
    except ValueError:
        return text
