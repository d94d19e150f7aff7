"""The inbox never makes the broker's thread wait, never grows without bound, and owns up to what it dropped."""

from hypothesis import given
from hypothesis import strategies as st

from sauda.contracts import BrokerUpdate, FeedGap, Tick
from sauda.testing.builders import NOW, a_tick, after
from sauda_feed.inbox import GATHER_FROM, GATHER_S, LAG_S, Inbox

UPDATE = BrokerUpdate({"status": "OPEN"}, NOW)


def take(inbox: Inbox, limit: int = 1_000) -> list[object]:
    return list(inbox.take(limit, 0, after(60)))


def test_messages_leave_in_the_order_in_which_they_came() -> None:
    inbox = Inbox()
    ticks = [a_tick(100 + n, at_ns=after(n)) for n in range(5)]
    for tick in ticks:
        inbox.put(tick)

    assert take(inbox, 3) == ticks[:3]
    assert take(inbox) == ticks[3:]
    assert take(inbox) == []


def test_while_redis_is_away_the_newest_of_each_is_kept_and_the_gap_told() -> None:
    inbox = Inbox()
    inbox.put(a_tick(1))
    inbox.conflate(away=True)
    for n in range(5):
        inbox.put(a_tick(10 + n, at_ns=after(n)))
        inbox.put(a_tick(20 + n, instrument="NSE:Nifty 50", at_ns=after(n)))

    assert take(inbox) == [a_tick(1)]
    assert take(inbox) == []
    inbox.conflate(away=False)
    gap, *newest = take(inbox)

    assert gap == FeedGap(NOW, after(60), "Redis was away: 8 ticks coalesced")
    assert newest == [a_tick(14, at_ns=after(4)), a_tick(24, instrument="NSE:Nifty 50", at_ns=after(4))]


def test_an_outage_that_cost_nothing_is_no_gap() -> None:
    inbox = Inbox()
    inbox.conflate(away=True)
    inbox.put(a_tick(1))
    inbox.conflate(away=False)

    assert take(inbox) == [a_tick(1)]


def test_order_updates_are_not_coalesced() -> None:
    inbox = Inbox()
    inbox.conflate(away=True)
    inbox.put(UPDATE)
    inbox.put(UPDATE)
    inbox.conflate(away=False)

    assert take(inbox) == [UPDATE, UPDATE]


def test_only_the_newest_order_updates_are_kept_and_the_gap_counts_the_others() -> None:
    inbox = Inbox(updates=3)
    inbox.conflate(away=True)
    updates = [BrokerUpdate({"n": str(n)}, after(n)) for n in range(10)]
    for update in updates:
        inbox.put(update)
    inbox.put(a_tick(1, at_ns=after(8.5)))
    inbox.conflate(away=False)

    gap, *kept = take(inbox)

    assert gap == FeedGap(NOW, after(60), "Redis was away: 7 order updates left out")
    assert kept == [updates[7], updates[8], a_tick(1, at_ns=after(8.5)), updates[9]]


def test_however_many_connections_are_lost_while_redis_is_away_it_is_one_gap() -> None:
    inbox = Inbox()
    inbox.conflate(away=True)
    for n in range(10_000):
        inbox.put(FeedGap(after(n), after(n + 0.5), f"nothing was heard for {n} s"))
    inbox.conflate(away=False)

    (gap,) = take(inbox)

    assert isinstance(gap, FeedGap)
    assert (gap.from_ns, gap.to_ns) == (NOW, after(9_999.5))
    assert gap.reason.startswith("nothing was heard for 0 s; nothing was heard for 1 s")
    assert len(gap.reason) <= 300


def test_a_lost_connection_and_lost_ticks_are_one_gap_that_says_both() -> None:
    inbox = Inbox()
    inbox.conflate(away=True)
    inbox.put(a_tick(1, at_ns=after(5)))
    inbox.put(FeedGap(after(1), after(6), "the connection was lost"))
    inbox.put(a_tick(2, at_ns=after(6)))
    inbox.conflate(away=False)

    gap, tick = take(inbox)

    assert gap == FeedGap(after(1), after(60), "Redis was away: 1 ticks coalesced; the connection was lost")
    assert tick == a_tick(2, at_ns=after(6))


