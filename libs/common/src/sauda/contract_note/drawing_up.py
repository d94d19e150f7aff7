"""Draws up a contract note: fills of a day in, a note out."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Final, TypeAlias

import msgspec

from sauda.charge_rules import NoteRule
from sauda.contract_note.note import ContractLine, ContractNote, SegmentNote, TradeLine
from sauda.contracts import Against, ChargeLines, Fill, InstrumentId, Side
from sauda.errors import ContractError
from sauda.instruments import parse_symbol, split_instrument
from sauda.money import Paise
from sauda.segments import Segment, segment_of

Series: TypeAlias = tuple[str, InstrumentId]
"""Strategy and instrument of a position."""
RUPEE: Final[Paise] = 100
OTHER: Final = "other"
"""The segment of contracts whose name says nothing."""


def draw_up(
    desk: str, day: date, fills: Sequence[Fill], closed: Mapping[Series, Paise], rule: NoteRule
) -> ContractNote:
    """Return the note of the trades *fills* of *day*.

    Args:
        desk: The trading book.
        day: Its trading date.
        fills: That day's, in the order in which they were made.
        closed: What each position made by the trades of the day, paise: of futures no more than this is paid.
        rule: What is rounded to the whole rupee.
    """
    by_segment = sorted(fills, key=_segment_key)
    segments = [
        _segment_note(key, list(group), closed, rule) for key, group in groupby(by_segment, key=_segment_key)
    ]
    charges = added(segment.charges for segment in segments)
    noted = added(segment.noted for segment in segments)
    obligation = sum(segment.obligation for segment in segments)
    return ContractNote(
        desk=desk,
        date=day,
        strategies=sorted({fill.strategy for fill in fills}),
        segments=segments,
        bought=sum(segment.bought for segment in segments),
        sold=sum(segment.sold for segment in segments),
        obligation=obligation,
        charges=charges,
        noted=noted,
        net=obligation - charges.total,
        net_noted=obligation - noted.total,
        unpriced=sum(fill.costs is None for fill in fills),
    )


def added(lines: Iterable[ChargeLines]) -> ChargeLines:
    """Return the sum of charges, line by line."""
    sums = dict.fromkeys(ChargeLines.__struct_fields__, 0)
    for one in lines:
        for name in sums:
            sums[name] += getattr(one, name)
    return ChargeLines(**sums)


def costs_of(fill: Fill) -> ChargeLines:
    """Return the lines of a fill; what was recorded without lines stands in `rounding`."""
    return fill.costs or ChargeLines(rounding=fill.charges)


def segment_of_fill(fill: Fill) -> Segment | None:
    """Return the segment in which *fill* was charged; None where its contract's name says nothing."""
    try:
        exchange, symbol = split_instrument(fill.instrument)
        parsed = parse_symbol(exchange, symbol)
    except ContractError:
        return None
    return segment_of(exchange, parsed.kind, parsed.underlying, fill.product)


_ORDER: Final = [segment.value for segment in Segment]


def _segment_key(fill: Fill) -> tuple[int, str]:
    segment = segment_of_fill(fill)
    return (len(_ORDER), OTHER) if segment is None else (_ORDER.index(segment.value), segment.value)


def _segment_note(
    key: tuple[int, str], fills: list[Fill], closed: Mapping[Series, Paise], rule: NoteRule
) -> SegmentNote:
    segment = None if key[1] == OTHER else Segment(key[1])
    contracts = [
        _contract_line(instrument, [fill for fill in fills if fill.instrument == instrument], segment, closed)
        for instrument in sorted({fill.instrument for fill in fills})
    ]
    charges = added(map(costs_of, fills))
    return SegmentNote(
        segment=key[1],
        title="Other contracts" if segment is None else segment.title,
        trades=[_trade_line(fill) for fill in fills],
        contracts=contracts,
        bought=sum(contract.bought for contract in contracts),
        sold=sum(contract.sold for contract in contracts),
        obligation=sum(contract.obligation for contract in contracts),
        charges=charges,
        noted=_noted(charges, rule),
    )


def _trade_line(fill: Fill) -> TradeLine:
    return TradeLine(
        event_ns=fill.event_ns,
        fill_id=fill.fill_id,
        order_id=fill.order_id,
        strategy=fill.strategy,
        instrument=fill.instrument,
        side=fill.side,
        qty=fill.qty,
        price=fill.price,
        value=fill.qty * fill.price,
        charges=fill.charges,
        is_settlement=fill.against is Against.SETTLEMENT,
    )


def _contract_line(
    instrument: InstrumentId, fills: list[Fill], segment: Segment | None, closed: Mapping[Series, Paise]
) -> ContractLine:
    buys = [fill for fill in fills if fill.side is Side.BUY]
    sells = [fill for fill in fills if fill.side is Side.SELL]
    bought, sold = (sum(fill.qty * fill.price for fill in side) for side in (buys, sells))
    owners = sorted({fill.strategy for fill in fills})
    is_future = segment is not None and segment.is_future
    profit = sum(closed.get((owner, instrument), 0) for owner in owners)
    return ContractLine(
        instrument=instrument,
        bought_qty=sum(fill.qty for fill in buys),
        bought=bought,
        sold_qty=sum(fill.qty for fill in sells),
        sold=sold,
        obligation=profit if is_future else sold - bought,
    )


def _noted(charges: ChargeLines, rule: NoteRule) -> ChargeLines:
    """Return *charges* as a note shows them: what is rounded to rupees is, and nothing is carried for it."""
    rupees = {name: (getattr(charges, name) + RUPEE // 2) // RUPEE * RUPEE for name in rule.whole_rupee}
    return msgspec.structs.replace(charges, **rupees, rounding=0)
