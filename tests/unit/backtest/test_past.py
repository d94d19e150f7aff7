"""What a strategy learns of the past in a backtest: the rows before the present instant, also those before `--from`, and no later one."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sauda.backtest.past import Past
from sauda.clock import NS_PER_S
from sauda.contracts import HistoryReply, HistoryRequest, PastBar
from sauda.history.markets import REAL
from sauda.history.spans import Span
from sauda.history.store import HistoryStore
from sauda.testing.builders import at
from tests.unit.backtest.made_up import CALENDAR, bars_of, opened, rows, settings, written

INDEX = "NSE:Nifty 50"
DAY = date(2026, 11, 25)
MINUTE_NS = 60 * NS_PER_S


def ask(
    folder: Path, now_ns: int, count: int, name: str = INDEX, to_ns: int = 0, **options: Any
) -> tuple[Sequence[PastBar], HistoryReply]:
    path = folder / "days.parquet"
    if not path.exists():
        written(path, bars_of(rows(900, days=2)))
    data = opened(path, **options)
    past = Past(data, settings(folder), CALENDAR)
    (reply,) = past.answer(
        HistoryRequest("q", "test", name, "1m", to_ns or now_ns, now_ns, count=count), now_ns
    )
    assert not past.assumed
    return reply.bars, reply


def test_bars_are_complete_and_older_than_the_present(tmp_path: Path) -> None:
    now_ns = at("09:17:30", DAY)

    bars, reply = ask(tmp_path, now_ns, 2)

    assert [bar.start_ns for bar in bars] == [at("09:15:00", DAY), at("09:16:00", DAY)]
    assert (reply.error, reply.source) == (None, "recording")


def test_what_comes_is_not_told_though_somebody_asks_for_it(tmp_path: Path) -> None:
    now_ns = at("09:17:30", DAY)

    assert ask(tmp_path, now_ns, 2, to_ns=at("09:19:00", DAY))[0] == ask(tmp_path, now_ns, 2)[0]


def test_rows_before_the_first_day_asked_for_are_there_for_the_warm_up(tmp_path: Path) -> None:
    bars, _ = ask(tmp_path, at("09:15:00", DAY), 3, from_day=DAY)

    assert [bar.start_ns for bar in bars] == [
        at(f"09:{minute}:00", date(2026, 11, 23)) for minute in (17, 18, 19)
    ]


def test_a_future_made_of_an_index_has_the_indexs_past(tmp_path: Path) -> None:
    now_ns = at("09:18:00", DAY)

    bars, _ = ask(tmp_path, now_ns, 3, "NFO:NIFTY23NOV26F", trade_index=True)

    assert list(bars) == list(ask(tmp_path, now_ns, 3)[0])


def test_what_nobody_knows_is_an_answer_too(tmp_path: Path) -> None:
    bars, reply = ask(tmp_path, at("09:16:00", DAY), 5, "NSE:Nifty Bank")

    assert not bars
    assert reply.error


def test_what_the_store_told_is_no_part_of_the_data_and_is_said(tmp_path: Path) -> None:
    known = PastBar(at("15:29:00", date(2026, 11, 20)), 24_500_00, 24_510_00, 24_490_00, 24_505_00)
    store = HistoryStore(tmp_path / "history", REAL)
    store.add(INDEX, "1m", [known], [Span(known.start_ns, known.start_ns + MINUTE_NS)])
    path = written(tmp_path / "days.parquet", bars_of(rows(900)))
    now_ns = at("09:15:00")
    past = Past(opened(path), settings(tmp_path), CALENDAR)

    (reply,) = past.answer(HistoryRequest("q", "test", INDEX, "1m", now_ns, now_ns, count=1), now_ns)

    assert reply.bars == (known,)
    (said,) = past.assumed
    assert "NSE:Nifty 50 1m are those of the local store" in said
