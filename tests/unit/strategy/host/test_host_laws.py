"""Whatever a strategy wants, whatever the market shows, whenever it restarts: what must always hold of its orders."""

from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.clock import NS_PER_S
from sauda.contracts import Halt, Message, OrderKind, PlaceOrder, Resume, Side, SquareOff, Start, Stop
from sauda.testing.builders import LOT, OPTION, a_clock, an_option, at
from tests.unit.strategy.host.host_desk import RAISE, Desk, Told, quoted

BEGIN = at("09:30:00")


class Step(NamedTuple):
    """A tick, and what else happens before it."""

    seconds: int
    price: int
    lots: int
    told: int
    control: str


steps = st.lists(
    st.builds(
        Step,
        st.sampled_from((1, 2, 6, 20)),
        st.sampled_from((80_00, 95_00, 100_00, 105_00, 130_00)),
        st.sampled_from((0, 1, 1, 2, 50)),
        st.sampled_from((0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, RAISE)),
        st.sampled_from(("",) * 12 + ("start", "stop", "square off", "halt")),
    ),
    max_size=25,
)
terms = st.sampled_from(
    (
        {"lots": 2},
        {"lots": 1, "stop_points": 10, "target_points": 15},
        {"lots": 3, "product": "MIS"},
        {"risk_percent": 0.1, "stop_percentage": 10, "max_lots": 4},
    )
)


def messages(path: list[Step]) -> list[Message]:
    """Return the market and the people of *path*."""
    out: list[Message] = [an_option(), a_clock(at("09:15:00")), quoted(100_00, at("09:29:59"))]
    now_ns = BEGIN
    for step in path:
        now_ns += step.seconds * NS_PER_S
        match step.control:
            case "start":
                out += [Resume("test", now_ns), Start("told", "test", now_ns)]
            case "stop":
                out.append(Stop("told", "test", now_ns))
            case "square off":
                out.append(SquareOff("told", "test", now_ns))
            case "halt":
                out.append(Halt("test", "as told", now_ns, flatten=True))
        out.append(quoted(step.price, now_ns, told=step.told, lots=step.lots))
        out.append(a_clock(now_ns))
    return out


def calm(begin_ns: int, told: int) -> list[Message]:
    """Return a market that shows enough, and says *told* first."""
    moments = [begin_ns + second * NS_PER_S for second in range(2, 140, 2)]
    ticks = [quoted(100_00, one, told=told if number == 4 else 0) for number, one in enumerate(moments)]
    return [one for tick in ticks for one in (tick, a_clock(tick.recv_ns))]


def ended(path: list[Step]) -> int:
    """Return the instant at which *path* is over."""
    return BEGIN + sum(step.seconds for step in path) * NS_PER_S


@settings(max_examples=60, deadline=None)
@given(steps, terms, st.booleans())
def test_it_knows_what_it_holds_and_never_has_two_orders_at_work(
    path: list[Step], given_terms: dict[str, Any], is_late: bool
) -> None:
    desk = Desk(Told.Rules(kind="told", warmup_bars=0, **given_terms), is_late=is_late)

    for message in messages(path):
        desk.work(message)
        assert is_late or desk.host.held(OPTION) == desk.held()
        assert len(desk.working()) <= 1
    desk.play(calm(ended(path), 3))

    assert desk.host.held(OPTION) == desk.held() == 0
    assert not desk.exchange.known.book.all_working()


LONG = frozenset({0, 1, 3, 4, 6, 7, 8, 9, RAISE})
"""What never wants to be short."""


def is_target(order: PlaceOrder) -> bool:
    """Whether it is a bracket's, or one of a pair that the host gave again."""
    return order.order_id.endswith("-target") or (order.kind is OrderKind.LIMIT and order.oco is not None)


@settings(max_examples=60, deadline=None)
@given(steps, terms, st.booleans())
def test_who_only_wants_to_be_long_is_never_short_and_never_sells_more_than_is_held(
    path: list[Step], given_terms: dict[str, Any], is_late: bool
) -> None:
    desk = Desk(Told.Rules(kind="told", warmup_bars=0, **given_terms), is_late=is_late)

    for message in messages([step for step in path if step.told in LONG]):
        desk.work(message)
        assert desk.held() >= 0
        # A target stands beside its stop: when one trades, the other gives up as much.
        selling = [
            one
            for one in desk.exchange.known.book.all_working()
            if one.order.side is Side.SELL and not is_target(one.order)
        ]
        assert sum(one.open_qty for one in selling) <= desk.held()


@settings(max_examples=40, deadline=None)
@given(steps, terms)
def test_a_restart_after_every_message_changes_nothing(path: list[Step], given_terms: dict[str, Any]) -> None:
    rules = Told.Rules(kind="told", warmup_bars=0, **given_terms)
    through, restarted = Desk(rules), Desk(rules, restarts=True)
    over_ns = ended(path)

    for desk in (through, restarted):
        desk.play(messages(path))
        desk.play([Start("told", "test", over_ns)])
        desk.play(calm(over_ns, 6))

    assert restarted.said == through.said
    assert restarted.answered == through.answered


@settings(max_examples=40, deadline=None)
@given(steps, st.sampled_from((1, 2)), st.booleans())
def test_a_target_is_reached_in_the_end(path: list[Step], told: int, is_late: bool) -> None:
    desk = Desk(Told.Rules(kind="told", warmup_bars=0, lots=3), is_late=is_late)
    wanting = [step._replace(told=step.told if step.told in (0, 1, 2, 3) else 0) for step in path]
    desk.play(messages(wanting))
    over_ns = ended(path)
    desk.play([Resume("test", over_ns), Start("told", "test", over_ns)])

    desk.play(calm(over_ns, told))

    wanted = 3 * LOT if told == 1 else -3 * LOT
    # An entry is given up after three tries: what it had traded by then stays, as it is said.
    assert desk.held() == wanted or (0 < desk.held() / wanted < 1 and "PARTLY_ENTERED" in desk.alerts())
    assert not desk.working()
