"""The limits of the desk as they stand in config/risk.yaml, checked key by key before anything trades.

Three scopes, and every limit that applies must hold: the desk (keys at the top) in sum over all strategies,
each strategy by itself (`each_strategy`, `strategies.<name>`), and what `instruments.<name>` says in place of the desk's own figure.
"""

from collections.abc import Mapping
from typing import Any, Final, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sauda.contracts import Instrument, Plain
from sauda.errors import ConfigError
from sauda.money import Paise
from sauda_execution.risk.rule_fields import Count, Percent, Rupees, SymbolName, TimeOfDay

_PAISE: Final = 100


L = TypeVar("L", bound="SymbolLimits")


class SymbolLimits(BaseModel):
    """What can be said of one instrument, underlying or exchange. None: no limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_order_quantity: Count = None
    max_order_value: Rupees = None
    max_price_away_percent: Percent = None
    max_position_quantity: Count = None
    max_position_value: Rupees = None
    max_open_orders_per_symbol: Count = None
    entries_from: TimeOfDay = None
    entries_until: TimeOfDay = None


class ScopeLimits(SymbolLimits):
    """What can be said of a strategy, and of the desk."""

    max_total_quantity: Count = None
    max_total_value: Rupees = None
    max_open_orders: Count = None
    max_orders_per_second: Count = None
    max_daily_loss: Rupees = None
    max_drawdown: Rupees = None
    profit_lock_at: Rupees = None
    profit_lock_keep: Rupees = None

    @model_validator(mode="after")
    def _lock_is_whole(self) -> "ScopeLimits":
        if (self.profit_lock_at is None) != (self.profit_lock_keep is None):
            raise ValueError("profit_lock_at and profit_lock_keep belong together: set both or none")
        if self.profit_lock_at is not None and (self.profit_lock_keep or 0) >= self.profit_lock_at:
            raise ValueError(
                f"profit_lock_keep {self.profit_lock_keep} must lie below profit_lock_at {self.profit_lock_at}"
            )
        return self


class RiskRules(ScopeLimits):
    """All of config/risk.yaml."""

    max_order_quantity: Count = 20_000
    max_order_value: Rupees = 10_000_000
    max_price_away_percent: Percent = 50
    max_position_quantity: Count = 50_000
    max_position_value: Rupees = 20_000_000
    max_open_orders_per_symbol: Count = 50
    max_total_value: Rupees = 100_000_000
    max_open_orders: Count = 2_000
    max_orders_per_second: Count = 10
    max_daily_loss: Rupees = 100_000

    price_away_ticks: int = Field(default=20, ge=0)
    """So near to the last price nothing is "away": half of 0.20 is one tick."""
    duplicate_ms: int = Field(default=500, ge=0)
    """Market time in which the same order is taken for a mistake; 0: never."""
    feed_mute_s: int = Field(default=15, ge=0)
    """Seconds of the desk's own time without any tick after which no entry is taken; 0: never."""
    loss_halt_ends_with_day: bool = False
    """Whether the next trading day lifts what a loss limit halted; otherwise it takes a reset."""

    each_strategy: ScopeLimits = ScopeLimits()
    strategies: dict[str, ScopeLimits] = {}
    """Name of the instance -> what holds for it in place of `each_strategy`, key by key."""
    instruments: dict[SymbolName, SymbolLimits] = {}
    """Instrument, underlying or exchange -> what holds in place of the desk's own figure, key by key."""

    def at_speed(self, speed: float) -> Self:
        """Return the rules with the desk's own seconds turned into market time: at 60x the market moves 60 s in one.

        Args:
            speed: Market seconds in a second of the desk.
        """
        return self.model_copy(update={"feed_mute_s": round(self.feed_mute_s * speed)})

    def of_strategy(self, strategy: str) -> ScopeLimits:
        """Return what holds for *strategy* by itself."""
        return _over(self.each_strategy, self.strategies.get(strategy))

    def of_symbol(self, instrument: Instrument) -> SymbolLimits:
        """Return what holds for the desk in *instrument*: its own word, else its underlying's, its exchange's, the desk's."""
        names = (instrument.exchange, instrument.underlying, instrument.instrument)
        limits: SymbolLimits = self
        for name in names:
            limits = _over(limits, self.instruments.get(name))
        return limits

    def plain(self) -> dict[str, Plain]:
        """Return every key that stands at the top or under `each_strategy`, and what else is set, as `section.name.key`."""
        nested = {"each_strategy", "strategies", "instruments"}
        flat: dict[str, Plain] = self.model_dump(mode="json", exclude=nested)
        flat |= _dotted("each_strategy", self.each_strategy.model_dump(mode="json"))
        for section, limits in (("strategies", self.strategies), ("instruments", self.instruments)):
            for name, one in sorted(limits.items()):
                flat |= _dotted(f"{section}.{name}", one.model_dump(mode="json", exclude_unset=True))
        return flat


def _over(base: L, override: SymbolLimits | None) -> L:
    if override is None:
        return base
    return base.model_copy(update={key: getattr(override, key) for key in override.model_fields_set})


def paise(rupees: int) -> Paise:
    """Return whole *rupees* as money."""
    return rupees * _PAISE


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Return `section.key` and `section.name.key` values as the file nests them.

    Raises:
        ConfigError: a key goes on below a figure.
    """
    found: dict[str, Any] = {}
    for key, value in flat.items():
        section, _, rest = key.partition(".")
        name, _, last = rest.rpartition(".")
        into = found
        for step in (section, name) if name else (section,) if rest else ():
            deeper = into.setdefault(step, {})
            if not isinstance(deeper, dict):
                raise ConfigError(f"{key}: unknown key: {step} is a figure and has no keys of its own")
            into = deeper
        into[last or section] = value
    return found


def _dotted(prefix: str, values: Mapping[str, Plain]) -> dict[str, Plain]:
    return {f"{prefix}.{key}": value for key, value in values.items()}
