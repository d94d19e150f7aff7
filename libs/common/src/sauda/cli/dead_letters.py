"""`sauda dead-letters`: entries that nobody could work, as they were, and why."""

import base64
import binascii
from typing import TYPE_CHECKING, Annotated

import typer

from sauda.cli import screen
from sauda.cli.options import DeskOption, JsonOption, opened
from sauda.errors import SaudaError

if TYPE_CHECKING:
    from sauda.cli.reading import Read
    from sauda.contracts import DeadLetter

app = typer.Typer(help="Look at entries that could not be worked, and why.", no_args_is_help=True)


class NoSuchLetterError(SaudaError):
    """No dead letter has that id."""


@app.command("list")
def list_letters(
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="The newest so many.")] = 100,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the newest dead letters, oldest first."""
    import itertools

    from sauda.cli.reading import read_entry

    with opened(desk) as view:
        newest = itertools.islice(view.backwards("dead_letters"), count)
        reads = [read_entry(entry) for entry in newest][::-1]
    if as_json:
        screen.json_list(read.wire() for read in reads)
    elif not reads:
        screen.note(f"no dead letters on desk {view.desk}")
    else:
        screen.table(("ID", "STREAM", "ENTRY", "PARKED BY", "REASON"), [_row(read) for read in reads])


@app.command("show")
def show_letter(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="The id that `list` shows.")],
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one dead letter with the fields of the entry that it holds."""
    from sauda.cli.reading import read_entry
    from sauda.cli.window import IdBound, WindowError, parse_bound
    from sauda.contracts import DeadLetter

    try:
        bound = parse_bound(letter_id)
    except WindowError as error:
        raise typer.BadParameter(str(error), param_hint="ID") from error
    if not isinstance(bound, IdBound) or bound.id in (b"-", b"+"):
        raise typer.BadParameter("give the id that `sauda dead-letters list` shows", param_hint="ID")
    with opened(desk) as view:
        found = view.entries("dead_letters", bound.id, bound.id, 1)
    if not found:
        raise NoSuchLetterError(
            f"no dead letter {letter_id} on desk {view.desk}; `sauda dead-letters list` shows them"
        )
    read = read_entry(found[0])
    if as_json:
        screen.json_document(read.wire())
    elif isinstance(read.message, DeadLetter):
        _show(read.message, letter_id)
    else:
        screen.table(("FIELD", "VALUE"), [(name, str(value)) for name, value in read.wire().items()])


def _row(read: "Read") -> screen.Row:
    from sauda.contracts import DeadLetter

    letter = read.message
    entry_id = read.entry.id.decode()
    if not isinstance(letter, DeadLetter):
        return (entry_id, "?", "?", "?", read.problem or "not a dead letter")
    return (entry_id, letter.stream, letter.entry_id, letter.unit, letter.reason)


def _show(letter: "DeadLetter", letter_id: str) -> None:
    facts = [("letter", letter_id), ("stream", letter.stream), ("entry", letter.entry_id)]
    facts += [("parked by", letter.unit), ("reason", letter.reason)]
    facts += [(f"field {name}", decoded(value)) for name, value in letter.fields.items()]
    screen.table(("WHAT", "VALUE"), facts)


def decoded(value: str) -> str:
    """Return a field's text; bytes that are no text are shown by their hexadecimal codes."""
    try:
        raw = base64.b64decode(value, validate=True)
    except binascii.Error:
        return value
    return raw.decode(errors="backslashreplace")
