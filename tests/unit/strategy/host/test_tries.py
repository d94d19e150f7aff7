"""An entry that finds no price is sent three times, and then given up and said."""

from sauda.clock import NS_PER_S
from sauda.contracts import OrderRejected, PlaceOrder, RejectReason
from sauda.testing.builders import OPTION, a_clock, an_option, at
from sauda_strategy.host import Host
from tests.unit.strategy.host.host_desk import SESSIONS, Told, quoted

OPEN = at("09:30:00")


def test_an_entry_is_sent_three_times() -> None:
    host = Host("told", Told, Told.Rules(kind="told", warmup_bars=0), SESSIONS)
    for message in (an_option(), a_clock(at("09:15:00")), quoted(100_00, at("09:29:59"))):
        host.handle(message)
    sent: list[PlaceOrder] = []
    said = ""
    for second in range(10):
        out = list(host.handle(quoted(100_00, OPEN + 10 * second * NS_PER_S, told=0 if second else 1)))
        while orders := [one for one in out if isinstance(one, PlaceOrder)]:
            sent += orders
            name = orders[0].order_id
            out = list(
                host.handle(OrderRejected(name, "told", OPTION, 0, RejectReason.STALE_QUOTE, "too old"))
            )
            said += str(out)

    assert len(sent) == len({one.order_id for one in sent}) == 3
    assert said.count("ENTRY_REFUSED") == 1
