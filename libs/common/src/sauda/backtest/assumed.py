"""What has to be assumed because the data does not say it: settings that fit the data, and a sentence for each assumption."""

from typing import Final

from sauda.backtest.data import MarketData
from sauda.backtest.plan import HOUSE, Plan, fitting
from sauda.clock import NS_PER_MS, NS_PER_S
from sauda.contracts import Plain

LONG_NS: Final = 60 * 86_400 * NS_PER_S
"""Of a time so long a curve of bars needs no point at every minute."""
LONG_GRID_NS: Final = 300 * NS_PER_S
_LOSS_LIMITS: Final = frozenset({"max_daily_loss", "max_drawdown", "profit_lock_at"})


def fitted(plan: Plan, data: MarketData) -> tuple[Plan, list[str]]:
    """Return *plan* with the settings that *data* needs, unless they were asked for by name, and what is assumed with it."""
    lines = _of_contracts(data)
    if not data.bar_ns:
        return plan, lines
    bar_s = data.bar_ns / NS_PER_S
    settings = plan.settings
    first_ns, last_ns = data.span
    is_watched = _has_loss_limit(plan)
    # Whoever has a loss limit is looked after at every bar, however long it takes.
    is_coarse = last_ns - first_ns > LONG_NS and not is_watched
    grid_ns = max(data.bar_ns, LONG_GRID_NS) if is_coarse else data.bar_ns
    values = {
        "stale_quote_s": max(settings.stale_quote_s, bar_s),
        "pnl_grid_ms": max(settings.pnl_grid_ms, grid_ns // NS_PER_MS),
    }
    plan = fitting(plan, values, {"feed_mute_s": _longer(plan, "feed_mute_s", bar_s)})
    settings = plan.settings
    return plan, [
        *lines,
        "A bar is four ticks: open, high, low, close if it fell, open, low, high, close if not; at its start, after one and "
        "two thirds of it, and in its last second.",
        "Bars show no bid and offer: the exchange assumes a spread around the last price.",
        f"A price is good to trade on for {settings.stale_quote_s:g} s, and the feed is not mute for as long.",
        f"Profit and loss is looked at every {settings.pnl_grid_ms / 1000:g} s, and at every fill; "
        + ("so are the loss limits." if is_watched else "there is no loss limit."),
    ]


def _has_loss_limit(plan: Plan) -> bool:
    """Return whether what the day makes can halt anybody: the desk, each strategy, or one of them."""
    rules = next((unit.rules for unit in plan.units if unit.name == HOUSE[0]), {})
    return any(name.rpartition(".")[2] in _LOSS_LIMITS and one is not None for name, one in rules.items())


def _longer(plan: Plan, rule: str, seconds: float) -> Plain:
    """Return the house's *rule*, but *seconds* at least; 0 and None stay as they are: no limit."""
    rules = next((unit.rules for unit in plan.units if unit.name == HOUSE[0]), {})
    known = rules.get(rule)
    return max(known, seconds) if isinstance(known, int | float) and known else known


def _of_contracts(data: MarketData) -> list[str]:
    if data.futures is not None:
        return [
            "The futures of an index are given the index's own prices (--trade-index): the basis is ignored, no bid, offer or volume "
            "is shown; the current and the next month trade, with expiries and lots of config/market."
        ]
    if not data.tradable:
        return [
            "Nothing in the data can be traded, only indices are in it: --trade-index gives each a future."
        ]
    return []
