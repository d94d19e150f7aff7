"""Whose prices are whose: bars of a simulated market must never stand among those of the real one."""

from sauda.settings import Settings

REAL = "real"
"""A broker's market, and recordings of it."""


def market_of(settings: Settings, source: str | None = None) -> str:
    """Return the market that a desk sees: `real`, or `simulated-11` by the seed of *settings*.

    A simulated day is a function of seed and date, so all simulators with one seed show one market.

    Args:
        settings: They name the source and the seed.
        source: What the desk is fed by, if that is known better: `simulator`, `noren`, `recording:…`.
    """
    return f"simulated-{settings.sim_seed}" if (source or settings.source) == "simulator" else REAL
