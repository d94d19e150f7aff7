"""The exchange's own fills carry what they cost, line by line."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import msgspec
import pytest

from sauda.contracts import (
    Against,
    ChargeLines,
    Fill,
    InstrumentId,
    Message,
    OrderRejected,
    Product,
    RejectReason,
    Right,
    Side,
)
from sauda.errors import ConfigError
from sauda.money import Paise, Units
from sauda.settings import load_settings
from sauda.testing.builders import (
    LOT,
    OPTION,
    Weekdays,
    a_clock,
    a_tick,
    after,
    an_option,
    an_order,
    at,
)
from sauda.testing.restart import play, play_with_restarts
from sauda_execution.acts import Settle
from sauda_execution.exchange import PaperExchange
from sauda_execution.house import House
from sauda_execution.units import units
from tests.unit.execution.charged import MARKET, a_contract, summed, tariff

PUT = "NFO:NIFTY01DEC26P24500"


def exchange(plan: str = "flat_5") -> PaperExchange:
    return PaperExchange(House(Weekdays(), tariff=tariff(plan)))


def quoted(price: Paise, instrument: InstrumentId, second: int) -> Message:
    """Return a tick that is bid and offered at one price."""
    return a_tick(price, instrument=instrument, bid=price, ask=price, at_ns=after(second))


def straddle() -> list[Message]:
    """Return a short straddle of one lot: sold at 120 and 115, bought back at 90 and 80."""
    return [
        an_option(OPTION),
        an_option(PUT, right=Right.PUT),
        quoted(120_00, OPTION, 0),
        quoted(115_00, PUT, 0),
        an_order(Side.SELL, order_id="1", instrument=OPTION, event_ns=after(0)),
        an_order(Side.SELL, order_id="2", instrument=PUT, event_ns=after(0)),
        a_clock(after(1)),
        quoted(90_00, OPTION, 2),
        quoted(80_00, PUT, 2),
        an_order(Side.BUY, order_id="3", instrument=OPTION, event_ns=after(2)),
        an_order(Side.BUY, order_id="4", instrument=PUT, event_ns=after(2)),
        a_clock(after(3)),
    ]


def fills_of(answers: Iterable[Message]) -> list[Fill]:
    return [answer for answer in answers if isinstance(answer, Fill)]


def test_the_worked_straddle_costs_57_89_through_real_fills() -> None:
    """Turnover 26,325 at Rs 5 an order, by the rates of November 2026 (docs/charges.md)."""
    fills = fills_of(play(exchange(), straddle()))
    assert [fill.price for fill in fills] == [120_00, 115_00, 90_00, 80_00]
    assert summed([fill.costs or ChargeLines() for fill in fills]) == ChargeLines(
        stt=22_91, exchange=9_22, ipft=13, sebi=3, stamp=33, brokerage=20_00, gst=5_26, rounding=1
    )
    assert sum(fill.charges for fill in fills) == 57_89
    assert all(fill.costs is not None and fill.costs.total == fill.charges for fill in fills)


@pytest.mark.parametrize("restart_before", range(1, 12))
def test_a_restart_at_any_message_changes_no_charge(restart_before: int) -> None:
    steady = play(exchange(), straddle())
    assert play_with_restarts(exchange, straddle(), {restart_before}) == steady


def test_the_setting_names_the_plan_and_is_on_record(tmp_path: Path) -> None:
    given = {"SAUDA_CONFIG": str(MARKET.parent), "SAUDA_BROKERAGE": "flat_5"}
    (unit,) = units(load_settings(tmp_path, given))
    assert unit.settings["brokerage"] == "flat_5"
    with pytest.raises(ConfigError, match=r"brokerage\.yaml: plans: no plan 'flat_10'"):
        units(load_settings(tmp_path, {**given, "SAUDA_BROKERAGE": "flat_10"}))


def sized(qty: Units, second: int) -> Message:
    """Return a tick at 100 that offers *qty* units."""
    tick = a_tick(100_00, bid=100_00, ask=100_00, at_ns=after(second))
    return msgspec.structs.replace(tick, bid_qty=qty, ask_qty=qty)


def bought(*offers: Units) -> list[Fill]:
    """Return the fills of an order for three lots that meets these offers one after another."""
    market = [
        message
        for n, qty in enumerate(offers)
        for message in (sized(qty, 2 * n + 2), a_clock(after(2 * n + 3)))
    ]
    order = an_order(qty=3 * LOT, event_ns=after(1))
    return fills_of(play(exchange("flat_20"), [an_option(), a_clock(after(1)), sized(1, 0), order, *market]))


def test_an_order_in_pieces_costs_what_it_costs_at_once() -> None:
    pieces, at_once = bought(LOT, LOT, LOT), bought(3 * LOT)
    assert len(pieces) > len(at_once)
    assert summed([fill.costs or ChargeLines() for fill in pieces]) == summed(
        [fill.costs or ChargeLines() for fill in at_once]
    )


def test_nothing_is_kept_of_an_order_that_is_filled() -> None:
    desk = exchange("flat_20")
    play(desk, straddle())
    kept = {row for row, value in desk.state.take_changes().items() if value is not None}
    assert [row for row in kept if row.startswith(b"charged_orders/")] == []
    assert b"charge_carries/straddle|index_option" in kept


def test_without_a_tariff_nothing_is_charged() -> None:
    fills = fills_of(play(PaperExchange(House(Weekdays())), straddle()))
    assert [(fill.charges, fill.costs) for fill in fills] == [(0, None)] * 4


def test_an_order_for_what_has_no_price_list_is_refused_and_not_traded_free() -> None:
    currency = a_contract("CDS:USDINR-FUT", "USDINR")
    market: list[Message] = [currency, a_tick(84_00, instrument=currency.instrument)]
    answers = play(exchange(), [*market, an_order(instrument=currency.instrument, qty=1)])
    assert [(type(one), getattr(one, "reason", None)) for one in answers] == [
        (OrderRejected, RejectReason.NOT_TRADABLE)
    ]


def test_a_settlement_pays_the_tax_of_an_exercise() -> None:
    desk = exchange("flat_20")
    play(desk, [an_option(), quoted(100_00, OPTION, 0), an_order(order_id="buy")])
    settle = Settle("settle-straddle-x", "straddle", OPTION, Product.NRML, Side.SELL, LOT, 40_00)
    (fill,) = fills_of(desk._act(settle))
    assert fill.against is Against.SETTLEMENT
    # 0.15 % of 2,600; Rs 20 because the plan counts it as an order; SEBI on 65 x 24,500; GST on the last two.
    assert fill.costs == ChargeLines(brokerage=20_00, stt=3_90, sebi=1_59, gst=3_89)
    assert fill.charges == 29_38


def test_the_next_day_begins_its_own_rounding() -> None:
    desk = exchange()
    first = fills_of(play(desk, straddle()))
    tomorrow = date(2026, 11, 24)
    shifted = at("10:00", tomorrow)
    second = fills_of(
        play(
            desk,
            [
                a_tick(120_00, bid=120_00, ask=120_00, at_ns=shifted),
                an_order(Side.SELL, order_id="5", event_ns=shifted),
                a_clock(shifted + 10**9),
            ],
        )
    )
    assert second[0].costs == first[0].costs
