"""What a chain of causes shows beside the market: what an entry led to, people, letters, and where the record ends."""

from collections.abc import Iterator, Sequence

import pytest

from sauda.causes.course import RANK
from sauda.causes.node import Node, Ref, Why, node_of
from sauda.causes.walk import Chain, Limits, trace
from sauda.codec import encode
from sauda.contracts import (
    Alert,
    DeadLetter,
    DeskPnl,
    Fill,
    Level,
    Message,
    OrderAccepted,
    PlaceOrder,
    PositionPnl,
    Requeued,
    Signal,
    SquareOff,
    StrategyPnl,
    Tick,
)
from sauda.letters import letters_of, requeue
from sauda.log import Entry, Output
from sauda.merge import id_parts
from sauda.testing.builders import NOW, a_tick
from sauda.testing.recorded import Recorded
from sauda.unit import Unit
from sauda_pnl.valuation import INPUTS, Valuation
from tests.unit.causes.recorded_desk import Desk, played, units

TURNS = [5, 5, 4]


class Trimmed(Recorded):
    """A record of which the older part of some streams is gone."""

    def __init__(self, desk: Desk, gone: dict[str, bytes]) -> None:
        super().__init__(desk.log)
        self._gone = gone

    def entries(
        self, stream: str, start: bytes = b"-", end: bytes = b"+", count: int | None = None
    ) -> list[Entry]:
        first = id_parts(self._gone.get(stream, b"0-0"))
        kept = [entry for entry in super().entries(stream, start, end) if id_parts(entry.id) >= first]
        return kept if count is None else kept[:count]

    def forwards(self, stream: str, start: bytes = b"-", end: bytes = b"+") -> Iterator[Entry]:
        return iter(self.entries(stream, start, end))

    def backwards(self, stream: str, end: bytes = b"+", start: bytes = b"-") -> Iterator[Entry]:
        return reversed(self.entries(stream, start, end))


def nodes(desk: Desk, stream: str, kind: type) -> list[Node]:
    found = [node_of(entry) for entry in desk.log.entries(stream)]
    return [node for node in found if isinstance(node.message, kind)]


def effects(chain: Chain, of: Ref) -> list[Message | None]:
    return [chain.nodes[edge.later].message for edge in chain.effects if edge.earlier == of]


def parent(chain: Chain, at: Ref, why: Why) -> Node:
    (edge,) = [edge for edge in chain.causes if (edge.later, edge.why) == (at, why)]
    return chain.nodes[edge.earlier]


def test_every_unit_names_its_inputs_in_the_order_that_breaks_ties() -> None:
    for unit in units():
        ranks = [RANK[name] for name in unit.reads]
        assert ranks == sorted(ranks), unit.name


def test_an_order_leads_to_its_answers_its_fill_and_the_stop_behind_it() -> None:
    desk = played(3, TURNS, 0)
    entry = next(
        node
        for node in nodes(desk, "orders", PlaceOrder)
        if node.message.order_id.endswith("entry")  # type: ignore[union-attr]
    )

    chain = trace(desk.record, entry, Limits(depth=4, most=100))

    kinds = {type(message) for message in effects(chain, entry.at)}
    assert kinds == {OrderAccepted, Fill}
    fill = next(node for node in chain.nodes.values() if isinstance(node.message, Fill))
    behind = effects(chain, fill.at)
    assert {type(message) for message in behind} >= {PlaceOrder, PositionPnl, StrategyPnl, DeskPnl}
    assert isinstance(parent(chain, entry.at, Why.SIGNAL).message, Signal)


def test_all_that_names_a_fill_as_its_cause_is_shown_or_counted() -> None:
    desk = played(3, TURNS, 150)
    for fill in nodes(desk, "executions", Fill):
        caused = [
            entry
            for stream in (
                "signals",
                "orders",
                "executions",
                "pnl",
                "alerts",
                "subscriptions",
                "dead_letters",
            )
            for entry in desk.log.entries(stream)
            if entry.cause == fill.at.as_cause
        ]

        chain = trace(desk.record, fill, Limits(depth=1, most=100))

        shown = [edge for edge in chain.effects if edge.earlier == fill.at]
        assert len(shown) + chain.left_out.get(fill.at, 0) == len(caused)
        assert {edge.later for edge in shown} <= {Ref(entry.stream, entry.id) for entry in caused}


def test_no_more_is_shown_than_was_asked_for() -> None:
    desk = played(3, TURNS, 0)
    entry = nodes(desk, "orders", PlaceOrder)[0]

    chain = trace(desk.record, entry, Limits(depth=9, most=3))

    assert len(chain.effects) == 3
    assert sum(chain.left_out.values()) > 0


