"""What a contract note says, cell by cell: the same in text and on the page."""

from collections.abc import Sequence
from typing import Final, TypeAlias

from sauda.clock import to_ist
from sauda.contract_note.note import ContractNote, SegmentNote
from sauda.money import Paise, to_indian

Cells: TypeAlias = Sequence[str]

TRADES: Final = ("Time", "Order", "Strategy", "Side", "Contract", ">Qty", ">Price", ">Value", ">Charges")
CONTRACTS: Final = ("Contract", ">Bought", ">Buy value", ">Sold", ">Sell value", ">Due")
CHARGES: Final = ("Charge", ">Booked", ">On a broker's note")
"""A column whose title begins with `>` holds numbers."""

DISCLAIMER: Final = "Paper trading: no order left this desk and no broker issued this note."
_NAMES: Final = {
    "brokerage": "Brokerage",
    "exchange": "Exchange fee",
    "sebi": "SEBI fee",
    "ipft": "Investor protection fund",
    "gst": "GST",
    "stt": "STT / CTT",
    "stamp": "Stamp duty",
    "rounding": "Rounding of the day",
}


def trades(segment: SegmentNote) -> list[Cells]:
    """Return a row for each trade."""
    return [
        (
            f"{to_ist(trade.event_ns):%H:%M:%S}",
            trade.order_id,
            trade.strategy,
            "SETTLED" if trade.is_settlement else trade.side.value,
            trade.instrument,
            str(trade.qty),
            to_indian(trade.price),
            to_indian(trade.value),
            to_indian(trade.charges),
        )
        for trade in segment.trades
    ]


def contracts(segment: SegmentNote) -> list[Cells]:
    """Return a row for each contract."""
    return [
        (
            contract.instrument,
            str(contract.bought_qty),
            to_indian(contract.bought),
            str(contract.sold_qty),
            to_indian(contract.sold),
            to_indian(contract.obligation),
        )
        for contract in segment.contracts
    ]


def charges(segment: SegmentNote) -> list[Cells]:
    """Return a row for each charge that was levied, and their sum."""
    booked, noted = segment.charges, segment.noted
    lines = [(name, getattr(booked, line), getattr(noted, line)) for line, name in _NAMES.items()]
    levied = [(name, to_indian(ours), to_indian(theirs)) for name, ours, theirs in lines if ours or theirs]
    return [*levied, ("Total", to_indian(booked.total), to_indian(noted.total))]


def figures(note: ContractNote) -> list[tuple[str, str]]:
    """Return what the whole day comes to."""
    return [
        ("Bought", to_indian(note.bought)),
        ("Sold", to_indian(note.sold)),
        ("Due before charges", due(note.obligation)),
        ("Charges", to_indian(note.charges.total)),
        ("Net", due(note.net)),
        ("Net by a broker's note", due(note.net_noted)),
    ]


def due(amount: Paise) -> str:
    """Return what is due as a note says it: receivable or payable."""
    return f"{to_indian(abs(amount))} {'payable' if amount < 0 else 'receivable'}"


def remarks(note: ContractNote) -> list[str]:
    """Return what a reader has to know of the figures."""
    said = [DISCLAIMER]
    if any(segment.segment.endswith("_future") for segment in note.segments):
        said.append(
            "Of a future the profit that the day's trades closed is due; what is open is not marked here."
        )
    if note.unpriced:
        said.append(f"{note.unpriced} of the trades were recorded without charge lines.")
    if note.charges != note.noted:
        said.append(
            "A broker's note rounds some lines to the rupee, once a day and segment; the desk books paise."
        )
    return said
