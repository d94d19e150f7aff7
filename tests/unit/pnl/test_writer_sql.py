"""The SQL tables: the same whatever the order, the batches and the repeats in which messages come."""

import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.batch import Record
from sauda.contracts import (
    Against,
    CancelOrder,
    DeskPnl,
    Fill,
    Message,
    OrderAccepted,
    OrderCancelled,
    OrderKind,
    OrderModified,
    OrderRejected,
    OrderTriggered,
    PlaceBasket,
    PlaceOrder,
    PositionPnl,
    RejectReason,
    Side,
    StrategyPnl,
)
from sauda.errors import ConfigError
from sauda.outage import SinkAwayError
from sauda_pnl.writers.sql import SqlSink

NS = 1_795_580_105_123_456_789
OPTION = "NFO:NIFTY01DEC26C24500"
TABLES = ("orders", "fills", "positions", "pnl")
Dump = dict[str, list[tuple[object, ...]]]


def place(order_id: str = "o-1", at: int = 0, qty: int = 75) -> PlaceOrder:
    return PlaceOrder(
        order_id, "s", OPTION, Side.SELL, qty, OrderKind.SL, NS + at, limit_price=120_05, trigger_price=119_00
    )


def accepted(order_id: str = "o-1", at: int = 1) -> OrderAccepted:
    return OrderAccepted(order_id, "s", OPTION, NS + at)


def triggered(order_id: str = "o-1", at: int = 2) -> OrderTriggered:
    return OrderTriggered(order_id, "s", OPTION, NS + at, 118_95)


def modified(order_id: str = "o-1", at: int = 3, qty: int = 150) -> OrderModified:
    return OrderModified(order_id, "s", OPTION, NS + at, qty, limit_price=121_00)


def cancelled(order_id: str = "o-1", at: int = 4) -> OrderCancelled:
    return OrderCancelled(order_id, "s", OPTION, NS + at, 75, "asked for")


def made(order_id: str = "o-9", at: int = 1) -> OrderAccepted:
    """Build the acceptance of an order of the exchange's own making: it carries the terms."""
    terms = PlaceOrder(order_id, "s", OPTION, Side.BUY, 75, OrderKind.MARKET, NS, parent_id="o-1")
    return OrderAccepted(order_id, "s", OPTION, NS + at, terms=terms)


def rejected(order_id: str = "o-1", at: int = 5) -> OrderRejected:
    return OrderRejected(order_id, "s", OPTION, NS + at, RejectReason.OFF_TICK, "not a tick")


def fill(order_id: str = "o-1", at: int = 6, qty: int = 75, price: int = 100_05, left: int = 0) -> Fill:
    return Fill(f"{order_id}-{left}-{at}", order_id, "s", OPTION, Side.SELL, qty, price, 7, NS + at)


def records(*messages: Message, stream: str = "executions") -> list[Record]:
    return [Record(stream, f"1795580105123-{number}".encode(), one) for number, one in enumerate(messages)]


def dump(file: Path) -> Dump:
    with closing(sqlite3.connect(file)) as connection:
        return {
            table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4").fetchall()
            for table in TABLES
        }


def tables_after(*batches: Sequence[Record]) -> Dump:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "desk.db"
        sink = SqlSink(f"sqlite:///{file}", desk="live")
        for batch in batches:
            assert sink.write(batch) == []
        sink.close()
        return dump(file)


def order_after(*messages: Message) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "desk.db"
        sink = SqlSink(f"sqlite:///{file}", desk="live")
        assert sink.write(records(*messages)) == []
        sink.close()
        with closing(sqlite3.connect(file)) as connection:
            connection.row_factory = sqlite3.Row
            (row,) = connection.execute("SELECT * FROM orders").fetchall()
            return dict(row)


