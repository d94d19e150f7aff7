"""The life of dead letters: open, until a person requeues or drops them; and come back, if the entry fails again. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from sauda.clock import UnixNs
from sauda.codec import decode, encode
from sauda.contracts import DeadLetter, LetterSettled, Message, Requeued, Settlement
from sauda.errors import ContractError, SaudaError
from sauda.log import Entry, Output
from sauda.redelivery import requeued


class SettledError(SaudaError):
    """A letter that somebody has decided about already."""


class Status(Enum):
    """Where a letter stands."""

    OPEN = "open"
    REQUEUED = "requeued"
    DROPPED = "dropped"


@dataclass(slots=True)
class Letter:
    """One dead letter and what people decided about it."""

    id: str
    letter: DeadLetter
    settled: list[LetterSettled] = field(default_factory=list)
    """Oldest first; the last one counts."""
    came_back_as: list[str] = field(default_factory=list)
    """Letters of the same entry, parked again after this one was requeued."""
    came_from: str | None = None
    """The letter whose requeuing led to this one."""

    @property
    def status(self) -> Status:
        """Return where it stands."""
        return Status(self.settled[-1].settlement.value) if self.settled else Status.OPEN


def letters_of(dead_letters: Iterable[Entry], requeues: Iterable[Entry]) -> dict[str, Letter]:
    """Return all letters by id, oldest first. What stands there and cannot be read is no letter.

    Args:
        dead_letters: The entries of that stream: letters, and decisions about them.
        requeues: The entries of the stream `requeued`: they lead from a letter to the one that it came back as.
    """
    letters: dict[str, Letter] = {}
    letter_of_requeue = {
        entry.id: _letter_named(entry.cause) for entry in requeues if isinstance(_read(entry), Requeued)
    }
    for entry in dead_letters:
        match _read(entry):
            case DeadLetter() as letter:
                letters[entry.id.decode()] = found = Letter(entry.id.decode(), letter)
                stream, _, cause = entry.cause.partition(b" ")
                if stream == b"requeued":
                    found.came_from = letter_of_requeue.get(cause)
                if found.came_from in letters:
                    letters[found.came_from].came_back_as.append(found.id)
            case LetterSettled() as decision:
                if decision.letter_id in letters:
                    letters[decision.letter_id].settled.append(decision)
            case _:
                pass
    return letters


def requeue(letters: Sequence[Letter], by: str, reason: str, now_ns: UnixNs, *, again: bool) -> list[Output]:
    """Return what brings *letters* back to those that parked them, and the record of that.

    Raises:
        SettledError: one is settled already, and *again* does not say that this is meant.
    """
    if not again:
        _refuse_settled(letters, "to hand it out once more say --again: its effect may then happen twice")
    outputs = [_out("requeued", requeued(one.letter, by, now_ns), one) for one in letters]
    return outputs + _decisions(letters, Settlement.REQUEUED, by, reason, now_ns)


def drop(letters: Sequence[Letter], by: str, reason: str, now_ns: UnixNs) -> list[Output]:
    """Return the record that *letters* are let go.

    Raises:
        SettledError: one is settled already.
    """
    _refuse_settled(letters, "there is nothing left to drop")
    return _decisions(letters, Settlement.DROPPED, by, reason, now_ns)


def _decisions(
    letters: Sequence[Letter], settlement: Settlement, by: str, reason: str, now_ns: UnixNs
) -> list[Output]:
    return [
        _out("dead_letters", LetterSettled(one.id, settlement, by, reason, now_ns), one) for one in letters
    ]


def _refuse_settled(letters: Sequence[Letter], advice: str) -> None:
    settled = [one for one in letters if one.status is not Status.OPEN]
    if settled:
        told = ", ".join(f"{one.id} was {one.status.value} by {one.settled[-1].by}" for one in settled)
        raise SettledError(f"nothing was done: {told}; {advice}")


def _out(stream: str, message: Message, letter: Letter) -> Output:
    return Output(stream, encode(message), b"dead_letters " + letter.id.encode())


def _letter_named(cause: bytes) -> str | None:
    stream, _, letter_id = cause.partition(b" ")
    return letter_id.decode(errors="replace") if stream == b"dead_letters" else None


def _read(entry: Entry) -> Message | None:
    try:
        return decode(entry.data)
    except ContractError:
        return None
