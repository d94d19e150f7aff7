"""What the feed remembers of a desk: one row of state, committed with every batch of ticks."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from sauda.clock import UnixNs
from sauda.contracts import Instrument
from sauda.errors import InvariantError

UNIT: Final = "feed"
"""Name of the feed's unit: one holder per desk, so that one feed works and a second one waits."""

ROW: Final = b"feed/progress"


class Progress(msgspec.Struct, frozen=True):
    """How far a desk has been served."""

    commits: int = 0
    """Counts the feed's commits: a commit whose answer was lost was done if this says so."""
    source: str = ""
    """Name of the source that served it last."""
    row: int = 0
    """Rows of that source's recording that the desk has had."""
    market_ns: UnixNs | None = None
    """Market time that the desk has seen."""
    quoted_ns: UnixNs | None = None
    """Market time of the newest price that the desk has; market time itself goes on while nothing is heard."""
    subscriptions: str = "0-0"
    """Entry of the stream `subscriptions` up to which wishes have been honoured."""
    instruments: str = ""
    """Digest of the definitions that the desk was given last."""
    answered: str = "0-0"
    """Entry of the stream `subscriptions` up to which questions about margin have had their reply."""
    told: str = "0-0"
    """Entry of the stream `subscriptions` up to which questions about bars of the past have had theirs."""


_encoder = msgspec.json.Encoder()


def changes(progress: Progress) -> dict[bytes, bytes | None]:
    """Return the row as a step writes it."""
    return {ROW: _encoder.encode(progress)}


def loaded(state: Mapping[bytes, bytes]) -> Progress:
    """Return what the log holds; a new desk has had nothing.

    Raises:
        InvariantError: the row is not one that this version wrote.
    """
    row = state.get(ROW)
    if row is None:
        return Progress()
    try:
        return msgspec.json.decode(row, type=Progress)
    except msgspec.DecodeError as error:
        raise InvariantError(f"the feed's progress cannot be read: {error}") from error


def digest(instruments: Sequence[Instrument]) -> str:
    """Return a short text that differs when any definition differs."""
    return hashlib.blake2b(_encoder.encode(instruments), digest_size=16).hexdigest()