def test_the_refusal_to_cancel_what_nobody_placed_makes_no_order() -> None:
    unknown = OrderRejected("o-7", "s", "", NS + 5, RejectReason.UNKNOWN_ORDER, "s has placed no order 'o-7'")

    (row,) = tables_after(records(place(), accepted(), unknown))["orders"]

    assert "o-1" in row


@pytest.mark.parametrize(
    ("messages", "status"),
    [
        ((place(),), "PLACED"),
        ((place(), accepted()), "ACCEPTED"),
        ((place(), rejected()), "REJECTED"),
        ((place(), accepted(), rejected()), "ACCEPTED"),
        ((place(), accepted(), triggered()), "TRIGGERED"),
        ((place(), accepted(), cancelled()), "CANCELLED"),
        ((place(), accepted(), fill(qty=25)), "PARTLY_FILLED"),
        ((place(), accepted(), fill(qty=25), cancelled()), "CANCELLED"),
        ((place(), accepted(), triggered(), fill()), "FILLED"),
        ((place(), accepted(), modified(qty=150), fill(qty=75)), "PARTLY_FILLED"),
        ((place(), accepted(), modified(qty=25), fill(qty=25)), "FILLED"),
        ((fill(),), "PARTLY_FILLED"),
    ],
)
def test_the_status_follows_from_the_facts(messages: Sequence[Message], status: str) -> None:
    assert order_after(*messages)["status"] == status


def test_an_order_shows_its_terms_its_fills_and_when_what_happened() -> None:
    row = order_after(
        place(qty=150), accepted(), triggered(), fill(qty=75, price=100_00), fill(at=9, qty=75, price=100_05)
    )

    assert row["strategy"] == "s"
    assert (row["symbol"], row["side"], row["kind"]) == (OPTION, "SELL", "SL")
    assert (row["quantity"], row["filled_quantity"], row["average_price"]) == (150, 150, 100.025)
    assert (row["limit_price"], row["trigger_price"], row["charges"]) == (120.05, 119.0, 0.14)
    assert (row["placed_ns"], row["accepted_ns"], row["triggered_ns"]) == (NS, NS + 1, NS + 2)
    assert (row["ts_ns"], row["ts"]) == (NS + 9, "2026-11-25T09:45:05.123456+05:30")
    assert row["placed_entry"] == "1795580105123-0"


def test_an_order_that_nobody_placed_shows_the_terms_of_its_acceptance() -> None:
    row = order_after(made(), fill("o-9", qty=75))

    assert (row["side"], row["kind"], row["quantity"], row["parent_id"]) == ("BUY", "MARKET", 75, "o-1")
    assert (row["status"], row["placed_ns"], row["accepted_ns"]) == ("FILLED", None, NS + 1)


def test_a_settlement_is_complete_though_nobody_ordered_it() -> None:
    settled = msgspec.structs.replace(fill("settle-s-x", qty=75), against=Against.SETTLEMENT)
    row = order_after(settled)

    assert (row["status"], row["side"], row["quantity"], row["filled_quantity"]) == ("FILLED", "SELL", 75, 75)


def test_what_was_placed_outweighs_what_it_went_out_as() -> None:
    changed = OrderAccepted("o-1", "s", OPTION, NS + 1, terms=made("o-1").terms)

    assert (order_after(changed, place())["kind"], order_after(place(), changed)["kind"]) == ("SL", "SL")


def test_the_legs_of_a_basket_are_orders() -> None:
    basket = PlaceBasket("b", "s", (place("o-1"), place("o-2", qty=25)), NS)
    tables = tables_after(records(basket, stream="orders"), records(accepted("o-2")))

    assert [(row[1], row[10]) for row in tables["orders"]] == [("o-1", "PLACED"), ("o-2", "ACCEPTED")]


