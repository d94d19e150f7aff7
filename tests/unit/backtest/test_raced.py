"""A recorded desk against its backtest: each signal that differs follows from an earlier race of its strategy, or is unexplained."""

from collections.abc import Iterator, Sequence

from sauda.backtest.apart import apart
from sauda.backtest.outcome import Data, Outcome
from sauda.backtest.raced import Difference, differences
from sauda.codec import encode
from sauda.contracts import Fill, Message, OrderKind, PlaceOrder, Side, Signal, Tick
from sauda.log import Entry

NIFTY = "NFO:NIFTY24NOV26F"


class Recorded:
    """Streams of a desk, in memory."""

    desk = "told"

    def __init__(self, **streams: Sequence[tuple[int, Message, bytes]]) -> None:
        self._streams = streams

    def forwards(self, stream: str, start: bytes = b"-", end: bytes = b"+") -> Iterator[Entry]:
        for number, message, cause in self._streams.get(stream, ()):
            yield Entry(stream, f"{number}-0".encode(), encode(message), cause)


def signal(reason: str, at_ns: int, strategy: str = "tight") -> Signal:
    return Signal(strategy, NIFTY, Side.BUY, reason, at_ns)


def tick(at_ns: int) -> Tick:
    return Tick(NIFTY, at_ns, at_ns, 100_00)


def fill(price: int) -> Fill:
    return Fill("f", "o1", "tight", NIFTY, Side.BUY, 65, price, 0, 30)


ORDER = PlaceOrder("o1", "tight", NIFTY, Side.BUY, 65, OrderKind.MARKET, 10)


def compared(
    desk: Sequence[Signal], backtest: Sequence[Signal], *, is_raced: bool = True
) -> list[Difference]:
    """Compare a desk whose one order a tick overtook, if it *is_raced*, and that filled otherwise."""
    ticks = [(1, tick(10), b""), *([(2, tick(20), b"")] if is_raced else [])]
    streams = Recorded(
        signals=[(number, one, b"") for number, one in enumerate(desk, 1)],
        ticks=ticks,
        orders=[(3, ORDER, b"ticks 1-0")],
        executions=[(4, fill(101_00), b"")],
    )
    data = Data("desk told", "", 0, 0, 2, bars=False)
    outcome = Outcome(
        data,
        ("tight", "calm"),
        {},
        {},
        0,
        signals=tuple(backtest),
        orders=(ORDER,),
        executions=(fill(100_00),),
    )
    return differences(streams, outcome)


def test_all_signals_after_a_raced_fill_are_listed_as_following_from_it() -> None:
    first = signal("in", 10)

    order, *signals = compared(
        [first, signal("stop 90", 40), signal("out", 50)],
        [first, signal("stop 89", 40), signal("more", 45), signal("out", 50)],
    )

    assert (order.name, order.explained) == ("o1", True)
    assert [one.name for one in signals] == ["tight 2", "tight 3 of the backtest"]
    assert all(one.explained and "the race of order o1" in one.why for one in signals)


def test_a_signal_before_the_race_or_of_another_strategy_is_unexplained() -> None:
    _, *signals = compared(
        [signal("in", 10), signal("was", 40, "calm")], [signal("early", 10), signal("came", 40, "calm")]
    )

    assert [(one.name, one.explained) for one in signals] == [("calm 1", False), ("tight 1", False)]
    assert signals[0].why == "unexplained: no earlier order of calm raced"


def test_without_a_race_nothing_is_explained() -> None:
    found = compared([signal("stop 90", 40)], [signal("stop 89", 40)], is_raced=False)

    assert [(one.what, one.explained) for one in found] == [("order", False), ("signal", False)]


def test_one_more_in_the_middle_does_not_make_the_rest_differ() -> None:
    assert list(apart("abcd", "abxcd")) == [(None, 2)]
    assert list(apart("abcd", "ab")) == [(2, None), (3, None)]
    assert list(apart("abcd", "axcd")) == [(1, 1)]
    assert list(apart("ab", "ab")) == []
