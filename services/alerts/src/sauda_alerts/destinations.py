"""Who is called, from which level on, and when he sleeps: the part of config/alerts.yaml about delivery, and the secret addresses."""

import re
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sauda.clock import UnixNs, to_ist
from sauda.contracts import Level
from sauda.errors import ConfigError
from sauda_alerts.rules import Rules
from sauda_alerts.rules_file import FILE, checked, read_yaml, section

LOUDNESS: Final = (Level.INFO, Level.WARNING, Level.CRITICAL)
"""The quietest first."""

_LINE: Final = re.compile(r"(?P<name>[a-z][a-z0-9_]{0,31})\s*=\s*(?P<address>\S+)")
_HOURS: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_TOP: Final = frozenset({"rules"})
SETTING: Final = "SAUDA_ALERTS_URLS"


def _hours(text: str) -> str:
    if text and not _HOURS.fullmatch(text):
        raise ValueError('write hours of India as "22:00-07:00", or nothing')
    return text


LevelName = Literal["info", "warning", "critical"]
Debounce = Annotated[int, Field(ge=0, le=86_400)]


class Policy(BaseModel):
    """What one destination gets, and when."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: LevelName = "warning"
    """The quietest that it gets."""
    quiet: Annotated[str, AfterValidator(_hours)] = ""
    """Hours of India in which what is quieter than `quiet_level` waits for their end; empty: none."""
    quiet_level: LevelName = "critical"

    def hears(self, level: Level) -> bool:
        """Return whether *level* is loud enough at all."""
        return _at_least(level, self.level)

    def waits(self, level: Level, now_ns: UnixNs) -> bool:
        """Return whether *level* has to wait for the end of the quiet hours."""
        return self.is_quiet(now_ns) and not _at_least(level, self.quiet_level)

    def is_quiet(self, now_ns: UnixNs) -> bool:
        """Return whether it is one of the quiet hours; those that begin before midnight may end after it."""
        found = _HOURS.fullmatch(self.quiet)
        if found is None:
            return False
        begin, end = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
        now = to_ist(now_ns).time()
        return begin <= now < end if begin <= end else (now >= begin or now < end)


class Treatment(BaseModel):
    """What is done with the alerts of one code, whoever says them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: LevelName | None = None
    """In place of its own."""
    debounce_s: Debounce | None = None
    mute: bool = False
    """Whether nobody is told; it stays on the stream."""


class Delivery(BaseModel):
    """What is delivered, to whom."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    debounce_s: Debounce = 300
    """Wall seconds in which the same alert is not delivered again, where no rule and no code says otherwise."""
    codes: dict[str, Treatment] = {}
    destinations: dict[str, Policy] = {}


class Handling(BaseModel):
    """What becomes of an alert on its way to one destination."""

    model_config = ConfigDict(frozen=True)

    rules: Rules
    delivery: Delivery
    policy: Policy

    def level_of(self, code: str, level: Level) -> Level:
        """Return how loudly *code* is delivered."""
        treatment = self.delivery.codes.get(code)
        return Level(treatment.level) if treatment and treatment.level else level

    def is_mute(self, code: str) -> bool:
        """Return whether nobody is told of *code*."""
        treatment = self.delivery.codes.get(code)
        return treatment is not None and treatment.mute

    def debounce_s(self, code: str) -> int:
        """Return the wall seconds in which an alert of *code* is not delivered again."""
        treatment = self.delivery.codes.get(code)
        if treatment and treatment.debounce_s is not None:
            return treatment.debounce_s
        rule = getattr(self.rules, RULE_OF.get(code.removesuffix("_OVER"), ""), None)
        return rule.debounce_s if rule is not None else self.delivery.debounce_s


RULE_OF: Final = {
    "FEED_MUTE": "feed_mute",
    "FEED_BACK": "feed_mute",
    "FEED_GAP": "feed_gap",
    "STALE_QUOTE": "stale_quote",
    "STOP_HIT": "stop_hit",
    "ORDER_REJECTED": "order_rejected",
    "DRAWDOWN": "drawdown",
    "MARGIN_HIGH": "margin",
    "FEED_DOWN": "feed_down",
    "UNIT_WITHOUT_HOLDER": "unit_without_holder",
    "LAG": "lag",
    "WRITER_BEHIND": "writer_behind",
    "DEAD_LETTERS": "dead_letters",
    "DISK_FULL": "disk",
    "REDIS_MEMORY": "redis_memory",
    "REDIS_DISK": "redis_disk",
}
"""code -> the rule that says it; a daily loss is said once a step and day."""


def load_delivery(config: Path) -> Delivery:
    """Read what *config*/alerts.yaml says of delivery.

    Raises:
        ConfigError: names file and key.
    """
    path = config / FILE
    document = {key: value for key, value in read_yaml(path).items() if key not in _TOP}
    for part in ("codes", "destinations"):
        # A name with nothing behind it is one with everything as it is shipped.
        document[part] = {name: one or {} for name, one in section(document, part, str(path)).items()}
    for name, policy in document["destinations"].items():
        if isinstance(policy, Mapping) and {"url", "address"} & policy.keys():
            raise ConfigError(
                f"{path}: destinations.{name}: an address holds a secret and does not belong here: "
                f"write it as `{name} = ...` into the file that {SETTING}_FILE names"
            )
    return checked(Delivery, document, str(path))


def read_addresses(text: str) -> dict[str, str]:
    """Return name -> address of the lines of SAUDA_ALERTS_URLS.

    Raises:
        ConfigError: a line is no `name = address`, or a name stands twice; no text of it holds the line itself.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        written = line.strip()
        if not written or written.startswith("#"):
            continue
        match = _LINE.fullmatch(written)
        if match is None:
            raise ConfigError(
                f"{SETTING}, line {number}: write `name = address`, such as `mail = mailto://...`; "
                "a name has small letters, digits and `_`"
            )
        if match["name"] in found:
            raise ConfigError(f"{SETTING}, line {number}: {match['name']} stands twice")
        found[match["name"]] = match["address"]
    return found


def _at_least(level: Level, name: str) -> bool:
    return LOUDNESS.index(level) >= LOUDNESS.index(Level(name))
