"""What margin blocks of the account, and when it lets go."""

from datetime import date

import pytest

from sauda.contracts import (
    OrderAccepted,
)
from sauda.testing.builders import (
    LOT,
    a_cancel,
    a_change,
    a_tick,
    at,
)
from sauda.testing.restart import play
from sauda_execution.exchange import PaperExchange
from tests.unit.execution.account_market import (
    CALL,
    CONTRACTS,
    FUTURE,
    HIGH_CALL,
    INDEX,
    LAKH,
    LOW_PUT,
    PRICES,
    PUT,
    a_house,
    an_account,
    buy,
    last_account,
    model,
    sell,
)


def test_a_short_straddle_blocks_what_the_model_asks_for() -> None:
    account = last_account(play(an_account(), [sell(CALL), sell(PUT)]))

    assert account.blocked == model((CALL, -LOT), (PUT, -LOT))
    assert account.span + account.exposure == account.blocked
    assert account.strategies == {"s": account.blocked}
    assert account.available == 10 * LAKH + LOT * 290_00 - account.blocked


def test_wings_release_most_of_it() -> None:
    exchange = an_account()
    naked = last_account(play(exchange, [sell(CALL), sell(PUT)]))
    hedged = last_account(play(exchange, [buy(HIGH_CALL), buy(LOW_PUT)]))

    assert hedged.blocked == model((CALL, -LOT), (PUT, -LOT), (HIGH_CALL, LOT), (LOW_PUT, LOT))
    assert hedged.blocked < 0.45 * naked.blocked


def test_what_is_blocked_is_released_when_the_last_leg_closes() -> None:
    exchange = an_account()
    play(exchange, [sell(CALL), sell(PUT)])

    one = last_account(play(exchange, [buy(CALL)]))
    none = last_account(play(exchange, [buy(PUT)]))

    assert one.blocked == model((PUT, -LOT))
    assert (none.blocked, none.span, none.exposure, none.strategies) == (0, 0, 0, {})
    assert none.available == none.cash == 10 * LAKH


def test_a_waiting_entry_blocks_until_it_is_cancelled() -> None:
    exchange = an_account()

    waiting = last_account(play(exchange, [sell(CALL, limit=200_00)]))
    cancelled = last_account(play(exchange, [a_cancel(f"SELL-{CALL}-NRML", strategy="s")]))

    assert waiting.blocked == model((CALL, -LOT))
    assert waiting.strategies == {}
    assert cancelled.blocked == 0


def test_a_waiting_buy_of_an_option_blocks_its_price_at_its_limit() -> None:
    exchange = an_account()

    waiting = last_account(play(exchange, [buy(CALL, limit=100_00)]))
    dearer = last_account(play(exchange, [a_change(f"BUY-{CALL}-NRML", strategy="s", limit_price=110_00)]))

    assert waiting.blocked == LOT * 100_00
    assert dearer.blocked == LOT * 110_00


def test_a_waiting_exit_blocks_nothing_more() -> None:
    exchange = an_account()
    held = last_account(play(exchange, [sell(CALL)]))

    said = play(exchange, [buy(CALL, limit=50_00)])

    assert [type(message) for message in said] == [OrderAccepted]
    assert held.blocked == model((CALL, -LOT))


def test_an_entry_that_is_changed_into_an_exit_releases_what_it_blocked() -> None:
    exchange = an_account()
    waits = last_account(play(exchange, [buy(CALL), sell(CALL, 2 * LOT, name="out", limit=400_00)]))
    changed = last_account(play(exchange, [a_change(order_id="out", strategy="s", qty=LOT)]))

    assert waits.blocked > 0
    assert changed.blocked == 0


def test_positions_of_two_strategies_are_margined_together_and_told_apart() -> None:
    exchange = an_account()

    account = last_account(play(exchange, [sell(CALL, strategy="a"), sell(PUT, strategy="b")]))

    assert account.strategies == {"a": model((CALL, -LOT)), "b": model((PUT, -LOT))}
    assert account.blocked < sum(account.strategies.values())


def test_on_the_day_of_expiry_a_short_option_blocks_more() -> None:
    exchange = an_account()
    before = last_account(play(exchange, [sell(CALL)]))
    expiry = at("09:16", date(2026, 12, 1))

    on_the_day = last_account(play(exchange, [a_tick(24_500_00, instrument=INDEX, at_ns=expiry)]))

    # The index has moved nowhere: two per cent of its price come on top.
    assert on_the_day.exposure == pytest.approx(2 * before.exposure, abs=200)


def test_without_a_price_of_the_index_the_nearest_future_stands_in() -> None:
    exchange = PaperExchange(a_house())
    known = [a_tick(PRICES[name], instrument=name) for name in (FUTURE, CALL)]
    play(exchange, [*CONTRACTS, *known])

    account = last_account(play(exchange, [sell(CALL)]))

    assert account.exposure == pytest.approx(0.02 * LOT * PRICES[FUTURE], abs=100)


def test_without_any_price_of_the_underlying_a_call_and_a_put_tell_it() -> None:
    exchange = PaperExchange(a_house())
    play(exchange, [*CONTRACTS, *(a_tick(PRICES[name], instrument=name) for name in (CALL, PUT))])

    account = last_account(play(exchange, [sell(CALL), sell(PUT)]))

    # 24,500 discounted by eight days, and call less put.
    assert account.exposure == pytest.approx(2 * 0.02 * LOT * 24_475_00, rel=0.001)


def test_with_one_option_alone_its_strike_is_taken() -> None:
    exchange = PaperExchange(a_house())
    play(exchange, [*CONTRACTS, a_tick(PRICES[CALL], instrument=CALL)])

    account = last_account(play(exchange, [sell(CALL)]))

    assert account.exposure == pytest.approx(0.02 * LOT * 24_500_00, abs=100)
