"""What holds for every market, every order of answers, and however small the pieces are in which orders trade."""

from datetime import time
from itertools import chain, repeat
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.contracts import (
    CancelOrder,
    Fill,
    Message,
    OrderKind,
    PlaceOrder,
    RejectReason,
    Right,
    Side,
    SquareOff,
    Start,
    Stop,
)
from sauda.testing.builders import INDEX, LOT, a_clock, a_tick, an_index, an_option, at
from sauda.testing.restart import play, play_with_restarts
from sauda_strategy.option_kinds import ShortStraddleRules
from sauda_strategy.option_seller import OptionSeller
from tests.unit.strategy.tiny_desk import TinyDesk, TinyExchange

STRIKES = (24_450, 24_500, 24_550)
RULES = ShortStraddleRules(
    kind="short_straddle", tsymbol="NIFTY", entry_time=time(9, 20), exit_time=time(15, 15)
)
OPENING_NS = at("09:15:00")
OPTIONS = {
    f"NFO:NIFTY01DEC26{right.value[0]}{strike}": an_option(
        f"NFO:NIFTY01DEC26{right.value[0]}{strike}", strike=strike * 100, right=right
    )
    for strike in STRIKES
    for right in Right
}
NAMES = [INDEX, *OPTIONS]
LEGS = [name for name in OPTIONS if name.endswith("24500")]


def straddle() -> OptionSeller:
    return OptionSeller("straddle", RULES)


seconds = st.one_of(
    st.integers(0, 1_000), st.sampled_from((300, 301, 305, 360, 21_600, 21_601)), st.integers(0, 22_500)
)
"""After the opening; the entry is at 300, the exit at 21,600."""


def opening() -> list[Message]:
    """First prices of everything, so that most days trade."""
    prices = [a_tick(24_500_00, instrument=INDEX, at_ns=OPENING_NS)] * 2
    return [*prices, *(a_tick(instrument=name, at_ns=OPENING_NS) for name in OPTIONS)]


@st.composite
def market(draw: st.DrawFn) -> list[Message]:
    """A day of ticks, heartbeats and control, in the order of time."""
    moments = sorted(draw(st.lists(seconds, min_size=5, max_size=60)))
    messages: list[Message] = [an_index(), *OPTIONS.values()]
    if draw(st.integers(0, 4)):
        messages += opening()
    for moment in moments:
        at_ns = OPENING_NS + moment * 10**9
        match draw(st.integers(0, 9)):
            case 0 | 1 | 2:
                messages.append(a_clock(at_ns))
            case 3 | 4:
                price = draw(st.integers(24_440, 24_560)) * 100
                messages.append(a_tick(price, instrument=INDEX, at_ns=at_ns))
            case 5 | 6 | 7 | 8:
                price = draw(st.integers(50, 200)) * 100
                messages.append(a_tick(price, instrument=draw(st.sampled_from(NAMES[1:])), at_ns=at_ns))
            case _:
                kind: Any = draw(st.sampled_from((Start, Stop, SquareOff)))
                messages.append(kind("straddle", "test", at_ns))
    return messages


refusals = st.dictionaries(
    st.builds(
        "straddle-20261123-{}-{}{}".format,
        st.sampled_from(("CE", "PE")),
        st.sampled_from(("entry", "stop", "exit")),
        st.sampled_from(("", "-2", "-3")),
    ),
    st.sampled_from((RejectReason.STALE_QUOTE, RejectReason.HALTED, RejectReason.MARKET_CLOSED)),
    max_size=4,
)


