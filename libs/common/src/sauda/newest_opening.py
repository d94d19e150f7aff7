"""What a unit's newest holder was built with: its `opened` record, found without reading the whole journal.

A busy desk writes hundreds of journal entries a second, so the record soon lies far back. Every record names its holder's
epoch, epochs only rise, and `opened` is the first of its epoch: a binary search over the entries' times takes some twenty
short looks, however long the desk has run.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from sauda.codec import decode
from sauda.contracts import Commit, Opened
from sauda.errors import ContractError
from sauda.log import Entry
from sauda.merge import id_parts
from sauda.record import Record

_JOURNAL: Final = "journal"
_HEAD: Final = 120
"""Bytes of an entry within which its unit is named."""


class _Found(NamedTuple):
    at_ms: int
    message: Commit | Opened


def newest_opening(record: Record, unit: str) -> Opened | None:
    """Return what *unit* has been made of since its newest holder took it; None where the journal does not say."""
    newest = next(_of(unit, record.backwards(_JOURNAL)), None)
    oldest = next(record.forwards(_JOURNAL), None)
    if newest is None or oldest is None:
        return None
    epoch, low, high = newest.message.epoch, id_parts(oldest.id)[0], newest.at_ms
    while low < high:  # The record lies at `low` or later, and no later than `high`.
        middle = (low + high) // 2
        found = next(_from(record, unit, middle + 1), newest)
        if found.message.epoch == epoch and isinstance(found.message, Commit):
            high = middle
        else:
            low = middle + 1
    first = next((one for one in _from(record, unit, low) if one.message.epoch == epoch), newest)
    return first.message if isinstance(first.message, Opened) else None


def _from(record: Record, unit: str, ms: int) -> Iterator[_Found]:
    return _of(unit, record.forwards(_JOURNAL, b"%d" % ms))


def _of(unit: str, entries: Iterable[Entry]) -> Iterator[_Found]:
    named = b'"unit":"%s"' % unit.encode()
    for entry in entries:
        if named not in entry.data[:_HEAD]:
            continue
        try:
            message = decode(entry.data)
        except ContractError:
            continue  # Somebody else's writing.
        if isinstance(message, Commit | Opened) and message.unit == unit:
            yield _Found(id_parts(entry.id)[0], message)
