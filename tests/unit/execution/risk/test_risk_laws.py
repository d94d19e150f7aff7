"""Laws of the limits, whatever is asked in whatever order: nobody is trapped, nothing grows while halted, a restart changes nothing."""

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.contracts import (
    Alert,
    CancelOrder,
    Fill,
    Halt,
    Message,
    OrderKind,
    OrderRejected,
    ResetRisk,
    Resume,
    Side,
    SquareOff,
)
from sauda.testing.builders import LOT, OPTION, a_clock, a_gap, a_tick, after, an_order
from sauda.testing.restart import play_with_restarts
from sauda_execution.exchange import PaperExchange
from tests.unit.execution.risk.limited import PUT, a_house, desk_pnl, only, opening, strategy_pnl

HOUSE = a_house(
    only(
        max_position_quantity=6 * LOT,
        max_open_orders=6,
        max_orders_per_second=4,
        duplicate_ms=300,
        feed_mute_s=5,
        max_daily_loss=1_000,
        max_drawdown=1_500,
        each_strategy={"max_daily_loss": 600},
        strategies={"b": {"max_orders_per_second": 2, "max_position_quantity": 2 * LOT}},
    ),
    latency_ns=20_000_000,
)
STEP_S = 0.25


@st.composite
def days(draw: st.DrawFn) -> list[Message]:
    """Draw a market, orders, words of people and points of P&L, a quarter of a second apart."""
    messages: list[Message] = [*opening()]
    for number in range(1, draw(st.integers(5, 40))):
        at_ns = after(number * STEP_S)
        strategy = draw(st.sampled_from("ab"))
        instrument = draw(st.sampled_from([OPTION, PUT]))
        ltp = draw(st.sampled_from([90_00, 100_00, 110_00]))
        match draw(
            st.sampled_from(
                ["tick", "tick", "tick", "clock", "gap", "order", "order", "order", "cancel", "person", "pnl"]
            )
        ):
            case "tick":
                messages.append(a_tick(ltp, bid=ltp - 5, ask=ltp + 5, instrument=instrument, at_ns=at_ns))
            case "clock":
                messages.append(a_clock(at_ns))
            case "gap":
                messages.append(a_gap(at_ns - 1, at_ns))
            case "order":
                is_limit = draw(st.booleans())
                messages.append(
                    an_order(
                        draw(st.sampled_from(Side)),
                        order_id=f"{strategy}-{number}",
                        strategy=strategy,
                        instrument=instrument,
                        qty=draw(st.integers(1, 3)) * LOT,
                        kind=OrderKind.LIMIT if is_limit else OrderKind.MARKET,
                        limit_price=ltp if is_limit else None,
                        event_ns=at_ns,
                    )
                )
            case "cancel":
                messages.append(CancelOrder(f"{strategy}-{draw(st.integers(1, number))}", strategy, at_ns))
            case "person":
                words: list[Message] = [
                    Halt("me", "law", at_ns, flatten=True),
                    Resume("me", at_ns),
                    SquareOff(strategy, "me", at_ns),
                    ResetRisk(None, "me", "law", at_ns),
                    ResetRisk(strategy, "me", "law", at_ns),
                ]
                messages.append(draw(st.sampled_from(words)))
            case "pnl":
                net = draw(st.integers(-12, 12)) * 100_00
                point = (
                    desk_pnl(net, at_ns=at_ns)
                    if draw(st.booleans())
                    else strategy_pnl(net, strategy=strategy, at_ns=at_ns)
                )
                messages.append(point)
    return messages


def build() -> PaperExchange:
    return PaperExchange(HOUSE)


@settings(max_examples=150, deadline=None)
@given(days(), st.data())
def test_a_restart_anywhere_changes_nothing(day: list[Message], data: st.DataObject) -> None:
    restarts = data.draw(st.sets(st.integers(0, len(day) - 1)))

    assert play_with_restarts(build, day, restarts) == play_with_restarts(build, day, ())


@settings(max_examples=150, deadline=None)
@given(days())
def test_while_the_kill_switch_is_on_no_position_grows_or_turns(day: list[Message]) -> None:
    exchange, held = build(), defaultdict[tuple[str, str], int](int)
    is_killed = False
    for message in day:
        if isinstance(message, Halt | Resume):
            is_killed = isinstance(message, Halt)
        for said in exchange.handle(message):
            if isinstance(said, Fill):
                before = held[said.strategy, said.instrument]
                now = held[said.strategy, said.instrument] = before + said.signed_qty
                assert not is_killed or (before * said.signed_qty < 0 and before * now >= 0)


@settings(max_examples=150, deadline=None)
@given(days())
def test_what_is_killed_is_flat_once_prices_come(day: list[Message]) -> None:
    exchange, held = build(), defaultdict[tuple[str, str], int](int)
    last = len(day) * STEP_S
    prices = [
        a_tick(100_00, bid=99_95, ask=100_05, instrument=instrument, at_ns=after(last + 1 + number))
        for number in range(6)
        for instrument in (OPTION, PUT)
    ]
    for message in [*day, Halt("me", "law", after(last), flatten=True), *prices]:
        for said in exchange.handle(message):
            if isinstance(said, Fill):
                held[said.strategy, said.instrument] += said.signed_qty

    assert not any(held.values())


@settings(max_examples=100, deadline=None)
@given(days())
def test_a_refusal_says_why_in_figures_and_a_halt_is_cried_out(day: list[Message]) -> None:
    said = play_with_restarts(build, day, ())

    assert all(message.detail for message in said if isinstance(message, OrderRejected))
    halts = sum(isinstance(message, Halt) for message in day)
    assert sum(isinstance(message, Alert) and message.code == "KILL_SWITCH" for message in said) == halts
