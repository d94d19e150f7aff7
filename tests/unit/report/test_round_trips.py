"""A trade lasts from flat to flat, and all trades together moved exactly the cash that the fills moved."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.contracts import Fill, Side
from sauda.report.round_trips import round_trips
from tests.unit.report.made_up import a_fill, at

BUY, SELL = Side.BUY, Side.SELL

fill_histories = st.lists(
    st.builds(
        a_fill,
        st.sampled_from(Side),
        st.integers(1, 5),
        st.integers(1, 10_000),
        st.just(at("10:00")),
        strategy=st.sampled_from(["scalper", "straddle"]),
        instrument=st.sampled_from(["NFO:A", "NFO:B"]),
        charges=st.integers(0, 500),
    ),
    max_size=25,
)


@settings(max_examples=200)
@given(fill_histories)
def test_no_paisa_and_no_unit_is_lost(fills: list[Fill]) -> None:
    trips = round_trips(fills)

    assert sum(trip.cash for trip in trips) == -sum(fill.signed_qty * fill.price for fill in fills)
    assert sum(trip.charges for trip in trips) == sum(fill.charges for fill in fills)
    assert sum(trip.bought - trip.sold for trip in trips) == sum(fill.signed_qty for fill in fills)
    for trip in trips:
        assert (trip.bought == trip.sold) == (trip.closed_ns is not None)
        assert trip.charges >= 0


@settings(max_examples=100)
@given(fill_histories)
def test_at_most_one_trade_is_open_for_each_strategy_and_contract(fills: list[Fill]) -> None:
    held: Counter[tuple[str, str]] = Counter()
    for fill in fills:
        held[fill.strategy, fill.instrument] += fill.signed_qty

    opened = [trip for trip in round_trips(fills) if trip.closed_ns is None]

    assert {(one.strategy, one.instrument): one.bought - one.sold for one in opened} == {
        key: qty for key, qty in held.items() if qty
    }


def test_a_position_built_in_pieces_is_one_trade() -> None:
    fills = [
        a_fill(BUY, 10, 100, at("10:00"), charges=7),
        a_fill(BUY, 20, 130, at("10:05"), charges=9),
        a_fill(SELL, 25, 150, at("10:10"), charges=11),
        a_fill(SELL, 5, 90, at("10:15"), charges=3),
    ]

    (trip,) = round_trips(fills)

    assert (trip.side, trip.qty, trip.fills) == (BUY, 30, 4)
    assert (trip.opened_ns, trip.closed_ns) == (at("10:00"), at("10:15"))
    # Paid 1,000 + 2,600, received 3,750 + 450.
    assert (trip.cash, trip.charges, trip.net) == (600, 30, 570)
    assert (trip.entry, trip.exit) == (120, 140)


def test_a_fill_that_turns_a_long_into_a_short_ends_one_trade_and_opens_the_next() -> None:
    fills = [
        a_fill(BUY, 10, 100, at("10:00"), charges=10),
        a_fill(SELL, 30, 110, at("10:10"), charges=10),
        a_fill(BUY, 20, 120, at("10:20"), charges=1),
    ]

    long, short = round_trips(fills)

    assert (long.side, long.cash, long.charges) == (BUY, 100, 13)
    # Of the ten paise of the second fill a third, floored, belongs to what it closed.
    assert (short.side, short.cash, short.charges) == (SELL, -200, 8)
    assert long.closed_ns == short.opened_ns == at("10:10")


def test_the_same_contract_held_by_two_strategies_is_two_trades() -> None:
    fills = [
        a_fill(BUY, 10, 100, at("10:00"), strategy="one"),
        a_fill(SELL, 10, 110, at("10:01"), strategy="two"),
        a_fill(BUY, 10, 105, at("10:02"), strategy="two"),
    ]

    closed, still_open = round_trips(fills)

    assert (closed.strategy, closed.cash) == ("two", 50)
    assert (still_open.strategy, still_open.closed_ns, still_open.exit) == ("one", None, None)