def test_a_desk_that_takes_nothing_at_all_does_not_let_the_queue_grow() -> None:
    inbox = Inbox(capacity=4, updates=2)
    for n in range(100):
        inbox.put(BrokerUpdate({"n": str(n)}, after(n)))
        inbox.put(FeedGap(after(n), after(n), "the connection was lost"))

    assert len(take(inbox)) == 4
    assert len(take(inbox)) == 3


class Passing:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_what_has_waited_too_long_is_told_as_a_gap_and_the_newest_at_once() -> None:
    seconds = Passing()
    inbox = Inbox(seconds=seconds)
    for n in range(10):
        inbox.put(a_tick(100 + n, at_ns=after(n)))
    assert len(take(inbox, 2)) == 2

    seconds.now_s = LAG_S
    assert take(inbox, 1) == [a_tick(102, at_ns=after(2))]
    seconds.now_s = LAG_S + 0.01
    inbox.put(a_tick(110, at_ns=after(10)))
    gap, *newest = take(inbox)

    assert gap == FeedGap(after(3), after(60), "the desk was slower than the market: 7 ticks coalesced")
    assert newest == [a_tick(110, at_ns=after(10))]
    assert take(inbox) == []


def test_a_long_outage_leaves_the_newest_only_also_of_what_waited_before_it() -> None:
    seconds = Passing()
    inbox = Inbox(seconds=seconds)
    for n in range(5):
        inbox.put(a_tick(10 + n, at_ns=after(n)))
    inbox.conflate(away=True)
    for n in range(5, 9):
        inbox.put(a_tick(10 + n, at_ns=after(n)))
        inbox.put(FeedGap(after(n), after(n), "the connection was lost"))
    seconds.now_s = 60
    inbox.conflate(away=False)

    gap, *newest = take(inbox)

    assert gap == FeedGap(NOW, after(60), "Redis was away: 8 ticks coalesced; the connection was lost")
    assert newest == [a_tick(18, at_ns=after(8))]


def test_a_moment_without_redis_costs_nothing_of_what_waited() -> None:
    seconds = Passing()
    inbox = Inbox(seconds=seconds)
    ticks = [a_tick(10 + n, at_ns=after(n)) for n in range(5)]
    for tick in ticks:
        inbox.put(tick)
    inbox.conflate(away=True)
    seconds.now_s = LAG_S / 2
    inbox.conflate(away=False)

    assert take(inbox) == ticks


def test_a_busy_market_is_let_gather_and_a_quiet_one_is_not() -> None:
    pauses: list[float] = []

    def pause(pause_s: float) -> None:
        pauses.append(pause_s)
        inbox.put(a_tick(200, at_ns=after(9)))

    inbox = Inbox(pause=pause)
    for n in range(GATHER_FROM - 1):
        inbox.put(a_tick(n + 1, at_ns=after(n)))
    assert len(inbox.take(1_000, 1, after(60))) == GATHER_FROM - 1
    for n in range(GATHER_FROM):
        inbox.put(a_tick(n + 1, at_ns=after(n)))
    assert len(inbox.take(1_000, 1, after(60))) == GATHER_FROM + 1

    assert pauses == [GATHER_S]


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=60), st.integers(1, 6))
def test_a_slow_desk_sees_the_newest_of_each_and_a_gap_for_what_is_missing(
    steps: list[tuple[int, bool]], capacity: int
) -> None:
    inbox, given_ticks, got = Inbox(capacity), [], []
    for n, (which, taking) in enumerate(steps):
        tick = a_tick(100 + n, instrument=f"NFO:{which}", at_ns=after(n))
        given_ticks.append(tick)
        inbox.put(tick)
        if taking:
            got += inbox.take(2, 0, after(n))
    for _ in range(40):
        got += inbox.take(2, 0, after(100))

    ticks = [message for message in got if isinstance(message, Tick)]
    newest = {tick.instrument: tick for tick in ticks}
    assert newest == {tick.instrument: tick for tick in given_ticks}
    assert [tick.recv_ns for tick in ticks if tick.instrument == "NFO:0"] == sorted(
        tick.recv_ns for tick in ticks if tick.instrument == "NFO:0"
    )
    assert (len(ticks) < len(given_ticks)) == any(isinstance(message, FeedGap) for message in got)
