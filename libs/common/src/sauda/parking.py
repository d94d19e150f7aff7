"""What cannot be worked is parked: the entry as it was, where it came from and why, and an alert that it is there. Pure."""

import base64

from sauda.clock import NS_PER_MS
from sauda.codec import decode, encode
from sauda.contracts import Alert, DeadLetter, Level, Requeued
from sauda.errors import ContractError
from sauda.log import Entry, Output
from sauda.merge import id_parts
from sauda.redelivery import original
from sauda.unit import REQUEUED


def parked(unit: str, entry: Entry, reason: str) -> list[Output]:
    """Return *entry* as it was, on its way to the dead letters, and the alert that it is there."""
    letter = dead_letter(unit, entry, reason)
    text = f"{entry.stream} {entry.id.decode()} could not be worked: {reason}"
    # Stamped with the entry's arrival, so that a replay says the same.
    alert = Alert(unit, Level.WARNING, "DEAD_LETTER", text, id_parts(entry.id).ms * NS_PER_MS)
    return [letter, Output("alerts", encode(alert), letter.cause)]


def dead_letter(unit: str, entry: Entry, reason: str) -> Output:
    """Return *entry* as it was, on its way to the dead letters."""
    was = _as_it_was(entry)
    fields = was.raw if was.raw is not None else {b"d": was.data, b"c": was.cause}
    letter = DeadLetter(
        unit=unit,
        stream=was.stream,
        entry_id=was.id.decode(),
        fields={
            name.decode(errors="replace"): base64.b64encode(value).decode() for name, value in fields.items()
        },
        reason=reason if b"d" in fields else "the entry has no field `d`",
    )
    return Output("dead_letters", encode(letter), entry.stream.encode() + b" " + entry.id)


def _as_it_was(entry: Entry) -> Entry:
    """Return the entry inside a requeued letter; any other entry itself."""
    if entry.stream != REQUEUED:
        return entry
    try:
        message = decode(entry.data)
        return original(message) if isinstance(message, Requeued) else entry
    except ContractError:
        return entry
