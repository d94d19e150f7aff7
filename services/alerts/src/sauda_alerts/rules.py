"""The rules of config/alerts.yaml: what is watched, from which figure on, how loudly it is said and how often."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sauda.clock import NS_PER_S
from sauda.contracts import Level, Plain
from sauda.errors import ConfigError


def _steps(text: str) -> str:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and 0 < int(part) <= 1000 for part in parts):
        raise ValueError('write whole percents, separated by commas, such as "50,75,100"')
    return ",".join(parts)


class Rule(BaseModel):
    """What every rule has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = True
    level: Literal["info", "warning", "critical"] = "warning"
    debounce_s: Annotated[int, Field(ge=0, le=86_400)] = 300
    """Desk seconds in which the same thing is not said again."""

    @property
    def loudness(self) -> Level:
        """Return the level as alerts carry it."""
        return Level(self.level)


class Patient(Rule):
    """A rule about something that has to last."""

    after_s: Annotated[int, Field(ge=1, le=86_400)]
    """Desk seconds."""

    @property
    def after_ns(self) -> int:
        """Return the desk's patience in nanoseconds."""
        return self.after_s * NS_PER_S


class Steps(Rule):
    """A rule that speaks at several shares of a limit."""

    percents: Annotated[str, AfterValidator(_steps)] = "50,75,100"

    @property
    def steps(self) -> tuple[int, ...]:
        """Return the shares, the smallest first."""
        return tuple(sorted({int(part) for part in self.percents.split(",")}))


class Amount(Rule):
    """A rule about money."""

    rupees: Annotated[int, Field(gt=0)]


class Share(Rule):
    """A rule about a part of something."""

    percent: Annotated[int, Field(gt=0, le=100)]


class Rules(BaseModel):
    """All rules, by the name under which config/alerts.yaml has them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    feed_mute: Patient = Patient(after_s=15, level="critical")
    feed_gap: Patient = Patient(after_s=5)
    stale_quote: Patient = Patient(after_s=60)
    stop_hit: Rule = Rule(debounce_s=0)
    order_rejected: Rule = Rule()
    daily_loss: Steps = Steps()
    drawdown: Amount = Amount(rupees=50_000)
    margin: Share = Share(percent=80)

    feed_down: Patient = Patient(after_s=20, level="critical")
    unit_without_holder: Patient = Patient(after_s=15, level="critical")
    lag: Patient = Patient(after_s=30)
    writer_behind: Patient = Patient(after_s=60)
    dead_letters: Rule = Rule()
    disk: Share = Share(percent=90, level="critical")
    redis_memory: Share = Share(percent=80, level="critical")
    redis_disk: Rule = Rule(level="critical")

    def flat(self) -> dict[str, Plain]:
        """Return the figures of the rules about market and book as `rule.figure`: what the unit is made of."""
        return {
            f"{name}.{figure}": value
            for name in OF_THE_DESK
            for figure, value in getattr(self, name).model_dump(mode="json").items()
        }


OF_THE_DESK: Final = (
    "feed_mute",
    "feed_gap",
    "stale_quote",
    "stop_hit",
    "order_rejected",
    "daily_loss",
    "drawdown",
    "margin",
)
"""Rules that the unit `alerts.desk` follows; the watcher follows the others."""


class Limits(BaseModel):
    """What config/risk.yaml lets a day lose, in rupees; None: no limit."""

    model_config = ConfigDict(frozen=True)

    desk: int | None = None
    each_strategy: int | None = None
    strategies: Mapping[str, int | None] = {}

    def of(self, strategy: str | None) -> int | None:
        """Return the limit of *strategy*; of the desk for None."""
        return self.desk if strategy is None else self.strategies.get(strategy, self.each_strategy)

    def flat(self) -> dict[str, Plain]:
        """Return them under the names that risk.yaml has for them."""
        named = {f"{_STRATEGIES}{name}{_LOSS}": limit for name, limit in sorted(self.strategies.items())}
        return {_DESK: self.desk, _EACH: self.each_strategy, **named}

    @classmethod
    def from_flat(cls, values: Mapping[str, Plain]) -> "Limits":
        """Return what `flat` gave.

        Raises:
            ConfigError: a limit is no whole number of rupees.
        """
        strategies = {
            key[len(_STRATEGIES) : -len(_LOSS)]: _rupees(key, value)
            for key, value in values.items()
            if key.startswith(_STRATEGIES) and key.endswith(_LOSS)
        }
        desk, each = (_rupees(key, values.get(key)) for key in (_DESK, _EACH))
        return cls(desk=desk, each_strategy=each, strategies=strategies)


_LOSS: Final = ".max_daily_loss"
_DESK: Final = "risk" + _LOSS
_EACH: Final = "risk.each_strategy" + _LOSS
_STRATEGIES: Final = "risk.strategies."


def is_limit(key: str) -> bool:
    """Return whether *key* names a limit of risk.yaml that the unit knows."""
    return key in (_DESK, _EACH) or (key.startswith(_STRATEGIES) and key.endswith(_LOSS))


def _rupees(key: str, value: Plain) -> int | None:
    if value in (None, "", "null", "none"):
        return None
    if not isinstance(value, (int, str)) or isinstance(value, bool) or not str(value).strip().isdecimal():
        raise ConfigError(f"{key}: write whole rupees or null (was {value!r})")
    return int(value)
