"""`sauda replay`: recorded streams once more, shown or into another desk, at the pace that is wanted."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sauda.cli.options import DateOption, DeskOption, JsonOption, opened

if TYPE_CHECKING:
    from sauda.cli.replay_course import Asked
    from sauda.cli.replay_run import Wish

STOPPED_BY_CTRL_C = 130
"""As every command; `q` is the end that was wanted, and is 0."""


def replay(
    streams: Annotated[
        list[str],
        typer.Argument(metavar="STREAM", help="One or several, in the order in which they were written."),
    ],
    *,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="-|ID|TIME", help="Begin here; TIME is the market's: 09:20[:05]."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="+|ID|TIME", help="End here, this included.")
    ] = None,
    day: DateOption = None,
    speed: Annotated[
        str,
        typer.Option(metavar="original|N|max", help="Market seconds in a second; max: as fast as it goes."),
    ] = "original",
    longest_gap: Annotated[
        float | None,
        typer.Option("--longest-gap", metavar="SECONDS", help="Wait no longer than this for any entry."),
    ] = None,
    step: Annotated[bool, typer.Option("--step", help="Begin paused: n plays one entry.")] = False,
    into: Annotated[
        str | None, typer.Option("--into", metavar="DESK", help="Write into this desk instead of showing.")
    ] = None,
    services: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="SERVICE",
            help="Run strategy, execution, pnl or bars on that desk; may be repeated.",
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where the same replay was stopped.")
    ] = False,
    append: Annotated[bool, typer.Option("--append", help="Write behind what that desk holds.")] = False,
    new_book: Annotated[
        bool, typer.Option("--new-book", help="Put what that desk holds aside first.")
    ] = False,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=VALUE", help="Only messages with this value; may be repeated."),
    ] = None,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Replay streams at the market's pace, faster or step by step; the desk that is read is never touched.

    On a terminal: space pauses, n plays one entry, + and - change the speed, enter skips a gap, q ends.
    A TIME means the newest trading date of the streams, unless it brings its own or --date does.
    """
    from sauda.cli.replay_run import Wish, run_replay

    streams, services = _words(streams), _words(services or [])
    if not streams:
        raise typer.BadParameter("say which stream, such as ticks", param_hint="STREAM")
    wish = Wish(
        asked=_asked(streams, since=since, until=until, day=day, where=where or [], services=services),
        speed=_speed(speed),
        longest_gap_s=_positive("--longest-gap", longest_gap),
        step=step,
        into=into,
        services=tuple(services),
        how="resume" if resume else "append" if append else "new-book" if new_book else "",
        as_json=as_json,
    )
    _check(wish, chosen=[resume, append, new_book].count(True))
    with opened(desk) as view:
        code = run_replay(view, wish, Path.cwd())
    if code:
        raise typer.Exit(code)


def _words(given: list[str]) -> list[str]:
    """Take `a,b` and `a b` (as a line of make brings them) for two words; each word once."""
    return list(dict.fromkeys(word for text in given for word in text.replace(",", " ").split()))


def _asked(
    streams: list[str],
    *,
    since: str | None,
    until: str | None,
    day: object,
    where: list[str],
    services: list[str],
) -> "Asked":
    from datetime import date

    from sauda.cli.replay_course import Asked
    from sauda.cli.tail import bound_of, check_stream
    from sauda.cli.where import WhereError, parse_where

    for stream in streams:
        check_stream(stream)
        try:
            parse_where(where, stream)
        except WhereError as error:
            raise typer.BadParameter(str(error), param_hint="--where") from error
    words = [
        *dict.fromkeys(streams),
        *(["--from", since] if since else []),
        *(["--to", until] if until else []),
    ]
    words += [*(["--date", str(day)] if day else []), *(f"--where {one}" for one in where)]
    words += ["--with ..."] if services else []
    return Asked(
        streams=tuple(streams),
        since=bound_of("--from", since),
        until=bound_of("--to", until),
        day=day if isinstance(day, date) else None,
        where=tuple(where),
        define=bool(services),
        text=" ".join(words),
    )


def _speed(text: str) -> float | None:
    """Read `original`, `max` or a number; None is as fast as it goes."""
    from sauda.replay.crew import FASTEST

    if text in ("original", "max"):
        return 1.0 if text == "original" else None
    try:
        speed = float(text.removesuffix("x"))
    except ValueError:
        speed = 0.0
    if not 0 < speed <= FASTEST:
        raise typer.BadParameter(
            f"{text!r} is not 'original', 'max' or a number above 0 and up to {FASTEST:,.0f}",
            param_hint="--speed",
        )
    return speed


def _positive(option: str, value: float | None) -> float | None:
    if value is not None and not 0 <= value < float("inf"):
        raise typer.BadParameter(f"{value:g} is no number of seconds", param_hint=option)
    return value


def _check(wish: "Wish", chosen: int) -> None:
    """Refuse what cannot be meant."""
    from sauda.replay.crew import SERVICES
    from sauda.replay.keyboard import has_keys

    for service in wish.services:
        if service not in SERVICES:
            why = "the replay is the feed; " if service == "feed" else ""
            raise typer.BadParameter(
                f"{service!r} cannot be run on a replay: {why}there are: {', '.join(SERVICES)}",
                param_hint="--with",
            )
    if wish.into is None and (wish.services or chosen):
        option = "--with" if wish.services else f"--{wish.how}"
        raise typer.BadParameter("it needs a desk to write into: --into DESK", param_hint=option)
    if chosen > 1:
        raise typer.BadParameter("give one of --resume, --append and --new-book", param_hint=f"--{wish.how}")
    if wish.into and wish.as_json:
        raise typer.BadParameter("it contradicts --into: nothing is shown", param_hint="--json")
    unwritable = sorted({"journal", "dead_letters", "requeued", "audit"}.intersection(wish.asked.streams))
    if wish.into and unwritable:
        raise typer.BadParameter(
            f"{', '.join(unwritable)} can be shown, not written: it tells of the desk it was recorded on",
            param_hint="STREAM",
        )
    if wish.step and not (has_keys() and not wish.as_json):
        raise typer.BadParameter("it needs a terminal, and no --json", param_hint="--step")
