"""`sauda dead-letters list` and `show`: entries that nobody could work, as they were, why, and what was decided about them.

`requeue` and `drop` are in `letter_settling`.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from sauda.cli import letter_settling, screen
from sauda.cli.letter_facts import check_id, picked
from sauda.cli.options import DeskOption, JsonOption, opened
from sauda.cli.tail import check_stream
from sauda.letter_facts import facts_of, read_letters

if TYPE_CHECKING:
    from sauda.letters import Letter

app = typer.Typer(
    help="Entries that could not be worked: look at them, send them back after a fix, or let them go.",
    no_args_is_help=True,
)


@app.command("list")
def list_letters(
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Those that were requeued or dropped, too.")
    ] = False,
    stream: Annotated[
        str | None, typer.Option("--stream", metavar="NAME", help="Only entries of this stream.")
    ] = None,
    unit: Annotated[
        str | None, typer.Option("--unit", metavar="NAME", help="Only those that this unit or writer parked.")
    ] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="The newest so many.")] = 100,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the open dead letters, oldest first.

    With --all the settled ones, too, and who decided what, when and why.
    """
    if stream is not None:
        check_stream(stream)
    with opened(desk) as view:
        letters = read_letters(view)
    wanted = [
        one
        for one in letters.values()
        if (everything or one.status.value == "open")
        and stream in (None, one.letter.stream)
        and unit in (None, one.letter.unit)
    ]
    if as_json:
        screen.json_list(facts_of(one) for one in wanted[-count:])
        return
    if not wanted:
        screen.note(_none(view.desk, len(letters), everything=everything, filtered=bool(stream or unit)))
        return
    # A screenful of the same bad entry must not hide the oldest: where something is left out, it says so.
    screen.table(
        _COLUMNS if everything else _COLUMNS[:-1], [_row(one, everything) for one in wanted[-count:]]
    )
    if len(wanted) > count:
        screen.note(f"{len(wanted) - count:,} older ones are not shown; -n {len(wanted)} shows them")


@app.command("show")
def show_letter(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="The id that `list` shows.")],
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one dead letter: the entry as it was, byte by byte where it is no text, and what was decided about it."""
    from sauda.cli.letter_sheet import show

    check_id(letter_id)
    with opened(desk) as view:
        (letter,) = picked(read_letters(view), [letter_id], view.desk)
    if as_json:
        screen.json_document(facts_of(letter))
    else:
        show(letter)


app.command("requeue")(letter_settling.requeue)
app.command("drop")(letter_settling.drop)


_COLUMNS = ("=ID", "ENTRY", "=PARKED BY", "REASON", "STANDS")


def _row(one: "Letter", everything: bool) -> screen.Row:
    letter = one.letter
    row = (one.id, f"{letter.stream} {letter.entry_id}", letter.unit, letter.reason)
    return (*row, _standing(one)) if everything else row


def _standing(one: "Letter") -> str:
    """Return where it stands, and by whom, when and why."""
    if not one.settled:
        return "open"
    last = one.settled[-1]
    why = f": {last.reason}" if last.reason else ""
    return f"{one.status.value} by {last.by}, {screen.instant(last.event_ns)}{why}"


def _none(desk: str, letters: int, *, everything: bool, filtered: bool) -> str:
    what = "such dead letters" if filtered else "dead letters" if everything else "open dead letters"
    settled = (
        f"; {letters} in all, `sauda dead-letters list --all` shows them"
        if letters and not everything
        else ""
    )
    return f"no {what} on desk {desk}{settled}"
