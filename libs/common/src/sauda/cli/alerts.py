"""`sauda alerts list` and `test`: what the desk cried out, and whether anybody would hear it."""

from typing import TYPE_CHECKING, Annotated, Final

import typer

from sauda.cli import screen
from sauda.cli.options import DateOption, DeskOption, JsonOption, opened

if TYPE_CHECKING:
    from sauda.alerted import Tested
    from sauda.contracts import Level

NEGATIVE: Final = 1
_COLUMNS: Final = ("=ID", "=AT", "LEVEL", "=CODE", "SOURCE", "TEXT")

app = typer.Typer(help="What the desk cried out, and whether anybody would hear it.", no_args_is_help=True)


def a_level(text: str | None) -> "Level | None":
    """Read the level of an option."""
    from sauda.contracts import Level

    try:
        return None if text is None else Level(text.lower())
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no level; take info, warning or critical.") from None


@app.command("list")
def list_alerts(
    *,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="The newest so many.")] = 50,
    level: Annotated[str | None, typer.Option("--level", metavar="LEVEL", help="This loud at least.")] = None,
    code: Annotated[str | None, typer.Option("--code", metavar="CODE", help="Only this one.")] = None,
    source: Annotated[
        str | None, typer.Option("--source", metavar="NAME", help="Only what this unit or service said.")
    ] = None,
    day: DateOption = None,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the newest alerts, oldest first."""
    from sauda.alerted import alerts_of

    least = a_level(level)
    with opened(desk) as record:
        found = alerts_of(record, count, level=least, code=code, source=source, day=day)
    if as_json:
        screen.json_list(found)
        return
    rows = [
        (
            one.id,
            screen.instant(one.event_ns) if one.event_ns else "-",
            one.level.value,
            one.code,
            one.source,
            one.text,
        )
        for one in found
    ]
    wanted = level or code or source or day
    screen.answer(_COLUMNS, rows, f"no {'such ' if wanted else ''}alerts on desk {record.desk}")


@app.command("test")
def call_everybody(
    to: Annotated[str | None, typer.Option("--to", metavar="NAME", help="Only this destination.")] = None,
    wait: Annotated[
        float, typer.Option("--wait", metavar="S", min=0, max=600, help="Seconds to wait for the deliveries.")
    ] = 30.0,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send a test to every destination, whatever its level and the hour, and wait until it is delivered.

    Exit 1 where it is not delivered in time, or nobody would be called at all.
    """
    from sauda.alerted import send_test
    from sauda.hand.who import who

    with opened(desk) as record:
        found = send_test(record, who(), to, wait)
    if as_json:
        screen.json_list(found)
    else:
        _tell(found)
    if not found or not all(one.delivered for one in found):
        raise typer.Exit(NEGATIVE)


def _tell(found: "list[Tested]") -> None:
    if not found:
        screen.note("nobody is called: no destination is set, or the service alerts is down (docs/alerts.md)")
    for one in found:
        (screen.line if one.delivered else screen.note)(f"{one.destination}: {one.outcome}")
