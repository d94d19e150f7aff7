"""`sauda strategies list|start|stop|reload|set`: how strategies stand, and changing it while the desk runs."""

from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from sauda.cli import screen
from sauda.cli.options import DeskOption, JsonOption, opened

if TYPE_CHECKING:
    from sauda.instances.outcome import Outcome
    from sauda.instances.standing import Standing

NEGATIVE: Final = 1
CHANGED: Final = "RULES_CHANGED"
"""The alert of a strategy that follows other rules."""

app = typer.Typer(
    help="List, start, stop, reload and change strategies, without a restart.", no_args_is_help=True
)

NamesArgument: TypeAlias = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="Instances: names of rules files.")
]
NameArgument: TypeAlias = Annotated[str, typer.Argument(metavar="NAME", help="An instance.")]
AllOption: TypeAlias = Annotated[bool, typer.Option("--all", help="All that are carried.")]
WaitOption: TypeAlias = Annotated[
    float, typer.Option("--wait", metavar="S", min=0, max=600, help="Seconds to wait for the strategies.")
]


@app.command("list")
def show(desk: DeskOption = None, as_json: JsonOption = False) -> None:
    """List the strategies: who carries each, what it holds and last thought. Exit 1 if any is broken."""
    from sauda.instances.files import written
    from sauda.instances.standing import standings
    from sauda.settings import load_settings

    files = written(load_settings())
    with opened(desk) as record:
        found = standings(record, files)
    asked_for = " ".join(files.broken.values())
    unused = {kind: why for kind, why in files.broken_kinds.items() if why not in asked_for}
    if as_json:
        screen.json_document({"strategies": found, "broken_kinds": files.broken_kinds})
    else:
        _tell_standings(found)
    for kind, why in unused.items():
        screen.note(f"strategy {kind} cannot be used: {why}")
    if any(one.state == "broken" for one in found):
        raise typer.Exit(NEGATIVE)


@app.command()
def start(
    names: NamesArgument = None,
    every: AllOption = False,
    wait: WaitOption = 10.0,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let strategies open positions; one whose file is new begins with it. Exit 1 unless all do."""
    from sauda.cli.strategy_course import start_or_stop

    _finish(start_or_stop("start", names or [], wait, desk, every=every), as_json=as_json)


@app.command()
def stop(
    names: NamesArgument = None,
    every: AllOption = False,
    wait: WaitOption = 10.0,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let strategies open nothing new; what they hold stays managed. Exit 1 unless all do."""
    from sauda.cli.strategy_course import start_or_stop

    _finish(start_or_stop("stop", names or [], wait, desk, every=every), as_json=as_json)


@app.command()
def reload(
    names: NamesArgument = None,
    wait: WaitOption = 10.0,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let strategies follow their rules files as they are now, by default all; a new file begins. Exit 1 unless all do."""
    from sauda.cli.strategy_course import reload_files

    _finish(reload_files(names or [], wait, desk), as_json=as_json)


@app.command("set")
def change(
    name: NameArgument,
    assignments: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE...", help="Rules, such as lots=2 exit_time=15:10.")
    ],
    wait: WaitOption = 10.0,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change some rules of a strategy that runs, until its file is changed. Exit 1 if it does not take them."""
    from sauda.cli.strategy_course import change_some

    _finish([change_some(name, assignments, wait, desk)], as_json=as_json)


def _tell_standings(found: "list[Standing]") -> None:
    columns = ("STRATEGY", "KIND", "MODE", "STATE", "HELD BY", "POSITION", "LAST SIGNAL")
    screen.answer(
        columns, [_row(one) for one in found], "no strategy: write a rules file in config/strategies"
    )
    for one in found:
        if one.why is not None:
            screen.note(f"{one.strategy}: {one.state}: {one.why}")
        elif one.differs_from_file:
            screen.note(
                f"{one.strategy}: {', '.join(one.differs_from_file)} differ from its file"
                f" (`sauda strategies reload {one.strategy}` takes the file)"
            )


def _row(one: "Standing") -> screen.Row:
    signal = one.last_signal
    held = "; ".join(f"{position.qty:+d} {position.instrument}" for position in one.positions)
    said = "-" if signal is None else f"{screen.instant(signal.event_ns)} {signal.reason}"
    return [one.strategy, one.kind or "-", one.mode or "-", one.state, one.held_by or "-", held or "-", said]


def _finish(outcomes: "list[Outcome]", *, as_json: bool) -> None:
    """Tell what came of each wish, and leave with 1 unless all is well."""
    if as_json:
        screen.json_list(outcomes)
    else:
        for one in outcomes:
            _tell(one)
    if not all(one.is_well for one in outcomes):
        raise typer.Exit(NEGATIVE)


def _tell(one: "Outcome") -> None:
    """Tell what changed, what the strategy said of it, and how it stands now."""
    for change in one.changes:
        screen.line(f"{one.strategy}: {change.key}: {_plain(change.before)} -> {_plain(change.after)}")
    _tell_said(one)
    if one.refused is not None:
        screen.note(f"{one.strategy}: {one.refused}")
    elif not one.is_answered:
        screen.note(
            f"{one.strategy}: nobody has taken it up yet: is the strategy service up (`sauda ps`)? It will when it is back"
        )
    elif one.is_well:
        screen.line(f"{one.strategy}: {_end(one)}")


def _tell_said(one: "Outcome") -> None:
    heard = {
        alert.text for alert in one.alerts if alert.code == CHANGED
    }  # That is what the lines before say.
    for said in one.signals:
        if said.reason not in heard:
            screen.line(f"{one.strategy}: {said.reason}")
            heard.add(said.reason)
    for alert in one.alerts:
        if alert.text not in heard:
            screen.note(f"{one.strategy}: {alert.code}: {alert.text}")


def _end(one: "Outcome") -> str:
    if one.what in ("reload", "set") and not one.new and not one.changes:
        return "nothing changed"
    done = {"start": "trades", "stop": "opens nothing new", "reload": "follows its file", "set": "follows"}
    return f"{'begun, ' if one.new else ''}{done[one.what]}"


def _plain(value: object) -> str:
    return "nothing" if value is None else str(value)
