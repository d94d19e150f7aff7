"""What steers a desk, and what it cries out."""

from enum import Enum

import msgspec

from sauda.contracts.instants import UnixNs
from sauda.contracts.journal import Plain


class Start(msgspec.Struct, frozen=True, tag="start"):
    """Let a strategy trade; `strategy` None means all of them."""

    strategy: str | None
    by: str
    event_ns: UnixNs


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """Let a strategy open nothing new; what it holds stays managed."""

    strategy: str | None
    by: str
    event_ns: UnixNs


class SquareOff(msgspec.Struct, frozen=True, tag="square_off"):
    """Close everything a strategy holds; None means the desk."""

    strategy: str | None
    by: str
    event_ns: UnixNs


class Halt(msgspec.Struct, frozen=True, tag="halt", omit_defaults=True):
    """The kill switch: no entry is accepted until `resume`."""

    by: str
    reason: str
    event_ns: UnixNs
    flatten: bool = False
    """Whether all working orders are cancelled and all positions closed, in the same step."""


class Resume(msgspec.Struct, frozen=True, tag="resume"):
    """Take the kill switch back."""

    by: str
    event_ns: UnixNs


class ResetRisk(msgspec.Struct, frozen=True, tag="reset_risk"):
    """Let a strategy trade again that a loss limit has halted; None means the desk's own limits."""

    strategy: str | None
    by: str
    reason: str
    event_ns: UnixNs


class ChangeRules(msgspec.Struct, frozen=True, tag="change_rules"):
    """Let a strategy go on by other rules; one that nobody carries yet begins by them."""

    strategy: str
    rules: dict[str, Plain]
    """All of them, as they stand in a rules file."""
    by: str
    event_ns: UnixNs


class Level(Enum):
    """How loudly an alert speaks."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Alert(msgspec.Struct, frozen=True, tag="alert"):
    """Something a person should know."""

    source: str
    """The unit or service that says it."""
    level: Level
    code: str
    """A constant name, such as `NO_INSTRUMENTS`."""
    text: str
    event_ns: UnixNs


class DeadLetter(msgspec.Struct, frozen=True, tag="dead_letter"):
    """An entry that could not be worked, as it was, where it came from, and why."""

    unit: str
    stream: str
    entry_id: str
    fields: dict[str, str]
    """The entry's fields, each value in base64: it may not be text."""
    reason: str


class Settlement(Enum):
    """What a person decided about a dead letter."""

    REQUEUED = "requeued"
    DROPPED = "dropped"


class LetterSettled(msgspec.Struct, frozen=True, tag="letter_settled"):
    """A person's decision about a dead letter; its cause is the letter."""

    letter_id: str
    settlement: Settlement
    by: str
    reason: str
    event_ns: UnixNs
    """Wall time: people decide outside the market."""


class Requeued(msgspec.Struct, frozen=True, tag="requeued"):
    """A dead letter on its way back to the one that parked it; nobody else has seen less of the entry."""

    unit: str
    """The unit or writer that parked it and shall try again; all others pass it over."""
    stream: str
    entry_id: str
    """Where the entry stood when it could not be worked."""
    fields: dict[str, str]
    """The entry's fields as the letter holds them, each value in base64."""
    by: str
    event_ns: UnixNs
    """Wall time."""
