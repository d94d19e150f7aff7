"""A day's trades by segment and contract with their charges, as a broker's contract note shows them.

The charges that were booked keep their paise. A broker rounds some of them to the whole rupee, once for a day and
segment (`sauda.charge_rules.NoteRule`): those figures stand beside the booked ones, and differ from them by paise.
"""

from datetime import date

import msgspec

from sauda.clock import UnixNs
from sauda.contracts import ChargeLines, InstrumentId, Side
from sauda.money import Paise, Units


class TradeLine(msgspec.Struct, frozen=True):
    """One trade."""

    event_ns: UnixNs
    fill_id: str
    order_id: str
    strategy: str
    instrument: InstrumentId
    side: Side
    qty: Units
    price: Paise
    value: Paise
    charges: Paise
    is_settlement: bool
    """Whether the exchange settled it at expiry."""


class ContractLine(msgspec.Struct, frozen=True):
    """What a day's trades of one contract come to."""

    instrument: InstrumentId
    bought_qty: Units
    bought: Paise
    sold_qty: Units
    sold: Paise
    obligation: Paise
    """Due before charges, negative if it is to be paid: sold less bought; of a future the profit that was closed."""


class SegmentNote(msgspec.Struct, frozen=True):
    """What is charged alike."""

    segment: str
    """As in config/market/charges.yaml."""
    title: str
    trades: list[TradeLine]
    contracts: list[ContractLine]
    bought: Paise
    sold: Paise
    obligation: Paise
    charges: ChargeLines
    """As they were booked."""
    noted: ChargeLines
    """As a broker's note rounds them."""


class ContractNote(msgspec.Struct, frozen=True):
    """A day of a desk."""

    desk: str
    date: date
    strategies: list[str]
    segments: list[SegmentNote]
    bought: Paise
    sold: Paise
    obligation: Paise
    charges: ChargeLines
    noted: ChargeLines
    net: Paise
    """Due after the booked charges, negative if it is to be paid."""
    net_noted: Paise
    """The same by the charges of a broker's note."""
    unpriced: int
    """Trades that were recorded without charge lines."""
