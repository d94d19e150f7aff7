"""What a unit is: a deterministic state machine with a name.

    handle(message) -> messages

No clock, no I/O, no randomness. A unit is what is leased, restarted, replayed and compared.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from sauda.contracts import Message, Plain
from sauda.state import State

REQUEUED: Final = "requeued"
"""The stream on which dead letters come back; every unit reads it beside its inputs."""


class Processor(Protocol):
    """The pure heart of a unit.

    One that has a property `due_ns` tells with it the first instant at which the clock alone makes it act: a backtest then lets the
    clock beat only there. One without it is told of every second.

    One that has `is_calm` and `glide` beside it may be handed prices of one instrument in one piece, see `sauda.stretch` and
    `sauda.backtest.desk`: what `handle` of each of them would leave, where that would have been nothing else to anybody. With
    `calm` it says beforehand where that is so, and `walk` takes whole bars of what it acts on: see `sauda.backtest.walk`.
    """

    state: State
    """Everything it must remember; nothing else survives a restart."""

    def handle(self, message: Message) -> Sequence[Message]:
        """Update the state with *message* and return what follows from it, in order."""

    def restored(self) -> None:
        """Rebuild what is derived from the state (indexes), after the state was loaded."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A named processor and the streams it reads."""

    name: str
    """`strategy.nifty_straddle`, `execution.paper`, `pnl.valuation`: also the name of its consumer group."""
    inputs: tuple[str, ...]
    """Streams, in the order that breaks ties between entries with equal ids."""
    build: Callable[[], Processor]
    """Makes a processor with an empty state; called again after every loss of the lease."""
    writes: tuple[str, ...] = ()
    """Streams of its messages; its service declares them (`sauda.access`), and Redis takes no other from it."""
    rest_ms: int = 0
    """How long it rests after a small step, so that the next is larger: for a unit whose answer nobody waits for."""
    long_rest_ms: int = 0
    """How long it rests after a very large step, and is given larger ones yet: what it remembers of 2,000 instruments then is written
    once for several ticks of each. 0: never."""
    urgent: tuple[str, ...] = ()
    """Inputs that end a rest at once: what somebody does wait for."""
    settings: Mapping[str, Plain] = field(default_factory=dict)
    """name -> value of each setting that its decisions depend on, as it was built."""
    rules: Mapping[str, Plain] = field(default_factory=dict)
    """key -> value of the rules that it follows, as it was built."""
    version: str = ""
    """Names the code, see `sauda.version`."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Return all streams that it reads, in the order that breaks ties."""
        return (*self.inputs, REQUEUED)
