"""A desk in lock step does what the runner would have done, entry by entry, and keeps its promises about errors."""

import pytest

from sauda.backtest.player import Player
from sauda.codec import decode, encode
from sauda.contracts import Fill, Message, OrderAccepted, PlaceOrder, Tick
from sauda.log import Entry
from sauda.merge import id_parts
from sauda.testing.builders import a_fill, a_tick, an_order
from sauda.testing.counting import IMPOSSIBLE_LTP, POISON_LTP, Counter
from sauda.unit import Unit
from sauda.whatif.compared import compared
from sauda.whatif.desk import LockStepDesk


class Chatty(Counter):
    """Orders on every tick, and counts the answers."""

    def handle(self, message: Message) -> list[Message]:
        super().handle(message)
        match message:
            case Tick():
                return [an_order(order_id=f"o-{self._sums.get(message.instrument)}")]
            case Fill():
                self._sums.put("fills", (self._sums.get("fills") or 0) + 1)
        return []


class Ordering(Counter):
    """Orders on every tick, whatever its price."""

    def handle(self, message: Message) -> list[Message]:
        return [an_order(order_id=f"o-{message.ltp}")] if isinstance(message, Tick) else []


class Answering(Counter):
    """Fills every order."""

    def handle(self, message: Message) -> list[Message]:
        match message:
            case PlaceOrder():
                accepted = OrderAccepted(message.order_id, message.strategy, message.instrument, 0)
                return [accepted, a_fill(order_id=message.order_id)]
        return []


STRATEGY = Unit("strategy.chatty", ("ticks", "executions"), Chatty)
EXCHANGE = Unit("execution.paper", ("ticks", "orders"), Answering)


def entry(tick: Tick, at: int) -> Entry:
    return Entry("ticks", b"%d-0" % at, encode(tick), b"")


def play(desk: LockStepDesk, *prices: int) -> None:
    for at, price in enumerate(prices, 1):
        tick = a_tick(price)
        desk.take(entry(tick, at), decode(encode(tick)))


def test_orders_meet_the_exchange_before_the_next_tick() -> None:
    desk = LockStepDesk([STRATEGY, EXCHANGE], {})

    play(desk, 1, 2)

    assert [getattr(one, "order_id", "") for one in desk.told.orders] == ["o-1", "o-3"]
    assert [type(one) for one in desk.told.executions] == [OrderAccepted, Fill, OrderAccepted, Fill]


def test_a_unit_hears_no_tick_from_before_its_beginning() -> None:
    desk = LockStepDesk([STRATEGY, EXCHANGE], {STRATEGY.name: id_parts(b"2-0")})

    play(desk, 1, 2, 3)

    assert [getattr(one, "order_id", "") for one in desk.told.orders] == ["o-3"]


@pytest.mark.parametrize("before", [3, 1_500])
def test_a_message_that_raises_leaves_no_trace(before: int) -> None:
    unit = Unit("counter", ("ticks",), Counter)
    hurt, whole = Player(unit), Player(unit)

    for price in [*[1] * before, POISON_LTP, 2]:
        hurt.work(a_tick(price))
    for price in [*[1] * before, 2]:
        whole.work(a_tick(price))

    assert (len(hurt.parked), len(whole.parked)) == (1, 0)
    assert hurt.work(a_tick(5)) == whole.work(a_tick(5))


def test_a_slice_begins_with_the_state_that_it_was_given() -> None:
    whole, later = Player(Unit("counter", ("ticks",), Counter)), Unit("counter", ("ticks",), Counter)
    whole.work(a_tick(7))

    slice_ = Player(later, {b"sums/NFO:NIFTY01DEC26C24500": b"7"})

    assert slice_.work(a_tick(5)) == whole.work(a_tick(5))


def test_an_impossible_state_stops_that_unit_alone() -> None:
    desk = LockStepDesk(
        [Unit("counter", ("ticks",), Counter), Unit("strategy.calm", ("ticks",), Ordering)], {}
    )

    play(desk, 1, IMPOSSIBLE_LTP, 2)

    assert desk.players[0].stopped
    assert len(desk.told.orders) == 3


def test_pairs_are_found_by_id_and_then_by_terms() -> None:
    before = [an_order(order_id="a"), an_order(order_id="b"), an_order(order_id="gone", qty=1)]
    now = [an_order(order_id="b", qty=130), an_order(order_id="renamed"), an_order(order_id="new", qty=9)]

    found = compared(before, now, [lambda one: one.order_id, lambda one: (one.qty, one.side)])

    assert [one.order_id for one in found.vanish] == ["gone"]
    assert [one.order_id for one in found.appear] == ["new"]
    assert [one.fields for one in found.change] == [
        {"qty": (65, 130)},
        {"order_id": ("a", "renamed")},
    ]