OLDER = (
    """CREATE TABLE pnl (desk TEXT NOT NULL, strategy TEXT NOT NULL, ts_ns BIGINT NOT NULL, ts TEXT NOT NULL,
    realised REAL NOT NULL, unrealised REAL NOT NULL, charges REAL NOT NULL, total_pnl REAL NOT NULL,
    margin REAL, roi REAL, PRIMARY KEY (desk, strategy, ts_ns)) WITHOUT ROWID""",
    """CREATE TABLE fills (desk TEXT NOT NULL, fill_id TEXT NOT NULL, order_id TEXT NOT NULL,
    strategy TEXT NOT NULL, symbol TEXT NOT NULL, side TEXT NOT NULL, ts_ns BIGINT NOT NULL, ts TEXT NOT NULL,
    quantity BIGINT NOT NULL, price REAL NOT NULL, charges REAL NOT NULL, PRIMARY KEY (desk, fill_id))
    WITHOUT ROWID""",
    "INSERT INTO pnl VALUES ('live', 's', 1, 'then', 1, 2, 3, 0, NULL, NULL)",
    "INSERT INTO fills VALUES ('live', 'f', 'o', 's', 'X', 'BUY', 1, 'then', 75, 10.05, 0)",
)
"""The two tables as the version before this one made them, each with a row."""


def test_a_database_of_an_older_version_gets_the_new_columns_and_keeps_its_rows(tmp_path: Path) -> None:
    file = tmp_path / "desk.db"
    with closing(sqlite3.connect(file)) as connection:
        for statement in OLDER:
            connection.execute(statement)
        connection.commit()

    for _ in range(2):  # the second start finds everything there
        sink = SqlSink(f"sqlite:///{file}", desk="live")
        assert sink.write(records(full_strategy(), fill())) == []
        sink.close()

    with closing(sqlite3.connect(file)) as connection:
        select = "SELECT total_pnl, peak_margin, peak, drawdown, day_pnl FROM pnl ORDER BY ts_ns"
        assert connection.execute(select).fetchall() == [
            (0, None, None, None, None),
            (0.06, 6_000.0, 0.1, 0.04, -0.05),
        ]
        found = connection.execute("SELECT fill_id, product FROM fills ORDER BY ts_ns").fetchall()
        assert found == [("f", None), ("o-1-0-6", "NRML")]


def test_the_latest_of_two_modifications_counts_and_the_first_of_two_orders_with_one_id() -> None:
    row = order_after(place(qty=75), modified(qty=50), modified(qty=25), place(qty=999))

    assert (row["quantity"], row["placed_entry"]) == (25, "1795580105123-0")


def test_a_request_to_change_or_cancel_is_no_fact_about_the_order() -> None:
    tables = tables_after(records(CancelOrder("o-1", "s", NS), stream="orders"))

    assert tables["orders"] == []


def position(number: int, symbol: str = OPTION) -> PositionPnl:
    return PositionPnl("s", symbol, -75, -123_457, 100_05 + number, 3, -7, 1, NS + number)


def strategy(number: int) -> StrategyPnl:
    return StrategyPnl("s", 10, -3, 1, 6, 5_000_00, 0.25, NS + number)


def full_strategy() -> StrategyPnl:
    return StrategyPnl("s", 10, -3, 1, 6, 5_000_00, 0.25, NS, 6_000_00, 10, 4, -5)


def desk(number: int) -> DeskPnl:
    return DeskPnl(10, -3, 1, 6, None, None, NS + number)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    order_id = draw(st.sampled_from(["o-1", "o-2", "o-3"]))
    at = draw(st.integers(0, 50))
    qty = draw(st.sampled_from([25, 50, 75]))
    makers: list[Message] = [
        place(order_id, at, qty),
        accepted(order_id, at),
        made(order_id, at),
        triggered(order_id, at),
        modified(order_id, at, qty),
        cancelled(order_id, at),
        rejected(order_id, at),
        position(at),
        strategy(at),
        desk(at),
    ]
    # A fill's id names its terms, as the exchange's does: one id, one fill.
    makers.append(fill(order_id, at, qty, price=100_00 + 5 * at, left=qty))
    return draw(st.sampled_from(makers))


