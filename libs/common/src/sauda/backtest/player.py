"""One unit in a desk of one process: it works what it is given, and an error leaves no trace.

The units keep the runner's promise: where `handle` raises, the state is as if the message had not been, the message is set aside,
and the unit goes on. An impossible state (`InvariantError`) stops that unit, and no other.
"""

from collections.abc import Mapping, Sequence

from sauda.contracts import ClockTick, Message
from sauda.errors import InvariantError
from sauda.recordings.bar_path import WholeBar
from sauda.stretch import Stretch
from sauda.unit import Processor, Unit


class Player:
    """A unit, its processor, and the state to go back to."""

    def __init__(self, unit: Unit, state: Mapping[bytes, bytes] | None = None) -> None:
        """Begin with *state*, or with nothing."""
        self.unit = unit
        self.reads = frozenset(unit.inputs)
        self.parked: list[str] = []
        """Messages that it could not work, and why, one line each."""
        self.stopped = ""
        """Why it would not go on."""
        self.worked: list[Message | Stretch | WholeBar] = []
        """Since the state was put down; whoever calls `handle`, `glide` or `walk` of the processor itself appends to it."""
        self._state: dict[bytes, bytes] = dict(state or {})
        self.processor: Processor = self._built()

    def work(self, message: Message) -> Sequence[Message]:
        """Let the unit have *message*, and return what it says."""
        try:
            said = self.processor.handle(message)
        except Exception as error:  # noqa: BLE001  (as the runner: a strategy's error must not stop the desk)
            self.fail(message, error)
            return ()
        self.worked.append(message)
        return said

    def fail(self, message: Message, error: Exception) -> None:
        """Go back to before *message*, of which `handle` raised *error*."""
        if isinstance(error, InvariantError):
            self.stopped, self.reads = str(error) or type(error).__name__, frozenset()
            return
        kind = str(message.__struct_config__.tag)
        self.parked.append(f"{self.unit.name}: {kind} could not be worked: {type(error).__name__}: {error}")
        self.go_back()

    def go_back(self) -> None:
        """Be as what was worked has left it, whatever came behind that."""
        self.processor = processor = self._built()
        for earlier in self.worked:
            if isinstance(earlier, Stretch):
                processor.glide(earlier)  # type: ignore[attr-defined]  # it did before
            elif isinstance(earlier, WholeBar):
                processor.handle(earlier.first)
                processor.handle(ClockTick(earlier.first.recv_ns))
                processor.glide(earlier.rest)  # type: ignore[attr-defined]
            else:
                processor.handle(earlier)

    def put_down(self) -> None:
        """Remember the state as it is: what was worked until now need not be done again after an error."""
        for row, value in self.processor.state.take_changes().items():
            if value is None:
                self._state.pop(row, None)
            else:
                self._state[row] = value
        self.worked.clear()

    def _built(self) -> Processor:
        processor = self.unit.build()
        processor.state.load(self._state)
        processor.restored()
        return processor
