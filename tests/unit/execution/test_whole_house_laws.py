"""The desk's own exchange with every part at once: a restart at any message changes nothing, and all orders add up."""

from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.codec import encode
from sauda.contracts import (
    Against,
    CancelOrder,
    DeskPnl,
    Fill,
    Halt,
    LegFailure,
    Message,
    ModifyOrder,
    PlaceBasket,
    PlaceOrder,
    Product,
    ResetRisk,
    Resume,
    StrategyPnl,
)
from sauda.settings import load_settings
from sauda.testing.builders import INDEX, a_clock, a_tick, at
from sauda.testing.outcomes import outcomes, strays
from sauda.testing.restart import play, play_with_restarts
from sauda.unit import Processor
from sauda_execution.units import units
from tests.unit.execution.fill_histories import MORNING, STEP, histories
from tests.unit.execution.reaching import assert_reached

ROOT = Path(__file__).parents[3]
AFTER_EXPIRY = date(2026, 12, 2)
ENDINGS: list[Message] = [
    a_clock(at("15:45")),
    a_clock(at("09:00", date(2026, 11, 24))),
    # The desk is down over the expiry of 2026-12-01, and sees the index again.
    a_tick(24_530_00, instrument=INDEX, at_ns=at("09:16", AFTER_EXPIRY)),
    a_clock(at("15:45", AFTER_EXPIRY)),
]


@cache
def desk(latency_ms: int) -> Callable[[], Processor]:
    """Return what builds the exchange that the settings make, with capital enough to trade."""
    chosen = load_settings(ROOT, {"SAUDA_CAPITAL": "50000000", "SAUDA_ORDER_LATENCY_MS": str(latency_ms)})
    return units(chosen)[0].build


@st.composite
def adorned(draw: st.DrawFn, order: PlaceOrder, number: int) -> Message:
    """Draw what only the whole house understands: brackets, groups, products, baskets."""
    order = msgspec.structs.replace(order, order_id=f"{order.order_id}-{number}")
    match draw(st.sampled_from(["plain", "plain", "intraday", "bracket", "trailing", "group", "basket"])):
        case "intraday":
            return msgspec.structs.replace(order, product=Product.MIS)
        case "bracket":
            away = 4 * STEP * order.side.sign
            return msgspec.structs.replace(order, stop_loss=100_00 - away, take_profit=100_00 + away)
        case "trailing":
            return msgspec.structs.replace(order, trail_points=2 * STEP)
        case "group":
            return msgspec.structs.replace(order, oco="pair")
        case "basket":
            other = msgspec.structs.replace(order, order_id=f"{order.order_id}-b", side=order.side.opposite)
            failure = draw(st.sampled_from(LegFailure))
            return PlaceBasket(
                f"basket-{number}", order.strategy, (order, other), order.event_ns, on_failure=failure
            )
    return order


@st.composite
def days(draw: st.DrawFn) -> list[Message]:
    """Draw a history for the whole house, people and the valuation among those who speak."""
    messages: list[Message] = []
    last = "none"
    for number, drawn in enumerate(draw(histories(30))):
        match drawn:
            case PlaceOrder():
                messages.append(draw(adorned(drawn, number)))
                last = f"{drawn.order_id}-{number}"
            case ModifyOrder() | CancelOrder():
                messages.append(msgspec.structs.replace(drawn, order_id=last))
            case _:
                messages.append(drawn)
        stamp_ns = getattr(drawn, "event_ns", None) or 0
        match draw(st.sampled_from([None] * 40 + ["halt", "flatten", "resume", "resume", "loss", "reset"])):
            case "halt":
                messages.append(Halt("asha", "test", stamp_ns))
            case "flatten":
                messages.append(Halt("asha", "test", stamp_ns, flatten=True))
            case "resume":
                messages.append(Resume("asha", stamp_ns))
            case "loss":
                messages += _loss(draw(st.integers(0, 150_000_00)), stamp_ns)
            case "reset":
                messages.append(ResetRisk(None, "asha", "test", stamp_ns))
    return [*MORNING, *messages, *ENDINGS]


def _loss(paise: int, at_ns: int) -> list[Message]:
    common = {"realised": -paise, "unrealised": 0, "charges": 0, "net": -paise, "margin": None, "roi": None}
    return [
        StrategyPnl(strategy="a", event_ns=at_ns, day_net=-paise, peak=0, drawdown=paise, **common),  # type: ignore[arg-type]
        DeskPnl(event_ns=at_ns, day_net=-paise, peak=0, drawdown=paise, **common),  # type: ignore[arg-type]
    ]


latencies = st.sampled_from([0, 20, 500])


@settings(max_examples=40, deadline=None)
@given(latencies, days())
def test_a_restart_before_every_message_changes_nothing(latency_ms: int, day: list[Message]) -> None:
    undisturbed = play(desk(latency_ms)(), day)
    disturbed = play_with_restarts(desk(latency_ms), day, range(len(day)))

    assert [encode(m) for m in disturbed] == [encode(m) for m in undisturbed]


@settings(max_examples=60, deadline=None)
@given(latencies, days())
def test_every_order_ends_once_and_adds_up(latency_ms: int, day: list[Message]) -> None:
    said = play(desk(latency_ms)(), day)

    found = outcomes(day, said)
    assert [flaw for one in found.values() for flaw in one.flaws()] == []
    assert list(strays(day, said)) == []


@settings(max_examples=40, deadline=None)
@given(latencies, days())
def test_a_tick_that_is_passed_over_would_have_changed_nothing(latency_ms: int, day: list[Message]) -> None:
    thrifty, diligent = desk(latency_ms)(), desk(latency_ms)()
    diligent._attention.is_quiet = lambda tick: False  # type: ignore[attr-defined]  # noqa: ARG005

    for message in day:
        assert list(thrifty.handle(message)) == list(diligent.handle(message))


def what_happens(example: tuple[int, list[Message]]) -> Iterator[str]:
    latency_ms, day = example
    for message in play(desk(latency_ms)(), day):
        yield type(message).__name__
        if isinstance(message, Fill):
            yield message.order_id.partition("-")[0]
            yield "settlement" if message.against is Against.SETTLEMENT else "traded"
            yield message.product.value
        yield str(getattr(message, "reason", ""))


def test_days_reach_the_interesting_places() -> None:
    """Guard the laws against days on which the house refuses everything."""
    wanted = ("Fill", "Account", "OrderTriggered", "squareoff", "MIS", "settlement")
    assert_reached(st.tuples(latencies, days()), what_happens, dict.fromkeys(wanted, 1), most=100)
