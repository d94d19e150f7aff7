"""Orders: placed, looked through before they are sent, changed, taken back. The exchange decides; here is only asked.

The id of an order is derived from the caller's `Idempotency-Key` (or is the `order_id` that was given), so that asking again,
after a lost answer or a gateway that was killed, is asking for the same order: the exchange answers each id once for ever.
"""

import hashlib
from difflib import get_close_matches
from itertools import islice
from typing import Annotated, Final

from fastapi import APIRouter, Header, Path, Query, Request, Response

from sauda.book.orders import OVER, OrderState, Status
from sauda.contracts import CancelOrder, Instrument, ModifyOrder, PlaceOrder
from sauda.hand.desk import DeskAsleepError
from sauda.hand.exchange import NotHereError, enquiry
from sauda.hand.terms import Terms, same_order
from sauda.merge import id_parts
from sauda_gateway.acting import ACCEPTED, Hand, TheHand, insist_on_own
from sauda_gateway.asking import (
    PROBLEMS,
    USUAL,
    After,
    Day,
    Limit,
    NewestFirst,
    Strategy,
    TheDesk,
    TheDesks,
    of_day,
    page,
    sent,
)
from sauda_gateway.auth import READ, TRADE, Caller, Trader
from sauda_gateway.desk import Desk
from sauda_gateway.lanes import CHANGES, QUICK, LanedRoute, in_lane
from sauda_gateway.problems import ProblemError
from sauda_gateway.routes.order_forms import ID, ChangeForm, OrderForm, Placed, Previewed, ShownOrder, shown
from sauda_gateway.schemas import answers
from sauda_gateway.sent_lately import SentLately

router = APIRouter(prefix="/orders", tags=["trading"], responses=PROBLEMS, route_class=LanedRoute)

_ALIKE: Final = 7
"""Letters that a name shares with those it is taken for: `NFO:NIF`."""
_COMPARED: Final = 1_000

OrderId = Annotated[str, Path(pattern=ID, description="the order's id")]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="names this wish: asking again with it is asking for the same order",
    ),
]


@router.get("", responses=answers(ShownOrder, listed=True), dependencies=[READ])
def orders(
    *,
    desk: TheDesk,
    strategy: Strategy = None,
    status: Annotated[Status | None, Query(description="only those that stand there")] = None,
    date: Day = None,
    after: After = None,
    limit: Limit = USUAL,
    newest: NewestFirst = False,
) -> Response:
    """List orders and how they stand, by their last change: `after` gives what has changed since."""
    is_of_day = of_day(date)

    def is_wanted(state: OrderState) -> bool:
        return (
            strategy in (None, state.strategy)
            and status in (None, state.status)
            and is_of_day(state.event_ns)
        )

    with desk.look() as known:
        every = known.ledger.changes()
    found = [(changed_id, state.order_id) for changed_id, state in every if is_wanted(state)]
    found.sort(key=lambda pair: id_parts(pair[0].encode()))
    part, after_it = page(found, after, limit, newest_first=newest)
    with desk.look() as known:
        orders = [known.ledger.order(order_id) for _, order_id in part]
    return sent({"items": [shown(one) for one in orders if one is not None], "next": after_it})


@router.get("/{order_id}", responses=answers(ShownOrder), dependencies=[READ])
def order(*, desk: TheDesk, order_id: OrderId) -> Response:
    """Show one order."""
    with desk.look() as known:
        found = known.ledger.order(order_id)
    if found is None:
        raise _unknown(order_id)
    return sent(shown(found))


@router.post("", status_code=ACCEPTED, responses=answers(Placed, ACCEPTED, text="it is on its way"))
def place(
    *, form: OrderForm, caller: Trader, hand: TheHand, desks: TheDesks, idempotency_key: Key = None
) -> Response:
    """Send an order. It needs `order_id` or the header `Idempotency-Key`; asked again, it is the same order."""
    form.check()
    terms = form.terms()
    order_id = form.order_id or _derived_id(caller, idempotency_key)
    hand.request.state.target = order_id
    desk = desks.own
    contract = _contract(desk, form.instrument)
    standing = _standing(desk, hand, order_id)
    if standing is None:
        _insist_awake(hand)
        hand.desk.insist_on_quote(contract.instrument)
        order = terms.order(order_id, hand.now_ns())
        lately: SentLately = hand.request.app.state.sent_lately
        standing = lately.once(order, lambda: _send(hand, terms, order))
    if standing is not None and not same_order(terms.order(order_id, 0), standing):
        raise ProblemError(409, f"{order_id} is another order already", "Idempotency-Key")
    return sent(Placed(order_id, _status(desk, order_id)), ACCEPTED)


