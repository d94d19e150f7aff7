"""A day of a desk for the tests of its contract note: a straddle, a future that was closed, a share, and what is odd."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from sauda.charge_rules import NoteRule
from sauda.contract_note.drawing_up import Series, draw_up
from sauda.contract_note.note import ContractNote
from sauda.contracts import ChargeLines, Fill, InstrumentId, Side
from sauda.money import Paise, Units
from sauda.price_lists import load_charge_rules
from sauda.testing.builders import DAY, NOW, OPTION

PUT = "NFO:NIFTY01DEC26P24500"
FUTURE = "NFO:NIFTY29DEC26F"
RULE: NoteRule = load_charge_rules(Path(__file__).parents[3] / "config/market").contract_note[-1]


def a_fill(
    side: Side,
    qty: Units,
    price: Paise,
    *,
    instrument: InstrumentId = OPTION,
    order_id: str = "o-1",
    strategy: str = "straddle",
    costs: ChargeLines | None = None,
) -> Fill:
    """Build a fill that cost *costs*."""
    return Fill(
        fill_id=f"{order_id}-1",
        order_id=order_id,
        strategy=strategy,
        instrument=instrument,
        side=side,
        qty=qty,
        price=price,
        charges=0 if costs is None else costs.total,
        event_ns=NOW,
        costs=costs,
    )


def straddle() -> list[Fill]:
    """Return the worked straddle of docs/charges.md, with the lines that the exchange makes of it."""
    return [
        a_fill(Side.SELL, 65, 120_00, order_id="1", costs=ChargeLines(5_00, 11_70, 2_73, 1, 4, 0, 1_39, 0)),
        a_fill(
            Side.SELL, 65, 115_00, instrument=PUT, order_id="2",
            costs=ChargeLines(5_00, 11_21, 2_62, 1, 4, 0, 1_38, -1),
        ),
        a_fill(Side.BUY, 65, 90_00, order_id="3", costs=ChargeLines(5_00, 0, 2_05, 0, 3, 18, 1_27, 0)),
        a_fill(
            Side.BUY, 65, 80_00, instrument=PUT, order_id="4",
            costs=ChargeLines(5_00, 0, 1_82, 1, 2, 15, 1_22, 2),
        ),
    ]  # fmt: skip


def note(fills: list[Fill], closed: Mapping[Series, Paise] | None = None) -> ContractNote:
    """Draw up the note of *fills* on the desk `live`."""
    return draw_up("live", DAY, fills, closed or {}, RULE)


def priced(fill: Fill, **lines: Paise) -> Fill:
    """Return *fill* as it is when these lines were charged."""
    costs = ChargeLines(**lines)
    return msgspec.structs.replace(fill, charges=costs.total, costs=costs)
