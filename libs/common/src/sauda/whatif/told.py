"""What a desk ordered, traded and made in the end: as it was recorded, or as it would have been."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from sauda.codec import decode
from sauda.contracts import STREAM_OF, DeskPnl, InstrumentId, Message, StrategyPnl, Subscribe
from sauda.errors import ContractError
from sauda.log import Entry
from sauda.rerun.source import Streams


class Backwards(Streams, Protocol):
    """Recorded streams that can be read from their end."""

    def backwards(self, stream: str, end: bytes = b"+", start: bytes = b"-") -> Iterator[Entry]:
        """Yield the entries from *end* back to *start*, newest first."""


@dataclass(slots=True)
class Told:
    """Everything about orders, and the last word about money."""

    orders: list[Message] = field(default_factory=list)
    executions: list[Message] = field(default_factory=list)
    strategies: dict[str, StrategyPnl] = field(default_factory=dict)
    desk: DeskPnl | None = None
    wanted: set[InstrumentId] = field(default_factory=set)
    """Instruments that a strategy asked to hear."""

    def take(self, message: Message) -> None:
        """Keep *message* if it belongs here."""
        match message:
            case StrategyPnl():
                self.strategies[message.strategy] = message
            case DeskPnl():
                self.desk = message
            case Subscribe():
                self.wanted.update(message.instruments)
            case _:
                stream = STREAM_OF[type(message)]
                if stream == "orders":
                    self.orders.append(message)
                elif stream == "executions":
                    self.executions.append(message)


def told_of(streams: Backwards, is_in: Callable[[Entry], bool]) -> Told:
    """Return what the recorded streams tell, of the entries for which *is_in* says yes."""
    told = Told()
    for stream in ("orders", "executions"):
        for message in _readable(filter(is_in, streams.forwards(stream))):
            told.take(message)
    # Each valuation names every strategy and ends with the desk: the last one says it all.
    for message in _readable(filter(is_in, streams.backwards("pnl"))):
        if isinstance(message, DeskPnl) and told.desk is not None:
            break
        if isinstance(message, DeskPnl | StrategyPnl):
            told.take(message)
    return told


def _readable(entries: Iterable[Entry]) -> Iterator[Message]:
    for entry in entries:
        try:
            yield decode(entry.data)
        except ContractError:
            continue
