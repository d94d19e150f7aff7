"""`sauda risk`: the limits, what is used of each, who is halted and why; `sauda risk reset` lets a halted one trade again."""

from typing import TYPE_CHECKING, Annotated, Final

import typer

from sauda.cli import screen
from sauda.cli.options import DeskOption, JsonOption, StrategyOption, opened

if TYPE_CHECKING:
    from sauda.risk.use import Halt, Picture

NEGATIVE: Final = 1

app = typer.Typer(
    help="The desk's limits: what is used of each, who is halted; reset a limit that was broken.",
    invoke_without_command=True,
)


@app.callback()
def risk(ctx: typer.Context, desk: DeskOption = None, as_json: JsonOption = False) -> None:
    """Show the limits unless a command says otherwise."""
    if ctx.invoked_subcommand is None:
        _show(desk, as_json=as_json)


@app.command("show")
def show(desk: DeskOption = None, as_json: JsonOption = False) -> None:
    """Show each limit, what is used of it now, and who is halted. Exit 1 if anybody is."""
    _show(desk, as_json=as_json)


@app.command("reset")
def reset(
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why it may trade again: for the record.")
    ],
    strategy: StrategyOption = None,
    wait: Annotated[
        float, typer.Option("--wait", metavar="S", min=0, max=600, help="Seconds to wait for the exchange.")
    ] = 10.0,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a strategy, or without --strategy the desk, trade again that a loss limit has halted. Exit 1 if it was not halted."""
    from sauda.contracts import ResetRisk
    from sauda.hand.desk import EXCHANGE, HandDesk
    from sauda.hand.who import who
    from sauda.risk.use import halts_of

    if not reason.strip():
        raise typer.BadParameter("say why it may trade again: --reason TEXT", param_hint="--reason")
    scope, whose = strategy or "*", strategy or "the desk"
    with opened(desk) as record:
        hand = HandDesk(record)
        before = halts_of(record.state_of(EXCHANGE))
        if scope not in before:
            others = ", ".join("the desk" if one == "*" else one for one in before) or "nobody"
            screen.note(f"{whose} is not halted by a limit; halted are: {others}")
            raise typer.Exit(NEGATIVE)
        entry_id, after = hand.send(ResetRisk(strategy, who(), reason, hand.now_ns()))
        for _ in hand.executions(after, lambda: hand.has_passed("control", entry_id), wait):
            pass
        lifted = scope not in halts_of(record.state_of(EXCHANGE))
    _tell_reset(whose, strategy, before[scope], lifted=lifted, as_json=as_json)


def _tell_reset(whose: str, strategy: str | None, halt: "Halt", *, lifted: bool, as_json: bool) -> None:
    if as_json:
        screen.json_document({"strategy": strategy, "was_halted": halt, "lifted": lifted})
    elif lifted:
        screen.line(f"{whose} may trade again; it was halted: {halt.text}")
    if not lifted:
        screen.note(f"the exchange has not taken the reset of {whose} up yet; it will when it is back")
        raise typer.Exit(NEGATIVE)


def _show(desk: str | None, *, as_json: bool) -> None:
    from sauda.risk.use import picture_of

    with opened(desk) as record:
        picture = picture_of(record)
    if as_json:
        screen.json_document(picture)
    else:
        _tell(picture)
    if picture.kill_switch or picture.halted:
        raise typer.Exit(NEGATIVE)


def _tell(picture: "Picture") -> None:
    if not picture.recorded:
        screen.note(
            "the exchange has not said which limits it keeps: these are the ones it would start with here"
        )
    screen.table(
        ("WHOSE", "LIMIT", ">USED", ">OF", "WHERE"),
        [(one.whose, one.limit, one.used_text, one.most_text, one.where) for one in picture.uses],
    )
    screen.blank()
    if picture.others:
        screen.line("; ".join(f"{key} {value}" for key, value in picture.others.items() if value is not None))
    screen.line(f"kill switch: {'on, ' + picture.kill_switch if picture.kill_switch else 'off'}")
    for scope, halted in picture.halted.items():
        whose = "the desk" if scope == "*" else scope
        screen.line(
            f"{whose} is halted by {halted.reason} since {screen.instant(halted.since_ns)} IST: {halted.text}"
        )
    for wish in picture.closing:
        screen.line(f"being closed: {wish}")
