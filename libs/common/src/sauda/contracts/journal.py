"""The journal: the order in which a unit took its inputs, for ever reproducible."""

import msgspec


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
