"""The fall of a curve is what pandas finds; its days sum to its end; two parts of it to the whole."""

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.clock import NS_PER_S
from sauda.report.curve import DESK, average_margin, by_day, curve, deepest, longest_under_water
from sauda.report.days import Window, days_of, held_ns
from sauda.report.thinning import kept
from tests.unit.report.made_up import HOUR_NS, a_run, at, hours, points

worths = st.lists(st.integers(-100_000, 100_000), min_size=1, max_size=60)


def an_outcome(nets: list[int], spacing_ns: int = HOUR_NS) -> object:
    return a_run(
        equity=points((at("09:00") + index * spacing_ns, net) for index, net in enumerate(nets)),
        sessions=hours(0, 1, 2, 3),
    )


@settings(max_examples=150)
@given(worths)
def test_the_deepest_fall_is_that_of_pandas(nets: list[int]) -> None:
    series = pd.Series(nets)
    falls = series.cummax().clip(lower=0) - series

    found = deepest(curve(an_outcome(nets), DESK))  # type: ignore[arg-type]

    assert found.amount == max(falls.max(), 0)
    if found.amount:
        bottom = int(falls.idxmax())
        assert found.to_ns == at("09:00") + bottom * HOUR_NS
        assert found.height == found.amount + nets[bottom]
        better = [index for index in range(bottom, len(nets)) if nets[index] >= found.height]
        assert found.recovered_ns == (at("09:00") + better[0] * HOUR_NS if better else None)


@settings(max_examples=100)
@given(worths, st.integers(0, 80))
def test_days_sum_to_the_end_and_two_parts_to_the_whole(nets: list[int], border: int) -> None:
    outcome = an_outcome(nets)
    border_ns = at("09:00") + border * HOUR_NS

    whole = curve(outcome, DESK)  # type: ignore[arg-type]
    daily = by_day(whole, days_of(outcome))  # type: ignore[arg-type]
    parts = [
        curve(outcome, DESK, window)  # type: ignore[arg-type]
        for window in (Window(until_ns=border_ns), Window(from_ns=border_ns))
    ]

    assert sum(day.net for day in daily) == daily[-1].closing == nets[-1]
    assert sum(part[-1].net for part in parts if part) == nets[-1]
    best = [max(0, *(day.closing for day in daily[: index + 1])) for index in range(len(daily))]
    assert [day.drawdown for day in daily] == [best[index] - day.closing for index, day in enumerate(daily)]


def test_a_day_without_a_trade_is_a_day() -> None:
    outcome = a_run(equity=points([(at("10:00"), 500), (at("10:00", 2), 300)]), sessions=hours(0, 1, 2, 3))

    daily = by_day(curve(outcome, DESK), days_of(outcome))

    assert [day.net for day in daily] == [500, 0, -200, 0]
    assert [day.drawdown for day in daily] == [0, 0, 200, 200]
    assert longest_under_water(daily) == 2


def test_a_fall_from_the_first_point_is_a_fall_from_nothing() -> None:
    found = deepest(curve(a_run(equity=points([(at("10:00"), -70), (at("11:00"), -20)])), DESK))

    assert (found.amount, found.height, found.recovered_ns) == (70, 0, None)


def test_margin_is_averaged_over_the_time_in_which_there_was_some() -> None:
    # An hour with 100, two with 400, then none; overnight hours count for nothing.
    outcome = a_run(
        equity=(
            *points([(at("10:00"), 0)], margin=100),
            *points([(at("11:00"), 0)], margin=400),
            *points([(at("13:00"), 0)], margin=0),
            *points([(at("18:00"), 0)], margin=400),
        ),
        sessions=hours(0, 1),
    )

    found = average_margin(curve(outcome, DESK), days_of(outcome))

    assert found == (100 + 2 * 400 + 400) // 4


def test_margin_that_is_told_between_two_sessions_counts_from_the_opening() -> None:
    told = (*points([(at("23:00"), 0)], margin=100), *points([(at("10:00", 1), 0)], margin=400))

    found = average_margin(curve(a_run(equity=told), DESK), days_of(a_run(sessions=hours(0, 1))))

    assert found == (1 * 100 + 9 * 400) // 10


def test_time_held_counts_once_and_within_the_hours_alone() -> None:
    days = days_of(a_run(sessions=hours(0, 1)))
    spells = [(at("10:00"), at("12:00")), (at("11:00"), at("13:00")), (at("18:00"), at("10:00", 1))]

    assert held_ns(spells, days) == (3 + 1 + 1) * 3600 * NS_PER_S


@settings(max_examples=50)
@given(st.lists(st.integers(), min_size=1, max_size=500), st.integers(4, 50))
def test_a_thinned_line_keeps_its_peaks_and_its_ends(values: list[int], most: int) -> None:
    chosen = kept(values, most)

    assert chosen[0] == 0
    assert chosen[-1] == len(values) - 1
    assert chosen == sorted(set(chosen))
    assert max(values[index] for index in chosen) == max(values)
    assert min(values[index] for index in chosen) == min(values)
    assert len(chosen) <= most + 2
