"""Points are said at each fill and on a grid of market time, as of their instant, with stamps that only rise."""

from datetime import date
from functools import reduce
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.clock import NS_PER_S
from sauda.codec import encode
from sauda.contracts import Account, DeskPnl, Fill, Message, PositionPnl, Side, StrategyPnl
from sauda.testing.builders import NOW, OPTION, a_clock, a_fill, a_gap, a_tick, after, at
from sauda.testing.restart import play, play_with_restarts
from sauda_pnl.position import Position
from sauda_pnl.standing import Totals
from sauda_pnl.valuation import Valuation, valuation_unit

PUT = "NFO:NIFTY01DEC26P24500"


def desk(points: list[Message]) -> list[tuple[int, int]]:
    """Return stamp (seconds after NOW) and net of each desk point."""
    return [((p.event_ns - NOW) // NS_PER_S, p.net) for p in points if isinstance(p, DeskPnl)]


def stamps(points: list[Message]) -> list[int]:
    return [p.event_ns for p in points if isinstance(p, DeskPnl)]


def positions(points: list[Message]) -> list[PositionPnl]:
    return [p for p in points if isinstance(p, PositionPnl)]


def test_nothing_is_said_before_the_first_fill() -> None:
    market = [a_tick(at_ns=after(second)) for second in range(200)]

    assert play(Valuation(), [*market, a_clock(after(300)), a_gap(after(300), after(400))]) == []


def test_a_fill_is_valued_at_once_and_at_its_own_price_until_a_tick_comes() -> None:
    points = play(Valuation(), [a_fill(Side.SELL, price=100_00, event_ns=after(0.25))])

    assert [type(p) for p in points] == [PositionPnl, StrategyPnl, DeskPnl]
    assert positions(points)[0].ltp == 100_00
    assert {p.event_ns for p in points if isinstance(p, PositionPnl | StrategyPnl | DeskPnl)} == {after(0.25)}
    assert desk(points) == [(0, 0)]


def test_a_fill_is_marked_at_a_price_seen_before_it() -> None:
    points = play(Valuation(), [a_tick(101_00), a_fill(Side.SELL, qty=65, price=100_00)])

    assert desk(points) == [(0, -65_00)]


def test_the_grid_point_holds_every_price_up_to_its_instant_and_none_from_after_it() -> None:
    valuation = Valuation()
    play(valuation, [a_fill(Side.BUY, qty=10, price=100_00)])

    reached = play(valuation, [a_tick(101_00, at_ns=after(0.9)), a_tick(102_00, at_ns=after(1))])
    passed = play(valuation, [a_tick(150_00, at_ns=after(1.1))])

    assert reached == []
    assert desk(passed) == [(1, 20_00)]


def test_a_clock_says_the_grid_point_in_a_silent_market() -> None:
    valuation = Valuation()
    play(valuation, [a_fill(), a_clock(after(1))])

    assert desk(play(valuation, [a_clock(after(2)), a_clock(after(3))])) == [(1, 0), (2, 0)]


def test_after_a_silence_only_the_latest_instant_is_said() -> None:
    valuation = Valuation()
    play(valuation, [a_fill()])

    assert desk(play(valuation, [a_gap(after(0.5), after(9.5))])) == [(9, 0)]


def test_the_grid_stands_still_while_market_time_does() -> None:
    valuation = Valuation()
    play(valuation, [a_fill(), a_tick(at_ns=after(5.5))])

    assert play(valuation, [a_tick(99_00, at_ns=after(5.5)) for _ in range(10)]) == []
    assert play(valuation, [a_tick(at_ns=after(3)), a_clock(after(1))]) == []


def test_the_grid_can_be_finer() -> None:
    valuation = Valuation(grid_ns=NS_PER_S // 4)
    play(valuation, [a_fill()])

    points = play(valuation, [a_tick(at_ns=after(tenth / 10)) for tenth in range(11)])

    assert stamps(points) == [after(0.25), after(0.5), after(0.75)]


def test_two_fills_of_one_instant_get_stamps_of_their_own() -> None:
    points = play(Valuation(), [a_fill(order_id="o-1"), a_fill(order_id="o-2")])

    assert stamps(points) == [NOW, NOW + 1]


def test_a_fill_that_comes_late_is_stamped_behind_what_was_said() -> None:
    points = play(Valuation(), [a_fill(), a_tick(at_ns=after(7.5)), a_fill(event_ns=after(3))])

    assert stamps(points) == [NOW, after(7), after(7) + 1]


def test_a_closed_position_is_said_once_more_and_then_no_longer() -> None:
    valuation = Valuation()
    play(valuation, [a_fill(Side.SELL, price=100_00), a_fill(Side.SELL, instrument=PUT, price=80_00)])

    closing = play(valuation, [a_fill(Side.BUY, price=90_00, event_ns=after(1))])
    later = play(valuation, [a_clock(after(3.5))])

    assert [(p.instrument, p.qty) for p in positions(closing)] == [(OPTION, 0), (PUT, -65)]
    assert [(p.instrument, p.qty) for p in positions(later)] == [(PUT, -65)]


def test_a_flat_desk_repeats_itself_once_a_market_minute_without_positions() -> None:
    valuation = Valuation()
    play(valuation, [a_fill(Side.SELL, price=100_00), a_fill(Side.BUY, price=90_00)])

    points = play(valuation, [a_clock(after(second)) for second in range(1, 182)])

    assert desk(points) == [(60, 65 * 10_00), (120, 65 * 10_00), (180, 65 * 10_00)]
    assert positions(points) == []


def test_each_strategy_has_its_own_money_on_a_shared_contract() -> None:
    points = play(
        Valuation(),
        [
            a_fill(Side.SELL, strategy="a", price=100_00, qty=10),
            a_fill(Side.BUY, strategy="b", price=101_00, qty=10, charges=5_00),
            a_tick(99_00, at_ns=after(0.5)),
            a_clock(after(1.5)),
        ],
    )

    last = {p.strategy: (p.unrealised, p.charges, p.net) for p in points if isinstance(p, StrategyPnl)}
    assert last == {"a": (10_00, 0, 10_00), "b": (-20_00, 5_00, -25_00)}
    assert desk(points)[-1] == (1, -15_00)


def test_a_new_day_drops_flat_positions_and_keeps_what_they_made() -> None:
    tuesday = date(2026, 11, 24)
    valuation = Valuation()
    play(valuation, [a_tick(), a_fill(Side.SELL, price=100_00), a_fill(Side.BUY, price=90_00, charges=7)])
    play(valuation, [a_fill(Side.BUY, instrument=PUT, price=80_00, qty=10), a_tick(70_00, instrument=PUT)])

    points = play(valuation, [a_clock(at("09:15:00", tuesday)), a_clock(at("09:15:02", tuesday))])
    reopened = play(valuation, [a_fill(Side.BUY, price=50_00, event_ns=at("09:16", tuesday))])

    assert [p.instrument for p in positions(points)] == [PUT, PUT]
    last = points[-1]
    assert isinstance(last, DeskPnl)
    assert (last.realised, last.unrealised, last.charges, last.net) == (65_000, -10_000, 7, 54_993)
    assert last.event_ns == at("09:15:01", tuesday)
    assert positions(reopened)[0].realised == 0
    assert positions(reopened)[0].ltp == 50_00, "the mark of another day is gone"
    assert desk(reopened)[0][1] == 54_993


def test_the_unit_reads_ticks_before_executions() -> None:
    unit = valuation_unit()

    assert (unit.name, unit.inputs) == ("pnl.valuation", ("ticks", "executions"))


# The laws.

instants = st.integers(0, 400).map(lambda tenths: after(tenths / 10))


def an_account(blocked: int, **strategies: int) -> Account:
    """Build an account that blocks so much."""
    return Account(
        NOW, 1_00_000_00, 0, 0, 0, 1_00_000_00, blocked, 1_00_000_00 - blocked, strategies=strategies
    )


fill_messages = st.builds(
    a_fill,
    st.sampled_from(Side),
    price=st.integers(1, 500_00),
    qty=st.integers(1, 200),
    strategy=st.sampled_from(["a", "b"]),
    instrument=st.sampled_from([OPTION, PUT]),
    charges=st.integers(0, 100),
    event_ns=instants,
)
NEXT_DAY = st.sampled_from([at("09:15", date(2026, 11, 24)), at("10:00:01", date(2026, 11, 24))])
market_messages = st.one_of(
    st.builds(
        a_tick,
        st.integers(1, 500_00),
        instrument=st.sampled_from([OPTION, PUT]),
        at_ns=st.one_of(instants, instants, instants, NEXT_DAY),
    ),
    st.builds(a_clock, st.one_of(instants, NEXT_DAY)),
    st.builds(
        an_account,
        st.integers(0, 3_000_00),
        a=st.integers(0, 2_000_00),
        b=st.integers(0, 2_000_00),
    ),
)
messages = st.lists(st.one_of(fill_messages, market_messages, market_messages), max_size=40)


@given(messages)
def test_stamps_strictly_increase(history: list[Message]) -> None:
    said = stamps(play(Valuation(), history))

    assert all(earlier < later for earlier, later in pairwise(said))


@given(messages)
def test_desk_is_the_sum_of_strategies_and_no_paisa_is_lost(history: list[Message]) -> None:
    valuation = Valuation()
    fills: list[Fill] = []
    for message in history:
        points = play(valuation, [message])
        if isinstance(message, Fill):
            fills.append(message)
            said = points[-1]
            assert isinstance(said, DeskPnl)
            assert said.net == _cash_and_worth(fills, points)
        for desk_point in (p for p in points if isinstance(p, DeskPnl)):
            strategies = [p for p in points if isinstance(p, StrategyPnl)]
            total = reduce(Totals.__add__, (Totals(s.realised, s.unrealised, s.charges) for s in strategies))
            assert (desk_point.realised, desk_point.unrealised) == (total.realised, total.unrealised)
            assert (desk_point.charges, desk_point.net) == (total.charges, total.net)
            open_worth = sum(p.unrealised for p in positions(points))
            assert open_worth == desk_point.unrealised


def _cash_and_worth(fills: list[Fill], points: list[Message]) -> int:
    """Value the desk without positions: cash that moved, less charges, plus what is held at its price."""
    cash = -sum(fill.signed_qty * fill.price + fill.charges for fill in fills)
    return cash + sum(p.qty * p.ltp for p in positions(points))


@given(messages)
def test_peak_and_drawdown_are_those_of_the_points_said(history: list[Message]) -> None:
    """Worked out again from the points alone, for the desk and for each strategy."""
    points = play(Valuation(), history)
    series: dict[str, list[DeskPnl | StrategyPnl]] = {}
    for point in points:
        if isinstance(point, DeskPnl):
            series.setdefault("*", []).append(point)
        elif isinstance(point, StrategyPnl):
            series.setdefault(point.strategy, []).append(point)
    for said in series.values():
        best = 0
        for point in said:
            best = max(best, point.net)
            assert (point.peak, point.drawdown) == (best, best - point.net)
            if point.peak_margin is not None:
                assert point.margin is not None
                assert 0 <= point.margin <= point.peak_margin


@given(messages)
def test_positions_add_up_to_their_strategy_within_a_day(history: list[Message]) -> None:
    one_day = [m for m in history if not isinstance(m, Fill) or m.strategy == "a"]
    replayed: dict[str, Position] = {}
    valuation = Valuation()
    for message in one_day:
        points = play(valuation, [message])
        if isinstance(message, Fill):
            old = replayed.get(message.instrument, Position())
            replayed[message.instrument] = old.apply(message)
            strategy = next(p for p in points if isinstance(p, StrategyPnl))
            assert strategy.realised == sum(p.realised for p in replayed.values())


@settings(max_examples=200)
@given(messages, st.sets(st.integers(0, 39)))
def test_a_restart_changes_nothing(history: list[Message], restarts: set[int]) -> None:
    undisturbed = play(Valuation(), history)

    assert list(map(encode, play_with_restarts(Valuation, history, restarts))) == list(
        map(encode, undisturbed)
    )
