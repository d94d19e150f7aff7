"""`make bench`: every bench can be called, one that cannot measure says why, and what callgrind wrote is read right."""

import importlib
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from benchmarks import __main__ as bench
from benchmarks import catalogue, instructions, one, sheet
from benchmarks.catalogue import BENCHES, Bench
from benchmarks.figures import CannotMeasureError, Figure

FIGURE = Figure("ours", 1234.5, "ticks/s")


@pytest.mark.parametrize("name", BENCHES)
def test_every_bench_can_be_measured_without_arguments(name: str) -> None:
    measured = importlib.import_module(BENCHES[name].module).measured
    inspect.signature(measured).bind()


def test_an_unknown_bench_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["nix"]) == 2
    assert bench.main(["check", "nix"]) == 2
    assert "no bench 'nix': there are ceiling," in capsys.readouterr().err


@pytest.fixture
def a_bench(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make the one bench `made_up` of a `measured()`, or of nothing."""

    def make(**functions: object) -> None:
        module = ModuleType("made_up_bench")
        vars(module).update(functions)
        monkeypatch.setitem(sys.modules, "made_up_bench", module)
        monkeypatch.setattr(one, "BENCHES", {"made_up": Bench("made_up_bench", 10, "")})

    return make


def test_one_bench_writes_its_rows(a_bench: Callable[..., None], tmp_path: Path) -> None:
    a_bench(measured=lambda: SimpleNamespace(figures=[FIGURE]))
    out = tmp_path / "rows.json"
    assert one.main(["made_up", str(out)]) == 0
    [row] = sheet.read(out)
    assert (row.bench, row.figure, row.value, row.ratio) == ("made_up", "ours", 1234.5, None)
    assert row.command == "python -m benchmarks made_up"


def test_one_that_cannot_measure_says_why(
    a_bench: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def measured() -> None:
        raise CannotMeasureError("no valgrind here")

    a_bench(measured=measured)
    assert one.main(["made_up", str(tmp_path / "rows.json")]) == 3
    assert capsys.readouterr().err == "no valgrind here\n"
    a_bench()
    assert one.main(["made_up", str(tmp_path / "rows.json")]) == 3
    assert "made_up_bench has no measured()" in capsys.readouterr().err


def test_a_bench_that_breaks_or_hangs_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one, "BENCHES", {"nix": Bench("benchmarks.nix", 60, "")})
    with pytest.raises(CannotMeasureError, match="KeyError: 'nix'"):
        one.rows_of("nix")  # the process knows the real list alone
    monkeypatch.setattr(one, "BENCHES", {"backtest": Bench("benchmarks.backtest", 0, "")})
    with pytest.raises(CannotMeasureError, match="longer than 0 s"):
        one.rows_of("backtest")


def test_the_table_has_every_figure_under_its_bench() -> None:
    rows = sheet.rows_of("feed", [FIGURE, Figure("half", 0.5, "s", "quiet").beside(FIGURE)])
    told = sheet.table(rows)
    assert told[1] == "feed   (python -m benchmarks feed)"
    assert told[2].split() == ["ours", "1,234", "ticks/s"]
    assert told[3].endswith("0.000405 x ours · quiet")


def test_rows_of_a_bench_are_replaced_and_the_others_stay() -> None:
    old, kept = sheet.rows_of("feed", [FIGURE]), sheet.rows_of("orders", [FIGURE])
    new = sheet.rows_of("feed", [Figure("new", 1.0, "s")])
    assert sheet.merged([*old, *kept], new) == [*kept, *new]


def test_counts_are_what_lies_between_two_marks(tmp_path: Path) -> None:
    for number, count in enumerate([900_000, 40, 20_040, 50, 60_040], start=1):
        (tmp_path / f"counts.{number}").write_text(f"events: Ir\nsummary: {count}\n\ntotals: {count}\n")
    counts = instructions.counts_in(tmp_path / "counts")
    parts = instructions.counted([("stick", 100), ("order", 10)], counts)
    assert parts == (("stick", 200.0), ("order", 6000.0))
    with pytest.raises(CannotMeasureError, match="valgrind saw 5 marks of 7"):
        instructions.counted([("stick", 1), ("order", 1), ("tick", 1)], counts)


def test_the_catalogue_tells_what_each_is() -> None:
    assert all(one.about and one.limit_s >= 60 for one in catalogue.BENCHES.values())
