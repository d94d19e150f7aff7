"""The market and the clockwork of the desk's bench: what is measured is what was sent."""

from itertools import pairwise

import pytest

from benchmarks.hops import HOPS, _summed_up, _Way
from benchmarks.made_up_chain import MadeUpChain
from benchmarks.shift import MARKET_SHIFT_NS
from sauda.clock import NS_PER_MS
from sauda.codec import encode
from sauda.contracts import ClockTick, Fill, OrderKind, PlaceOrder, Side, Tick


def test_the_made_up_market_has_the_contracts_asked_for_and_goes_on_in_time() -> None:
    market = MadeUpChain(1_999)
    sent = market.next(1_000)
    while len(sent) < 150_000:
        sent += market.next(1_000)

    names = {message.instrument for message in sent if isinstance(message, Tick)}
    assert names == {one.instrument for one in market.instruments}
    assert len(names) == 2_000
    times = [message.recv_ns if isinstance(message, Tick) else message.event_ns for message in sent]
    assert all(before <= after for before, after in pairwise(times))
    clocks = [message for message in sent if isinstance(message, ClockTick)]
    assert len(clocks) == 75


def test_each_hop_is_the_time_between_two_sights() -> None:
    way = _Way()
    for number in range(100):
        ticked_ns = number * 10 * NS_PER_MS
        order_id = f"ping-{number}-{ticked_ns + MARKET_SHIFT_NS}"
        order = PlaceOrder(order_id, "ping", "NFO:X", Side.BUY, 65, OrderKind.MARKET, 1)
        fill = Fill("e", order_id, "ping", "NFO:X", Side.BUY, 65, 100, 0, 1)
        way.see("orders", b"1-%d" % number, encode(order), b"", ticked_ns + NS_PER_MS)
        way.see("executions", b"2-%d" % number, encode(fill), b"", ticked_ns + 3 * NS_PER_MS)
        for later in (6, 7):
            way.see("pnl", b"3-0", b"{}", b"executions 2-%d" % number, ticked_ns + later * NS_PER_MS)
        way.see("pnl", b"3-1", b"{}", b"ticks 9-9", ticked_ns)

    found = _summed_up(5_000, 33, list(way.hops()))

    assert {hop.name: round(hop.p50_ms, 3) for hop in found.hops} == dict(
        zip(HOPS, (1, 2, 3, 3, 6), strict=True)
    )
    assert found.fills == 100


def test_too_few_orders_are_no_measurement() -> None:
    with pytest.raises(RuntimeError, match="only 0 fills"):
        _summed_up(1_000, 33, [])
