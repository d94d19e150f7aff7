"""From the word "close everything" to nothing held: what was closed at which price, and how long it took."""

from collections.abc import Mapping
from typing import Final

import msgspec

from sauda.book.orders import average
from sauda.clock import NS_PER_MS, UnixNs, monotonic_s
from sauda.contracts import Alert, Fill, Halt, InstrumentId, Message, OrderCancelled, Side
from sauda.hand.desk import EXCHANGE, HandDesk
from sauda.money import Paise, Units
from sauda.reading import readable
from sauda.record import Record

CLOSING: Final = "squareoff-"
"""What the ids of the exchange's closing orders begin with."""
_WISH: Final = b"flatten/kill|*"


class Closed(msgspec.Struct, frozen=True):
    """What was traded to leave one position."""

    strategy: str
    instrument: InstrumentId
    side: Side
    qty: Units
    average_price: Paise
    charges: Paise


class StillHeld(msgspec.Struct, frozen=True):
    """A position that is not closed yet; `qty` is signed."""

    strategy: str
    instrument: InstrumentId
    qty: Units


class Flat(msgspec.Struct, frozen=True):
    """What came of it; `--json` shows this."""

    desk: str
    taken: bool
    """Whether the exchange has seen it: the desk is halted from then on."""
    taken_ns: UnixNs | None
    """Market time at which the exchange took it up."""
    flat_ns: UnixNs | None
    """Market time of the last closing fill; None while anything is held."""
    market_ms: float | None
    wall_ms: int
    withdrawn: int
    closed: list[Closed]
    held: list[StillHeld]


def wait_until_flat(record: Record, hand: HandDesk, halt: Halt, seconds: float) -> Flat:
    """Send *halt* and follow what comes of it for at most *seconds*."""
    began_s, alerts_after = monotonic_s(), hand.end_of("alerts")
    entry_id, after = hand.send(halt)
    taken = flat = False

    def is_flat() -> bool:
        nonlocal taken, flat
        # In this order: a wish that was taken up and is not there any more was fulfilled.
        taken = taken or hand.has_passed("control", entry_id)
        was_flat, flat = flat, taken and _WISH not in record.state_of(EXCHANGE)
        return was_flat  # One more look at the executions: they came with that commit.

    said = [read.message for read in hand.executions(after, is_flat, seconds) if read and read.message]
    wall_ms = round((monotonic_s() - began_s) * 1000)
    taken_ns, flat_ns = _instants(record, alerts_after, f"halted by {halt.by}: {halt.reason}")
    return Flat(
        desk=hand.name,
        taken=taken,
        taken_ns=taken_ns,
        flat_ns=flat_ns,
        market_ms=None if flat_ns is None or taken_ns is None else (flat_ns - taken_ns) / NS_PER_MS,
        wall_ms=wall_ms,
        withdrawn=sum(
            isinstance(one, OrderCancelled) and not one.order_id.startswith(CLOSING) for one in said
        ),
        closed=closed_by(said),
        held=[] if flat_ns is not None else held_of(record.state_of(EXCHANGE)),
    )


def _instants(record: Record, alerts_after: bytes, why: str) -> tuple[UnixNs | None, UnixNs | None]:
    """Return when the exchange took the word up and when it was done, as its alerts say."""
    at: dict[str, UnixNs] = {}
    for alert in readable(record.forwards("alerts", b"(" + alerts_after)):
        if isinstance(alert, Alert) and why in alert.text:
            at.setdefault(alert.code, alert.event_ns)
    return at.get("KILL_SWITCH"), at.get("FLAT")


def closed_by(said: list[Message]) -> list[Closed]:
    """Return what the exchange's closing orders traded, by strategy and instrument."""
    fills: dict[tuple[str, InstrumentId, Side], list[Fill]] = {}
    for one in said:
        if isinstance(one, Fill) and one.order_id.startswith(CLOSING):
            fills.setdefault((one.strategy, one.instrument, one.side), []).append(one)
    return [
        Closed(
            *series,
            qty := sum(fill.qty for fill in trades),
            average(sum(fill.qty * fill.price for fill in trades), qty),
            sum(fill.charges for fill in trades),
        )
        for series, trades in fills.items()
    ]


def held_of(rows: Mapping[bytes, bytes]) -> list[StillHeld]:
    """Return what the exchange holds, by its rows."""
    return [
        msgspec.json.decode(rows[key], type=StillHeld) for key in sorted(rows) if key.startswith(b"held/")
    ]


def halted_by(rows: Mapping[bytes, bytes]) -> str | None:
    """Return who halted the desk by the kill switch, when and why; None if it trades."""
    row = rows.get(b"control/halted")
    return None if row is None else str(msgspec.json.decode(row))