pieces = st.lists(st.sampled_from((0, 0, 1, LOT // 2, LOT)), max_size=40)
"""How much each meeting of an order with the market trades; after that, everything."""


def appetite(drawn: list[int]) -> chain[int]:
    return chain(drawn, repeat(LOT))


def heard_by_the_strategy(
    messages: list[Message], refuse: dict[str, RejectReason], drawn: list[int] | None = None
) -> list[Message]:
    """Return all that the strategy gets in a day on the tiny exchange: the market and the answers."""
    heard: list[Message] = []

    class Listener(OptionSeller):
        def handle(self, message: Message) -> list[Message]:
            heard.append(message)
            return list(super().handle(message))

    desk = TinyDesk(Listener("straddle", RULES))
    desk.exchange.refuse = refuse
    desk.exchange.appetite = appetite(drawn or [])
    desk.play(messages)
    return heard


@settings(max_examples=60, deadline=None)
@given(market(), refusals, pieces, st.data())
def test_a_restart_between_any_two_messages_changes_nothing(
    messages: list[Message], refuse: dict[str, RejectReason], drawn: list[int], data: st.DataObject
) -> None:
    heard = heard_by_the_strategy(messages, refuse, drawn)
    restarts = data.draw(st.sets(st.integers(0, len(heard)), max_size=8))

    assert play_with_restarts(straddle, heard, restarts) == play(straddle(), heard)


@settings(max_examples=20, deadline=None)
@given(market(), refusals, pieces)
def test_a_restart_before_every_message_changes_nothing(
    messages: list[Message], refuse: dict[str, RejectReason], drawn: list[int]
) -> None:
    heard = heard_by_the_strategy(messages, refuse, drawn)

    assert play_with_restarts(straddle, heard, range(len(heard))) == play(straddle(), heard)


def exposure_is_bounded(desk: TinyDesk) -> None:
    """The strategy holds one leg each at the most, is never long, and cannot be made so by what stands."""
    for instrument, held in desk.exchange.held.items():
        assert -LOT <= held <= 0
        assert standing(desk.exchange, instrument, Side.BUY) <= -held
        assert standing(desk.exchange, instrument, Side.SELL) <= LOT + held


def standing(exchange: TinyExchange, instrument: str, side: Side) -> int:
    """Return how much the orders in the market may still trade."""
    return sum(
        order.qty - exchange.filled.get(order.order_id, 0)
        for order in exchange.working.values()
        if order.instrument == instrument and order.side is side
    )


@settings(max_examples=120, deadline=None)
@given(market(), refusals, pieces)
def test_it_is_never_long_and_never_sells_a_leg_twice(
    messages: list[Message], refuse: dict[str, RejectReason], drawn: list[int]
) -> None:
    desk = TinyDesk(straddle(), exposure_is_bounded)
    desk.exchange.refuse = refuse
    desk.exchange.appetite = appetite(drawn)

    desk.play(messages)
    desk.exchange.refuse = {}
    desk.exchange.appetite = repeat(LOT)
    desk.play([a_clock(at("15:15:00"))])
    for minute in range(16, 30):
        desk.play([a_tick(instrument=leg, at_ns=at(f"15:{minute}:00")) for leg in OPTIONS])

    assert all(held == 0 for held in desk.exchange.held.values())
    assert not desk.exchange.working


class LateMarket:
    """Answers wait in line, and how far the line has moved is up to the test."""

    def __init__(self) -> None:
        self.strategy = straddle()
        self.exchange = TinyExchange()
        self._orders: list[Message] = []
        self._answers: list[Message] = []

    def market(self, message: Message) -> None:
        self._answers += self.exchange.take(message)
        self._orders += self.strategy.handle(message)

    def flatten(self, at_ns: int) -> None:
        """Let the exchange close everything by itself, as a loss limit does: the strategy hears of it by the answers."""
        self._answers += self.exchange.flatten("straddle", at_ns)

    def square_off(self, at_ns: int) -> None:
        """Let somebody square off: both hear of it."""
        self.market(SquareOff("straddle", "test", at_ns))

    def move(self, orders: int, answers: int) -> None:
        """Let the exchange have some orders, and the strategy some answers."""
        for _ in range(min(orders, len(self._orders))):
            self._answers += self.exchange.take(self._orders.pop(0))
        for _ in range(min(answers, len(self._answers))):
            self._orders += self.strategy.handle(self._answers.pop(0))

    def settle(self) -> None:
        while self._orders or self._answers:
            self.move(1, 1)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.integers(0, 3),
            st.sampled_from(LEGS),
            st.sampled_from((90_00, 100_00, 140_00)),
            st.sampled_from(("price", "price", "price", "exit", "flatten", "square off")),
        ),
        max_size=25,
    ),
    pieces,
)
def test_it_closes_exactly_what_it_opened_however_late_and_in_whatever_pieces_orders_and_answers_travel(
    path: list[tuple[int, int, str, int, str]], drawn: list[int]
) -> None:
    desk = LateMarket()
    first: list[Message] = [an_index(), *OPTIONS.values(), a_clock(OPENING_NS)]
    for message in first:
        desk.market(message)
    for name in (INDEX, INDEX, *LEGS):
        desk.market(a_tick(24_500_00 if name == INDEX else 100_00, instrument=name, at_ns=at("09:19:00")))
    desk.exchange.appetite = appetite(drawn)
    desk.market(a_clock(at("09:20:00")))
    at_ns = at("10:00:00")
    for orders, answers, name, price, what in path:
        at_ns += 3 * 10**9
        if what == "flatten":
            desk.flatten(at_ns)
        if what == "square off":
            desk.square_off(at_ns)
        at_exit = what == "exit"
        desk.market(a_clock(at("15:15:00")) if at_exit else a_tick(price, instrument=name, at_ns=at_ns))
        desk.move(orders, answers)
        assert all(held >= -LOT for held in desk.exchange.held.values())
    desk.exchange.appetite = repeat(LOT)
    desk.market(a_clock(at("15:15:01")))
    for minute in range(16, 30):
        for leg in LEGS:
            desk.market(a_tick(80_00, instrument=leg, at_ns=at(f"15:{minute}:00")))
        desk.settle()

    assert all(held == 0 for held in desk.exchange.held.values())
    assert not desk.exchange.working


def test_the_laws_are_tried_on_days_that_trade() -> None:
    """A generator that never sells would prove nothing."""
    day: list[Message] = [an_index(), *OPTIONS.values(), a_clock(OPENING_NS)]
    day += [a_tick(24_500_00, instrument=INDEX, at_ns=at("09:16:00"))] * 2
    day += [a_tick(100_00, instrument=name, at_ns=at("09:17:00")) for name in LEGS]
    heard = heard_by_the_strategy([*day, a_clock(at("09:20:00")), a_clock(at("15:15:00"))], {})
    said = play(straddle(), heard)

    assert sum(isinstance(message, Fill) for message in heard) == 4
    assert sum(isinstance(message, CancelOrder) for message in said) == 2
    assert [m.kind for m in said if isinstance(m, PlaceOrder)].count(OrderKind.SL_M) == 2
