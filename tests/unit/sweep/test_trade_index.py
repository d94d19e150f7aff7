"""`sauda sweep --trade-index`: each combination is the backtest that it would be alone, and what is assumed is told."""

import json
from pathlib import Path
from shutil import copy

import pytest

from sauda.cli.__main__ import run
from sauda.testing.builders import at
from tests.unit.backtest.made_up import CONFIG, FIRST_DAY, written

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with twenty-five minutes of an index that rises, and a strategy that buys its future."""
    (tmp_path / "strategies").mkdir()
    copy(REPOSITORY / "strategies/opening_range.py", tmp_path / "strategies")
    (tmp_path / "range.yaml").write_text(
        "kind: opening_range\nrange_until: '09:20'\nexit_time: '09:35'\nwarmup_bars: 0\n"
    )
    first = at("09:15:00", FIRST_DAY)
    prices = [25_000.0 + 2 * minute for minute in range(25)]
    bars = [
        {
            "ts_utc_ns": first + minute * 60 * 10**9,
            "exchange": "NSE",
            "trading_symbol": "Nifty 50",
            "open": price,
            "high": price + 2,
            "low": price,
            "close": price + 1,
        }
        for minute, price in enumerate(prices)
    ]
    written(tmp_path / "index.parquet", bars)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAUDA_CONFIG", str(CONFIG))
    return tmp_path


def test_two_combinations_are_the_two_backtests_and_their_assumptions_are_told(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["range.yaml", "--data", "index.parquet", "--trade-index"]
    alone = {}
    for lots in ("1", "2"):
        assert run(["backtest", *given, "--set", f"lots={lots}", "--json"]) == 0
        alone[lots] = json.loads(capsys.readouterr().out)

    assert run(["sweep", *given, "--grid", "lots=1,2", "--metric", "net", "--jobs", "1", "-o", "out"]) == 0

    told = capsys.readouterr().err
    found = json.loads((place / "out/sweep.json").read_text())
    nets = {trial["values"]["lots"]: trial["first"]["net"] for trial in found["trials"]}
    assert nets == {lots: one["strategies"]["ALL"]["net"] for lots, one in alone.items()}
    assert nets["2"] != nets["1"] != 0
    assert any("--trade-index" in line for line in found["assumptions"])
    assert any(line.startswith("A bar is four ticks") for line in found["assumptions"])
    assert set(found["assumptions"]) <= set(alone["1"]["assumptions"])
    assert all(line in told for line in found["assumptions"])
