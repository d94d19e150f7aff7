"""The page about the paper exchange shows what the benchmark measures, and the benchmark measures what it says."""

import os
from pathlib import Path

import pytest

from benchmarks.realism import DAYS, LOTS, MODELS, Day, Result, Row, lines, main, no_sizes, result_of, table
from sauda.contracts import BookLevel, Depth, DeskPnl, Fill, Side, Tick
from sauda.testing.builders import LOT, NOW, OPTION

REPOSITORY = Path(__file__).parents[3]
DATA = Path(os.environ.get("SAUDA_TEST_DATA", REPOSITORY.parent / "shared/data"))
PAGE = REPOSITORY / "docs/paper-exchange.md"


def a_fill(side: Side, price: int, charges: int = 0) -> Fill:
    return Fill(f"f-{side.value}", "o-1", "straddle", OPTION, side, LOT, price, charges, NOW)


@pytest.mark.slow
@pytest.mark.parametrize("day", DAYS, ids=lambda day: day.underlying)
def test_the_page_shows_what_the_recorded_days_make(day: Day) -> None:
    if not (DATA / day.file).exists():
        if os.environ.get("CI"):
            pytest.fail(f"{DATA / day.file} is missing: CI never skips")
        pytest.skip(f"{DATA / day.file} is missing: set SAUDA_TEST_DATA")

    shown = "\n".join(lines(day, table(day, DATA)))

    assert shown in PAGE.read_text(), f"docs/paper-exchange.md should show\n{shown}"


def test_every_setting_of_the_page_has_its_default() -> None:
    text = PAGE.read_text()

    for name, default in (("fills", "`depth`"), ("order_latency_ms", "20"), ("slippage_ticks", "0")):
        assert f"| `{name}` | {default} |" in text


def test_a_table_has_a_line_for_each_model_and_says_the_difference_to_the_line_above() -> None:
    rows = [
        Row("one", (Result(100_00, 0, 4, 0), Result(2_00_000_00, 0, 4, 0))),
        Row("two", (Result(90_00, 5_00, 5, 0), Result(1_00_000_00, 0, 9, 1))),
    ]

    shown = list(lines(DAYS[0], rows))

    assert shown[-2:] == [
        "| one | 100.00 |  | 4 | 2,00,000.00 |  | 4 |",
        "| two | 90.00 | -10.00 | 5 | 1,00,000.00 | -1,00,000.00 | 9 |",
    ]
    assert len(MODELS) == 8
    assert LOTS[0] == 1


def test_a_day_that_ends_with_a_position_has_no_result() -> None:
    with pytest.raises(RuntimeError, match="ended with positions"):
        result_of([a_fill(Side.SELL, 100_00)])


def test_a_result_is_the_last_valuation_with_charges_fills_and_refusals() -> None:
    point = DeskPnl(10_00, 0, 5_00, 5_00, None, None, NOW)

    found = result_of([a_fill(Side.SELL, 110_00, 2_00), a_fill(Side.BUY, 100_00, 3_00), point])

    assert found == Result(net=5_00, charges=5_00, fills=2, refusals=0)


def test_without_sizes_a_tick_keeps_its_prices_alone() -> None:
    depth = Depth((BookLevel(99, 5),), (BookLevel(101, 5),))
    tick = Tick(OPTION, NOW, NOW, 100, 99, 101, 5, 5, volume=7, depth=depth)

    assert no_sizes(tick) == Tick(OPTION, NOW, NOW, 100, 99, 101)


def test_wrong_usage_is_told_and_ends_with_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SAUDA_TEST_DATA", raising=False)

    assert main([]) == 2
    assert main(["a", "b"]) == 2
    assert "usage: python -m benchmarks.realism FOLDER" in capsys.readouterr().err
    assert main([str(tmp_path)]) == 1
    assert f"{tmp_path} has no nse_chain_snapshots" in capsys.readouterr().err
