"""`sauda archive`: how far each stream is archived, whether the files are what was written, and who keeps entries on Redis."""

from typing import TYPE_CHECKING, Annotated

import typer

from sauda.cli import screen
from sauda.cli.options import DeskOption, JsonOption, opened

if TYPE_CHECKING:
    from sauda.archive.looking import FileCheck, StreamStatus

app = typer.Typer(help="Look at the archive, and check it.", no_args_is_help=True)


@app.command("status")
def status(desk: DeskOption = None, as_json: JsonOption = False) -> None:
    """Show how far each stream is archived, what is still on Redis, and who keeps it there."""
    from sauda.archive.looking import status_of

    with opened(desk) as record:
        found = status_of(record)
        where = record.archived.where if record.archived else None
    if as_json:
        screen.json_document({"desk": record.desk, "archive": where, "streams": found})
        return
    columns = ("STREAM", ">FILES", "FROM", "TO", "LAST ARCHIVED", ">ON REDIS", ">MB", "HELD BY")
    screen.table(columns, [_row(one) for one in found])
    screen.note(f"archive: {where}" if where else "nothing of this desk was archived yet")


@app.command("verify")
def verify(
    desk: DeskOption = None,
    as_json: JsonOption = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Every book of every desk that the archive has.")
    ] = False,
) -> None:
    """Read every file of the desk's book and compare it with its checksum; exit 1 if any is not what was written, or missing."""
    from sauda.archive.finding import desks_in, open_store
    from sauda.archive.looking import check_book
    from sauda.settings import load_settings

    settings = load_settings()
    names = desks_in(open_store(settings)) if everything else [desk]
    found: list[FileCheck] = []
    for name in names:
        with opened(name) as record:
            if record.archived is not None:
                found += check_book(record.archived)
    bad = [one for one in found if one.problem]
    if as_json:
        screen.json_list(found)
    else:
        if bad:
            screen.table(("FILE", "PROBLEM"), [(one.file, one.problem) for one in bad])
        entries = sum(one.entries for one in found)
        screen.note(
            f"{len(found)} files, {entries:,} entries: {f'{len(bad)} damaged or with a hole before them' if bad else 'all as written'}"
        )
    if bad:
        raise typer.Exit(1)


@app.command("forget")
def forget(
    group: Annotated[
        str, typer.Argument(metavar="READER", help="As `sauda lag` names it: strategy.old, writer.sql.")
    ],
    desk: DeskOption = None,
) -> None:
    """Forget a reader that will not come back, so that it keeps no more entries on Redis.

    Its state goes with it: a unit that returns begins as a new one. Refused while somebody works as it.
    """
    from sauda.errors import SaudaError

    with opened(desk) as record:
        if record.live is None:
            raise SaudaError(f"the book {record.desk!r} is only in the archive: nobody reads it")
        streams = record.live.forget(group)
    if not streams:
        raise SaudaError(f"nobody reads as {group!r} on desk {record.desk}; `sauda lag` shows who does")
    screen.note(f"{group} is forgotten: it kept entries on {streams} streams")


def _row(one: "StreamStatus") -> screen.Row:
    return (
        one.stream,
        str(one.files),
        one.from_date or "-",
        one.to_date or "-",
        one.last_archived or "-",
        str(one.on_redis),
        f"{one.bytes_on_redis / 1e6:,.1f}",
        one.held_by or "-",
    )
