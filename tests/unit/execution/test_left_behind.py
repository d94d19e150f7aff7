"""Two exits may stand side by side; together they open nothing that an entry may not open."""

from dataclasses import replace

import pytest

from sauda.contracts import Fill, Halt, Message, OrderCancelled, Resume
from sauda.testing.builders import LOT, NOW, a_tick, after
from sauda.testing.restart import play, play_with_restarts
from sauda_execution.exchange import PaperExchange
from sauda_execution.house import House
from sauda_execution.order_rules import load_order_rules
from tests.unit.execution.account_market import (
    CALL,
    CONTRACTS,
    LAKH,
    MARKET,
    SHARE,
    a_house,
    buy,
    quotes,
    sell,
)

HALT = Halt("me", "enough", NOW)
EXITS: list[Message] = [sell(CALL, name="near", limit=160_00), sell(CALL, name="far", limit=165_00)]
RISE = a_tick(170_00, instrument=CALL, bid=None, ask=None, at_ns=after(1))


def traded_out(house: House, *between: Message) -> tuple[list[Message], int]:
    """Buy a call, wait with two exits until the market has come to both; return what was said and what is held."""
    exchange = PaperExchange(house)
    said = play(exchange, [*CONTRACTS, *quotes(), buy(CALL), *EXITS, *between, RISE])
    return said, exchange.known.book.held_qty("s", CALL)


@pytest.mark.parametrize(
    ("capital", "between"), [(50 * LAKH, [HALT]), (LAKH, [])], ids=["halted", "without the margin"]
)
def test_an_exit_that_is_left_behind_opens_nothing(capital: int, between: list[Message]) -> None:
    said, held = traded_out(a_house(capital), *between)

    assert held == 0
    assert len([m for m in said if isinstance(m, Fill)]) == 2
    (cancelled,) = [m for m in said if isinstance(m, OrderCancelled)]
    assert cancelled.reason == "its position is gone, and as an entry it would be refused"


def test_where_an_entry_may_be_opened_it_stays_as_at_a_broker() -> None:
    _, held = traded_out(a_house(50 * LAKH), HALT, Resume("me", NOW))

    assert held == -LOT


def test_shares_are_delivered_once() -> None:
    exchange = PaperExchange(replace(a_house(), rules=load_order_rules(MARKET)))
    exits = [sell(SHARE, 10, name="one", limit=1_510_00), sell(SHARE, 10, name="two", limit=1_511_00)]
    rise = a_tick(1_520_00, instrument=SHARE, bid=None, ask=None, at_ns=after(1))

    play(exchange, [*CONTRACTS, *quotes(), buy(SHARE, 10), *exits, rise])

    assert exchange.known.book.held_qty("s", SHARE) == 0


def test_what_is_still_needed_of_it_stays() -> None:
    exchange = PaperExchange(a_house(50 * LAKH))
    exits = [sell(CALL, LOT, name="near", limit=160_00), sell(CALL, 2 * LOT, name="far", limit=170_00)]
    rise = a_tick(165_00, instrument=CALL, bid=None, ask=None, at_ns=after(1))

    play(exchange, [*CONTRACTS, *quotes(), buy(CALL, 2 * LOT), *exits, HALT, rise])

    far = exchange.known.book.working("far")
    assert far is not None
    assert far.open_qty == LOT


def test_an_entry_beside_another_is_let_be() -> None:
    exchange = PaperExchange(a_house(50 * LAKH))
    waits = buy(CALL, name="waits", limit=140_00)

    play(exchange, [*CONTRACTS, *quotes(), waits, buy(CALL, limit=149_00), HALT])
    play(exchange, [a_tick(148_00, instrument=CALL, bid=None, ask=None, at_ns=after(1))])

    assert exchange.known.book.working("waits") is not None


def test_a_restart_changes_nothing() -> None:
    history: list[Message] = [*CONTRACTS, *quotes(), buy(CALL), *EXITS, HALT, RISE]

    def build() -> PaperExchange:
        return PaperExchange(a_house())

    assert play_with_restarts(build, history, range(len(history))) == play(build(), history)
