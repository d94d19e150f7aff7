"""Real minutes of NIFTY: the strategies of this release say themselves when they are due, and skipped beats change nothing."""

from datetime import date
from pathlib import Path

import pytest

from sauda.backtest.assumed import fitted
from sauda.backtest.data import MarketData
from sauda.backtest.plan import planned, rules_in
from sauda.backtest.run import run
from sauda.cli.backtest_words import bytes_of
from tests.unit.backtest.made_up import CALENDAR, CONFIG, settings
from tests.unit.strategy.test_real_days import DATA, RealDay, recording_of

FILE = "index_1min_2024/NIFTY_1min_2024_odd_months.parquet"
RULES = [
    path for path in sorted((CONFIG / "strategies").rglob("*.yaml")) if "instrument:" in path.read_text()
]
"""Those that trade an index; options are not in the file."""


def days() -> MarketData:
    path = recording_of(RealDay(FILE, "NIFTY", "2024-01-01", "", 0, 0, 1))
    return MarketData([path], CALENDAR, date(2024, 1, 1), date(2024, 1, 2), trade_index=True)


@pytest.mark.parametrize("path", RULES, ids=[path.stem for path in RULES])
def test_beats_at_which_nothing_is_due_change_nothing(path: Path, tmp_path: Path) -> None:
    plan, _ = fitted(planned(settings(tmp_path), {path.stem: rules_in(path)}, {}), days())
    assert all(hasattr(unit.build(), "due_ns") for unit in plan.units), (
        "one of them would be asked every second"
    )

    lean, full = run(plan, days()), run(plan, days(), every_second=True)

    assert bytes_of(lean) == bytes_of(full)


def test_a_year_of_several_files_is_one_market(tmp_path: Path) -> None:
    first = days()
    files = sorted((DATA / "index_1min_2024").glob("*.parquet"))
    rules = {"scalper": rules_in(CONFIG / "strategies/examples/ema_scalper.yaml")}
    data = MarketData(files, CALENDAR, date(2024, 1, 1), date(2024, 1, 2), trade_index=True)

    outcome = run(fitted(planned(settings(tmp_path), rules, {}), data)[0], data)
    alone = run(fitted(planned(settings(tmp_path), rules, {}), first)[0], first)

    # BANKNIFTY beside it changes nothing for who trades NIFTY.
    assert len(outcome.fills) > 4
    assert [(one.event_ns, one.price) for one in outcome.fills] == [
        (one.event_ns, one.price) for one in alone.fills
    ]
