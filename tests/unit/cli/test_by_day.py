"""Profit and loss by trading day, from the points that the valuation said."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from sauda.cli.by_day import DayPnl, days_of, totals_only
from sauda.codec import encode
from sauda.contracts import Account, DeskPnl, Message, Side, StrategyPnl
from sauda.log import Entry
from sauda.testing.builders import OPTION, a_clock, a_fill, a_tick, at
from sauda.testing.restart import play
from sauda_pnl.valuation import Valuation

MONDAY, WEDNESDAY = date(2026, 11, 23), date(2026, 11, 25)
"""Tuesday is a holiday."""


def point(
    net: int, clock: str, day: date = MONDAY, *, charges: int = 0, margin: int | None = None
) -> DeskPnl:
    """Build a point of the desk whose profit is realised."""
    return DeskPnl(net + charges, 0, charges, net, margin, None, at(clock, day))


def test_a_day_is_the_difference_to_the_end_of_the_day_before() -> None:
    said = [
        point(50, "10:00", charges=5),
        point(120, "15:40", charges=10),
        point(100, "09:15", WEDNESDAY, charges=10),
        point(90, "15:40", WEDNESDAY, charges=12),
    ]

    assert days_of(said) == [
        DayPnl(MONDAY, None, 120, 130, 0, 10, 0, None),
        DayPnl(WEDNESDAY, None, -30, -28, 0, 2, 30, None),
    ]


def test_the_drawdown_is_the_deepest_fall_within_the_day_from_its_best() -> None:
    said = [point(net, f"10:{minute:02d}") for minute, net in enumerate((-20, 100, 40, 60, 10, 200, 150))]
    said += [point(net, f"10:{minute:02d}", WEDNESDAY) for minute, net in enumerate((140, 260, 240))]

    assert [day.drawdown for day in days_of(said)] == [90, 20]


def test_a_day_that_only_fell_fell_from_where_it_began() -> None:
    assert days_of([point(-30, "10:00"), point(-80, "11:00"), point(-70, "12:00")])[0].drawdown == 80


def test_the_margin_of_a_day_is_the_most_that_was_blocked() -> None:
    said = [point(0, "10:00", margin=100), point(0, "11:00", margin=300), point(0, "12:00", margin=0)]

    assert days_of(said)[0].peak_margin == 300


def test_strategies_stand_before_the_desk_day_by_day() -> None:
    def of(name: str, net: int, clock: str, day: date) -> StrategyPnl:
        return StrategyPnl(name, net, 0, 0, net, None, None, at(clock, day))

    said: list[Message] = [of("b", 10, "10:00", MONDAY), of("a", 5, "10:00", MONDAY), point(15, "10:00")]
    said += [of("b", 30, "10:00", WEDNESDAY), of("a", 5, "10:00", WEDNESDAY), point(35, "10:00", WEDNESDAY)]

    assert [(day.date.day, day.strategy, day.net) for day in days_of(said)] == [
        (23, "a", 5),
        (23, "b", 10),
        (23, None, 15),
        (25, "a", 0),
        (25, "b", 20),
        (25, None, 20),
    ]


def test_a_position_carried_over_the_night_makes_its_gap_on_the_day_that_opened_it() -> None:
    """Sold on Monday, bought back on Wednesday: the points are the valuation's own."""
    said = play(
        Valuation(),
        [
            Account(at("09:59"), 0, 0, 0, 0, 0, 2_00_000_00, 0, strategies={"straddle": 2_00_000_00}),
            a_fill(Side.SELL, price=100_00, qty=65, charges=30_00, event_ns=at("10:00")),
            a_tick(90_00, at_ns=at("15:39:59")),
            a_clock(at("15:40:01")),
            a_tick(120_00, at_ns=at("09:15", WEDNESDAY)),
            a_clock(at("09:15:02", WEDNESDAY)),
            a_fill(Side.BUY, price=110_00, qty=65, charges=20_00, event_ns=at("10:00", WEDNESDAY)),
        ],
    )

    assert [day for day in days_of(said) if day.strategy is None] == [
        DayPnl(MONDAY, None, 65 * 10_00 - 30_00, 0, 65 * 10_00, 30_00, 30_00, 2_00_000_00),
        DayPnl(
            WEDNESDAY, None, -65 * 20_00 - 20_00, -65 * 10_00, -65 * 10_00, 20_00, 65 * 30_00, 2_00_000_00
        ),
    ]
    assert [point.day_net for point in said if isinstance(point, DeskPnl)][-1] == -65 * 20_00 - 20_00


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 599), st.integers(-10_000, 10_000), st.integers(0, 100)),
        min_size=1,
        max_size=40,
    )
)
def test_the_days_add_up_to_the_whole(said: list[tuple[int, int, int, int]]) -> None:
    said.sort(key=lambda one: one[:2])
    days = [date(2026, 11, day) for day in (16, 17, 18, 19)]
    points = [
        point(net, f"{9 + minute // 60:02d}:{minute % 60:02d}", days[day], charges=charges)
        for day, minute, net, charges in said
    ]
    made = days_of(points)

    assert sum(day.net for day in made) == points[-1].net
    assert all(day.net == day.realised + day.unrealised - day.charges for day in made)
    assert all(day.drawdown >= max(0, -day.net) for day in made)


def test_positions_are_passed_over_before_they_are_read() -> None:
    points = play(Valuation(), [a_fill(instrument=OPTION)])
    entries = [Entry("pnl", b"1-0", encode(one), b"") for one in points]

    assert [b"position_pnl" in entry.data for entry in entries] == [True, False, False]
    assert list(totals_only(entries)) == entries[1:]
