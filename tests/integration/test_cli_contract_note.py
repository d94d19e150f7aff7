"""`sauda contract-note` and `sauda fills --charges` on a desk that has traded."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypeAlias

import msgspec
import pytest

from sauda.codec import encode
from sauda.contracts import ChargeLines, Fill, Side
from sauda.log import Output
from sauda.money import to_indian
from sauda.redis_log import RedisLog
from sauda.testing.builders import at
from tests.integration.conftest import Outcome
from tests.unit.contract_note.trades import FUTURE, a_fill, straddle

pytestmark = pytest.mark.integration
CONFIG = Path(__file__).parents[2] / "config"
DAY = "2026-11-23"
TOTALS = [to_indian(fill.charges) for fill in straddle()]
Sauda: TypeAlias = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def the_projects_price_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAUDA_CONFIG", str(CONFIG))


@pytest.fixture
def traded(desk_log: RedisLog) -> RedisLog:
    """A desk on which the worked straddle was traded."""
    write(desk_log, *straddle())
    return desk_log


def write(log: RedisLog, *fills: Fill) -> None:
    log.append([Output("executions", encode(fill), b"") for fill in fills])


def test_the_note_is_printed_for_people(sauda: Sauda, traded: RedisLog) -> None:
    shown = sauda("contract-note", "--date", DAY)
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.startswith(f"CONTRACT NOTE  Monday, {DAY}  desk {traded.desk}, straddle\n")
    assert "INDEX OPTIONS" in shown.out
    assert "4,167.11 receivable" in shown.out


def test_the_note_is_one_json_document_in_int_paise(sauda: Sauda, traded: RedisLog) -> None:
    note = sauda("contract-note", "--date", DAY, "--format", "json").document
    assert (note["desk"], note["date"], note["net"]) == (traded.desk, DAY, 4_225_00 - 57_89)
    assert note["charges"]["stt"] == 22_91
    assert note["noted"]["stt"] == 23_00


def test_without_a_date_it_is_that_of_the_newest_trades(sauda: Sauda, traded: RedisLog) -> None:
    earlier = msgspec.structs.replace(
        straddle()[0], fill_id="old-1", event_ns=at("10:00", date(2026, 11, 20))
    )
    write(traded, earlier)
    assert sauda("contract-note", "--format", "json").document["date"] == DAY


def test_a_future_carried_in_is_due_by_what_it_cost_before(sauda: Sauda, desk_log: RedisLog) -> None:
    bought = a_fill(Side.BUY, 65, 24_500_00, instrument=FUTURE)
    sold = a_fill(Side.SELL, 65, 24_510_00, instrument=FUTURE, order_id="o-2")
    write(desk_log, msgspec.structs.replace(bought, event_ns=at("10:00", date(2026, 11, 20))), sold)
    assert sauda("contract-note", "--date", DAY, "--format", "json").document["obligation"] == 650_00
    assert sauda("contract-note", "--date", "2026-11-20", "--format", "json").document["obligation"] == 0


def test_the_page_is_written_to_a_file(sauda: Sauda, traded: RedisLog, tmp_path: Path) -> None:
    file = tmp_path / "note.html"
    shown = sauda("contract-note", "--format", "html", "-o", str(file))
    assert (shown.code, shown.out, shown.err) == (0, "", f"written to {file}\n")
    assert file.read_text().startswith("<!doctype html>")


def test_a_file_that_cannot_be_written_is_named(sauda: Sauda, traded: RedisLog, tmp_path: Path) -> None:
    shown = sauda("contract-note", "-o", str(tmp_path / "nowhere" / "note.txt"))
    assert shown.code == 2
    assert "cannot be written: No such file or directory" in shown.err
    assert "Traceback" not in shown.err


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--date", "2026-11-20"), "nothing was traded on 2026-11-20 on desk"),
        (("--date", DAY, "--strategy", "nope"), f"nothing was traded by strategy nope on {DAY} on desk"),
        (("--strategy", "nope"), "nothing was traded by strategy nope on desk"),
    ],
)
def test_nothing_traded_is_said_and_is_a_negative_finding(
    sauda: Sauda, traded: RedisLog, asked: tuple[str, ...], said: str
) -> None:
    shown = sauda("contract-note", *asked)
    assert (shown.code, shown.out, shown.err) == (1, "", f"{said} {traded.desk}\n")


@pytest.mark.parametrize("asked", [("--date", "yesterday"), ("--format", "pdf")])
def test_wrong_usage_is_one_clear_answer(sauda: Sauda, traded: RedisLog, asked: tuple[str, ...]) -> None:
    shown = sauda("contract-note", *asked)
    assert shown.code == 2
    assert asked[1] in shown.err


def test_broken_price_lists_are_named(
    sauda: Sauda, traded: RedisLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAUDA_CONFIG", str(tmp_path))
    shown = sauda("contract-note", "--date", DAY)
    assert shown.code == 2
    assert "charges.yaml: cannot be read" in shown.err


def test_fills_show_every_charge_line(sauda: Sauda, traded: RedisLog) -> None:
    shown = sauda("fills", "--charges")
    assert shown.code == 0
    head, *rows = shown.out.splitlines()
    assert head.split()[-9:] == [
        "BROKERAGE",
        "STT",
        "EXCHANGE",
        "SEBI",
        "IPFT",
        "STAMP",
        "GST",
        "ROUNDING",
        "CHARGES",
    ]
    assert [row.split()[-1] for row in rows] == [*TOTALS, "57.89"]


def test_fills_give_every_charge_line_as_json(sauda: Sauda, traded: RedisLog) -> None:
    first = sauda("fills", "--charges", "--json").document[0]
    assert sum(first["costs"].values()) == first["charges"]
    assert set(first["costs"]) == set(ChargeLines.__struct_fields__)
