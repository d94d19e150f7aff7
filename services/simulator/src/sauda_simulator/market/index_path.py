"""Where an index is, second by second, and where it closed on any day.

The close of a day is a slow, mean-reverting walk over calendar days, so it is a function of
(seed, date) and stays near its base for years. The day's path is a random bridge from the close of
the previous trading day to its own: restless after the open and before the close, calm at noon.
"""

from dataclasses import dataclass
from datetime import date
from math import exp, sqrt

from sauda.errors import ConfigError
from sauda_simulator.market.noise import chance


@dataclass(frozen=True)
class IndexModel:
    """How one index behaves."""

    base: float
    """Its long-run level, paise."""
    day_vol: float
    """Standard deviation of a trading day's return, as a fraction."""
    implied_vol: float
    """What its at-the-money options cost on an ordinary day, yearly fraction."""
    option_lots: int
    """Lots that the busiest option trades in a day."""


MODELS = {
    "NIFTY": IndexModel(base=24_500_00, day_vol=0.0055, implied_vol=0.118, option_lots=900_000),
    "BANKNIFTY": IndexModel(base=57_000_00, day_vol=0.0068, implied_vol=0.135, option_lots=160_000),
    "FINNIFTY": IndexModel(base=27_000_00, day_vol=0.0066, implied_vol=0.132, option_lots=12_000),
    "MIDCPNIFTY": IndexModel(base=13_800_00, day_vol=0.0074, implied_vol=0.150, option_lots=20_000),
}
"""Index name -> how it behaves. Levels and implied volatilities are those of autumn 2026, rounded; what the index does is
calmer than what its options cost, as it usually is."""

_MEMORY = 0.985
"""Share of its distance from the base that an index keeps overnight: half of it is gone in 46 days."""
_HISTORY_DAYS = 300
"""0.985 to the power 300 is 1 %: older days no longer move the level."""
_COMMON = 0.85
"""Correlation of each index with the market as a whole."""
_CALENDAR_SHARE = sqrt(252 / 365)
"""A trading day's volatility spread over calendar days, so that a weekend counts as three."""


def model_of(name: str) -> IndexModel:
    """Return the model of the index *name*.

    Raises:
        ConfigError: no such index is simulated.
    """
    try:
        return MODELS[name]
    except KeyError as error:
        known = ", ".join(MODELS)
        raise ConfigError(f"SAUDA_UNDERLYINGS: the simulator has no {name!r}; it has {known}") from error


def close_of(seed: int, name: str, day: date) -> float:
    """Return the close of index *name* on *day*, paise (a model number, not on the tick grid)."""
    model = model_of(name)
    distance = 0.0
    for ordinal in range(day.toordinal() - _HISTORY_DAYS, day.toordinal() + 1):
        distance = distance * _MEMORY + _step(seed, name, ordinal)
    return model.base * exp(distance * model.day_vol * _CALENDAR_SHARE)


def day_vol_of(seed: int, name: str, day: date) -> float:
    """Return how much *day* moves inside: the usual volatility times what the day is like."""
    mood = chance(seed, "mood", day.toordinal()).gauss(0.0, 0.22)
    return model_of(name).day_vol * exp(mood)


def day_path(seed: int, name: str, day: date, previous_day: date, seconds: int) -> list[float]:
    """Return the index at the seconds 0 … *seconds* of the session on *day*, paise.

    The first value is the close of *previous_day*, the last the close of *day*.
    """
    start, end = close_of(seed, name, previous_day), close_of(seed, name, day)
    vol = day_vol_of(seed, name, day)
    common = chance(seed, "market", day.toordinal())
    own = chance(seed, name, day.toordinal())
    shares = activity(seconds)
    walk, spent, walked = [0.0], [0.0], 0.0
    for share in shares:
        shock = _COMMON * common.gauss(0.0, 1.0) + sqrt(1 - _COMMON**2) * own.gauss(0.0, 1.0)
        walked += vol * sqrt(share) * shock
        walk.append(walked)
        spent.append(spent[-1] + share)
    ratio = end / start
    # A bridge: what the walk would miss the close by is taken out in step with the variance spent.
    return [start * exp(w - v * walked) * ratio**v for w, v in zip(walk, spent, strict=True)]


def activity(seconds: int) -> list[float]:
    """Return each second's share of the day's business: a U, steepest at the open; they sum to 1."""
    raw = [
        1.0 + 2.4 * exp(-second / (0.06 * seconds)) + 1.2 * exp((second - seconds) / (0.05 * seconds))
        for second in range(seconds)
    ]
    total = sum(raw)
    return [share / total for share in raw]


def _step(seed: int, name: str, ordinal: int) -> float:
    common = chance(seed, "close", ordinal).gauss(0.0, 1.0)
    own = chance(seed, "close", name, ordinal).gauss(0.0, 1.0)
    return _COMMON * common + sqrt(1 - _COMMON**2) * own
