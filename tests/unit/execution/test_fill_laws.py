"""The laws of fills, whatever markets show and strategies ask: journeys, levels, queues, gaps, changes, restarts."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.codec import encode
from sauda.contracts import (
    Against,
    FeedGap,
    Fill,
    Message,
    OrderAccepted,
    OrderCancelled,
    OrderKind,
    OrderModified,
    OrderTriggered,
    PlaceOrder,
    Side,
    Tick,
)
from sauda.testing.builders import LOT, Weekdays, a_clock, at
from sauda.testing.restart import play, play_with_restarts
from sauda_execution.exchange import PaperExchange
from sauda_execution.house import House
from sauda_execution.settings import Limits
from tests.unit.execution.fill_histories import MORNING, histories, limits_of_houses
from tests.unit.execution.reaching import assert_reached

crude = limits_of_houses.map(lambda limits: replace(limits, fills="ltp"))
NEXT_DAY = a_clock(at("09:00", date(2026, 11, 24)))
"""Past every close, so nothing can be left in the market."""


def an_exchange(limits: Limits) -> PaperExchange:
    return PaperExchange(House(Weekdays(), limits))


@dataclass
class Witness:
    """What somebody saw who read all that went in and all that came out."""

    sent: dict[str, PlaceOrder] = field(default_factory=dict)
    terms: dict[str, PlaceOrder | OrderModified] = field(default_factory=dict)
    filled: Counter[str] = field(default_factory=Counter)
    triggered: set[str] = field(default_factory=set)
    fills: list[tuple[Fill, Message]] = field(default_factory=list)
    """Each with the message that set it off."""

    def see(self, message: Message, answer: Message) -> None:
        match answer:
            case OrderAccepted() if answer.order_id not in self.terms:
                order = answer.terms or self.sent[answer.order_id]
                self.terms[answer.order_id] = self.sent[answer.order_id] = order
            case OrderModified():
                self.terms[answer.order_id] = answer
            case OrderTriggered():
                self.triggered.add(answer.order_id)
            case Fill():
                self.filled[answer.order_id] += answer.qty
                self.fills.append((answer, message))
            case _:
                pass


def watched(limits: Limits, history: list[Message]) -> list[tuple[Message, list[Message], Witness]]:
    """Play *history*; return the witness beside each message and its answers (one witness: it has seen all so far)."""
    exchange, witness = an_exchange(limits), Witness()
    steps = []
    for message in [*MORNING, *history]:
        if isinstance(message, PlaceOrder):
            witness.sent.setdefault(message.order_id, message)
        steps.append((message, list(exchange.handle(message)), witness))
    return steps


@settings(max_examples=80, deadline=None)
@given(st.one_of(limits_of_houses, limits_of_houses, crude), histories())
def test_never_more_than_asked_and_never_beyond_the_limit(limits: Limits, history: list[Message]) -> None:
    for message, said, witness in watched(limits, history):
        for answer in said:
            witness.see(message, answer)
            if isinstance(answer, Fill):
                terms, order = witness.terms[answer.order_id], witness.sent[answer.order_id]
                assert answer.qty > 0
                assert answer.qty % LOT == 0
                assert witness.filled[answer.order_id] <= terms.qty
                assert (answer.side, answer.instrument) == (order.side, order.instrument)
                if terms.limit_price is not None:
                    assert answer.side.sign * (terms.limit_price - answer.price) >= 0


@settings(max_examples=80, deadline=None)
@given(limits_of_houses, histories())
def test_a_stop_never_fires_without_its_trigger(limits: Limits, history: list[Message]) -> None:
    last: dict[str, int] = {}
    for message, said, witness in watched(limits, history):
        if isinstance(message, Tick):
            last[message.instrument] = message.ltp
        for answer in said:
            witness.see(message, answer)
            if isinstance(answer, OrderTriggered):
                terms, side = witness.terms[answer.order_id], witness.sent[answer.order_id].side
                assert answer.ltp == last[answer.instrument]
                assert terms.trigger_price is not None
                assert side.sign * (answer.ltp - terms.trigger_price) >= 0
            if isinstance(answer, Fill):
                is_stop = witness.sent[answer.order_id].kind in (OrderKind.SL, OrderKind.SL_M)
                assert not is_stop or answer.order_id in witness.triggered


@settings(max_examples=80, deadline=None)
@given(limits_of_houses, histories())
def test_no_quantity_of_a_quote_and_no_trade_of_others_is_used_twice(
    limits: Limits, history: list[Message]
) -> None:
    if limits.fills == "ltp":
        return
    quotes: dict[str, Tick] = {}
    traded: dict[str, int] = {}
    queued: Counter[str] = Counter()
    used: defaultdict[tuple[str, Side, bool], int] = defaultdict(int)
    for message, said, _ in watched(limits, history):
        if isinstance(message, Tick):
            before = quotes.get(message.instrument)
            quotes[message.instrument] = message
            traded[message.instrument] = _growth(before, message)
            queued[message.instrument] = 0
            used = defaultdict(int, {key: qty for key, qty in used.items() if key[0] != message.instrument})
        for fill in said:
            if not isinstance(fill, Fill) or fill.against is Against.LAST:
                continue
            quote = quotes[fill.instrument]
            if fill.against is Against.QUEUE:
                # Of what others traded every order of the desk has its own part, whatever its side.
                queued[fill.instrument] += fill.qty
                assert queued[fill.instrument] <= traded[fill.instrument]
            is_taken = fill.against in (Against.DEPTH, Against.TOUCH)
            used[fill.instrument, fill.side, is_taken] += fill.qty
            shown = _shown(quote, fill.side)
            if shown is None:
                continue
            both = used[fill.instrument, fill.side, True] + used[fill.instrument, fill.side, False]
            assert used[fill.instrument, fill.side, True] <= shown
            assert both <= shown + traded[fill.instrument]


def _growth(before: Tick | None, tick: Tick) -> int:
    if before is None or before.volume is None or tick.volume is None:
        return 0
    return max(0, tick.volume - before.volume)


def _shown(quote: Tick, side: Side) -> int | None:
    """Return all that *quote* shows to orders of *side*; None: it shows a price without a quantity, or nothing."""
    if quote.depth is not None:
        levels = quote.depth.asks if side is Side.BUY else quote.depth.bids
        if levels:
            return sum(level.qty for level in levels)
    return quote.ask_qty if side is Side.BUY else quote.bid_qty


@settings(max_examples=80, deadline=None)
@given(limits_of_houses, histories(), st.sets(st.integers(0, 44)))
def test_a_restart_anywhere_changes_nothing(
    limits: Limits, history: list[Message], restarts: set[int]
) -> None:
    messages = [*MORNING, *history, NEXT_DAY]

    undisturbed = play(an_exchange(limits), messages)
    disturbed = play_with_restarts(lambda: an_exchange(limits), messages, restarts)

    assert [encode(m) for m in disturbed] == [encode(m) for m in undisturbed]


@settings(max_examples=40, deadline=None)
@given(limits_of_houses, histories(25))
def test_a_restart_before_every_message_changes_nothing(limits: Limits, history: list[Message]) -> None:
    messages = [*MORNING, *history, NEXT_DAY]

    disturbed = play_with_restarts(lambda: an_exchange(limits), messages, range(len(messages)))

    assert [encode(m) for m in disturbed] == [encode(m) for m in play(an_exchange(limits), messages)]


@settings(max_examples=80, deadline=None)
@given(limits_of_houses, histories())
def test_each_accepted_order_ends_exactly_once(limits: Limits, history: list[Message]) -> None:
    asked: dict[str, int] = {}
    filled: Counter[str] = Counter()
    cancelled: dict[str, int] = {}
    fill_ids: set[str] = set()
    for message, said, witness in watched(limits, [*history, NEXT_DAY]):
        for answer in said:
            witness.see(message, answer)
            match answer:
                case OrderAccepted() | OrderModified():
                    asked[answer.order_id] = witness.terms[answer.order_id].qty
                case Fill():
                    assert answer.order_id not in cancelled
                    assert answer.fill_id not in fill_ids
                    fill_ids.add(answer.fill_id)
                    filled[answer.order_id] += answer.qty
                case OrderCancelled():
                    assert answer.order_id not in cancelled
                    assert answer.unfilled == asked[answer.order_id] - filled[answer.order_id] > 0
                    cancelled[answer.order_id] = answer.unfilled
                case _:
                    pass
    assert {name: filled[name] + cancelled.get(name, 0) for name in asked} == asked


@settings(max_examples=80, deadline=None)
@given(limits_of_houses, histories())
def test_nothing_fills_in_a_gap_on_an_old_quote_or_outside_the_session(
    limits: Limits, history: list[Message]
) -> None:
    blind: set[str] = set()
    seen: dict[str, int] = {}
    for message, said, _ in watched(limits, history):
        if isinstance(message, FeedGap):
            blind = set(seen)
        if isinstance(message, Tick):
            seen[message.instrument] = message.recv_ns
            blind.discard(message.instrument)
        for fill in said:
            if isinstance(fill, Fill):
                assert fill.instrument not in blind
                assert fill.event_ns - seen[fill.instrument] <= limits.stale_quote_ns
                assert Weekdays().is_open("NFO", fill.event_ns)


@settings(max_examples=80, deadline=None)
@given(limits_of_houses, histories())
def test_an_order_meets_nothing_before_it_has_travelled(limits: Limits, history: list[Message]) -> None:
    accepted: dict[str, int] = {}
    for _, said, _ in watched(limits, history):
        for answer in said:
            if isinstance(answer, OrderAccepted):
                accepted.setdefault(answer.order_id, answer.event_ns)
            if isinstance(answer, Fill | OrderTriggered):
                assert answer.event_ns >= accepted[answer.order_id] + limits.travel_ns


@settings(max_examples=120, deadline=None)
@given(limits_of_houses, histories())
def test_a_tick_that_is_passed_over_would_have_changed_nothing(
    limits: Limits, history: list[Message]
) -> None:
    thrifty, diligent = an_exchange(limits), an_exchange(limits)
    diligent._attention.is_quiet = lambda tick: False  # type: ignore[method-assign]  # noqa: ARG005  (the name is part of the type)

    for message in [*MORNING, *history, NEXT_DAY]:
        assert list(thrifty.handle(message)) == list(diligent.handle(message))
        assert thrifty.state.take_changes() == diligent.state.take_changes()


def what_happens(example: tuple[Limits, list[Message]]) -> Iterator[str]:
    for message, said, witness in watched(*example):
        for answer in said:
            witness.see(message, answer)
            if isinstance(answer, Fill):
                yield answer.against.value if answer.against else "nothing"
                partly = witness.filled[answer.order_id] < witness.terms[answer.order_id].qty
                yield "partial" if partly else "whole"
            elif isinstance(answer, OrderCancelled):
                yield answer.reason.split(" by ")[0]


def test_histories_reach_the_interesting_places() -> None:
    """Guard the laws against a generator that stopped making fills of every sort."""
    fills = ("depth", "touch", "last", "queue", "through", "partial", "whole")
    ends = ("immediate or cancel", "cancelled", "session over")
    examples = st.tuples(limits_of_houses, histories())
    assert_reached(examples, what_happens, dict.fromkeys((*fills, *ends), 1), most=400)
