"""The inbox never makes the broker's thread wait, never grows without bound, and owns up to what it dropped."""

from hypothesis import given
from hypothesis import strategies as st

from sauda.contracts import BrokerUpdate, FeedGap, Tick
from sauda.testing.builders import NOW, a_tick, after
from sauda_feed.inbox import Inbox

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

    assert take(inbox) == [UPDATE, UPDATE]


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
