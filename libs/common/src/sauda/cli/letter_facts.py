"""What the commands about dead letters share: reading all of them, picking some, telling programs about one."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import typer

from sauda.errors import SaudaError

if TYPE_CHECKING:
    from sauda.letters import Letter

_ID: Final = re.compile(r"[0-9]{1,20}-[0-9]{1,20}")


class NoSuchLetterError(SaudaError):
    """No dead letter has that id."""


def check_id(letter_id: str) -> None:
    """Refuse what cannot be the id of a letter."""
    if not _ID.fullmatch(letter_id):
        text = f"{letter_id!r} is no letter's id; give the ID that `sauda dead-letters list` shows"
        raise typer.BadParameter(text, param_hint="ID")


def picked(letters: "Mapping[str, Letter]", ids: Sequence[str], desk: str) -> "list[Letter]":
    """Return the letters *ids*, each once.

    Raises:
        NoSuchLetterError: one is not there.
    """
    missing = [letter_id for letter_id in ids if letter_id not in letters]
    if missing:
        raise NoSuchLetterError(
            f"no dead letter {', '.join(missing)} on desk {desk}; `sauda dead-letters list --all` shows them"
        )
    return [letters[letter_id] for letter_id in dict.fromkeys(ids)]
