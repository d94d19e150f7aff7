"""With margin_source=broker the broker's word counts for the legs that it was asked about, and nobody waits for it."""

from sauda.contracts import (
    Account,
    Fill,
    MarginLeg,
    MarginReply,
    MarginRequest,
    Message,
    OrderKind,
    OrderRejected,
    PlaceBasket,
    RejectReason,
    Side,
)
from sauda.testing.builders import LOT, NOW, a_clock, after, an_order
from sauda.testing.restart import play
from sauda_execution.exchange import PaperExchange
from tests.unit.execution.account_market import (
    CALL,
    FUTURE,
    HIGH_CALL,
    LAKH,
    PUT,
    SHARE,
    an_account,
    last_account,
)

ONE_CALL = 1_80_000_00


def sell(instrument: str, name: str | None = None) -> Message:
    return an_order(Side.SELL, order_id=name or f"sell-{instrument}", instrument=instrument)


def buy(instrument: str, name: str | None = None) -> Message:
    return an_order(Side.BUY, order_id=name or f"buy-{instrument}", instrument=instrument)


def requests(said: list[Message]) -> list[MarginRequest]:
    return [message for message in said if isinstance(message, MarginRequest)]


def reply(number: int, total: int = ONE_CALL, error: str | None = None) -> MarginReply:
    """Answer question *number*: four fifths SPAN; the figures with orders are others, to be passed over."""
    exposure = total // 5
    return MarginReply(
        f"paper-NIFTY-{number}",
        after(1),
        span=2 * total,
        exposure=total,
        span_trade=total - exposure,
        exposure_trade=exposure,
        error=error,
    )


def asking() -> PaperExchange:
    return an_account(asks_broker=True)


def test_it_is_asked_whenever_the_legs_change_and_not_for_orders_or_shares() -> None:
    exchange = asking()

    first = requests(play(exchange, [sell(CALL)]))
    second = requests(play(exchange, [sell(PUT)]))
    waiting = requests(
        play(exchange, [an_order(Side.SELL, order_id="w", instrument=FUTURE), buy(SHARE), a_clock(after(1))])
    )

    assert first == [MarginRequest("paper-NIFTY-1", "execution.paper", (MarginLeg(CALL, -LOT),), NOW)]
    assert [one.legs for one in second] == [(MarginLeg(CALL, -LOT), MarginLeg(PUT, -LOT))]
    # The future traded; the share asks nothing.
    assert [one.request_id for one in waiting] == ["paper-NIFTY-3"]


def test_it_is_not_asked_where_our_scenarios_count_or_nothing_is_left() -> None:
    assert requests(play(an_account(), [sell(CALL)])) == []
    assert len(requests(play(asking(), [sell(CALL), buy(CALL)]))) == 1


def test_its_answer_replaces_our_figure_a_little_raised_as_brokers_do() -> None:
    exchange = asking()
    own = last_account(play(exchange, [sell(CALL)]))

    told = last_account(play(exchange, [reply(1)]))

    assert told.blocked == 1_81_620_00  # 1.8 lakh x 1.009
    assert told.blocked != own.blocked
    assert told.span + told.exposure == told.blocked
    assert told.strategies == {"straddle": told.blocked}
    assert told.available == told.cash - told.blocked


def test_until_it_answers_about_new_legs_our_figure_is_scaled_by_what_it_last_said() -> None:
    exchange, ours = asking(), an_account()
    own_call = last_account(play(ours, [sell(CALL)])).blocked
    own_straddle = last_account(play(ours, [sell(PUT)])).blocked
    play(exchange, [sell(CALL), reply(1)])

    straddle = last_account(play(exchange, [sell(PUT)]))

    assert straddle.blocked == -(-own_straddle * 1_81_620_00 // own_call)


def test_what_waits_is_added_to_its_answer_scaled() -> None:
    exchange = asking()
    play(exchange, [sell(CALL), reply(1)])

    waiting = last_account(
        play(
            exchange,
            [
                an_order(
                    Side.SELL,
                    order_id="w",
                    instrument=PUT,
                    event_ns=NOW,
                    kind=OrderKind.LIMIT,
                    limit_price=900_00,
                )
            ],
        )
    )

    assert waiting.blocked > 1_81_620_00
    assert waiting.strategies == {"straddle": 1_81_620_00}


def test_an_error_or_silence_leaves_our_own_figure() -> None:
    exchange = asking()
    own = last_account(play(exchange, [sell(CALL)])).blocked

    assert play(exchange, [reply(1, error="broker away")]) == []
    assert last_account(play(exchange, [sell(PUT), buy(PUT)])).blocked == own


def test_nothing_asked_for_a_short_option_is_no_answer() -> None:
    exchange = asking()
    play(exchange, [sell(CALL)])

    assert play(exchange, [reply(1, total=0)]) == []


def test_an_answer_to_an_earlier_question_or_to_somebody_else_is_passed_over() -> None:
    exchange = asking()
    play(exchange, [sell(CALL), sell(PUT)])

    assert play(exchange, [reply(1)]) == []
    assert play(exchange, [MarginReply("another-NIFTY-2", after(1), span_trade=5, exposure_trade=5)]) == []
    assert isinstance(play(exchange, [reply(2)])[0], Account)


def test_its_word_decides_what_can_be_carried() -> None:
    exchange = an_account(3 * LAKH, asks_broker=True)
    play(exchange, [sell(CALL), reply(1, total=2_90_000_00)])

    said = play(exchange, [sell(PUT)])

    assert [m.reason for m in said if isinstance(m, OrderRejected)] == [RejectReason.MARGIN]
    own = an_account(3 * LAKH)
    assert any(isinstance(m, Fill) for m in play(own, [sell(CALL), sell(PUT)])[4:])


def test_its_word_on_one_leg_is_not_taken_for_a_basket_that_adds_another() -> None:
    exchange = an_account(3 * LAKH, asks_broker=True)
    play(exchange, [sell(CALL), reply(1, total=2_90_000_00)])
    second = an_order(Side.SELL, order_id="leg", instrument=PUT)

    said = play(exchange, [PlaceBasket("basket", second.strategy, (second,), NOW)])

    assert RejectReason.MARGIN in {m.reason for m in said if isinstance(m, OrderRejected)}


def test_its_word_scales_what_an_exit_uncovers() -> None:
    exchange = an_account(3 * LAKH, asks_broker=True)
    play(exchange, [buy(HIGH_CALL), sell(CALL), reply(2, total=2_90_000_00)])

    said = play(exchange, [an_order(Side.SELL, order_id="wing", instrument=HIGH_CALL)])

    assert [m.reason for m in said if isinstance(m, OrderRejected)] == [RejectReason.MARGIN]


def test_when_the_last_leg_is_closed_nothing_stays_blocked_whatever_it_said() -> None:
    exchange = asking()
    play(exchange, [sell(CALL), reply(1)])

    closed = last_account(play(exchange, [buy(CALL)]))
    late = play(exchange, [reply(1)])

    assert (closed.blocked, closed.strategies) == (0, {})
    assert late == []
