"""`sauda diff`: run recorded units again and compare, or see what they would have done otherwise."""

from typing import TYPE_CHECKING, Annotated

import typer

from sauda.cli import screen
from sauda.cli.options import DeskOption, JsonOption, opened
from sauda.errors import ConfigError

if TYPE_CHECKING:
    from sauda.cli.asked_units import Ends
    from sauda.cli.diff_words import Report
    from sauda.record import Record
    from sauda.settings import Settings

DIFFERENT = 1


def diff(
    units: Annotated[
        list[str] | None, typer.Argument(metavar="[UNIT]...", help="Default: every unit of the desk.")
    ] = None,
    *,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="-|ID|TIME", help="Report from here on; TIME is the market's: 09:20."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="+|ID|TIME", help="End here, this included.")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="What if this rule or setting were so? Repeatable."),
    ] = None,
    as_recorded: Annotated[
        bool, typer.Option("--as-recorded", help="Take the rules from the record, not from today's files.")
    ] = False,
    limit: Annotated[int, typer.Option(min=0, help="Most lines of a list.")] = 20,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rebuild units from their recorded inputs and compare every output and the final state, byte by byte.

    Exit 0: everything is as it was. Exit 1: what differs first, and the input that led to it.
    With --set the whole desk runs again in lock step: the orders, the fills and the profit that would have been.
    """
    from sauda.bundle.place import settings_for
    from sauda.cli.asked_units import Ends, named_units, texts_of
    from sauda.cli.tail import bound_of
    from sauda.garbage import collect_rarely
    from sauda.settings import load_settings

    collect_rarely()
    bounds = bound_of("--from", since), bound_of("--to", until)
    texts = texts_of(changes or [])
    with opened(desk) as record:
        settings = settings_for(load_settings(), record.desk)
        names = named_units(record, units or [])
        ends = Ends(record, *bounds)
        if texts:
            from sauda.cli.what_if import what_if

            is_same = what_if(record, settings, names, texts, ends, limit=limit, as_json=as_json)
        else:
            is_same = _compare(
                record, settings, names, ends, as_recorded=as_recorded, limit=limit, as_json=as_json
            )
    if not is_same:
        raise typer.Exit(DIFFERENT)


def _compare(
    record: "Record",
    settings: "Settings",
    names: list[str],
    ends: "Ends",
    *,
    as_recorded: bool,
    limit: int,
    as_json: bool,
) -> bool:
    from sauda.cli.diff_words import document, tell_report

    reports = []
    if not names:
        screen.note(f"no unit was ever carried on desk {record.desk}: there is nothing to compare")
    for name in names:
        report = _run(record, settings, name, ends, as_recorded=as_recorded)
        reports.append(report)
        if not as_json:
            tell_report(report, limit)
    if as_json:
        screen.json_list(document(report) for report in reports)
    return all(report.same for report in reports)


def _run(record: "Record", settings: "Settings", name: str, ends: "Ends", *, as_recorded: bool) -> "Report":
    from sauda.cli.diff_words import Report
    from sauda.clock import monotonic_s
    from sauda.rerun.checking import Window, check
    from sauda.rerun.made_of import MadeOf
    from sauda.rerun.source import RecordError

    made_of = MadeOf(name, settings, as_recorded=as_recorded)
    began_s = monotonic_s()
    try:
        finding = check(record, name, made_of, window=Window(ends.cut(), ends.holds))
    except (RecordError, ConfigError) as error:
        return Report(name, problem=str(error))
    return Report(
        name,
        finding,
        seconds=monotonic_s() - began_s,
        notes=made_of.notes(),
        same_version=made_of.same_version(),
    )
