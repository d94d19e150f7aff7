"""A sweep's table, for a terminal and for a page: which columns, and what stands in them."""

from collections.abc import Sequence

from sauda.report.sheet import Cell
from sauda.report.words import NOTHING, number, percent, rupees
from sauda.sweep.findings import Findings
from sauda.sweep.trial import Scores, Trial


def columns(found: Findings) -> list[str]:
    """Return the titles; see `sauda.report.sheet.table` for their first characters."""
    scores = (">Sharpe", ">Sortino", "±Net", ">Drawdown", ">Profit factor", ">Hit rate", ">Trades")
    # The part that has no say is told in few words: it is there to be compared, not to be chosen from.
    after = ("±2nd: Net", ">2nd: Sharpe", ">2nd: Trades") if found.is_split else ()
    return [">#", *(f">{key}" for key in found.grid.keys), *scores, *after, "Remark"]


def row(found: Findings, trial: Trial) -> list[Cell]:
    """Return the cells of one combination."""
    cells: list[Cell] = [(str(trial.number + 1), trial.number)]
    cells += [_value(value) for value in trial.values.values()]
    cells += _scores(trial.first)
    if found.is_split:
        cells += _after(trial.second)
    return [*cells, trial.error or trial.trouble or ""]


def texts(cells: Sequence[Cell]) -> list[str]:
    """Return the cells without what they are sorted by."""
    return [cell if isinstance(cell, str) else cell[0] for cell in cells]


def _scores(scores: Scores | None) -> list[Cell]:
    if scores is None:
        return [(NOTHING, None)] * 7
    return [
        _ratio(scores.sharpe),
        _ratio(scores.sortino),
        _money(scores.net),
        _money(scores.max_drawdown),
        _ratio(scores.profit_factor),
        (percent(scores.hit_rate), scores.hit_rate),
        (f"{scores.trades:,}", scores.trades),
    ]


def _after(scores: Scores | None) -> list[Cell]:
    if scores is None:
        return [(NOTHING, None)] * 3
    return [_money(scores.net), _ratio(scores.sharpe), (f"{scores.trades:,}", scores.trades)]


def _value(text: str) -> Cell:
    try:
        return text, float(text)
    except ValueError:
        return text


def _money(paise: int | None) -> Cell:
    return rupees(paise), paise


def _ratio(value: float | None) -> Cell:
    return number(value), value
