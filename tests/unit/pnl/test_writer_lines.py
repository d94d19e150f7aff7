"""The line protocol: every point has its own identity, and reading a line back gives the point."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.contracts import DeskPnl, Fill, OrderKind, PlaceOrder, PositionPnl, Side, StrategyPnl
from sauda.errors import ContractError
from sauda_pnl.writers.lines import Lines

NS = 1_795_580_105_123_456_789


def position(**changes: object) -> PositionPnl:
    values: dict[str, object] = {
        "strategy": "nifty straddle",
        "instrument": "NSE:Nifty 50",
        "qty": -75,
        "cost": -123_456,
        "ltp": 12_345,
        "realised": 100,
        "unrealised": -2_345,
        "charges": 5,
        "event_ns": NS,
    }
    return PositionPnl(**(values | changes))  # type: ignore[arg-type]


def fill(**changes: object) -> Fill:
    values: dict[str, object] = {
        "fill_id": "o-1-75",
        "order_id": 'o "1"',
        "strategy": "s",
        "instrument": "NFO:NIFTY01DEC26C24500",
        "side": Side.SELL,
        "qty": 75,
        "price": 10_005,
        "charges": 0,
        "event_ns": NS,
    }
    return Fill(**(values | changes))  # type: ignore[arg-type]


def test_a_position_is_a_line_with_rupees_as_floats_and_units_as_ints() -> None:
    assert Lines("live").line(position()) == (
        r"positions,desk=live,strategy=nifty\ straddle,symbol=NSE:Nifty\ 50 quantity=-75i,entry_price=16.4608,"
        f"price=123.45,realised=1.0,unrealised=-23.45,charges=0.05,pnl=-22.5 {NS}"
    )


def test_a_flat_position_has_no_entry_price() -> None:
    line = Lines("live").line(position(qty=0, cost=0))

    assert line is not None
    assert "entry_price" not in line


def test_a_strategys_and_the_desks_totals_are_lines_of_one_table() -> None:
    lines = Lines("live")
    total = StrategyPnl("s", realised=1, unrealised=2, charges=0, net=3, margin=500, roi=0.6, event_ns=NS)
    desk = DeskPnl(realised=1, unrealised=2, charges=0, net=3, margin=None, roi=None, event_ns=NS)

    fields = "realised=0.01,unrealised=0.02,charges=0.0,total_pnl=0.03"
    assert lines.line(total) == f"pnl,desk=live,strategy=s {fields},margin=5.0,roi=0.6 {NS}"
    assert lines.line(desk) == f"pnl,desk=live,strategy=ALL {fields} {NS}"


def test_a_total_tells_how_it_stands_against_its_past() -> None:
    total = DeskPnl(1, 2, 0, 3, 500, 0.6, NS, peak_margin=700, peak=10, drawdown=7, day_net=-4)

    fields = "realised=0.01,unrealised=0.02,charges=0.0,total_pnl=0.03,margin=5.0,roi=0.6"
    more = "peak_margin=7.0,peak=0.1,drawdown=0.07,day_pnl=-0.04"
    assert Lines("live").line(total) == f"pnl,desk=live,strategy=ALL {fields},{more} {NS}"


def test_a_fill_is_a_line_of_its_own() -> None:
    assert Lines("live").line(fill()) == (
        r"fills,desk=live,strategy=s,symbol=NFO:NIFTY01DEC26C24500,side=SELL,fill_id=o-1-75 "
        rf'quantity=75i,price=100.05,charges=0.0,order_id="o \"1\"" {NS}'
    )


def test_two_fills_of_one_instant_do_not_overwrite_each_other() -> None:
    lines = Lines("live")
    first, second = lines.line(fill(fill_id="o-1-75")), lines.line(fill(fill_id="o-2-75"))

    assert first is not None
    assert second is not None
    assert first.split(" quantity=")[0] != second.split(" quantity=")[0]


def test_an_order_has_no_line() -> None:
    order = PlaceOrder("o", "s", "NSE:X", Side.BUY, 1, OrderKind.MARKET, NS)

    assert Lines("live").line(order) is None


@pytest.mark.parametrize("name", ["", "ends in a backslash\\", "two\nlines", "ALL"])
def test_a_name_that_the_protocol_cannot_hold_is_refused_and_named(name: str) -> None:
    with pytest.raises(ContractError, match=re.escape(repr(name))):
        Lines("live").line(position(strategy=name))


def unescaped_split(text: str, at: str) -> list[str]:
    return re.split(rf"(?<!\\){re.escape(at)}", text)


@given(
    strategy=st.text(st.characters(blacklist_characters="\n\r\\", codec="utf-8"), min_size=1).filter(
        lambda name: name != "ALL"
    ),
    qty=st.integers(-(2**53), 2**53).filter(bool),
    cost=st.integers(-(10**13), 10**13),
    ltp=st.integers(0, 10**13),
)
def test_a_line_read_back_is_the_point_to_the_paisa(strategy: str, qty: int, cost: int, ltp: int) -> None:
    line = Lines("live").line(position(strategy=strategy, qty=qty, cost=cost, ltp=ltp))

    assert line is not None
    head, fields, stamp = unescaped_split(line, " ")
    tags = dict(unescaped_split(tag, "=") for tag in unescaped_split(head, ",")[1:])
    values = dict(pair.split("=") for pair in fields.split(","))
    assert re.sub(r"\\([,= ])", r"\1", tags["strategy"]) == strategy
    assert values["quantity"] == f"{qty}i"
    assert round(float(values["price"]) * 100) == ltp
    assert int(stamp) == NS