@settings(max_examples=60, deadline=None)
@given(
    story=st.lists(messages(), min_size=1, max_size=25).map(lambda found: records(*found)),
    data=st.data(),
)
def test_any_order_any_batches_and_any_repeats_give_the_same_tables(
    story: list[Record], data: st.DataObject
) -> None:
    repeats = data.draw(st.lists(st.sampled_from(story), max_size=10))
    shuffled = data.draw(st.permutations([*story, *repeats]))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(shuffled)), max_size=5)))
    batches = [
        shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(shuffled)], strict=True) if shuffled[a:b]
    ]

    assert tables_after(*batches) == tables_after(story)


@given(st.lists(st.integers(-(10**13), 10**13), min_size=1, max_size=5, unique=True))
@settings(max_examples=25, deadline=None)
def test_every_paisa_can_be_read_back_from_sqlite(amounts: list[int]) -> None:
    points = [
        PositionPnl("s", OPTION, 1, amount, abs(amount), amount, -amount, 0, NS + number)
        for number, amount in enumerate(amounts)
    ]
    rows = tables_after(records(*points, stream="pnl"))["positions"]

    assert [round(row[8] * 100) for row in rows if isinstance(row[8], float)] == amounts


def test_a_row_that_the_database_cannot_hold_is_refused_and_the_rest_is_written(tmp_path: Path) -> None:
    too_big = PositionPnl("s", OPTION, 2**70, 1, 1, 1, 1, 1, NS)
    called_all = StrategyPnl("ALL", 1, 1, 1, 1, None, None, NS)
    sink = SqlSink(f"sqlite:///{tmp_path}/deep/desk.db", desk="live")

    refusals = sink.write(records(desk(1), too_big, desk(2), called_all, desk(3), stream="pnl"))
    sink.close()

    assert [refusal.place for refusal in refusals] == [1, 3]
    assert "too large" in refusals[0].reason
    assert "'ALL'" in refusals[1].reason
    assert len(dump(tmp_path / "deep" / "desk.db")["pnl"]) == 3


def test_an_average_price_of_an_order_is_its_own_column_and_no_sum_of_rounded_ones() -> None:
    row = order_after(place(qty=3), fill(qty=1, price=1, at=1), fill(qty=2, price=2, at=2))

    assert row["average_price"] == pytest.approx(0.016667, abs=1e-9)


def test_a_database_that_cannot_be_opened_is_named_and_tried_again(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    sink = SqlSink(f"sqlite:///{tmp_path}/file/desk.db", desk="live")

    with pytest.raises(SinkAwayError, match=r"database sqlite:///.*desk.db cannot write now"):
        sink.write(records(desk(1), stream="pnl"))


def test_a_file_that_is_no_database_is_named_and_tried_again(tmp_path: Path) -> None:
    (tmp_path / "desk.db").write_text("this is not a database, " * 100)
    sink = SqlSink(f"sqlite:///{tmp_path}/desk.db", desk="live")

    with pytest.raises(SinkAwayError, match="file is not a database"):
        sink.write(records(desk(1), stream="pnl"))


def test_a_table_that_somebody_dropped_is_made_again(tmp_path: Path) -> None:
    file = tmp_path / "desk.db"
    sink = SqlSink(f"sqlite:///{file}", desk="live")
    sink.write(records(desk(1), stream="pnl"))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DROP TABLE pnl")

    with pytest.raises(SinkAwayError, match="no such table: pnl"):
        sink.write(records(desk(2), stream="pnl"))
    assert sink.write(records(desk(2), stream="pnl")) == []
    sink.close()


@pytest.mark.parametrize(
    "url", ["mysql://u:geheim@h/d", "no address at all geheim", "nosuch+driver://geheim"]
)
def test_an_address_that_is_not_understood_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ConfigError, match="SAUDA_SQL_URL") as caught:
        SqlSink(url, desk="live")

    assert "geheim" not in str(caught.value)
