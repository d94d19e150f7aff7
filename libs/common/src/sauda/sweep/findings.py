"""A sweep's trials, ranked by a metric of the part that judges, and what the best is worth after so many tries."""

import math
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from sauda.money import to_indian
from sauda.report.ratios import DAYS_A_YEAR
from sauda.sweep.grid import Grid
from sauda.sweep.luck import deflated_sharpe, probabilistic_sharpe
from sauda.sweep.trial import Scores, Trial

METRICS: Final = (
    *("sharpe", "sortino", "net", "return_on_margin", "return_on_capital", "profit_factor", "expectancy"),
    *("hit_rate", "max_drawdown"),
)
"""What can be ranked by; of drawdowns the smallest is best."""
MONEY: Final = frozenset({"net", "expectancy", "max_drawdown"})
"""Those that are paise."""
_LESS_IS_BETTER: Final = frozenset({"max_drawdown"})
_YEAR: Final = math.sqrt(DAYS_A_YEAR)


class Luck(msgspec.Struct, frozen=True):
    """How much of the chosen one's Sharpe ratio so many tries explain. Ratios are yearly."""

    trials: int
    """That ran: each of them was a try."""
    with_sharpe: int
    variance: float | None
    """Of their yearly Sharpe ratios."""
    sharpe: float | None
    """Of the chosen one."""
    expected_best: float | None
    """What the best of so many without merit would show."""
    probabilistic: float | None
    """Probability that the chosen one's true ratio is above zero, had it been the only try."""
    deflated: float | None
    """Probability that it is above what luck explains."""


class Findings(msgspec.Struct, frozen=True):
    """A whole sweep."""

    grid: Grid
    metric: str
    planned: int
    """Combinations that were to be tried; fewer trials: it was interrupted."""
    is_split: bool
    trials: tuple[Trial, ...]
    """The best first; those without the metric after the others, in the order of the grid, refused ones last."""
    luck: Luck

    @property
    def chosen(self) -> Trial | None:
        """Return the best; None if none has the metric."""
        return (
            self.trials[0]
            if self.trials and metric_of(self.trials[0].first, self.metric) is not None
            else None
        )


def metric_of(scores: Scores | None, metric: str) -> float | None:
    """Return the *metric* of one part, if it has it."""
    found: float | None = None if scores is None else getattr(scores, metric)
    return found


def findings(grid: Grid, trials: Sequence[Trial], metric: str, planned: int) -> Findings:
    """Rank *trials*, in whatever order they come."""
    ranked = sorted(trials, key=lambda trial: _rank(trial, metric))
    is_split = any(trial.second is not None for trial in trials)
    return Findings(grid, metric, planned, is_split, tuple(ranked), _luck(ranked, metric))


def sentences(found: Findings) -> list[str]:
    """Say in plain words what the numbers are worth."""
    return list(_sentences(found))


def _rank(trial: Trial, metric: str) -> tuple[bool, bool, float, int]:
    value = metric_of(trial.first, metric)
    if value is None:
        return trial.error is not None, True, 0.0, trial.number
    return False, False, value if metric in _LESS_IS_BETTER else -value, trial.number


def _luck(ranked: Sequence[Trial], metric: str) -> Luck:
    ran = [trial.first for trial in ranked if trial.first is not None]
    shapes = [scores.shape for scores in ran if scores.shape is not None]
    sharpes = sorted(shape.sharpe for shape in shapes)
    best = ran[0] if ran and metric_of(ran[0], metric) is not None else None
    shape = best.shape if best else None
    deflated = deflated_sharpe(shape, len(ran), sharpes) if shape else None
    return Luck(
        trials=len(ran),
        with_sharpe=len(shapes),
        variance=_variance(sharpes),
        sharpe=shape.sharpe * _YEAR if shape else None,
        expected_best=deflated[0] * _YEAR if deflated else None,
        probabilistic=probabilistic_sharpe(shape) if shape else None,
        deflated=deflated[1] if deflated else None,
    )


def _variance(sharpes: Sequence[float]) -> float | None:
    if len(sharpes) < 2:
        return None
    mean = math.fsum(sharpes) / len(sharpes)
    return math.fsum((one - mean) ** 2 for one in sharpes) / (len(sharpes) - 1) * DAYS_A_YEAR


def _sentences(found: Findings) -> Iterator[str]:
    luck = found.luck
    refused = len(found.trials) - luck.trials
    away = f", {refused} more could not be run" if refused else ""
    yield f"{luck.trials} of {found.planned} combinations were tried{away}: each is a chance to be lucky."
    if len(found.trials) < found.planned:
        yield f"The sweep was interrupted: {found.planned - len(found.trials)} combinations are missing."
    if found.chosen is None:
        yield f"None of them has the figure {found.metric}, so nothing is chosen; short runs can be ranked by --metric net."
    elif luck.sharpe is None:
        yield "The best has no Sharpe ratio (too few days, or it never traded), so its luck cannot be measured."
    elif luck.expected_best is None or luck.deflated is None:
        yield "Too few of them have a Sharpe ratio to say how much of the best one's is luck."
    elif luck.trials == 1:
        yield f"One try: the probability that its true Sharpe ratio is above zero is {luck.deflated:.1%}."
    else:
        yield (
            f"The best of so many tries without any merit would be expected to show a Sharpe ratio of "
            f"{luck.expected_best:.2f}; the chosen one shows {luck.sharpe:.2f}."
        )
        yield f"Deflated Sharpe ratio: the probability that it is better than that luck is {luck.deflated:.1%}. {_verdict(luck.deflated)}"
    yield from _second_part(found)


def _verdict(probability: float) -> str:
    if probability >= 0.95:
        return "That is rarely luck alone, if nothing was tried before this sweep."
    if probability >= 0.5:
        return "That is less than the 95 % one would ask of a claim: it may well be luck."
    return "That is what luck looks like: do not trade it for this figure."


def _second_part(found: Findings) -> Iterator[str]:
    chosen = found.chosen
    if not found.is_split:
        yield "All of the data had a say in the choice; --split keeps a part of it out."
    elif chosen is not None and chosen.second is not None:
        before, after = metric_of(chosen.first, found.metric), metric_of(chosen.second, found.metric)
        yield (
            f"On the second part, which had no say in the choice, the chosen one made Rs {to_indian(chosen.second.net)} in "
            f"{chosen.second.days} {'day' if chosen.second.days == 1 else 'days'}; its {found.metric} was {_told(found.metric, before)} before and is {_told(found.metric, after)} there."
        )


def _told(metric: str, value: float | None) -> str:
    if value is None:
        return "not defined"
    return f"Rs {to_indian(round(value))}" if metric in MONEY else f"{value:.2f}"
