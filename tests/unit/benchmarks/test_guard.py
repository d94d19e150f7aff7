"""The regression guard: what it lets pass, what it does not, and what it refuses to compare."""

import json
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from benchmarks import checking, guard, sheet
from benchmarks.figures import CannotMeasureError, Figure
from benchmarks.sheet import Row

STICK = Figure("the yardstick", 200.0, "ticks/s")
SPEED = Figure("ours", 100.0, "ticks/s").beside(STICK)
TIME = Figure("an order", 3.0, "ms", less_is_better=True).beside(Figure("the yardstick", 2.0, "ms"))


def a_row(figure: Figure = SPEED, factor: float = 1.0, bench: str = "feed") -> Row:
    [row] = [one for one in sheet.rows_of(bench, [STICK, figure]) if one.figure == figure.name]
    assert row.ratio is not None
    return msgspec.structs.replace(row, ratio=row.ratio * factor)


def lines(recorded: Row, found: Sequence[Row]) -> list[str]:
    return [one.line for one in guard.compared([recorded], found, {recorded.bench}, python="3.11")]


@pytest.mark.parametrize(("figure", "sign"), [(SPEED, -1), (TIME, 1)], ids=["speed", "time"])
def test_a_quarter_lost_is_told_and_fifteen_per_cent_pass(figure: Figure, sign: int) -> None:
    recorded = a_row(figure)
    [line] = lines(recorded, [a_row(figure, 1 + sign * 0.25)])
    assert line.startswith(f"feed, {figure.name}: 25% worse")
    assert lines(recorded, [a_row(figure, 1 + sign * 0.15)]) == []
    assert lines(recorded, [a_row(figure, 1 - sign * 0.25)]) == []


def test_absolute_figures_do_not_count() -> None:
    slower_machine = sheet.rows_of(
        "feed", [Figure("the yardstick", 20.0, "ticks/s"), with_value(SPEED, 10.0)]
    )
    assert lines(a_row(), slower_machine) == []


def with_value(figure: Figure, value: float) -> Figure:
    return Figure(figure.name, value, figure.unit, yardstick=figure.yardstick, ratio=figure.ratio)


def test_instructions_are_held_to_less() -> None:
    name = "strategy, Python 3.11"
    figure = Figure(name, 50_000.0, "instructions", less_is_better=True).beside(STICK)
    recorded = a_row(figure, bench="instructions")
    assert lines(recorded, [a_row(figure, 1.03, "instructions")]) == []
    assert "8% worse" in lines(recorded, [a_row(figure, 1.08, "instructions")])[0]


def test_a_missing_figure_is_named() -> None:
    [line] = lines(a_row(), [a_row(Figure("another", 5.0, "ticks/s").beside(STICK))])
    assert line.startswith("feed, ours: missing in this run")


def test_a_figure_without_yardstick_is_refused() -> None:
    bare = msgspec.structs.replace(a_row(), ratio=None, ratio_to=None)
    assert "recorded without a yardstick" in lines(bare, [a_row()])[0]
    assert "has no yardstick in this run" in lines(a_row(), [bare])[0]
    assert guard.recordable([bare, a_row()]) == [a_row()]


def test_another_yardstick_or_unit_is_not_compared() -> None:
    other = msgspec.structs.replace(a_row(), ratio_to="something else")
    assert "record it anew" in lines(a_row(), [other])[0]
    assert "record it anew" in lines(a_row(), [msgspec.structs.replace(a_row(), unit="ticks/min")])[0]


def test_what_is_not_steady_is_not_recorded() -> None:
    tail = Figure("p99", 9.0, "ms", steady=False).beside(STICK)
    assert guard.recordable([a_row(tail), a_row()]) == [a_row()]


def test_figures_of_another_python_are_left_out() -> None:
    figure = Figure("strategy, Python 3.13", 9.0, "instructions").beside(STICK)
    assert lines(a_row(figure), []) == []


def test_a_yardstick_must_have_been_measured() -> None:
    with pytest.raises(sheet.SheetError, match="'the yardstick', which was not measured"):
        sheet.rows_of("feed", [SPEED])
    with pytest.raises(sheet.SheetError, match="two figures named 'ours'"):
        sheet.rows_of("feed", [STICK, SPEED, SPEED])
    with pytest.raises(CannotMeasureError, match="nothing to compare"):
        Figure("ours", 1.0, "s").beside(Figure("broken", 0.0, "s"))


class Desk:
    """A folder with a recorded sheet and the newest run, and benches that give what they are told."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[list[str]] = []
        self.gives: list[Row] = []
        self.fails: dict[str, str] = {}
        monkeypatch.setattr(guard, "RECORDED", folder / "recorded.json")
        monkeypatch.setattr(sheet, "SHEET", folder / "bench.json")

    def measure(self, names: Sequence[str]) -> tuple[list[Row], dict[str, str]]:
        self.asked.append(list(names))
        return self.gives, self.fails

    def check(self, *names: str) -> int:
        return checking.check(names, self.measure)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, monkeypatch)


def test_a_loss_is_measured_once_more_before_it_counts(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet.write(guard.RECORDED, [a_row()])
    sheet.write(sheet.SHEET, [a_row(factor=0.7)])
    desk.gives = [a_row(factor=0.95)]
    assert desk.check() == 0
    desk.gives = [a_row(factor=0.5)]
    assert desk.check() == 1
    assert "feed, ours: 30% worse" in capsys.readouterr().out
    assert desk.asked == [["feed"], ["feed"]]


def test_without_a_run_it_measures_what_is_recorded(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    sheet.write(guard.RECORDED, [a_row(), a_row(bench="orders")])
    desk.gives, desk.fails = [a_row()], {"orders": "no exchange here"}
    assert desk.check() == 1
    assert "NOT MEASURED orders: no exchange here" in capsys.readouterr().out
    assert desk.asked == [["feed", "orders"]]
    desk.fails = {}
    assert desk.check("feed") == 0
    assert desk.asked[1:] == [["feed"]]


def test_nothing_recorded_is_no_success(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.check() == 1
    assert "nothing of any bench" in capsys.readouterr().out


def test_recording_takes_ratios_and_keeps_the_other_benches(desk: Desk) -> None:
    old = a_row(bench="orders")
    sheet.write(guard.RECORDED, [old, a_row(factor=0.5)])
    sheet.write(sheet.SHEET, [*sheet.rows_of("feed", [STICK, SPEED])])
    assert checking.record([]) == 0
    assert [(row.bench, row.figure) for row in sheet.read(guard.RECORDED)] == [
        ("orders", "ours"),
        ("feed", "ours"),
    ]
    assert sheet.read(guard.RECORDED)[1].ratio == pytest.approx(0.5)
    assert checking.record(["pipeline"]) == 1


def test_a_sheet_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    path.write_text("{")
    with pytest.raises(sheet.SheetError, match="cannot be read"):
        sheet.read(path)
    path.write_text(json.dumps({"schema": 9, "rows": []}))
    with pytest.raises(sheet.SheetError, match="has schema 9"):
        sheet.read(path)
