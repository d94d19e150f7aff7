"""`sauda bundle`: a slice of the desk's record in one file, and its opening elsewhere."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sauda.cli import screen
from sauda.cli.options import DeskOption, JsonOption, opened
from sauda.errors import ConfigError

if TYPE_CHECKING:
    from sauda.bundle.manifest import Manifest
    from sauda.bundle.slicing import Slice
    from sauda.record import Record
    from sauda.settings import Settings

SUFFIX = ".sauda"

app = typer.Typer(help="Pack a slice of the desk's record into one file, or open one.", no_args_is_help=True)

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A bundle, day.sauda.")]


@app.callback(invoke_without_command=True)
def bundle(
    context: typer.Context,
    *,
    since: Annotated[
        str | None, typer.Option("--from", metavar="-|ID|TIME", help="Begin here; default: the beginning.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="+|ID|TIME", help="End here; default: the newest.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="The file to write, day.sauda.")
    ] = None,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Pack all streams from --from to --to with settings (no secrets), rules, market data and code version.

    `sauda bundle open FILE` makes a desk of it on another machine, where `diff` and `why` work.
    """
    if context.invoked_subcommand is not None:
        return
    if out is None:
        raise typer.BadParameter("say where to write it, such as day.sauda", param_hint="-o")
    if out.is_dir() or not out.absolute().parent.is_dir():
        raise typer.BadParameter(f"{out} is no file that could be written", param_hint="-o")
    with opened(desk) as record:
        manifest = _pack(record, _slice(record, since, until), out)
    if as_json:
        screen.json_document(manifest)
        return
    _tell(manifest, out)


@app.command("open")
def open_bundle(
    file: FileArgument,
    *,
    name: Annotated[
        str | None, typer.Option("--as", metavar="DESK", help="The desk's name here; default: the file's.")
    ] = None,
) -> None:
    """Make a desk of a bundle: to be read, replayed and run again, not to be traded on. Needs no Redis."""
    from sauda.archive.finding import open_store
    from sauda.bundle.opening import install, opened_bundle
    from sauda.bundle.place import config_of
    from sauda.settings import load_settings

    desk = _desk_name(name or file.name.removesuffix(SUFFIX), "--as" if name else "FILE")
    settings = load_settings()
    _refuse_a_live_desk(settings, desk)
    folder = config_of(desk)
    with opened_bundle(file) as (packed, manifest):
        new = install(packed, manifest, open_store(settings), desk, folder)
    screen.note(
        f"desk {desk} {'is open' if new else 'was open already'}; its rules and market data: {folder}"
    )
    for note in manifest.notes:
        screen.note(f"note: {note}")
    screen.line(f"sauda diff --desk {desk}        # does this code say what was recorded?")
    screen.line(f"sauda fills --desk {desk}")


@app.command("show")
def show_bundle(file: FileArgument, as_json: JsonOption = False) -> None:
    """Say what is in a bundle, and check every file of it."""
    from sauda.bundle.opening import checked_files, opened_bundle

    with opened_bundle(file) as (packed, manifest):
        for _ in checked_files(packed, manifest):
            pass
    if as_json:
        screen.json_document(manifest)
    else:
        _tell(manifest, file)


def _slice(record: "Record", since: str | None, until: str | None) -> "Slice":
    from sauda.archive.span import span_of
    from sauda.bundle.slicing import EmptySliceError, cut
    from sauda.cli.tail import bound_of
    from sauda.reading import part_of, read_entry

    part = part_of(record, "ticks", bound_of("--from", since), bound_of("--to", until))
    span = span_of(part.start, part.end)
    if span.empty:
        raise EmptySliceError(f"no unit did anything: --from {since} is behind --to {until}")
    newest = record.newest("ticks")
    at_ns = read_entry(newest).time_ns if newest else None
    if part.from_ns is not None and (at_ns is None or at_ns < part.from_ns):
        raise EmptySliceError(f"no unit did anything after {since}: the record of {record.desk} ends before")
    return cut(record.forwards("journal"), span)


def _pack(record: "Record", part: "Slice", out: Path) -> "Manifest":
    from sauda.bundle.packing import Facts, Packing
    from sauda.bundle.place import config_files
    from sauda.clock import SystemClock
    from sauda.rerun.made_of import MadeOf
    from sauda.settings import load_settings
    from sauda.version import code_version

    settings = load_settings()
    facts = Facts(
        desk=record.desk,
        book=record.book_name,
        made_ns=SystemClock().now_ns(),
        version=code_version("sauda"),
        settings=settings.public(),
        config=config_files(settings.config),
    )
    return Packing(record, part, facts, lambda name: MadeOf(name, settings, as_recorded=True)).write(out)


def _tell(manifest: "Manifest", file: Path) -> None:
    from sauda.clock import clock_text

    size = f"{file.stat().st_size / 1e6:.1f} MB"
    facts = [
        ("bundle", f"{file} ({size})"),
        ("desk", f"{manifest.desk}, book {manifest.book}"),
        ("journal", f"{_bound(manifest.from_id)} to {_bound(manifest.to_id)}"),
        ("made", f"{clock_text(manifest.made_ns)} IST by version {manifest.version}"),
        ("units", ", ".join(manifest.units)),
        *((stream, f"{count:,} entries") for stream, count in manifest.entries.items() if count),
    ]
    screen.table(("WHAT", "VALUE"), facts)
    for note in manifest.notes:
        screen.note(f"note: {note}")


def _bound(entry_id: str) -> str:
    """Return a bound of the slice as a person would say it: the ends have ids that nobody types."""
    from sauda.archive.span import HIGHEST, LOWEST, text_of

    if entry_id == text_of(LOWEST).decode():
        return "its beginning"
    if entry_id == text_of(HIGHEST).decode():
        return "its end"
    return entry_id.removesuffix(f"-{HIGHEST.sequence}")


def _desk_name(name: str, given_by: str) -> str:
    from sauda.keys import Keys

    try:
        Keys(name)
    except ConfigError as error:
        raise typer.BadParameter(f"{error}; choose one with --as", param_hint=given_by) from error
    if "@" in name:
        raise typer.BadParameter("a name with '@' means a book put aside", param_hint=given_by)
    return name


def _refuse_a_live_desk(settings: "Settings", desk: str) -> None:
    """Refuse the name of a desk on Redis: it would hide the bundle. Where no Redis answers there is none."""
    from sauda.bundle.manifest import BundleError
    from sauda.errors import TransientError
    from sauda.redis_view import RedisView

    view = RedisView(settings.redis_url, desk)
    try:
        taken = view.exists()
    except TransientError:
        return
    finally:
        view.close()
    if taken:
        raise BundleError(f"there is a desk {desk!r} on this Redis: choose another name with --as")
