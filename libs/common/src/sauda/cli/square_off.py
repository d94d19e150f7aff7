"""`sauda square-off`: close everything that a strategy, or the desk, holds; and wait until it is closed."""

from typing import TYPE_CHECKING, Final

import typer

from sauda.cli import screen
from sauda.cli.options import DeskOption, JsonOption, StrategyOption
from sauda.cli.order import WaitOption

if TYPE_CHECKING:
    from sauda.cli.order_course import Course
    from sauda.cli.order_desk import HandDesk

NEGATIVE: Final = 1


def square_off(
    strategy: StrategyOption = None,
    wait: WaitOption = 10.0,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Cancel the working orders and close all positions, of one strategy or of the desk. Exit 1 while any is open."""
    from sauda.cli.order_flow import awake

    with awake(desk) as hand:
        closing, is_taken = _close(hand, strategy, wait)
        _tell(hand, closing, is_taken, strategy, as_json=as_json)


def _close(hand: "HandDesk", strategy: str | None, seconds: float) -> "tuple[list[Course], bool]":
    """Send the wish; return the orders that the exchange closes with, and whether it has taken the wish up."""
    from sauda.cli.letter_settling import who
    from sauda.cli.order_course import Course
    from sauda.contracts import OrderAccepted, SquareOff

    wish_id, after = hand.send(SquareOff(strategy, who(), hand.now_ns()))
    closing: dict[str, Course] = {}
    taken = False

    def is_done() -> bool:
        nonlocal taken
        # Asked before the orders are looked at: what the exchange did with the wish was written with that commit.
        was_taken, taken = taken, hand.has_passed("control", wish_id)
        return was_taken and all(course.is_over for course in closing.values())

    for read in hand.executions(after, is_done, seconds):
        if read is None or read.message is None:
            continue
        message = read.message
        if read.entry.cause == b"control " + wish_id and isinstance(message, OrderAccepted) and message.terms:
            closing.setdefault(message.order_id, Course(message.terms))
        for course in closing.values():
            course.take(message)
    return list(closing.values()), taken


def _tell(
    hand: "HandDesk", closing: "list[Course]", is_taken: bool, strategy: str | None, *, as_json: bool
) -> None:
    from sauda.cli.order_flow import show

    reports = [course.report() for course in closing]
    if as_json:
        screen.json_list(reports)
    elif reports:
        show(reports)
    whose = f"strategy {strategy}" if strategy else f"desk {hand.name}"
    if not is_taken:
        screen.note(f"the exchange has not taken the square-off of {whose} up yet; it will when it is back")
        raise typer.Exit(NEGATIVE)
    if not closing:
        screen.note(f"{whose} holds nothing")
    still_open = [
        course.order.instrument for course in closing if not course.state.filled_qty >= course.order.qty
    ]
    if still_open:
        screen.note(f"still open: {', '.join(still_open)}; `sauda positions` shows what is held")
        raise typer.Exit(NEGATIVE)
