"""A dead letter's way back: to the one that parked the entry, and to nobody else. Pure."""

import base64
import binascii

from sauda.clock import UnixNs
from sauda.codec import decode
from sauda.contracts import DeadLetter, Requeued
from sauda.errors import ContractError
from sauda.log import Entry
from sauda.unit import REQUEUED


def requeued(letter: DeadLetter, by: str, now_ns: UnixNs) -> Requeued:
    """Return *letter* as it goes back to its unit."""
    return Requeued(letter.unit, letter.stream, letter.entry_id, letter.fields, by, now_ns)


def meant_for(unit: str, entry: Entry) -> Entry | None:
    """Return the entry that *unit* has to work: *entry* itself, the one inside a requeued letter, or None.

    Raises:
        ContractError: it stands on the stream of requeued letters and is none.
    """
    if entry.stream != REQUEUED:
        return entry
    message = decode(entry.data)
    if not isinstance(message, Requeued):
        raise ContractError(f"a {type(message).__name__} is no requeued letter")
    return original(message) if message.unit == unit else None


def original(letter: DeadLetter | Requeued) -> Entry:
    """Return the entry as it was when it could not be worked.

    Raises:
        ContractError: the letter's fields are not base64.
    """
    try:
        fields = {
            name.encode(): base64.b64decode(value, validate=True) for name, value in letter.fields.items()
        }
    except binascii.Error as error:
        raise ContractError(f"the letter's fields are not base64: {error}") from error
    plain = list(fields) == [b"d", b"c"]
    return Entry(
        letter.stream,
        letter.entry_id.encode(),
        fields.get(b"d", b""),
        fields.get(b"c", b""),
        None if plain else fields,
    )