def _send(hand: Hand, terms: Terms, order: PlaceOrder) -> None:
    _, cause = hand.desk.announce(terms.side, terms.instrument, str(terms), terms.strategy)
    hand.send(order, order.order_id, cause)


@router.post(
    "/preview", responses=answers(Previewed, text="what it would meet; nothing was sent"), dependencies=[READ]
)
@in_lane(QUICK)
def preview(*, form: OrderForm, desks: TheDesks, request: Request) -> Response:
    """Say what an order would need and cost, and whether it would be taken. Nothing is sent."""
    insist_on_own(request, desks)
    form.check()
    _contract(desks.own, form.instrument)
    try:
        exchange = request.app.state.copies.copy(desks.record())
    except NotHereError as error:
        raise ProblemError(409, f"{error}: no order can be previewed by this gateway") from error
    made = form.terms().order(form.order_id or "preview", 0)
    return sent(Previewed.of(enquiry().preview(exchange, made)))


@router.patch(
    "/{order_id}",
    status_code=ACCEPTED,
    responses=answers(Placed, ACCEPTED, text="asked for"),
    dependencies=[TRADE],
)
@in_lane(CHANGES)
def change(*, order_id: OrderId, form: ChangeForm, hand: TheHand, desks: TheDesks) -> Response:
    """Ask for a change of a working order; what is not named stays. Asked again, it is the same change."""
    form.check()
    found = _working(desks.own, hand, order_id)
    _insist_awake(hand)
    wish = ModifyOrder(
        order_id, found.strategy, hand.now_ns(), form.qty, form.limit_price, form.trigger_price
    )
    hand.send(wish, order_id)
    return sent(Placed(order_id, _status(desks.own, order_id)), ACCEPTED)


@router.delete(
    "/{order_id}",
    status_code=ACCEPTED,
    responses=answers(Placed, ACCEPTED, text="asked for"),
    dependencies=[TRADE],
)
@in_lane(CHANGES)
def cancel(*, order_id: OrderId, hand: TheHand, desks: TheDesks) -> Response:
    """Ask for a working order to be taken out of the market."""
    found = _working(desks.own, hand, order_id)
    _insist_awake(hand)
    hand.send(CancelOrder(order_id, found.strategy, hand.now_ns()), order_id)
    return sent(Placed(order_id, _status(desks.own, order_id)), ACCEPTED)


def _derived_id(caller: Caller, key: str | None) -> str:
    if key is None:
        raise ProblemError(
            422,
            "say `Idempotency-Key: …` (any text of yours, new for each order) or give order_id",
            "Idempotency-Key",
        )
    digest = hashlib.sha256(f"{caller.name}\0{key}".encode()).hexdigest()
    return f"api-{digest[:24]}"


def _contract(desk: Desk, instrument: str) -> Instrument:
    with desk.look() as known:
        found = known.instruments.get(instrument)
        names = () if found is not None else tuple(known.instruments)
    if found is None:
        # Names are compared letter by letter: a hundred thousand of them would hold up the orders of others.
        alike = islice((one for one in names if one.startswith(instrument[:_ALIKE])), _COMPARED)
        near = get_close_matches(instrument, alike, n=3, cutoff=0.6)
        hint = f"did you mean {', '.join(near)}?" if near else "GET /api/v1/instruments?q=… finds some"
        raise ProblemError(422, f"no contract {instrument!r} on desk {desk.name}; {hint}", "instrument")
    return found


def _standing(desk: Desk, hand: Hand, order_id: str) -> PlaceOrder | None:
    """Return the order as it was placed, by whomever; looked for in the record while the desk is not known."""
    if desk.ready:
        with desk.look() as known:
            return known.ledger.placed(order_id)
    return hand.desk.find(order_id)


def _status(desk: Desk, order_id: str) -> Status:
    with desk.look() as known:
        found = known.ledger.order(order_id)
    return Status.SENT if found is None else found.state.status


def _working(desk: Desk, hand: Hand, order_id: str) -> PlaceOrder:
    """Return an order of which one can ask something.

    Raises:
        ProblemError: 404 if there is none, 409 if it is over.
    """
    hand.request.state.target = order_id
    found = _standing(desk, hand, order_id)
    if found is None:
        raise _unknown(order_id)
    status = _status(desk, order_id)
    if status in OVER:
        raise ProblemError(409, f"{order_id} is {status.value} already")
    return found


def _insist_awake(hand: Hand) -> None:
    try:
        hand.desk.check_awake()
    except DeskAsleepError as error:
        raise ProblemError(409, str(error)) from error


def _unknown(order_id: str) -> ProblemError:
    return ProblemError(404, f"no order {order_id!r} on this desk", "order_id")
