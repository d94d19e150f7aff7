"""The rows of `sauda fills --charges`: what each fill cost, line by line, and all of them together."""

from collections.abc import Iterable
from typing import Any, Final

from sauda.cli import screen
from sauda.contract_note.drawing_up import added, costs_of
from sauda.contracts import ChargeLines, Fill
from sauda.reading import Read

COLUMNS: Final = (
    *("TIME", "FILL", "SIDE", ">QTY", "INSTRUMENT", ">PRICE", ">BROKERAGE", ">STT", ">EXCHANGE", ">SEBI"),
    *(">IPFT", ">STAMP", ">GST", ">ROUNDING", ">CHARGES"),
)
_LINES: Final = ("brokerage", "stt", "exchange", "sebi", "ipft", "stamp", "gst", "rounding")


def rows(fills: Iterable[Fill]) -> list[screen.Row]:
    """Return a row for each fill, and their sum if there are several."""
    listed = list(fills)
    shown: list[screen.Row] = [
        (
            screen.instant(fill.event_ns),
            fill.fill_id,
            fill.side.value,
            str(fill.qty),
            fill.instrument,
            screen.rupees(fill.price),
            *_cells(costs_of(fill)),
        )
        for fill in listed
    ]
    if len(shown) > 1:
        shown.append(("", "all", "", "", "", "", *_cells(added(map(costs_of, listed)))))
    return shown


def wire(read: Read, fill: Fill) -> dict[str, Any]:
    """Return the fill as it stands on the wire, with every charge line, also those that are zero."""
    costs = costs_of(fill)
    return {**read.wire(), "costs": {line: getattr(costs, line) for line in _LINES}}


def _cells(costs: ChargeLines) -> list[str]:
    return [*(screen.rupees(getattr(costs, line)) for line in _LINES), screen.rupees(costs.total)]
