"""What a unit said, as log records: one line for each signal, order, answer and fill, once it is committed.

Only the shell logs. Points of P&L come every second and are logged when a position changes, or once a minute.
"""

from collections.abc import Sequence
from typing import Final

from sauda.clock import NS_PER_S, UnixNs
from sauda.codec import decode
from sauda.contracts import (
    Alert,
    CancelOrder,
    DeadLetter,
    DeskPnl,
    Fill,
    Level,
    Message,
    ModifyOrder,
    OrderAccepted,
    OrderCancelled,
    OrderModified,
    OrderRejected,
    OrderTriggered,
    PlaceOrder,
    PositionPnl,
    Signal,
)
from sauda.log import Output
from sauda.logs import Channel, logger
from sauda.money import to_rupees

PNL_EVERY_NS: Final = 60 * NS_PER_S


class Said:
    """Writes the records of one unit."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._held: dict[tuple[str, str], int] = {}
        """(strategy, instrument) -> quantity in the last record"""
        self._pnl_ns: UnixNs = 0
        """Market time of the last record of P&L."""

    def tell(self, outputs: Sequence[Output]) -> None:
        """Log *outputs*, which are committed."""
        for output in outputs:
            self._tell(decode(output.data), output.cause)

    def _tell(self, message: Message, cause: bytes) -> None:
        """Log *message*; *cause* is the entry that led to it, in every record as `sauda why` takes it: `ticks/1795580105123-4`."""
        match message:
            case PositionPnl():
                self._tell_position(message, cause)
            case DeskPnl():
                self._tell_pnl(message, cause)
            case DeadLetter():
                logger(Channel.APP).warning(
                    "dead_letter",
                    unit=self._unit,
                    stream=message.stream,
                    entry=message.entry_id,
                    why=message.reason,
                    **_because(cause),
                )
            case Alert():
                records = logger(Channel.APP)
                say = records.info if message.level is Level.INFO else records.warning
                say("alert", source=message.source, code=message.code, text=message.text, **_because(cause))
            case _:
                self._tell_order(message, cause)

    def _tell_order(self, message: Message, cause: bytes) -> None:
        records = logger(Channel.ORDERS)
        match message:
            case Signal():
                side = message.side.value if message.side else None
                records.info(
                    "signal",
                    strategy=message.strategy,
                    side=side,
                    instrument=message.instrument,
                    why=message.reason,
                    **_because(cause),
                )
            case PlaceOrder():
                records.info(
                    "place_order",
                    order=message.order_id,
                    **_what(message),
                    kind=message.kind.value,
                    **_because(cause),
                )
            case Fill():
                price = to_rupees(message.price)
                records.info("fill", order=message.order_id, **_what(message), price=price, **_because(cause))
            case OrderRejected():
                records.warning(
                    "order_rejected",
                    order=message.order_id,
                    reason=message.reason.value,
                    detail=message.detail,
                    **_because(cause),
                )
            case OrderAccepted() | OrderTriggered() | OrderModified() | OrderCancelled():
                name = message.__struct_config__.tag
                records.info(
                    str(name), order=message.order_id, instrument=message.instrument, **_because(cause)
                )
            case CancelOrder() | ModifyOrder():
                records.info(str(message.__struct_config__.tag), order=message.order_id, **_because(cause))
            case _:
                pass

    def _tell_position(self, point: PositionPnl, cause: bytes) -> None:
        key = (point.strategy, point.instrument)
        if self._held.get(key, 0) == point.qty:
            return
        self._held[key] = point.qty
        if point.qty == 0:
            del self._held[key]
        logger(Channel.POSITIONS).info(
            "position",
            strategy=point.strategy,
            instrument=point.instrument,
            qty=point.qty,
            realised=to_rupees(point.realised),
            **_because(cause),
        )

    def _tell_pnl(self, point: DeskPnl, cause: bytes) -> None:
        if point.event_ns < self._pnl_ns + PNL_EVERY_NS and point.event_ns >= self._pnl_ns:
            return
        self._pnl_ns = point.event_ns
        logger(Channel.PNL).info(
            "desk_pnl",
            net=to_rupees(point.net),
            realised=to_rupees(point.realised),
            unrealised=to_rupees(point.unrealised),
            **_because(cause),
        )


def _because(cause: bytes) -> dict[str, str]:
    """Return the field that names *cause*, as `sauda why` takes it; what nothing led to has none."""
    return {"cause": cause.decode(errors="replace").replace(" ", "/", 1)} if cause else {}


def _what(message: PlaceOrder | Fill) -> dict[str, object]:
    return {"side": message.side.value, "qty": message.qty, "instrument": message.instrument}
