"""Running the desk: `up`, `down`, `ps`, `restart`, `scale`, `logs`, `clean`, in Docker or as plain processes."""

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from sauda.cli import screen

if TYPE_CHECKING:
    from sauda.runtime.desk import Desk
    from sauda.runtime.place import Place

RuntimeOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--runtime", envvar="RUNTIME", metavar="docker|local", help="Default: Docker if an engine answers."
    ),
]
ServiceArgument: TypeAlias = Annotated[str, typer.Argument(metavar="SERVICE")]


def up(
    source: Annotated[str | None, typer.Option(metavar="simulator|recording|noren")] = None,
    recording: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Parquet or CSV, for recording.")
    ] = None,
    speed: Annotated[
        str | None, typer.Option(help="Market seconds in a second; 60 unless the market is real.")
    ] = None,
    desk: Annotated[str | None, typer.Option(metavar="NAME", help="The trading book.")] = None,
    runtime: RuntimeOption = None,
) -> None:
    """Start the desk; come back when it is healthy. Safe to repeat: only what has changed is restarted."""
    from sauda.runtime.choosing import desk_to_start
    from sauda.runtime.place import read_started
    from sauda.runtime.request import Options, read_request
    from sauda.runtime.starting import (
        check_rules,
        say_what_is_wrong,
        say_what_to_know,
        say_where_to_look,
        wait_until_healthy,
    )

    place = _place()
    variables = read_request(place, Options(source, recording, speed, desk), os.environ)
    check_rules(place, variables)
    running = desk_to_start(place, runtime)
    before = read_started(place).variables.get("SAUDA_DESK") if running.is_up() else None
    say_what_to_know(place, variables, before, _say)
    running.up(variables, _say)
    if ill := wait_until_healthy(running, _say):
        say_what_is_wrong(running, ill, _say)
        raise typer.Exit(1)
    say_where_to_look(running, variables, _say)


def down(runtime: RuntimeOption = None) -> None:
    """Stop the desk; its data stays."""
    desk = _desk(runtime)
    if not desk.is_up():
        _say("no desk is up")
        return
    desk.down(_say)
    _say("the desk is down; its data stays (`make clean` deletes it)")


def ps(
    runtime: RuntimeOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what runs, how long, and how it does; exit 1 if anything is not healthy."""
    from sauda.cli.replicas import COLUMNS, rows_of

    replicas = _desk(runtime).replicas()
    if as_json:
        screen.json_list(asdict(one) for one in replicas)
    else:
        screen.answer(COLUMNS, rows_of(replicas), "no desk is up; start one with `make up`")
    if not replicas or not all(one.healthy for one in replicas):
        raise typer.Exit(1)


def restart(service: ServiceArgument, runtime: RuntimeOption = None) -> None:
    """Restart a service, one replica after the other."""
    from sauda.runtime.desk import check_runs

    desk = _running_desk(runtime)
    check_runs(desk, service)
    desk.restart(service)
    _wait(desk, f"{service} was restarted")


def scale(
    service: ServiceArgument,
    count: Annotated[str, typer.Argument(metavar="N")],
    runtime: RuntimeOption = None,
) -> None:
    """Run N replicas of a service; those that run go on undisturbed."""
    from sauda.errors import ConfigError
    from sauda.runtime.desk import check_scale

    desk = _running_desk(runtime)
    if not count.removeprefix("-").isdecimal():
        raise ConfigError(f"n={count!r} is not a number of replicas, as in n=3")
    check_scale(desk, service, int(count))
    desk.scale(service, int(count))
    _wait(desk, f"{service} has {count} replica{'' if count == '1' else 's'}")


def logs(
    service: Annotated[str | None, typer.Argument(metavar="[SERVICE]")] = None,
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=0, help="How many of the last lines first.")
    ] = 200,
    follow: Annotated[bool, typer.Option("--follow/--no-follow")] = True,
    runtime: RuntimeOption = None,
) -> None:
    """Follow one service's log, or all of them, each line named."""
    from sauda.runtime.desk import DeskError, check_service

    desk = _desk(runtime)
    if service:
        check_service(desk, service)
    if follow and not desk.is_up():
        raise DeskError("no desk is up: no log grows; `sauda logs --no-follow` prints the old ones")
    try:
        for line in desk.logs([service] if service else desk.services(), lines, follow):
            _say(line)
    except KeyboardInterrupt:
        return  # the only way to stop following is no failure


def clean(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False, runtime: RuntimeOption = None
) -> None:
    """Stop the desk and delete its data, its archive in var/ included; an archive elsewhere stays."""
    from sauda.runtime.place import archive_of, read_started

    desk, place = _desk(runtime), _place()
    where = archive_of(place, read_started(place).variables)
    inside = "its archive included" if where == str(place.archive) else f"but the archive at {where}"
    if not yes and not typer.confirm(f"Delete all data of the desk in {place.root}, {inside}?"):
        raise typer.Exit(1)
    if desk.is_up():
        desk.down(_say)
    desk.clean()
    _say("deleted: var/" + (", volumes and images" if desk.runtime == "docker" else ""))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _place() -> "Place":
    from sauda.runtime.place import find_place

    return find_place(Path.cwd())


def _desk(runtime: str | None) -> "Desk":
    from sauda.runtime.choosing import present_desk

    return present_desk(_place(), runtime)


def _running_desk(runtime: str | None) -> "Desk":
    from sauda.runtime.desk import DeskError

    desk = _desk(runtime)
    if not desk.is_up():
        raise DeskError("no desk is up; start one with `make up`")
    return desk


def _wait(desk: "Desk", done: str) -> None:
    from sauda.runtime.starting import say_what_is_wrong, wait_until_healthy

    if ill := wait_until_healthy(desk, screen.note, 60):
        say_what_is_wrong(desk, ill, screen.note)
        raise typer.Exit(1)
    _say(done)
