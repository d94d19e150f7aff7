"""Baskets: all legs are judged before any is placed, and one that fails is answered for."""

import msgspec
import pytest

from sauda.contracts import (
    Alert,
    Halt,
    LegFailure,
    OrderAccepted,
    OrderRejected,
    PlaceBasket,
    Resume,
    Side,
    SquareOff,
    Validity,
)
from sauda.testing.builders import LOT, OPTION, a_cancel, a_clock, a_gap, after, an_order, at
from sauda.testing.restart import play
from tests.unit.execution.groups.grouped import (
    PUT,
    a_basket,
    a_bracket,
    a_limit,
    a_quote,
    an_exchange,
    build,
    held,
    of,
)

CALL_SOLD = an_order(Side.SELL, order_id="call")
PUT_BOUGHT = an_order(order_id="put", instrument=PUT)
WAITING = a_limit("wait", Side.BUY, 90_00, instrument=PUT)
IMMEDIATE = msgspec.structs.replace(WAITING, order_id="now", validity=Validity.IOC)


def test_all_legs_are_placed_what_is_bought_first() -> None:
    said = play(an_exchange(), [a_basket(CALL_SOLD, PUT_BOUGHT)])

    assert [m.order_id for m in said if isinstance(m, OrderAccepted)] == ["put", "call"]
    assert held(said) == {OPTION: -LOT, PUT: LOT}


def test_a_leg_that_is_refused_keeps_the_others_out() -> None:
    odd = an_order(Side.SELL, order_id="odd", qty=LOT + 1)

    said = play(an_exchange(), [a_basket(PUT_BOUGHT, odd)])

    assert of(said, "odd") == ["rejected NOT_A_LOT_MULTIPLE"]
    assert of(said, "put") == ["rejected BAD_GROUP"]
    assert held(said) == {}


def test_with_the_policy_complete_the_other_legs_go_on() -> None:
    odd = an_order(Side.SELL, order_id="odd", qty=LOT + 1)

    said = play(an_exchange(), [a_basket(PUT_BOUGHT, odd, on_failure=LegFailure.COMPLETE)])

    assert of(said, "odd") == ["rejected NOT_A_LOT_MULTIPLE"]
    assert held(said) == {PUT: LOT}
    (alert,) = [message for message in said if isinstance(message, Alert)]
    assert alert.code == "BASKET_LEG_FAILED"
    assert alert.text.startswith("odd of b-1: NOT_A_LOT_MULTIPLE")
    assert alert.text.endswith("; the other legs go on")


@pytest.mark.parametrize("policy", list(LegFailure))
def test_a_basket_of_refused_legs_places_nothing(policy: LegFailure) -> None:
    odd = an_order(order_id="odd", qty=LOT + 1)

    said = play(an_exchange(), [a_basket(odd, on_failure=policy)])

    assert [type(message) for message in said] == [OrderRejected]


def test_an_immediate_leg_that_finds_no_market_undoes_the_basket() -> None:
    said = play(an_exchange(), [a_basket(CALL_SOLD, IMMEDIATE)])

    # What is bought goes first: it fails before the sale is placed.
    assert of(said, "now") == ["accepted", f"cancelled {LOT}"]
    assert of(said, "call") == ["rejected BAD_GROUP"]
    assert held(said) == {}


def test_what_has_traded_is_traded_back() -> None:
    unlucky = a_limit("dear", Side.SELL, 110_00)

    said = play(
        an_exchange(), [a_basket(PUT_BOUGHT, msgspec.structs.replace(unlucky, validity=Validity.IOC))]
    )

    assert of(said, "put")[1:] == [f"fill {LOT} @ 10005"]
    assert of(said, "put-undo") == ["accepted", f"fill {LOT} @ 9995"]
    assert held(said) == {}


def test_cancelling_a_leg_undoes_the_basket_once() -> None:
    exchange = an_exchange()
    opened = play(exchange, [a_basket(CALL_SOLD, WAITING, a_limit("other", Side.BUY, 80_00))])
    assert held(opened) == {OPTION: -LOT}

    said = play(exchange, [a_cancel("wait")])
    again = play(
        exchange, [a_cancel("other"), a_quote(60_00, after(1)), a_quote(60_00, after(1), instrument=PUT)]
    )

    assert of(said, "other") == [f"cancelled {LOT}"]
    assert of(said, "call-undo")[0] == "accepted"
    assert held([*opened, *said, *again]) == {}


def test_what_a_leg_traded_in_part_is_traded_back_too() -> None:
    exchange = an_exchange()
    thin = a_quote(100_00, after(1), qty=LOT, instrument=PUT)
    leg = msgspec.structs.replace(
        a_limit("part", Side.BUY, 100_05, qty=3 * LOT, instrument=PUT, at_ns=after(1)), validity=Validity.IOC
    )

    said = play(exchange, [thin, a_basket(leg, at_ns=after(1)), a_quote(100_00, after(2), instrument=PUT)])

    assert of(said, "part") == ["accepted", f"fill {LOT} @ 10005", f"cancelled {2 * LOT}"]
    assert held(said) == {}


def test_a_square_off_is_no_failure_and_closes_once() -> None:
    exchange = an_exchange()
    opened = play(exchange, [a_basket(CALL_SOLD, WAITING)])

    said = play(exchange, [SquareOff(None, "me", after(1))])

    assert of(said, "call-undo") == []
    assert held([*opened, *said]) == {}


