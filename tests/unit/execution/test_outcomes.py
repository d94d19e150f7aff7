"""Who adds up what became of orders finds each way in which it may not add up, and nothing where all is well."""

import msgspec
import pytest

from sauda.contracts import (
    Against,
    Message,
    OrderAccepted,
    OrderCancelled,
    OrderModified,
    OrderRejected,
    PlaceBasket,
    PlaceOrder,
    RejectReason,
)
from sauda.testing.builders import LOT, NOW, OPTION, a_fill, an_order
from sauda.testing.outcomes import outcomes, strays

ORDER = an_order(qty=3 * LOT)
ACCEPTED = OrderAccepted("o-1", "straddle", OPTION, NOW)
REJECTED = OrderRejected("o-1", "straddle", OPTION, NOW, RejectReason.HALTED, "no")
MADE = msgspec.structs.replace(ACCEPTED, terms=ORDER)


def cancelled(unfilled: int) -> OrderCancelled:
    return OrderCancelled("o-1", "straddle", OPTION, NOW, unfilled, "session over")


def flaws(asked: list[Message], said: list[Message]) -> list[str]:
    found = outcomes(asked, said)
    return [flaw for one in found.values() for flaw in one.flaws()] + list(strays(asked, said))


@pytest.mark.parametrize(
    ("said", "status"),
    [
        pytest.param([ACCEPTED, a_fill(qty=LOT), a_fill(qty=2 * LOT)], "FILLED", id="filled in two parts"),
        pytest.param([ACCEPTED, a_fill(qty=LOT), cancelled(2 * LOT)], "CANCELLED", id="the rest cancelled"),
        pytest.param([REJECTED], "REJECTED", id="refused"),
        pytest.param([ACCEPTED, REJECTED, cancelled(3 * LOT)], "CANCELLED", id="a change refused, cancelled"),
        pytest.param(
            [ACCEPTED, OrderModified("o-1", "straddle", OPTION, NOW, LOT), a_fill(qty=LOT)],
            "FILLED",
            id="asks for less",
        ),
    ],
)
def test_an_order_that_ends_as_it_should_has_no_flaw(said: list[Message], status: str) -> None:
    assert flaws([ORDER], said) == []
    assert outcomes([ORDER], said)["o-1"].status == status


@pytest.mark.parametrize(
    ("said", "flaw"),
    [
        pytest.param([ACCEPTED], "0 outcomes", id="never ends"),
        pytest.param([ACCEPTED, a_fill(qty=LOT)], "0 outcomes", id="ends half"),
        pytest.param([ACCEPTED, a_fill(qty=4 * LOT)], "filled 260", id="filled more than asked"),
        pytest.param([ACCEPTED, a_fill(qty=3 * LOT), cancelled(0)], "2 outcomes", id="filled and cancelled"),
        pytest.param(
            [ACCEPTED, a_fill(qty=LOT), cancelled(3 * LOT)], "195 left", id="cancelled with too much left"
        ),
        pytest.param([a_fill(qty=3 * LOT)], "never accepted", id="filled out of the blue"),
        pytest.param([REJECTED, ACCEPTED, cancelled(3 * LOT)], "refused and yet", id="refused and accepted"),
    ],
)
def test_what_does_not_add_up_is_named(said: list[Message], flaw: str) -> None:
    assert any(flaw in found for found in flaws([ORDER], said))


def test_an_order_that_the_exchange_made_is_known_by_its_acceptance() -> None:
    assert flaws([], [MADE, a_fill(qty=3 * LOT)]) == []
    assert flaws([], [a_fill(qty=3 * LOT)]) == ["fill o-1-1 is of no order"]


def test_a_settlement_needs_no_order() -> None:
    assert flaws([], [msgspec.structs.replace(a_fill(), against=Against.SETTLEMENT)]) == []


def test_the_legs_of_a_basket_are_orders() -> None:
    legs: tuple[PlaceOrder, ...] = (ORDER,)

    assert flaws([PlaceBasket("b-1", "straddle", legs, NOW)], [ACCEPTED, a_fill(qty=3 * LOT)]) == []


def test_a_fill_of_something_else_than_was_asked_is_named() -> None:
    other = a_fill(qty=3 * LOT, instrument="NFO:X")

    assert "its order asked for" in flaws([ORDER], [ACCEPTED, other])[0]
