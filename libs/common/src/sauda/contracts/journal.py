"""The journal: who carried a unit, with what, and the order in which it took its inputs, for ever reproducible."""

from typing import TypeAlias

import msgspec

Plain: TypeAlias = str | int | float | bool | None
"""A setting's or a rule's value as it stands in a file."""


class Commit(msgspec.Struct, frozen=True, tag="commit"):
    """One step of one unit: the batch is what lies behind `before` up to `after`, merged by id."""

    unit: str
    epoch: int
    """The fencing token of the holder that made it."""
    before: dict[str, str]
    """stream -> entry id committed before; only streams that moved."""
    after: dict[str, str]
    """stream -> entry id committed now."""
    outputs: int
    """Messages written by the step."""


class Opened(msgspec.Struct, frozen=True, tag="opened"):
    """A holder took a unit: what it was built with from here on. No order of inputs depends on it."""

    unit: str
    epoch: int
    version: str
    """Names the code, see `sauda.version`."""
    settings: dict[str, Plain]
    """name -> value of each setting that the unit's decisions depend on."""
    rules: dict[str, Plain]
    """key -> value of the strategy's rules file; empty for other units."""
