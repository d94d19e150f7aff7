"""`sauda kill-switch on` and `off`: nothing more is opened, all orders are withdrawn, all positions closed; and taking it back.

It is one message on the stream `control`: the paper exchange does all of it in one step, whether any strategy runs or not.
"""

from typing import TYPE_CHECKING, Annotated, Final

import typer

from sauda.cli import screen
from sauda.cli.options import DeskOption, JsonOption, opened

if TYPE_CHECKING:
    from sauda.hand.desk import HandDesk
    from sauda.hand.flat import Flat

NEGATIVE: Final = 1

app = typer.Typer(
    help="Halt the desk, withdraw all orders, close all positions: one act, also when strategies are down.",
    no_args_is_help=True,
)

WaitSeconds = Annotated[
    float, typer.Option("--wait", metavar="S", min=0, max=3600, help="Seconds to wait until all is closed.")
]


@app.command("on")
def switch_on(
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="For the record.")] = "by hand",
    wait: WaitSeconds = 30.0,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Halt, withdraw, close; wait until nothing is held. Exit 1 while anything is: the desk stays halted and closing goes on."""
    from sauda.contracts import Halt
    from sauda.hand.desk import HandDesk
    from sauda.hand.flat import wait_until_flat
    from sauda.hand.who import who

    with opened(desk) as record:
        hand = HandDesk(record)
        flat = wait_until_flat(record, hand, Halt(who(), reason, _now_ns(hand), flatten=True), wait)
    if as_json:
        screen.json_document(flat)
    else:
        _tell(flat)
    if flat.flat_ns is None:
        raise typer.Exit(NEGATIVE)


@app.command("off")
def switch_off(wait: WaitSeconds = 10.0, desk: DeskOption = None, as_json: JsonOption = False) -> None:
    """Let entries in again; what was still to be closed is left as it is."""
    from sauda.contracts import Resume
    from sauda.hand.desk import EXCHANGE, HandDesk
    from sauda.hand.flat import halted_by
    from sauda.hand.who import who

    with opened(desk) as record:
        hand = HandDesk(record)
        before = halted_by(record.state_of(EXCHANGE))
        entry_id, after = hand.send(Resume(who(), _now_ns(hand)))
        for _ in hand.executions(after, lambda: hand.has_passed("control", entry_id), wait):
            pass
        taken = hand.has_passed("control", entry_id)
    if as_json:
        screen.json_document({"was_halted": before, "resumed": taken})
    elif taken:
        screen.line(f"resumed; it was halted {before}" if before else "it was not halted by the kill switch")
    if not taken:
        screen.note("the exchange has not taken it up yet; it will when it is back")
        raise typer.Exit(NEGATIVE)


def _now_ns(hand: "HandDesk") -> int:
    """Return the market's time; wall time before it was ever seen."""
    from sauda.clock import SystemClock

    return hand.now_ns() or SystemClock().now_ns()


def _tell(flat: "Flat") -> None:
    from sauda.money import to_indian

    for one in flat.closed:
        price = to_indian(one.average_price)
        screen.line(
            f"{one.strategy}  {one.side.value} {one.qty} {one.instrument} at {price}, charges {to_indian(one.charges)}"
        )
    if not flat.taken:
        screen.note(
            f"desk {flat.desk}: written; the exchange has not taken it up yet, it will when it is back"
        )
    elif flat.flat_ns is None:
        still = ", ".join(f"{one.qty} {one.instrument} of {one.strategy}" for one in flat.held)
        screen.note(
            f"desk {flat.desk} is halted and NOT flat after {flat.wall_ms} ms: {still}; closing goes on (`sauda risk` shows it)"
        )
    elif flat.market_ms is None:
        screen.line(f"desk {flat.desk} is halted and flat, {flat.wall_ms} ms after this command")
    else:
        screen.line(
            f"desk {flat.desk} is halted and flat: {flat.market_ms} ms of market time, {flat.wall_ms} ms after this command;"
            f" {flat.withdrawn} orders withdrawn"
        )
