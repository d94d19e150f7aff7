"""Where somebody stands in a topic of events: the last entry of each of its streams that he has. Pure.

A topic of one stream is resumed by an entry's id, `1795580105123-4`; one of two by both, `1795580105123-4_1795580105200-0`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from sauda.errors import ContractError
from sauda.log import BEGINNING
from sauda.merge import IdParts, id_parts

NOTHING: Final = BEGINNING.decode()
_LONGEST: Final = 20
"""Digits of an id's parts at the most."""


def text_of(streams: Sequence[str], at: Mapping[str, str]) -> str:
    """Return the position of who has everything up to *at*, stream -> id."""
    return "_".join(at.get(stream, NOTHING) for stream in streams)


def read_position(text: str, streams: Sequence[str]) -> dict[str, IdParts]:
    """Return stream -> last id that somebody has.

    Raises:
        ContractError: it is no position of a topic of these streams.
    """
    ids = text.split("_")
    if len(ids) != len(streams) or not all(map(_is_id, ids)):
        raise ContractError(
            f"{text[:60]!r} is no place to go on from: give the `id` of the last message of that topic"
        )
    return {stream: id_parts(one.encode()) for stream, one in zip(streams, ids, strict=True)}


def parts_of(entry_id: str) -> IdParts:
    """Return an entry's id as numbers that compare as entries were written."""
    return id_parts(entry_id.encode())


def _is_id(text: str) -> bool:
    parts = text.split("-")
    return len(parts) == 2 and all(
        part.isascii() and part.isdecimal() and len(part) <= _LONGEST for part in parts
    )
