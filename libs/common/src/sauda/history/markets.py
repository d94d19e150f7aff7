"""Whose prices are whose: bars of a simulated market must never stand among those of the real one."""

from sauda.settings import Settings

REAL = "real"
"""A broker's market, and recordings of it."""


def market_of(settings: Settings) -> str:
    """Return the market that the desk of *settings* sees: `real`, or `simulated-11` by its seed.

    A simulated day is a function of seed and date, so all simulators with one seed show one market.
    """
    return f"simulated-{settings.sim_seed}" if settings.source == "simulator" else REAL
