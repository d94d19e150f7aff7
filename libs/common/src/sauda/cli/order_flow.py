"""An order by hand, step by step: is the desk awake, is the contract known and quoted, write it, wait for the answer.

A lost answer: the id is told before the order is written. Whoever asks again with `--id` and the same terms gets the
answer of the order that stands there already, and places it only if it does not.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Final, NoReturn, TypeVar

import typer

from sauda.book.orders import Status
from sauda.cli import screen
from sauda.cli.options import opened
from sauda.clock import NS_PER_S
from sauda.contracts import (
    Account,
    CancelOrder,
    Message,
    ModifyOrder,
    OrderCancelled,
    OrderKind,
    OrderModified,
    PlaceOrder,
    Product,
    Side,
    Validity,
)
from sauda.errors import SaudaError
from sauda.hand.course import Course, Report, lines, money_line
from sauda.hand.desk import QUOTE_S, HandDesk, UnknownOrderError
from sauda.hand.terms import (
    Terms,
    TermsError,
    bps_of,
    change_of,
    check_change,
    check_order_id,
    price_of,
    same_order,
)
from sauda.money import Paise

SETTLED_NS: Final = 2 * NS_PER_S
"""A limit order that has not traded so long after it was accepted has met the market and rests."""
NEGATIVE: Final = 1

E = TypeVar("E", bound=Enum)


class OrderIdTakenError(SaudaError):
    """The id belongs to another order."""


def asked_for(
    side: str,
    instrument: str,
    qty: int,
    *,
    strategy: str,
    prices: Mapping[str, str | None],
    words: Mapping[str, str],
    trail_percent: str | None,
    oco: str | None,
) -> Terms:
    """Return what was typed as terms; leave with exit code 2 if they are none."""
    try:
        terms = Terms(
            side=Side(side),
            instrument=instrument,
            qty=qty,
            strategy=check_order_id("--strategy", strategy),
            product=_one_of(Product, "--product", words["product"]),
            validity=_one_of(Validity, "--validity", words["validity"]),
            trail_bps=bps_of("--trail-percent", trail_percent),
            oco=oco,
            **_prices(prices),
        )
        terms.check()
    except TermsError as error:
        _misused(error)
    return terms


def place(terms: Terms, order_id: str | None, wait_s: float, desk: str | None, *, as_json: bool) -> None:
    """Place an order, wait for its answer and tell it."""
    if order_id is not None:
        _checked_id(order_id)
    with awake(desk) as hand:
        definition = hand.instrument(terms.instrument)
        terms = terms.of(definition.instrument)
        standing = None if order_id is None else hand.find(order_id)
        if standing is None:
            if not hand.insist_on_quote(definition.instrument):
                screen.note(
                    f"no quote of {terms.instrument} within {QUOTE_S:.0f} s of subscribing; the exchange decides"
                )
            course, after = _send(hand, terms, order_id)
        else:
            course, after = _again(hand, terms, standing)
        _wait(hand, course, after, wait_s, lambda: _is_settled(hand, course))
        finish(hand, course, as_json=as_json)


def change(
    order_id: str,
    qty: int | None,
    prices: Mapping[str, str | None],
    wait_s: float,
    desk: str | None,
    *,
    as_json: bool,
) -> None:
    """Change a working order and tell what came of it."""
    try:
        new = _prices(prices)
        check_change(qty, *new.values())
    except TermsError as error:
        _misused(error)
    _ask(
        order_id,
        lambda order, now_ns: change_of(order, qty, new["limit"], new["trigger"], now_ns),
        OrderModified,
        wait_s,
        desk,
        as_json=as_json,
    )


def take_back(order_id: str, wait_s: float, desk: str | None, *, as_json: bool) -> None:
    """Cancel a working order and tell what came of it."""
    _ask(
        order_id,
        lambda order, now_ns: CancelOrder(order.order_id, order.strategy, now_ns),
        OrderCancelled,
        wait_s,
        desk,
        as_json=as_json,
    )


@contextmanager
def awake(desk: str | None) -> Iterator[HandDesk]:
    """Open *desk*, and insist that it trades."""
    with opened(desk) as record:
        hand = HandDesk(record)
        hand.check_awake()
        yield hand


def finish(hand: HandDesk, course: Course, *, as_json: bool) -> None:
    """Tell how an order stands, with the money that is left, and leave with 1 if it was refused or not answered."""
    if course.account is None and course.is_answered:
        newest = hand.newest_of("executions", Account)
        course.account = newest if isinstance(newest, Account) else None
    report = course.report()
    if as_json:
        screen.json_document(report)
    else:
        show([report])
    if not course.is_answered:
        screen.note(
            f"no answer yet: it may still come (`sauda orders`); to ask again: the same command with --id {report.order_id}"
        )
    untraded = report.status in (Status.REJECTED, Status.CANCELLED) and not report.filled_qty
    refused = report.reason is not None or not course.is_answered
    if refused or (untraded and not course.cancel_wanted):
        raise typer.Exit(NEGATIVE)


def show(reports: Sequence[Report]) -> None:
    """Tell people how orders stand, and once what the account has now."""
    shown = [line for report in reports for line in lines(report)]
    money = next((money_line(report) for report in reversed(reports)), None)
    screen.line("\n".join(shown if money is None else [*shown, money]))


def _send(hand: HandDesk, terms: Terms, order_id: str | None) -> tuple[Course, bytes]:
    made, cause = hand.announce(terms.side, terms.instrument, str(terms), terms.strategy)
    order = terms.order(order_id or made, hand.now_ns())
    screen.note(f"placing {order.order_id}")
    _, after = hand.send(order, cause)
    return Course(order), after


def _again(hand: HandDesk, terms: Terms, standing: PlaceOrder) -> tuple[Course, bytes]:
    """Follow the order that stands on the stream already."""
    if not same_order(terms.order(standing.order_id, 0), standing):
        raise OrderIdTakenError(
            f"{standing.order_id} is another order: {standing.side.value} {standing.qty} {standing.instrument};"
            " nothing was sent"
        )
    screen.note(f"{standing.order_id} was placed before; this is its answer")
    after = hand.end_of("executions")
    course = Course(standing)
    for message in hand.said_of(standing):
        course.take(message)
    return course, after


def _ask(
    order_id: str,
    wish: Callable[[PlaceOrder, int], ModifyOrder | CancelOrder],
    answer: type[Message],
    wait_s: float,
    desk: str | None,
    *,
    as_json: bool,
) -> None:
    _checked_id(order_id)
    with awake(desk) as hand:
        order = hand.find(order_id)
        if order is None:
            raise UnknownOrderError(
                f"no order {order_id!r} was placed on desk {hand.name} today; `sauda orders` lists them"
            )
        course = Course(order, cancel_wanted=answer is OrderCancelled)
        course.recall(hand.said_of(order))
        _, after = hand.send(wish(order, hand.now_ns()))
        _wait(hand, course, after, wait_s, lambda: course.refusal is not None or course.heard(answer))
        finish(hand, course, as_json=as_json)


def _wait(
    hand: HandDesk, course: Course, after: bytes, seconds: float, is_enough: Callable[[], bool]
) -> None:
    if is_enough():
        return
    for read in hand.executions(after, is_enough, seconds):
        if read is not None and read.message is not None:
            course.take(read.message)


def _is_settled(hand: HandDesk, course: Course) -> bool:
    """Whether there is nothing more to wait for: it is over, or it waits in the market as its maker wanted."""
    if course.is_over or not course.is_answered:
        return course.is_over
    if course.sent_kind is OrderKind.MARKET or course.accepted_ns is None:
        return False
    return hand.now_ns() >= course.accepted_ns + SETTLED_NS


def _prices(texts: Mapping[str, str | None]) -> dict[str, Paise | None]:
    return {name: price_of(f"--{name.replace('_', '-')}", text) for name, text in texts.items()}


def _one_of(kind: type[E], option: str, text: str) -> E:
    try:
        return kind(text.upper())
    except ValueError:
        known = ", ".join(str(one.value) for one in kind)
        raise TermsError(option, f"{text!r} is none of {known}") from None


def _checked_id(order_id: str) -> None:
    try:
        check_order_id("ID", order_id)
    except TermsError as error:
        _misused(error)


def _misused(error: TermsError) -> NoReturn:
    raise typer.BadParameter(str(error), param_hint=error.option) from error
