"""The desk's curve: today's from memory, the past read from the record, a part at a time."""

from collections.abc import Iterable
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query, Response

from sauda.clock import UnixNs
from sauda.contracts import DeskPnl
from sauda.log import Entry
from sauda.reading import id_at, read_entry
from sauda_gateway.asking import PROBLEMS, DeskName, TheDesk, TheDesks, sent
from sauda_gateway.auth import READ
from sauda_gateway.lanes import SLOW, LanedRoute, in_lane
from sauda_gateway.schemas import answers
from sauda_gateway.worth import CurvePoint, curve_point, thinned

router = APIRouter(tags=["portfolio"], responses=PROBLEMS, route_class=LanedRoute)

MOST_READ: Final = 50_000
"""Points of all series that are looked through for one answer: a desk that holds ten positions writes as many in an hour."""
_MOST_POINTS: Final = 5_000
_DESK_POINT: Final = b'{"type":"desk_pnl"'


class Curve(msgspec.Struct, frozen=True):
    """A part of the desk's profit, thinned: no peak, no trough and neither end is lost."""

    items: list[CurvePoint]
    next: UnixNs | None
    """`from` of the next part; null: this was the last."""


@router.get("/equity", responses=answers(Curve), dependencies=[READ])
@in_lane(SLOW)
def equity(
    *,
    desk: TheDesk,
    desks: TheDesks,
    name: DeskName = None,
    from_ns: Annotated[
        int | None, Query(alias="from", ge=0, le=2**63 - 1, description="market time; default: today")
    ] = None,
    limit: Annotated[int, Query(ge=3, le=_MOST_POINTS, description="at most some so many points")] = 1_000,
) -> Response:
    """Return the desk's curve from an instant on: `[event_ns, net, realised, unrealised, charges, margin]` each.

    A long past comes in parts: as much as can be read in a second or two, and in `next` where to go on.
    """
    with desk.look() as known:
        curve = list(known.worth.curve)
    if from_ns is None:
        return sent(Curve(thinned(curve, limit), None))
    today = [point for point in curve if point.event_ns >= from_ns]
    if curve and from_ns >= curve[0].event_ns:
        return sent(Curve(thinned(today, limit), None))
    record = desks.record(name)
    entries = record.forwards("pnl", id_at(record, "pnl", from_ns))
    older, next_ns = past_of(entries, from_ns, curve[0].event_ns if curve else None)
    return sent(Curve(thinned(older if next_ns else older + today, limit), next_ns))


def past_of(
    entries: Iterable[Entry], from_ns: UnixNs, until_ns: UnixNs | None, most: int = MOST_READ
) -> tuple[list[CurvePoint], UnixNs | None]:
    """Return the points from *from_ns* until before *until_ns*, and where to go on if these are not all.

    Args:
        entries: Of the stream `pnl`, oldest first; some before *from_ns* do no harm.
        from_ns: Market time.
        until_ns: From where on the curve is known; None: it is not.
        most: Entries that are looked through, and a few more: those of one instant stay together.
    """
    found: list[CurvePoint] = []
    seen_ns = from_ns
    for number, entry in enumerate(entries):
        if number < most and not entry.data.startswith(_DESK_POINT):
            continue
        read = read_entry(entry)
        at_ns = read.time_ns or seen_ns
        if until_ns is not None and at_ns >= until_ns:
            return found, None
        if number >= most and at_ns > seen_ns:
            return found, at_ns
        if isinstance(read.message, DeskPnl) and at_ns >= from_ns:
            found.append(curve_point(read.message))
        seen_ns = max(seen_ns, at_ns)
    return found, None