def test_a_square_off_names_the_person_and_the_price() -> None:
    desk = played(5, TURNS, 130)
    own = [
        node
        for node in nodes(desk, "executions", Fill)
        if isinstance(node.message, Fill) and node.message.order_id.startswith("squareoff")
    ]
    assert own, "somebody holds something when it is squared off"

    chain = trace(desk.record, own[0], Limits())

    asked = parent(chain, own[0].at, Why.CAUSE)
    assert isinstance(asked.message, SquareOff)
    assert any("asha@desk" in remark for remark in chain.remarks[asked.at])
    assert isinstance(parent(chain, own[0].at, Why.QUOTE).message, Tick)
    accepted = parent(chain, own[0].at, Why.ORDER)
    assert isinstance(accepted.message, OrderAccepted)
    assert any("made order squareoff" in remark for remark in chain.remarks[accepted.at])


def test_it_says_where_the_record_ends() -> None:
    desk = played(3, TURNS, 0)
    last = nodes(desk, "executions", Fill)[-1]
    record = Trimmed(desk, {"ticks": last.at.id, "orders": last.at.id})

    chain = trace(record, last, Limits())

    missing = [node for node in chain.nodes.values() if node.entry is None]
    assert missing
    assert all("the record ends here" in (node.problem or "") for node in missing)
    assert chain.latency(last.at) is None, "what began it is not known"


def test_a_point_whose_fills_are_gone_says_so() -> None:
    desk = played(3, TURNS, 0)
    point = nodes(desk, "pnl", DeskPnl)[-1]
    record = Trimmed(desk, {"executions": b"9999999999999-0"})

    chain = trace(record, point, Limits())

    assert any("rests on no fill" in remark for remark in chain.remarks[point.at])


def test_a_cause_that_is_no_entry_is_told_and_not_followed() -> None:
    desk = Desk()
    alert = Alert("desk", Level.INFO, "HELLO", "hello", NOW)
    desk.log.append([Output("alerts", encode(alert), b"somewhere else")])
    (node,) = nodes(desk, "alerts", Alert)

    chain = trace(desk.record, node, Limits())

    assert list(chain.nodes) == [node.at]
    assert "somewhere else" in chain.remarks[node.at][0]


def test_a_replayed_entry_names_the_desk_that_it_was_recorded_on() -> None:
    desk = Desk()
    desk.log.append([Output("ticks", encode(a_tick()), b"live/ticks 1795580105123-4")])
    (node,) = nodes(desk, "ticks", Tick)

    chain = trace(desk.record, node, Limits())

    assert chain.remarks[node.at] == ["replayed from desk live: sauda why ticks 1795580105123-4 --desk live"]


class Stumbling(Valuation):
    """A valuation that cannot count the fills of some orders until it is mended."""

    unlucky = "-entry"

    def handle(self, message: Message) -> Sequence[Message]:
        if isinstance(message, Fill) and self.unlucky and message.order_id.endswith(self.unlucky):
            raise ValueError("unlucky")
        return super().handle(message)


def test_a_fill_that_was_parked_counts_from_when_its_letter_came_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stumbling = Unit("pnl.valuation", INPUTS, Stumbling)
    desk = played(3, TURNS, 0, made_of=[*units()[:-1], stumbling])
    letters = letters_of(desk.log.entries("dead_letters"), ())
    parked = {Ref(one.letter.stream, one.letter.entry_id.encode()) for one in letters.values()}
    assert len(parked) >= 2
    before = nodes(desk, "pnl", StrategyPnl)
    assert before, "the fills of the stops are counted"

    monkeypatch.setattr(Stumbling, "unlucky", "")
    desk.log.append(requeue(list(letters.values()), "asha@desk", "mended", NOW, again=False))
    desk.settle()

    for point in before:
        chain = trace(desk.record, point, Limits(depth=0, most=0))
        rests_on = [edge.earlier for edge in chain.causes if edge.later == point.at]
        assert not parked & set(rests_on), "a fill that was parked is in no point of that time"
    came_back = nodes(desk, "pnl", StrategyPnl)[len(before) :]
    assert came_back
    for point in came_back:
        chain = trace(desk.record, point, Limits(depth=0, most=0))
        assert isinstance(parent(chain, point.at, Why.CAUSE).message, Requeued)
        kinds = {type(node.message) for node in chain.nodes.values()}
        assert kinds >= {Requeued, DeadLetter, Fill, Tick}
