"""`sauda dead-letters requeue` and `drop`: what people decide about letters, recorded with who and why.

Both ask nothing: they say what they did, and a decision about many letters is made whole or not at all.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from sauda.cli import screen
from sauda.cli.letter_facts import NoSuchLetterError, check_id, picked
from sauda.cli.options import DeskOption, JsonOption, opened
from sauda.hand.who import who
from sauda.letter_facts import facts_of

if TYPE_CHECKING:
    from sauda.letters import Letter
    from sauda.log import Output

    Decide = Callable[[Sequence[Letter], str, int], Sequence[Output]]
    Pick = Callable[[Mapping[str, Letter], str], list[Letter]]

IdsArgument = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Ids that `list` shows.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]


def requeue(
    ids: IdsArgument = None,
    *,
    all_of: Annotated[
        str | None,
        typer.Option("--all-of", metavar="UNIT", help="All open letters that this unit or writer parked."),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="What was mended; kept with the decision.")] = "",
    again: Annotated[
        bool, typer.Option("--again", help="Also letters that are settled: their effect may happen twice.")
    ] = False,
    dry_run: DryRunOption = False,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send letters back to the unit or writer that parked them, after a fix; nobody else works them again.

    An entry that fails again is parked as a new letter.
    """
    from sauda import letters as decisions

    def pick(letters: "Mapping[str, Letter]", desk_name: str) -> "list[Letter]":
        if all_of is None:
            return picked(letters, ids or [], desk_name)
        found = [
            one
            for one in letters.values()
            if one.letter.unit == all_of and one.status is decisions.Status.OPEN
        ]
        if not found:
            raise NoSuchLetterError(f"no open dead letter of {all_of!r} on desk {desk_name}")
        return found

    _check_choice(ids, all_of)
    _settle(
        pick,
        lambda letters, by, now_ns: decisions.requeue(letters, by, reason.strip(), now_ns, again=again),
        desk,
        dry_run=dry_run,
        as_json=as_json,
        done="requeued",
    )


def drop(
    ids: IdsArgument = None,
    reason: Annotated[str, typer.Option("--reason", help="Why it is let go; kept with the decision.")] = "",
    dry_run: DryRunOption = False,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let letters go, with a reason: they stay on record and nobody works them."""
    from sauda import letters as decisions

    if not reason.strip():
        raise typer.BadParameter("say why: --reason TEXT", param_hint="--reason")
    _check_choice(ids, None)
    _settle(
        lambda letters, desk_name: picked(letters, ids or [], desk_name),
        lambda letters, by, now_ns: decisions.drop(letters, by, reason.strip(), now_ns),
        desk,
        dry_run=dry_run,
        as_json=as_json,
        done="dropped",
    )


def _check_choice(ids: Sequence[str] | None, all_of: str | None) -> None:
    if bool(ids) == (all_of is not None):
        wanted = "give the ids of letters" if not ids else "give ids or --all-of, not both"
        raise typer.BadParameter(f"{wanted}; `sauda dead-letters list` shows them", param_hint="ID")
    for letter_id in ids or ():
        check_id(letter_id)


def _settle(
    pick: "Pick",
    decide: "Decide",
    desk: str | None,
    *,
    dry_run: bool,
    as_json: bool,
    done: str,
) -> None:
    from sauda.clock import SystemClock
    from sauda.errors import ConfigError
    from sauda.redis_letters import LetterBox
    from sauda.settings import load_settings

    chosen: list[Letter] = []

    def outputs(letters: "Mapping[str, Letter]") -> "Sequence[Output]":
        chosen[:] = pick(letters, view.desk)
        decided = decide(chosen, who(), SystemClock().now_ns())
        return [] if dry_run else decided

    with opened(desk) as view:
        if view.live is None:
            raise ConfigError(
                f"desk {view.desk!r} is not on Redis (a bundle, or a book of the archive): its letters can only be read"
            )
        box = LetterBox(load_settings().redis_url, view.desk)
        try:
            box.settle(lambda stream: list(view.forwards(stream)), outputs)
            readers = box.readers() if done == "requeued" else {}
        finally:
            box.close()
    if as_json:
        after = {} if dry_run else {"status": done}
        screen.json_list({**facts_of(one), **after, "done": not dry_run} for one in chosen)
    else:
        _tell(chosen, f"would be {done}" if dry_run else done)
    if done == "requeued":
        _warn(chosen, readers)


def _tell(letters: "Sequence[Letter]", done: str) -> None:
    for one in letters:
        letter = one.letter
        whose = f"back to {letter.unit}" if done.endswith("requeued") else f"parked by {letter.unit}"
        screen.line(f"{one.id}  {done}: {letter.stream} {letter.entry_id}, {whose}")


def _warn(letters: "Sequence[Letter]", readers: Mapping[str, bool]) -> None:
    """Say of whom nothing is to be expected: a letter for nobody waits for ever."""
    for unit in dict.fromkeys(one.letter.unit for one in letters):
        if unit not in readers:
            screen.note(
                f"nobody called {unit!r} ever worked on this desk: its letters wait until somebody does"
            )
        elif not readers[unit]:
            screen.note(f"nobody carries {unit} now: its letters are worked when it is back")
