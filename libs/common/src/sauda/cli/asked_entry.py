"""The entry that somebody on the command line asked about, or a clear word why there is none."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from sauda.causes.node import Node
    from sauda.record import Record


def asked_for(view: "Record", words: list[str], command: str) -> "Node":
    """Return the entry that *words* mean, to `sauda command`.

    Raises:
        typer.BadParameter: they have no form that there is, or mean several entries.
        NothingFoundError: nothing has that id.
    """
    from sauda.causes.asking import AmbiguousError, WrongIdError, find
    from sauda.cli.why_tree import headline

    try:
        return find(view, words)
    except AmbiguousError as error:
        lines = "\n".join(
            f"  sauda {command} {node.at.stream} {error.text}   {headline(node)}"[:100]
            for node in error.found
        )
        text = f"{error.text} stands on {len(error.found)} streams; say which:\n{lines}"
        raise typer.BadParameter(text, param_hint="ID") from error
    except WrongIdError as error:
        raise typer.BadParameter(str(error), param_hint="ID") from error
