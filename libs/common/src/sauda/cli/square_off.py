"""`sauda square-off`: close everything that a strategy, or the desk, holds; and wait until it is closed."""

from typing import TYPE_CHECKING, Final

import typer

from sauda.cli import screen
from sauda.cli.options import DeskOption, JsonOption, StrategyOption
from sauda.cli.order import WaitOption

if TYPE_CHECKING:
    from sauda.hand.course import Course
    from sauda.hand.desk import HandDesk

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
    from sauda.contracts import OrderAccepted, SquareOff
    from sauda.hand.course import Course
    from sauda.hand.flat import CLOSING
    from sauda.hand.who import who

    wish_id, after = hand.send(SquareOff(strategy, who(), hand.now_ns()))
    closing: dict[str, Course] = {}
    taken = done = False

    def is_done() -> bool:
        nonlocal taken, done
        # In this order: a wish that was taken up and is not there any more was fulfilled.
        taken = taken or hand.has_passed("control", wish_id)
        was_done, done = done, taken and not hand.is_squaring_off(strategy)
        return was_done  # One more look at the executions: they came with that commit.

    for read in hand.executions(after, is_done, seconds):
        if read is None or read.message is None:
            continue
        message = read.message
        # A closing order that rests is taken back and placed anew at the market: all of them belong to it.
        terms = message.terms if isinstance(message, OrderAccepted) else None
        if terms and terms.order_id.startswith(CLOSING) and strategy in (None, terms.strategy):
            closing.setdefault(terms.order_id, Course(terms))
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
    if not closing and not hand.is_squaring_off(strategy):
        # A name that was mistyped looks the same: whoever is in a hurry must see it.
        others = ", ".join(hand.holders())
        screen.note(f"{whose} holds nothing" + (f"; positions are held by {others}" if others else ""))
    if hand.is_squaring_off(strategy):
        still_open = dict.fromkeys(course.order.instrument for course in closing if not course.is_over)
        what = ", ".join(still_open) or "what is held"
        screen.note(f"still open: {what}; the exchange goes on closing, `sauda positions` shows what is held")
        raise typer.Exit(NEGATIVE)