def test_after_the_close_nothing_is_undone_but_it_is_told() -> None:
    exchange = an_exchange()
    opened = play(exchange, [a_basket(CALL_SOLD, WAITING)])

    said = play(exchange, [a_clock(at("15:30"))])

    assert held([*opened, *said]) == {OPTION: -LOT}
    (alert,) = [message for message in said if isinstance(message, Alert)]
    assert alert.text == "wait of b-1: session over; nothing can be undone after the close"


def test_what_cannot_be_traded_back_is_cried_out() -> None:
    exchange = an_exchange()
    play(
        exchange,
        [a_basket(CALL_SOLD, WAITING), a_gap(after(1), after(2)), a_cancel("wait", event_ns=after(2))],
    )

    said = play(exchange, [a_clock(at("15:30"))])

    assert of(said, "call-undo") == [f"cancelled {LOT}"]
    assert [message.code for message in said if isinstance(message, Alert)] == ["BASKET_NOT_UNDONE"]


def test_a_repeat_gets_the_first_answers_and_does_nothing() -> None:
    exchange = an_exchange()
    basket = a_basket(CALL_SOLD, PUT_BOUGHT)
    first = play(exchange, [basket])

    again = play(exchange, [basket])

    assert again == [message for message in first if isinstance(message, OrderAccepted)]


def test_another_basket_of_the_same_name_is_answered() -> None:
    exchange = an_exchange()
    play(exchange, [a_basket(CALL_SOLD, PUT_BOUGHT)])
    other = a_limit("other", Side.BUY, 90_00, instrument=PUT)
    theirs = msgspec.structs.replace(other, order_id="theirs", strategy="condor")

    said = play(exchange, [a_basket(CALL_SOLD, other), a_basket(theirs, strategy="condor")])

    assert [of(said, name) for name in ("call", "other", "theirs")] == [
        ["accepted"],
        ["rejected BAD_GROUP"],
        ["rejected BAD_GROUP"],
    ]


def test_a_refused_basket_is_refused_again_word_for_word() -> None:
    exchange = an_exchange()
    basket = a_basket(CALL_SOLD, an_order(order_id="odd", qty=LOT + 1))
    first = play(exchange, [basket])

    assert play(exchange, [basket]) == first


def test_legs_are_refused_while_entries_are_halted() -> None:
    exchange = an_exchange()
    play(exchange, [Halt(by="me", reason="test", event_ns=after(0))])

    said = play(exchange, [a_basket(CALL_SOLD, PUT_BOUGHT)])
    play(exchange, [Resume(by="me", event_ns=after(0))])

    assert of(said, "call") == of(said, "put") == ["rejected HALTED"]


@pytest.mark.parametrize(
    ("basket", "says"),
    [
        (a_basket(PUT_BOUGHT, PUT_BOUGHT), "names the leg 'put' twice"),
        (a_basket(PUT_BOUGHT, strategy="other"), "leg 'put' is of 'straddle', its basket 'b-1' of 'other'"),
        (a_basket(a_limit("x", Side.BUY, 90_00, oco="g")), "is of the OCO group 'g'"),
        (a_basket(a_bracket(stop=95_00)), "take the policy `complete`"),
        (a_basket(*(a_limit(f"x{n}", Side.BUY, 90_00) for n in range(21))), "has 21 legs"),
    ],
)
def test_legs_that_make_no_wish_are_refused(basket: PlaceBasket, says: str) -> None:
    said = play(an_exchange(), [basket])

    rejections = [message for message in said if isinstance(message, OrderRejected)]
    assert len(rejections) == len(said) == len(basket.legs)
    assert all(message.reason.value == "BAD_GROUP" and says in message.detail for message in rejections[:1])


def test_a_basket_without_legs_is_told() -> None:
    for exchange in (an_exchange(), build()):
        (alert,) = play(exchange, [a_basket()])
        assert isinstance(alert, Alert)
        assert (alert.code, alert.text) == ("BASKET_REFUSED", "basket 'b-1' has 0 legs, a basket has 1 to 20")
        assert alert.event_ns > 0


def test_an_id_that_was_used_before_refuses_the_basket() -> None:
    exchange = an_exchange()
    play(exchange, [PUT_BOUGHT])

    said = play(exchange, [a_basket(CALL_SOLD, PUT_BOUGHT)])

    assert of(said, "call") == ["rejected BAD_GROUP"]
    assert of(said, "put") == ["accepted"]


def test_the_names_of_undoing_orders_are_kept() -> None:
    exchange = an_exchange()
    play(exchange, [a_basket(CALL_SOLD, WAITING)])

    assert of(play(exchange, [an_order(order_id="call-undo")]), "call-undo") == ["rejected BAD_GROUP"]


def test_a_bracket_may_be_a_leg_where_the_others_go_on() -> None:
    said = play(an_exchange(), [a_basket(a_bracket(stop=95_00), PUT_BOUGHT, on_failure=LegFailure.COMPLETE)])

    assert of(said, "in-stop") == ["accepted"]


def test_what_nets_with_another_position_is_traded_back_with_the_next_quote() -> None:
    # Beside the basket its strategy has sold as much: flat, the order that undoes the leg would look like an entry.
    exchange = an_exchange()
    play(exchange, [an_order(Side.SELL, order_id="before"), a_basket(an_order(order_id="leg"), WAITING)])
    play(exchange, [a_quote(100_00, after(40), instrument=PUT)])

    said = play(exchange, [a_cancel("wait", event_ns=after(40))])
    later = play(exchange, [a_quote(90_00, after(41))])

    assert of(said, "leg-undo") == ["accepted"]
    assert of(later, "leg-undo") == [f"fill {LOT} @ 8995"]
