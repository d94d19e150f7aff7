"""Orders that the exchange made itself, and the legs of a basket, are found where they stand, and what they protect."""

import msgspec

from sauda.causes import finding
from sauda.causes.node import Node, Why, node_of
from sauda.causes.parents import Parents
from sauda.codec import encode
from sauda.contracts import STREAM_OF, Against, Message, OrderAccepted, PlaceBasket
from sauda.log import Output
from sauda.memory_log import MemoryLog
from sauda.testing.builders import NOW, OPTION, a_clock, a_fill, a_tick, an_order
from sauda.testing.recorded import Recorded

ENTRY = an_order(order_id="entry")
STOP = an_order(order_id="entry-stop", parent_id="entry")


def recorded(*messages: Message) -> tuple[Recorded, list[Node]]:
    log = MemoryLog()
    for message in messages:
        log.append([Output(STREAM_OF[type(message)], encode(message), b"")])
    record = Recorded(log)
    streams = ("ticks", "orders", "executions")
    return record, [node_of(entry) for stream in streams for entry in record.forwards(stream)]


def test_a_stop_of_the_exchanges_own_leads_to_the_order_that_it_protects() -> None:
    accepted = OrderAccepted("entry-stop", "straddle", OPTION, NOW, STOP)
    record, nodes = recorded(ENTRY, accepted, a_fill(order_id="entry-stop"))
    entry, acceptance, fill = nodes

    of_fill, of_acceptance = Parents(record).of(fill), Parents(record).of(acceptance)

    assert [(one.why, one.node.at) for one in of_fill.parents] == [(Why.ORDER, acceptance.at)]
    assert [(one.why, one.node.at) for one in of_acceptance.parents] == [(Why.PROTECTS, entry.at)]
    assert any("made order entry-stop itself" in remark for remark in of_acceptance.remarks)


def test_a_leg_leads_to_its_basket() -> None:
    record, nodes = recorded(PlaceBasket("b-1", "straddle", (ENTRY, STOP), NOW), a_fill(order_id="entry"))

    assert [(one.why, one.node.at) for one in Parents(record).of(nodes[1]).parents] == [
        (Why.ORDER, nodes[0].at)
    ]


def test_an_order_that_was_sent_is_found_where_it_was_sent_though_the_exchange_changed_it() -> None:
    record, nodes = recorded(ENTRY, OrderAccepted("entry", "straddle", OPTION, NOW, STOP))

    found = finding.order(record, "entry")

    assert found is not None
    assert found.at == nodes[0].at


def test_a_settlement_names_no_quote() -> None:
    settled = msgspec.structs.replace(a_fill(order_id="settle-1"), against=Against.SETTLEMENT)
    log = MemoryLog()
    log.append([Output("ticks", encode(a_tick()), b"")])
    (clock,) = log.append([Output("ticks", encode(a_clock()), b"")])
    log.append([Output("executions", encode(settled), b"ticks " + clock)])
    record = Recorded(log)

    basis = Parents(record).of(node_of(log.entries("executions")[0]))

    assert [one.why for one in basis.parents] == [Why.CAUSE]
    assert any("settled by the exchange" in remark for remark in basis.remarks)
