"""Carries a unit forward: read a batch, handle it, commit once. The same for every unit and every log.

A crash on either side of the commit repeats the batch or nothing; no third case exists. Whatever goes wrong, the way on
is the same: forget everything in memory, load what was committed, go on from there.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Protocol

from sauda.clock import monotonic_s
from sauda.codec import decode, encode
from sauda.columns import messages_of, moves_over
from sauda.contracts import STREAM_OF, Message, Opened
from sauda.errors import ContractError, InvariantError, LeaseLostError, PositionError, TransientError
from sauda.log import Entry, Lease, Log, Output, Position, Step
from sauda.parking import parked
from sauda.redelivery import meant_for
from sauda.rests import rest_ms, room_after
from sauda.unit import Processor, Unit

BATCH: Final = 500
"""Entries of one stream in one step at the most; at low rates a batch is whatever has arrived."""

LOOK_EVERY: Final = 64
"""Entries of a step between two looks at the age of the lease: a first sight of 2,000 instruments took longer than one lasts."""

LONGEST_READ_MS: Final = 1000
"""A waiting read must end well before the server is taken for gone, however long the lease."""

SHORTEST_PAUSE_S: Final = 0.05
LONGEST_PAUSE_S: Final = 2.0
"""Between two attempts while Redis is away."""


class Stop(Protocol):
    """Tells a loop to end; `threading.Event` is one."""

    def is_set(self) -> bool:
        """Return whether to end."""

    def wait(self, timeout: float) -> bool:
        """Wait up to *timeout* seconds for the word; return whether it came."""


class PoisonError(Exception):
    """The entry at *index* of a batch raised in `handle`, which may have half-changed the state."""

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(reason)
        self.index = index


class Carrier:
    """One holder's work on one unit, from its committed position on."""

    def __init__(
        self,
        unit: Unit,
        log: Log,
        lease: Lease,
        batch: int = BATCH,
        *,
        tell: Callable[[Sequence[Output]], None] = lambda _outputs: None,
        seconds: Callable[[], float] = monotonic_s,
    ) -> None:
        self.unit = unit
        self.lease = lease
        self.handled = 0
        """Entries handled since this carrier began."""
        self._log = log
        self.batch = batch
        """Entries in its next step at the most."""
        self._tell = tell
        """Is given what was committed."""
        self._ahead: Sequence[Entry] = ()
        """What was read along with the last commit, or after a rest."""
        self._seconds = seconds
        """Passing time, for the lease alone."""
        self._renewed_s = seconds()
        self.positions: dict[str, Position]
        self.processor: Processor
        self._load()

    def step(self, block_ms: int = 0, *, last: bool = False) -> int:
        """Do one batch; return how many entries it had.

        Raises:
            LeaseLostError, PositionError, TransientError: see `Log.commit`; this carrier is done for.
            InvariantError: the unit's own state is impossible; nothing was committed.
        """
        entries = self._ahead or self._log.read(self.positions, self.batch, block_ms)
        self._ahead = ()
        if not entries:
            self._keep_lease()
            return 0
        try:
            outputs = self._work(entries)
        except PoisonError as poison:
            entries = entries[: poison.index + 1]
            outputs = self._work_around(entries, str(poison))
        moves = moves_over(entries, self.positions)
        changes = self.processor.state.take_changes()
        self._keep_lease()  # Ten thousand rows take their time to be written and sent.
        step = Step(moves, changes, outputs, last)
        after = {**self.positions, **{name: move.after for name, move in moves.items()}}
        if block_ms and not last and not self.unit.rest_ms:
            # The next read goes along with the commit: one round trip a step instead of two.
            self._ahead = self._log.commit_and_read(self.lease, step, after, self.batch, block_ms)
        else:
            self._log.commit(self.lease, step)
        self.positions = after
        self._renewed_s = self._seconds()
        self.handled += len(entries)
        if outputs:
            self._tell(outputs)
        return len(entries)

    def rest(self, rest_ms: int) -> None:
        """Wait so long, or until something urgent has arrived, and read it for the next step, with all that stands before it."""
        urgent = {name: self.positions[name] for name in self.unit.urgent}
        with suppress(TransientError):  # the next step will say so as well
            self._ahead = self._log.read_after_rest(urgent, rest_ms, self.positions, self.batch)

    def _load(self) -> None:
        loaded = self._log.load(self.lease, self.unit.reads)
        self.positions = loaded.positions
        self.processor = self.unit.build()
        self.processor.state.load(loaded.state)
        self.processor.restored()

    def _keep_lease(self) -> None:
        if (self._seconds() - self._renewed_s) * 1000 > self.lease.ttl_ms / 4:
            self._log.renew(self.lease)
            self._renewed_s = self._seconds()

    def _work(self, entries: Sequence[Entry]) -> list[Output]:
        outputs: list[Output] = []
        for start in range(0, len(entries), LOOK_EVERY):
            self._keep_lease()
            piece = entries[start : start + LOOK_EVERY]
            try:
                self._hand_over(messages_of(piece), piece, start, outputs)
            except ContractError:
                # One by one, so that what stands before the unreadable entry is worked before it.
                for index, entry in enumerate(piece, start):
                    self._work_one(entry, index, outputs)
        return outputs

    def _work_one(self, entry: Entry, index: int, outputs: list[Output]) -> None:
        try:
            meant = meant_for(self.unit.name, entry)
            messages = () if meant is None else (decode(meant.data),)
        except ContractError as error:
            outputs += parked(self.unit.name, entry, str(error))
        else:
            self._hand_over(messages, (entry,), index, outputs)

    def _hand_over(
        self, messages: Sequence[Message], entries: Sequence[Entry], start: int, outputs: list[Output]
    ) -> None:
        """Handle the *messages* of *entries*, of which the first is the batch's entry *start*."""
        handle, at = self.processor.handle, 0
        try:
            for at, message in enumerate(messages):
                for follows in handle(message):
                    entry = entries[at]
                    cause = entry.stream.encode() + b" " + entry.id
                    outputs.append(Output(STREAM_OF[type(follows)], encode(follows), cause))
        except InvariantError:
            raise
        except Exception as error:
            # Whatever a strategy's code does wrong must not stop the desk.
            raise PoisonError(start + at, f"{type(error).__name__}: {error}") from error

    def _work_around(self, entries: Sequence[Entry], reason: str) -> list[Output]:
        """Do *entries* again from the committed state, without the last one, which raised."""
        self._load()
        try:
            outputs = self._work(entries[:-1])
        except PoisonError as error:
            raise InvariantError(f"{self.unit.name} is not deterministic: {error}") from error
        return [*outputs, *parked(self.unit.name, entries[-1], reason)]


