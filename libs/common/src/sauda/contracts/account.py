"""What the account can carry: its cash, what is blocked, and what the broker says of margin."""

import msgspec

from sauda.contracts.instants import UnixNs
from sauda.contracts.market import InstrumentId
from sauda.money import Paise, Units


class Account(msgspec.Struct, frozen=True, tag="account", omit_defaults=True):
    """The account as an order, a fill or a settlement left it; `cash` = start + premium + realised - charges."""

    event_ns: UnixNs
    start: Paise
    """What it began with."""
    premium: Paise
    """Option premium and share prices received less paid, over all time."""
    realised: Paise
    """Profit of futures, and of shares within the day, paid in and out as they are closed or marked at the day's end."""
    charges: Paise
    cash: Paise
    blocked: Paise
    """Margin of what is held and of the entries that wait."""
    available: Paise
    """`cash - blocked - open_losses`: what a new order may need."""
    span: Paise = 0
    """The part of `blocked` that the scenarios ask for, ..."""
    exposure: Paise = 0
    """... and the flat part on top."""
    strategies: dict[str, Paise] = {}
    """Strategy -> margin of what it holds, taken alone; without those that need none. Scaled as the whole is
    where the broker's word counts."""
    open_losses: Paise = 0
    """What open futures, and shares within the day, have lost since their trade or their last mark, at the last prices;
    by underlying, and never below zero: a gain comes into the cash when it is closed or marked."""


class MarginLeg(msgspec.Struct, frozen=True, omit_defaults=True):
    """One position of a question about margin."""

    instrument: InstrumentId
    qty: Units
    """Held, signed."""
    buying: Units = 0
    """What working orders may still buy, ..."""
    selling: Units = 0
    """... and sell."""


class MarginRequest(msgspec.Struct, frozen=True, tag="margin_request"):
    """Asks the feed what the broker would block for these positions."""

    request_id: str
    by: str
    legs: tuple[MarginLeg, ...]
    event_ns: UnixNs


class MarginReply(msgspec.Struct, frozen=True, tag="margin_reply", omit_defaults=True):
    """The broker's answer; `_trade` leaves working orders out."""

    request_id: str
    event_ns: UnixNs
    span: Paise = 0
    exposure: Paise = 0
    span_trade: Paise = 0
    exposure_trade: Paise = 0
    error: str | None = None
    """Why there is no answer."""
