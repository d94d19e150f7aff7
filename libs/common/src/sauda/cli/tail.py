"""`sauda tail`: what stands on a stream, from where, to where, which of it, and what comes."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from sauda.cli import screen
from sauda.cli.options import DeskOption, JsonOption, opened

if TYPE_CHECKING:
    from sauda.cli.where import Condition
    from sauda.reading import Part, Read
    from sauda.record import Record
    from sauda.window import Bound

DEFAULT_COUNT = 10
"""Entries shown where nothing says how many, as `tail` itself does."""


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked for."""

    stream: str
    since: "Bound | None"
    until: "Bound | None"
    count: int | None
    follow: bool
    conditions: "Sequence[Condition]"

    def wants(self, read: "Read") -> bool:
        """Return whether *read* meets every condition; what cannot be read meets none."""
        if not self.conditions:
            return True
        message = read.message
        return message is not None and all(condition.holds(message) for condition in self.conditions)


def tail(
    stream: Annotated[
        str, typer.Argument(metavar="STREAM", help="ticks, orders, executions, pnl, ...", show_default=False)
    ],
    *,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="-|ID|TIME", help="Begin here; TIME is the market's: 09:20[:05]."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="+|ID|TIME", help="End here, this included.")
    ] = None,
    count: Annotated[
        int | None,
        typer.Option("--count", "-n", min=1, help="So many at the most; without --from the last ones."),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")
    ] = False,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=VALUE", help="Only messages with this value; may be repeated."),
    ] = None,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the entries of a stream; by default the last ten.

    A TIME means the newest trading date of that stream, unless it brings its own: 2026-11-23T09:20.
    """
    question = _question(stream, since=since, until=until, count=count, follow=follow, where=where or [])
    show = _show_json if as_json else _show_text
    shown = 0
    with opened(desk) as view:
        try:
            for read in answers(view, question):
                show(read)
                shown += 1
        except KeyboardInterrupt:
            return  # the usual end of --follow
        if not shown:
            screen.note(f"nothing to show on {stream} of desk {view.desk}")


def answers(view: "Record", question: Question) -> "Iterator[Read]":
    """Yield what *question* asks for, oldest first."""
    from sauda.log import BEGINNING
    from sauda.reading import part_of

    newest = view.newest(question.stream)
    last = newest.id if newest else BEGINNING
    part = part_of(view, question.stream, question.since, question.until)
    if question.follow:
        # What is written from now on is not read twice: the past ends here.
        part = part._replace(end=last)
    coming = _coming(view, question, part, last) if question.follow else iter(())
    if question.since is None:
        yield from itertools.chain(_last(view, question, part), coming)
    else:
        everything = itertools.chain(_forwards(view, question, part), coming)
        yield from itertools.islice(everything, question.count)


def _question(
    stream: str,
    *,
    since: str | None,
    until: str | None,
    count: int | None,
    follow: bool,
    where: list[str],
) -> Question:
    from sauda.cli.where import WhereError, parse_where

    if follow and until:
        raise typer.BadParameter("it contradicts --follow, which has no end", param_hint="--to")
    check_stream(stream)
    try:
        conditions = parse_where(where, stream)
    except WhereError as error:
        raise typer.BadParameter(str(error), param_hint="--where") from error
    return Question(stream, bound_of("--from", since), bound_of("--to", until), count, follow, conditions)


def check_stream(stream: str) -> None:
    """Refuse a name that no stream has."""
    from difflib import get_close_matches

    from sauda.contracts import STREAMS

    if stream in STREAMS:
        return
    close = get_close_matches(stream, STREAMS, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    raise typer.BadParameter(
        f"no stream is called {stream!r}; {hint}there are: {', '.join(STREAMS)}", param_hint="STREAM"
    )


def bound_of(option: str, text: str | None) -> "Bound | None":
    """Read what stands behind *option*; None if nothing does."""
    from sauda.window import WindowError, parse_bound

    try:
        return None if text is None else parse_bound(text)
    except WindowError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


def _last(view: "Record", question: Question, part: "Part") -> "list[Read]":
    from sauda.reading import read_entry

    reads = map(read_entry, view.backwards(question.stream, part.end, part.start))
    wanted = (read for read in reads if part.holds(read) and question.wants(read))
    return list(itertools.islice(wanted, question.count or DEFAULT_COUNT))[::-1]


def _forwards(view: "Record", question: Question, part: "Part") -> "Iterator[Read]":
    from sauda.reading import read_entry

    reads = map(read_entry, view.forwards(question.stream, part.start, part.end))
    return (read for read in reads if part.holds(read) and question.wants(read))


def _coming(view: "Record", question: Question, part: "Part", last: bytes) -> "Iterator[Read]":
    """Yield what is written behind *last*, for ever; a Redis that goes away is waited for."""
    from sauda.clock import SystemClock
    from sauda.errors import TransientError
    from sauda.log import Position
    from sauda.reading import read_entry

    away = False
    while True:
        try:
            entries = view.read({question.stream: Position(last, 0)}, count=500, block_ms=1000)
        except TransientError as error:
            if not away:
                screen.note(f"{error}; waiting for it")
            away = True
            SystemClock().sleep(0.5)
            continue
        if away:
            screen.note("Redis is back")
        away = False
        for entry in entries:
            last = entry.id
            read = read_entry(entry)
            if part.holds(read) and question.wants(read):
                yield read


def _show_json(read: "Read") -> None:
    screen.json_document(read.wire())


def _show_text(read: "Read") -> None:
    screen.line(line_of(read))


def line_of(read: "Read") -> str:
    """Return *read* as one line for people; `sauda replay` shows the same."""
    from sauda.cli.telling import tell
    from sauda.cli.where import type_name
    from sauda.clock import clock_text

    at = "-" if read.time_ns is None else clock_text(read.time_ns)
    entry_id = read.entry.id.decode()
    if read.message is None:
        kind, text, colour = "unreadable", read.problem or "", "red"
    else:
        kind, text, colour = type_name(type(read.message)), tell(read.message), "cyan"
    styled = typer.style(f"{kind:<15}", fg=colour)
    return f"{at:<23}  {styled}  {text}  {typer.style(entry_id, dim=True)}"
