"""What strategies and services said last: signals and alerts, as many as a person reads. Pure."""

from collections import deque
from collections.abc import Iterable
from typing import Final, Generic, NamedTuple, TypeVar

from sauda.contracts import Alert, Message, Signal

KEPT: Final = 2_000
"""Of each; older ones are read from the record."""


T = TypeVar("T", Signal, Alert)


class Said(NamedTuple, Generic[T]):
    """A signal or an alert, and where it stands."""

    id: str
    cause: str
    message: T


class Voices:
    """The newest signals and alerts."""

    def __init__(self) -> None:
        self.signals: deque[Said[Signal]] = deque(maxlen=KEPT)
        self.alerts: deque[Said[Alert]] = deque(maxlen=KEPT)

    def take(self, entry_id: bytes, cause: bytes, message: Message) -> None:
        """Take one entry of its streams."""
        if isinstance(message, Signal):
            self.signals.append(Said(entry_id.decode(), cause.decode(errors="replace"), message))
        elif isinstance(message, Alert):
            self.alerts.append(Said(entry_id.decode(), cause.decode(errors="replace"), message))


def last_of_each(signals: Iterable[Said[Signal]]) -> dict[str, Signal]:
    """Return each strategy's newest signal."""
    return {said.message.strategy: said.message for said in signals}
