"""What open futures have lost within the day is not there to be used, long before they are marked."""

from sauda.contracts import Fill, Message, Product, RejectReason, Side
from sauda.testing.builders import LOT, a_clock, a_tick, after, at
from sauda.testing.restart import play, play_with_restarts
from sauda_execution.account.enquiry import largest, statement
from sauda_execution.exchange import PaperExchange
from tests.unit.execution.account_market import (
    CALL,
    CONTRACTS,
    FUTURE,
    LAKH,
    PRICES,
    SHARE,
    a_house,
    an_account,
    buy,
    last_account,
    quotes,
    rejection,
    sell,
)

FALL = 300_00
LOST = LOT * FALL


def fallen(by: int = FALL, instrument: str = FUTURE) -> Message:
    return a_tick(PRICES[instrument] - by, instrument=instrument, bid=None, ask=None, at_ns=after(1))


def bare() -> PaperExchange:
    return PaperExchange(a_house())


def test_a_fallen_future_lessens_what_is_available_at_once() -> None:
    exchange = an_account()
    before = last_account(play(exchange, [buy(FUTURE)]))

    play(exchange, [fallen()])

    now = statement(exchange).account
    assert (before.open_losses, now.open_losses) == (0, LOST)
    assert now.cash == before.cash
    assert now.available == now.cash - now.blocked - LOST


def test_a_gain_is_not_there_before_it_is_taken() -> None:
    exchange = an_account()
    before = last_account(play(exchange, [buy(FUTURE)]))

    play(exchange, [fallen(-FALL)])

    assert statement(exchange).account.available == before.available


def test_an_order_is_judged_by_what_the_loss_leaves() -> None:
    held = last_account(play(an_account(), [buy(FUTURE)])).blocked
    exchange = an_account(held + LOST)
    play(exchange, [buy(FUTURE), fallen()])

    refused = rejection(play(exchange, [buy(CALL, at_ns=after(1))]))

    assert refused.reason is RejectReason.MARGIN
    assert "available Rs 0.00" in refused.detail


def test_the_largest_order_agrees() -> None:
    exchange = an_account()
    play(exchange, [buy(FUTURE)])
    before = largest(exchange, CALL, Side.BUY, Product.NRML, "s")

    play(exchange, [fallen()])

    now = largest(exchange, CALL, Side.BUY, Product.NRML, "s")
    assert now.available == before.available - LOST == statement(exchange).account.available
    assert now.lots < before.lots


def test_an_account_message_tells_the_loss_and_closing_it_moves_it_into_the_cash() -> None:
    exchange = an_account()
    play(exchange, [buy(FUTURE), fallen()])

    told = last_account(play(exchange, [sell(CALL, at_ns=after(1), limit=200_00)]))
    closed = last_account(play(exchange, [sell(FUTURE, at_ns=after(1))]))

    assert (told.open_losses, told.realised) == (LOST, 0)
    assert (closed.open_losses, closed.realised) == (0, -LOST)


def test_the_daily_mark_takes_it_over() -> None:
    exchange = an_account()
    play(exchange, [buy(FUTURE), fallen()])

    marked = last_account(play(exchange, [a_clock(at("15:30"))]))

    assert (marked.open_losses, marked.realised) == (0, -LOST)


def test_shares_within_the_day_count_and_delivered_ones_do_not() -> None:
    exchange = an_account()
    within = buy(SHARE, 100, product=Product.MIS, name="mis")
    play(exchange, [within, buy(SHARE, 10, name="delivery"), fallen(10_00, SHARE)])

    assert statement(exchange).account.open_losses == 100 * 10_00


def test_what_one_strategy_loses_another_gains_on_the_same_future() -> None:
    exchange = an_account(20 * LAKH)
    play(exchange, [buy(FUTURE, strategy="a"), sell(FUTURE, strategy="b"), fallen()])

    assert statement(exchange).account.open_losses == 0


def test_a_losing_future_can_always_be_left() -> None:
    held = last_account(play(an_account(), [buy(FUTURE)])).blocked
    exchange = an_account(held)
    play(exchange, [buy(FUTURE), fallen(3_000_00)])
    assert statement(exchange).account.available < 0

    said = play(exchange, [sell(FUTURE, at_ns=after(1))])

    assert any(isinstance(one, Fill) for one in said)


def test_a_restart_changes_nothing() -> None:
    messages = [
        *CONTRACTS,
        *quotes(),
        buy(FUTURE),
        fallen(),
        sell(CALL, at_ns=after(1)),
        a_clock(at("15:30")),
    ]
    fresh = play(bare(), messages)

    assert play_with_restarts(bare, messages, set(range(len(messages)))) == fresh
    assert last_account(fresh[:-1]).open_losses == LOST