class UnitRunner:
    """Holds a unit whenever it can; waits as a standby while another holder has it. One `turn` after the other is its life."""

    def __init__(
        self,
        unit: Unit,
        log: Log,
        holder: str,
        *,
        lease_ms: int = 1000,
        batch: int = BATCH,
        on_event: Callable[[str, dict[str, object]], None] = lambda _event, _facts: None,
        tell: Callable[[Sequence[Output]], None] = lambda _outputs: None,
        seconds: Callable[[], float] = monotonic_s,
    ) -> None:
        self.unit = unit
        self.phase = "starting"
        """`starting`, `standby`, `holding`, `away` (Redis), `stopped`, `failed`."""
        self.handled = 0
        self.epoch = 0
        self._log = log
        self._holder = holder
        self._lease_ms = lease_ms
        self._block_ms = min(max(1, lease_ms // 5), LONGEST_READ_MS)
        self._batch = batch
        self._on_event = on_event
        self._tell = tell
        self._seconds = seconds
        self._carrier: Carrier | None = None
        self._pause_s = SHORTEST_PAUSE_S

    @property
    def ready(self) -> bool:
        """Whether the unit is held here, or waits as a standby for its holder to go."""
        return self.phase in ("holding", "standby")

    def run(self, stop: Stop) -> None:
        """Carry the unit forward until *stop*.

        Raises:
            InvariantError: the unit's own state is impossible; its committed state is untouched.
        """
        while not stop.is_set():
            if rest_s := self.turn():
                self._rest(rest_s, stop)
        self.leave()

    def turn(self) -> float:
        """Do one beat: take the lease, do a step, or forget everything; return the seconds to rest before the next.

        Raises:
            InvariantError: see `run`.
        """
        try:
            return self._take() if self._carrier is None else self._step(self._carrier)
        except (LeaseLostError, PositionError) as error:
            self._carrier = None
            self._on_event("unit_lost", {"why": str(error)})
            return 0.0
        except TransientError as error:
            self._carrier = None
            self._enter("away", why=str(error))
            rest_s, self._pause_s = self._pause_s, min(self._pause_s * 2, LONGEST_PAUSE_S)
            return rest_s
        except InvariantError:
            self._carrier = None
            self._enter("failed")
            raise

    def _rest(self, rest_s: float, stop: Stop) -> None:
        if self._carrier is None or not self.unit.urgent:
            stop.wait(rest_s)
        else:
            self._carrier.rest(round(rest_s * 1000))

    def leave(self) -> None:
        """Give the lease back, so that a peer need not wait for it to run out."""
        carrier, self._carrier = self._carrier, None
        if carrier is not None:
            try:
                self._log.release(carrier.lease)
            except TransientError as error:
                self._on_event("lease_not_released", {"why": str(error)})
        self._enter("stopped")

    def _take(self) -> float:
        lease = self._log.acquire(self.unit.name, self._holder, self._lease_ms)
        if lease is None:
            self._enter("standby")
            # The moment at which a dead holder's lease ends; a living one renews it long before.
            return min(self._log.left_ms(self.unit.name) + 1, self._lease_ms // 4) / 1_000
        carrier = Carrier(self.unit, self._log, lease, self._batch, tell=self._tell, seconds=self._seconds)
        self._log.commit(lease, Step(outputs=[_opened(self.unit, lease)]))
        self._carrier, self._pause_s = carrier, SHORTEST_PAUSE_S
        self.epoch = lease.epoch
        self._enter("holding", epoch=lease.epoch)
        return 0.0

    def _step(self, carrier: Carrier) -> float:
        done = carrier.step(self._block_ms)
        self.handled += done
        room, carrier.batch = carrier.batch, room_after(self.unit, self._batch, carrier.batch, done)
        return rest_ms(self.unit, self._batch, room, done) / 1000

    def _enter(self, phase: str, **facts: object) -> None:
        if phase != self.phase:
            self.phase = phase
            self._on_event(f"unit_{phase}", facts)


def _opened(unit: Unit, lease: Lease) -> Output:
    """Return the record of what *unit* is made of from here on."""
    record = Opened(unit.name, lease.epoch, unit.version, dict(unit.settings), dict(unit.rules))
    return Output("journal", encode(record))
